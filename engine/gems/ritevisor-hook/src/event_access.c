/*
 * event_access.c: Event::Access: what accesses have in common, and the verdicts a block gives, which
 * Event::Request has too. What each kind has beyond it is event_fields.c's.
 *
 * `value` of a read performs the access on the device when it is asked for the first time;
 * `value =` before that answers without the device.
 */
#include "event.h"

#include "large.h"

#include <mruby/presym.h>
#include <mruby/string.h>

static bool access_is_write(const struct rv_event *event)
{
	return rv_kind_is(event->kind) && rv_kind_has(event->kind, RV_KIND_WRITE);
}

static uint64_t access_mask(const struct rv_event *event)
{
	return event->width_bytes >= 8 ? UINT64_MAX : (1ull << event->width_bytes * 8) - 1;
}

static bool access_needs_fetch(const struct rv_event *event)
{
	return !(event->flags & RV_EVENT_FETCHED) && !event_is_changed(event) && !access_is_write(event);
}

void event_access_fetch(mrb_state *mrb, struct rv_event *event)
{
	if (access_needs_fetch(event))
		engine_check(mrb, "Event#value", event->address, sys_event_fetch());
}

static mrb_value access_value(mrb_state *mrb, mrb_value self)
{
	struct rv_event *event = engine_event_open(mrb, self);

	event_access_fetch(mrb, event);
	return engine_from_u64(mrb, event->value);
}

static mrb_value access_set_value(mrb_state *mrb, mrb_value self)
{
	struct rv_event *event = engine_event_open(mrb, self);
	mrb_value value = mrb_get_arg1(mrb);

	event->value = engine_to_u64(mrb, value) & access_mask(event);
	event_set_changed(event);
	return value;
}

/* A reason goes to the log. */
static mrb_value access_deny(mrb_state *mrb, mrb_value self)
{
	mrb_value reason = mrb_nil_value();

	engine_event_open(mrb, self)->verdict = RV_VERDICT_DENY;
	mrb_get_args(mrb, "|o", &reason);
	if (!mrb_nil_p(reason)) {
		mrb_value text = mrb_obj_as_string(mrb, mrb_funcall(mrb, self, "to_s", 0));

		text = mrb_format(mrb, "%v denied: %v", text, mrb_obj_as_string(mrb, reason));
		engine_log(RV_LOG_INFO, RSTRING_PTR(text), (size_t)RSTRING_LEN(text));
	}
	return self;
}

/* As it is, or as it was changed. */
static void access_accept_event(struct rv_event *event)
{
	event->verdict = RV_VERDICT_ACCEPT | (event->verdict & RV_VERDICT_HOLD) |
			 (event_is_changed(event) ? RV_VERDICT_CHANGE : RV_VERDICT_PASS);
}

static mrb_value access_accept(mrb_state *mrb, mrb_value self)
{
	access_accept_event(engine_event_open(mrb, self));
	return self;
}

static mrb_value access_drop(mrb_state *mrb, mrb_value self)
{
	engine_event_open(mrb, self)->verdict = RV_VERDICT_DROP;
	return self;
}

static mrb_value access_pass(mrb_state *mrb, mrb_value self)
{
	engine_event_open(mrb, self)->verdict = RV_VERDICT_PASS;
	return self;
}

static mrb_value access_address(mrb_state *mrb, mrb_value self)
{
	return engine_from_u64(mrb, engine_event_open(mrb, self)->address);
}

/* Where the hook's addresses count from: of those that follow a BAR, the event says it. */
static uint64_t access_base(const struct rv_event *event)
{
	return event->base + event_entry->base;
}

/* Negative for an access that begins before the range and reaches into it. */
static mrb_value access_offset(mrb_state *mrb, mrb_value self)
{
	const struct rv_event *event = engine_event_open(mrb, self);
	uint64_t address = event->address, base = access_base(event);

	if (address < base && base - address <= INT64_MAX)
		return mrb_int_value(mrb, -(mrb_int)(base - address));
	return engine_from_u64(mrb, address - base);
}

static mrb_value access_width(mrb_state *mrb, mrb_value self)
{
	return mrb_int_value(mrb, engine_event_open(mrb, self)->width_bytes);
}

static mrb_value access_all_ones(mrb_state *mrb, mrb_value self)
{
	return engine_from_u64(mrb, access_mask(engine_event_open(mrb, self)));
}

static mrb_value access_write_p(mrb_state *mrb, mrb_value self)
{
	return mrb_bool_value(access_is_write(engine_event_open(mrb, self)));
}

static mrb_value access_read_p(mrb_state *mrb, mrb_value self)
{
	return mrb_bool_value(!access_is_write(engine_event_open(mrb, self)));
}

