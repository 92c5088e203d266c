/*
 * event_fields.c: the classes of events, made of the table of kinds: a method for each field that has a
 * reader, and one to set it if it is writable.
 *
 * A method is told apart by its number in the table of its kind, not by its name: it is one of a few C
 * functions that are alike.
 */
#include "event.h"

#include <mruby/hash.h>
#include <mruby/class.h>
#include <mruby/variable.h>
#include <stdio.h>
#include <string.h>

/* :ide0 */
static mrb_value field_disk(mrb_state *mrb, uint32_t number)
{
	char name[RV_DISK_NAME_BYTES];

	rv_disk_name(number, name);
	return mrb_symbol_value(mrb_intern_cstr(mrb, name));
}

/* :identify */
static mrb_value field_command(mrb_state *mrb, uint64_t bit)
{
	uint32_t command = bit != 0 ? (uint32_t)__builtin_ctzll(bit) : RV_DISK_COMMAND_UNKNOWN;

	return mrb_symbol_value(mrb_intern_cstr(mrb, rv_disk_command_name(command)));
}

static mrb_value field_value(mrb_state *mrb, const struct rv_field *field, const struct rv_event *event)
{
	if (field->flags & RV_FIELD_COMMAND)
		return field_command(mrb, rv_field_get(field, event));
	if (field->flags & RV_FIELD_DISK)
		return field_disk(mrb, (uint32_t)rv_field_get(field, event));
	if ((field->flags & RV_FIELD_OPTIONAL) && rv_field_get(field, event) == rv_field_ones(field))
		return mrb_nil_value();
	return engine_from_u64(mrb, rv_field_get(field, event));
}

static mrb_value field_read(mrb_state *mrb, mrb_value self, unsigned int number)
{
	struct rv_event *event = engine_event_open(mrb, self);
	const struct rv_field *field = &rv_kinds[event_entry->kind].fields[number];

	if (field->flags & RV_FIELD_LAZY)
		event_access_fetch(mrb, event);
	return field_value(mrb, field, event);
}

static mrb_value field_write(mrb_state *mrb, mrb_value self, unsigned int number)
{
	struct rv_event *event = engine_event_open(mrb, self);
	const struct rv_field *field = &rv_kinds[event_entry->kind].fields[number];
	mrb_value value = mrb_get_arg1(mrb);
	uint64_t bits = engine_to_u64(mrb, value);

	if (field->flags & RV_FIELD_PART)
		event_access_fetch(mrb, event);
	rv_field_set(field, event, bits);
	event_set_changed(event);
	return value;
}

#define FIELD_FUNCTIONS(number)                                                                    \
	static mrb_value field_read_##number(mrb_state *mrb, mrb_value self)                       \
	{                                                                                          \
		return field_read(mrb, self, number);                                              \
	}                                                                                          \
	static mrb_value field_write_##number(mrb_state *mrb, mrb_value self)                      \
	{                                                                                          \
		return field_write(mrb, self, number);                                             \
	}

FIELD_FUNCTIONS(0)
FIELD_FUNCTIONS(1)
FIELD_FUNCTIONS(2)
FIELD_FUNCTIONS(3)
FIELD_FUNCTIONS(4)
FIELD_FUNCTIONS(5)
FIELD_FUNCTIONS(6)
FIELD_FUNCTIONS(7)
FIELD_FUNCTIONS(8)
FIELD_FUNCTIONS(9)
FIELD_FUNCTIONS(10)
FIELD_FUNCTIONS(11)
FIELD_FUNCTIONS(12)
FIELD_FUNCTIONS(13)
FIELD_FUNCTIONS(14)
FIELD_FUNCTIONS(15)
FIELD_FUNCTIONS(16)
FIELD_FUNCTIONS(17)
FIELD_FUNCTIONS(18)
FIELD_FUNCTIONS(19)
FIELD_FUNCTIONS(20)

static const mrb_func_t field_readers[RV_FIELDS_MAXIMUM] = {
	field_read_0, field_read_1, field_read_2, field_read_3, field_read_4, field_read_5,
	field_read_6, field_read_7, field_read_8, field_read_9, field_read_10, field_read_11,
	field_read_12, field_read_13, field_read_14, field_read_15, field_read_16, field_read_17,
	field_read_18, field_read_19, field_read_20,
};
static const mrb_func_t field_writers[RV_FIELDS_MAXIMUM] = {
	field_write_0, field_write_1, field_write_2, field_write_3, field_write_4, field_write_5,
	field_write_6, field_write_7, field_write_8, field_write_9, field_write_10, field_write_11,
	field_write_12, field_write_13, field_write_14, field_write_15, field_write_16, field_write_17,
	field_write_18, field_write_19, field_write_20,
};

static const struct rv_field *field_of(uint32_t kind, mrb_func_t method, const mrb_func_t *methods)
{
	for (uint32_t number = 0; number < rv_kinds[kind].nr_fields; number++) {
		if (methods[number] == method)
			return &rv_kinds[kind].fields[number];
	}
	return NULL;
}