/* These return the event, which is in the register already. */
static bool access_evaluate_verdict(mrb_func_t method, struct rv_event *event)
{
	if (method == access_deny)
		event->verdict = RV_VERDICT_DENY;
	else if (method == access_drop)
		event->verdict = RV_VERDICT_DROP;
	else if (method == access_pass)
		event->verdict = RV_VERDICT_PASS;
	else if (method == access_accept)
		access_accept_event(event);
	else
		return false;
	return true;
}

static bool access_evaluate_fetch(const struct rv_event *event)
{
	return !access_needs_fetch(event) || sys_event_fetch() == 0;
}

static bool access_evaluate_set(mrb_func_t method, struct rv_event *event, mrb_value *registers)
{
	uint64_t value;

	if (mrb_integer_p(registers[1]))
		value = (uint64_t)mrb_integer(registers[1]);
	else if (!large_get_low64(registers[1], &value))
		return false;
	if (method == access_set_value) {
		event->value = value & access_mask(event);
	} else {
		const struct rv_field *field = event_field_written_by(event_entry->kind, method);

		if (!field || ((field->flags & RV_FIELD_PART) && !access_evaluate_fetch(event)))
			return false;
		rv_field_set(field, event, value);
	}
	event_set_changed(event);
	registers[0] = registers[1];
	return true;
}

static bool access_evaluate_get(mrb_state *mrb, mrb_func_t method, struct rv_event *event,
				mrb_value *registers)
{
	uint64_t value;

	if (method == access_value) {
		if (!access_evaluate_fetch(event))
			return false;
		value = event->value;
	} else if (method == access_address) {
		value = event->address;
	} else if (method == access_offset) {
		if (event->address < access_base(event))
			return false;	/* negative */
		value = event->address - access_base(event);
	} else if (method == access_width) {
		value = event->width_bytes;
	} else if (method == access_all_ones) {
		value = access_mask(event);
	} else {
		const struct rv_field *field = event_field_read_by(event_entry->kind, method);

		if (!field || (field->flags & (RV_FIELD_DISK | RV_FIELD_COMMAND | RV_FIELD_OPTIONAL)) ||
		    ((field->flags & RV_FIELD_LAZY) && !access_evaluate_fetch(event)))
			return false;
		value = rv_field_get(field, event);
	}
	if (value > INT64_MAX)
		return large_set(mrb, registers, (bigint_pair_t)value);
	SET_INT_VALUE(mrb, registers[0], (mrb_int)value);
	return true;
}

bool event_access_evaluate(mrb_state *mrb, mrb_func_t method, mrb_value *registers,
			   unsigned int arguments)
{
	struct rv_event *event = engine_event();

	if (arguments == 1)
		return access_evaluate_set(method, event, registers);
	return arguments == 0 && (access_evaluate_get(mrb, method, event, registers) ||
				  access_evaluate_verdict(method, event));
}

struct access_method {
	mrb_sym name;
	mrb_func_t body;
	mrb_aspec arguments;
};

static const struct access_method access_verdicts[] = {
	{ MRB_SYM(deny), access_deny, MRB_ARGS_OPT(1) },
	{ MRB_SYM(accept), access_accept, MRB_ARGS_NONE() },
	{ MRB_SYM(drop), access_drop, MRB_ARGS_NONE() },
	{ MRB_SYM(ignore), access_drop, MRB_ARGS_NONE() },
	{ MRB_SYM(pass), access_pass, MRB_ARGS_NONE() },
	{ MRB_SYM_Q(write), access_write_p, MRB_ARGS_NONE() },
	{ MRB_SYM_Q(read), access_read_p, MRB_ARGS_NONE() },
	{ 0, NULL, 0 },
};

static const struct access_method access_methods[] = {
	{ MRB_SYM(value), access_value, MRB_ARGS_NONE() },
	{ MRB_SYM_E(value), access_set_value, MRB_ARGS_REQ(1) },
	{ MRB_SYM(address), access_address, MRB_ARGS_NONE() },
	{ MRB_SYM(offset), access_offset, MRB_ARGS_NONE() },
	{ MRB_SYM(width), access_width, MRB_ARGS_NONE() },
	{ MRB_SYM(mask), access_all_ones, MRB_ARGS_NONE() },
	{ 0, NULL, 0 },
};

static void access_define(mrb_state *mrb, struct RClass *class, const struct access_method *method)
{
	for (; method->name; method++)
		mrb_define_method_id(mrb, class, method->name, method->body, method->arguments);
}

void event_access_init(mrb_state *mrb, struct RClass *event)
{
	struct RClass *access = mrb_define_class_under(mrb, event, "Access", event);
	struct RClass *request = mrb_define_class_under(mrb, event, "Request", event);

	access_define(mrb, access, access_verdicts);
	access_define(mrb, access, access_methods);
	access_define(mrb, request, access_verdicts);
	/* The gem ritevisor-request, which may be opened twice, has a deny of its own. */
	mrb_define_alias_id(mrb, request, MRB_SYM(__deny), MRB_SYM(deny));
}