const struct rv_field *event_field_read_by(uint32_t kind, mrb_func_t method)
{
	return field_of(kind, method, field_readers);
}

const struct rv_field *event_field_written_by(uint32_t kind, mrb_func_t method)
{
	return field_of(kind, method, field_writers);
}

/* What Event::Access does by itself, for the fields that most kinds have. */
static bool field_is_common(const struct rv_field *field)
{
	return (strcmp(field->name, "address") == 0 && field->offset == offsetof(struct rv_event, address)) ||
	       (strcmp(field->name, "value") == 0 && field->offset == offsetof(struct rv_event, value)) ||
	       (strcmp(field->name, "width") == 0 && field->offset == offsetof(struct rv_event, width_bytes));
}

/* Is there an earlier field of a kind that says the same? */
static bool field_is_alias(const struct rv_kind *kind, uint32_t number)
{
	for (uint32_t i = 0; i < number; i++) {
		if (kind->fields[i].offset == kind->fields[number].offset &&
		    (kind->fields[i].flags & RV_FIELD_READER))
			return true;
	}
	return false;
}

/* Event#to_h: what is known of it by now: no device is asked for this. */
static mrb_value event_to_hash(mrb_state *mrb, mrb_value self)
{
	const struct rv_event *event = engine_event_open(mrb, self);
	const struct rv_kind *kind = &rv_kinds[event_entry->kind];
	bool known = (event->flags & RV_EVENT_FETCHED) || event_is_changed(event);
	mrb_value hash = mrb_hash_new(mrb);

	mrb_hash_set(mrb, hash, mrb_symbol_value(mrb_intern_lit(mrb, "kind")),
		     mrb_symbol_value(mrb_intern_cstr(mrb, kind->name)));
	for (uint32_t number = 0; number < kind->nr_fields; number++) {
		const struct rv_field *field = &kind->fields[number];

		if (!(field->flags & RV_FIELD_READER) || ((field->flags & RV_FIELD_LAZY) && !known) ||
		    field_is_alias(kind, number))
			continue;
		mrb_hash_set(mrb, hash, mrb_symbol_value(mrb_intern_cstr(mrb, field->name)),
			     field_value(mrb, field, event));
	}
	return hash;
}

static void field_define(mrb_state *mrb, struct RClass *class, const struct rv_kind *kind)
{
	bool has_value = false;

	for (uint32_t number = 0; number < kind->nr_fields; number++) {
		const struct rv_field *field = &kind->fields[number];
		char setter[32];

		has_value |= strcmp(field->name, "value") == 0;
		if (field_is_common(field))
			continue;
		if (field->flags & RV_FIELD_READER)
			mrb_define_method(mrb, class, field->name, field_readers[number], MRB_ARGS_NONE());
		if (!(field->flags & RV_FIELD_WRITABLE))
			continue;
		snprintf(setter, sizeof(setter), "%s=", field->name);
		mrb_define_method(mrb, class, setter, field_writers[number], MRB_ARGS_REQ(1));
	}
	if (!has_value && !(kind->flags & (RV_KIND_PLAIN | RV_KIND_REQUEST))) {
		mrb_undef_method(mrb, class, "value");
		mrb_undef_method(mrb, class, "value=");
	}
}

static struct RClass *field_parent(mrb_state *mrb, struct RClass *event, const struct rv_kind *kind)
{
	if (kind->flags & RV_KIND_PLAIN)
		return event;
	return mrb_class_get_under(mrb, event, kind->flags & RV_KIND_REQUEST ? "Request" : "Access");
}

void event_fields_init(mrb_state *mrb, struct RClass *event)
{
	mrb_define_method(mrb, event, "to_h", event_to_hash, MRB_ARGS_NONE());
	for (uint32_t number = 1; number < RV_EVENT_KIND_COUNT; number++) {
		const struct rv_kind *kind = &rv_kinds[number];
		struct RClass *class;

		if (mrb_const_defined_at(mrb, mrb_obj_value(event), mrb_intern_cstr(mrb, kind->class)))
			continue;	/* another of its group's */
		class = mrb_define_class_under(mrb, event, kind->class, field_parent(mrb, event, kind));
		if (!(kind->flags & RV_KIND_REQUEST))
			field_define(mrb, class, kind);
	}
}

void engine_request_fields(mrb_state *mrb)
{
	struct RClass *event = mrb_class_get(mrb, "Event");

	for (uint32_t number = 1; number < RV_EVENT_KIND_COUNT; number++) {
		const struct rv_kind *kind = &rv_kinds[number];

		if ((kind->flags & RV_KIND_REQUEST) && strcmp(kind->class, rv_kinds[number - 1].class ?: "") != 0)
			field_define(mrb, mrb_class_get_under(mrb, event, kind->class), kind);
	}
}
