/*
 * spec.c: what `on` was asked for: kinds, a range of addresses and filters.
 *
 * In C because scripts load faster so: in Ruby, checking one hook took 150,000 instructions.
 */
#include "spec.h"

#include "rv/metric_key.h"
#include "spec_text.h"

#include <mruby/array.h>
#include <mruby/hash.h>
#include <mruby/internal.h>
#include <mruby/numeric.h>
#include <mruby/presym.h>
#include <mruby/range.h>
#include <mruby/string.h>
#include <stdio.h>
#include <string.h>

/* What every kind has; `base` where a part of memory is watched; `of` where a hook can follow a PCI function. */
enum { OPTION_ON_ERROR, OPTION_BUDGET, OPTION_OBSERVE, OPTION_BASE, OPTION_OF, OPTION_EXCEPT, OPTION_VERDICT, OPTIONS };

static const char *const spec_options[OPTIONS] = { "on_error", "budget", "observe", "base", "of", "except", "verdict" };

/* A specification that is being made. */
struct spec_check {
	const struct rv_kind *kind;
	struct rv_hook_spec *spec;
	mrb_value options[OPTIONS];		/* nil if not given, as the next three */
	mrb_value fields[RV_FIELDS_MAXIMUM];	/* by their number */
	mrb_value masks[RV_FIELDS_MAXIMUM];
	mrb_value texts[RV_FIELDS_MAXIMUM];
	uint64_t base;
	uint32_t except;			/* the exception that is read; 0: the hook itself */
};

/* Filters ----------------------------------------------------------------------------------- */

static bool spec_has_option(const struct spec_check *check, unsigned int option)
{
	if (check->except != 0 ||
	    ((option == OPTION_EXCEPT || option == OPTION_VERDICT) && (check->kind->flags & RV_KIND_PLAIN)))
		return false;
	if (option == OPTION_OF)
		return (check->kind->flags & RV_KIND_FOLLOWS) != 0;
	return option != OPTION_BASE || (check->kind->flags & RV_KIND_MEMORY);
}

/* In the order: what each kind has, its fields, masks, texts. */
static mrb_value spec_known_filters(mrb_state *mrb, const struct spec_check *check)
{
	const struct rv_kind *kind = check->kind;
	mrb_value known = mrb_str_new_lit(mrb, "");

	for (unsigned int i = 0; i < OPTIONS; i++) {
		if (spec_has_option(check, i))
			spec_list(mrb, known, spec_options[i], ":");
	}
	for (uint32_t i = 0; i < kind->nr_fields; i++) {
		if (kind->fields[i].flags & RV_FIELD_HIDDEN)
			continue;
		if (kind->fields[i].flags & RV_FIELD_FILTER)
			spec_list(mrb, known, kind->fields[i].name, ":");
		if (kind->fields[i].mask)
			spec_list(mrb, known, kind->fields[i].mask, ":");
	}
	for (uint32_t i = 0; i < kind->nr_texts; i++)
		spec_list(mrb, known, kind->texts[i].name, ":");
	return known;
}

static _Noreturn void spec_raise_unknown(mrb_state *mrb, const struct spec_check *check,
					 const char *name)
{
	for (uint32_t i = 0; i < check->kind->nr_fields; i++) {
		if ((check->kind->fields[i].flags & RV_FIELD_LAZY) &&
		    strcmp(check->kind->fields[i].name, name) == 0)
			mrb_raisef(mrb, E_ARGUMENT_ERROR,
				   "%s: %s: filters writes only, a read has no %s yet", check->kind->name,
				   name, name);
	}
	mrb_raisef(mrb, E_ARGUMENT_ERROR, "%s%s has no filter %s:, it has %v", check->kind->name,
		   check->except != 0 ? ": except:" : "", name, spec_known_filters(mrb, check));
}

static mrb_value *spec_place(struct spec_check *check, const char *name)
{
	const struct rv_kind *kind = check->kind;

	for (unsigned int i = 0; i < OPTIONS; i++) {
		if (spec_has_option(check, i) && strcmp(spec_options[i], name) == 0)
			return &check->options[i];
	}
	for (uint32_t i = 0; i < kind->nr_fields; i++) {
		if ((kind->fields[i].flags & RV_FIELD_FILTER) && strcmp(kind->fields[i].name, name) == 0)
			return &check->fields[i];
		if (kind->fields[i].mask && strcmp(kind->fields[i].mask, name) == 0)
			return &check->masks[i];
	}
	for (uint32_t i = 0; i < kind->nr_texts; i++) {
		if (strcmp(kind->texts[i].name, name) == 0)
			return &check->texts[i];
	}
	return NULL;
}

/* :ide0, a Disk, or the number that stands for it. */
static mrb_value spec_disk_number(mrb_state *mrb, mrb_value value)
{
	uint32_t number;

	if (mrb_object_p(value) && mrb_respond_to(mrb, value, MRB_SYM(name)))
		value = mrb_funcall_id(mrb, value, MRB_SYM(name), 0);
	if (!mrb_symbol_p(value) && !mrb_string_p(value))
		return value;
	number = rv_disk_named(mrb_symbol_p(value) ? mrb_sym_name(mrb, mrb_symbol(value))
						   : mrb_string_cstr(mrb, value));
	if (number > RV_DISK_LAST)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "disk: no disk can be called %v: Disk.each lists those that "
			   "there are", mrb_inspect(mrb, value));
	return mrb_fixnum_value((mrb_int)number);
}

static bool spec_is_field_with(const struct spec_check *check, const mrb_value *place, uint32_t flag)
{
	size_t number = (size_t)(place - check->fields);

	return place >= check->fields && number < check->kind->nr_fields &&
	       (check->kind->fields[number].flags & flag);
}

/* :identify, as the bit that stands for it. */
static mrb_value spec_command_bit(mrb_state *mrb, mrb_value name)
{
	mrb_value known = mrb_str_new_lit(mrb, "");

	for (uint32_t command = 0; command < RV_DISK_COMMAND_COUNT; command++) {
		if (strcmp(rv_disk_command_name(command), mrb_sym_name(mrb, mrb_symbol(name))) == 0)
			return mrb_int_value(mrb, (mrb_int)RV_DISK_COMMAND_BIT(command));
		spec_list(mrb, known, rv_disk_command_name(command), "");
	}
	mrb_raisef(mrb, E_ARGUMENT_ERROR, "command: none is called %v; there are %v", mrb_inspect(mrb, name), known);
}

static bool spec_are_symbols(mrb_value list)
{
	for (mrb_int i = 0; i < RARRAY_LEN(list); i++) {
		if (!mrb_symbol_p(RARRAY_PTR(list)[i]))
			return false;
	}
	return true;
}

/* Names of commands are bits; numbers are what the controller calls them: they are about the field "opcode". */
static void spec_take_command(mrb_state *mrb, struct spec_check *check, mrb_value *place, mrb_value value)
{
	if (mrb_symbol_p(value)) {
		*place = spec_command_bit(mrb, value);
	} else if (mrb_array_p(value) && spec_are_symbols(value)) {
		*place = mrb_ary_new(mrb);
		for (mrb_int i = 0; i < RARRAY_LEN(value); i++)
			mrb_ary_push(mrb, *place, spec_command_bit(mrb, RARRAY_PTR(value)[i]));
		if (RARRAY_LEN(value) == 0)
			mrb_raise(mrb, E_ARGUMENT_ERROR, "command: an Array of commands needs one");
	} else {
		check->fields[rv_field_named(check->kind, "opcode")] = value;
	}
}

/* A callback of mrb_hash_foreach(); returns 0 to go on. */
static int spec_take_filter(mrb_state *mrb, mrb_value key, mrb_value value, void *context)
{
	struct spec_check *check = context;
	const char *name = mrb_symbol_p(key) ? mrb_sym_name(mrb, mrb_symbol(key)) : "?";
	mrb_value *place = spec_place(check, name);

	if (!place)
		spec_raise_unknown(mrb, check, name);
	if (spec_is_field_with(check, place, RV_FIELD_COMMAND))
		spec_take_command(mrb, check, place, value);
	else
		*place = spec_is_field_with(check, place, RV_FIELD_DISK) ? spec_disk_number(mrb, value) : value;
	return 0;
}

/* Is an Array of the field's one clause, of bits? */
static bool spec_joins(const struct rv_field *field, mrb_value list)
{
	return (field->flags & RV_FIELD_BITS) && (!(field->flags & RV_FIELD_COMMAND) || spec_are_symbols(list));
}

static mrb_value spec_array_of(mrb_state *mrb, const struct rv_kind *kind, mrb_value filters)
{
	for (uint32_t i = 0; i < kind->nr_fields && !mrb_hash_empty_p(mrb, filters); i++) {
		const struct rv_field *field = &kind->fields[i];
		mrb_value name, value;

		if (!(field->flags & RV_FIELD_FILTER))
			continue;
		name = mrb_symbol_value(mrb_intern_cstr(mrb, field->name));
		value = mrb_hash_get(mrb, filters, name);
		if (mrb_array_p(value) && !spec_joins(field, value))
			return name;
	}
	return mrb_nil_value();
}

mrb_value spec_named_array(mrb_state *mrb, mrb_value kind_name, mrb_value filters)
{
	uint32_t number = mrb_symbol_p(kind_name)
				  ? rv_kind_named(mrb_sym_name(mrb, mrb_symbol(kind_name))) : 0;

	return spec_array_of(mrb, &rv_kinds[number], filters);
}

/* Clauses ----------------------------------------------------------------------------------- */

static void spec_add_clause(mrb_state *mrb, const struct spec_check *check, uint32_t field,
			    struct rv_clause clause)
{
	struct rv_hook_spec *spec = check->spec;

	if (spec->nr_clauses == RV_CLAUSES_MAXIMUM)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "%s takes %d filters at most", check->kind->name,
			   RV_CLAUSES_MAXIMUM);
	clause.field = field;
	clause.except = check->except;
	spec->clauses[spec->nr_clauses++] = clause;
}

static void spec_add_number(mrb_state *mrb, const struct spec_check *check, uint32_t field,
			    uint64_t number)
{
	spec_add_clause(mrb, check, field,
			(struct rv_clause){ .mask = UINT64_MAX, .first = number, .last = number });
}

static _Noreturn void spec_raise_range(mrb_state *mrb, const struct spec_check *check,
				       const struct rv_field *field, mrb_value first, mrb_value last)
{
	mrb_raisef(mrb, E_ARGUMENT_ERROR, "%s: 0x%v..0x%v is not a range within 0..0x%v",
		   field->flags & RV_FIELD_ADDRESS ? check->kind->name : field->name,
		   mrb_funcall(mrb, first, "to_s", 1, mrb_fixnum_value(16)),
		   mrb_funcall(mrb, last, "to_s", 1, mrb_fixnum_value(16)),
		   mrb_funcall(mrb, engine_from_u64(mrb, field->last), "to_s", 1, mrb_fixnum_value(16)));
}

static bool spec_is_number(mrb_value value)
{
	return mrb_integer_p(value) || mrb_bigint_p(value);
}

/* Is it an Integer from 0 to the field's last? */
static bool spec_number_fits(mrb_state *mrb, const struct rv_field *field, mrb_value value)
{
	bool negative = mrb_integer_p(value) ? mrb_integer(value) < 0
					     : mrb_bint_cmp(mrb, value, mrb_fixnum_value(0)) < 0;

	return !negative && mrb_cmp(mrb, value, engine_from_u64(mrb, field->last)) <= 0;
}

/* Both ends are in it. */
static void spec_add_range(mrb_state *mrb, const struct spec_check *check, uint32_t number,
			   mrb_value first, mrb_value last)
{
	const struct rv_field *field = &check->kind->fields[number];
	struct rv_clause clause = { .mask = UINT64_MAX };

	if (!spec_number_fits(mrb, field, first) || !spec_number_fits(mrb, field, last) ||
	    mrb_cmp(mrb, first, last) > 0)
		spec_raise_range(mrb, check, field, first, last);
	clause.first = engine_to_u64(mrb, first);
	clause.last = engine_to_u64(mrb, last);
	spec_add_clause(mrb, check, number, clause);
}

static void spec_take_range(mrb_state *mrb, const struct spec_check *check, uint32_t number,
			    mrb_value value)
{
	struct RRange *range = mrb_range_ptr(mrb, value);
	mrb_value first = RANGE_BEG(range), last = RANGE_END(range);
	bool excludes_last = RANGE_EXCL(range) && !mrb_nil_p(last);

	if (mrb_nil_p(first))
		first = mrb_fixnum_value(0);
	if (mrb_nil_p(last))
		last = engine_from_u64(mrb, check->kind->fields[number].last);
	if (!spec_is_number(first) || !spec_is_number(last))
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "%s is an Integer or a Range of them, not %v",
			   check->kind->fields[number].flags & RV_FIELD_ADDRESS
				   ? "an address" : check->kind->fields[number].name,
			   mrb_inspect(mrb, value));
	if (excludes_last)
		last = mrb_funcall(mrb, last, "-", 1, mrb_fixnum_value(1));
	spec_add_range(mrb, check, number, first, last);
}

static uint64_t spec_bit(mrb_state *mrb, const struct rv_field *field, mrb_value value)
{
	uint64_t bit = mrb_integer_p(value) && mrb_integer(value) > 0 ? (uint64_t)mrb_integer(value) : 0;
	char known[32] = "1";
	uint64_t most = (field->last + 1) / 2;

	if (bit != 0 && (bit & (bit - 1)) == 0 && bit <= most)
		return bit;
	for (uint64_t each = 2; each <= most; each *= 2)
		snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%llu",
			 each == most ? " or " : ", ", (unsigned long long)each);
	mrb_raisef(mrb, E_ARGUMENT_ERROR, "%s: is %s, not %v", field->name, known,
		   mrb_inspect(mrb, value));
}

/* Any of some powers of two: no other bit is set. */
static void spec_take_bits(mrb_state *mrb, const struct spec_check *check, uint32_t number,
			   mrb_value value)
{
	const struct rv_field *field = &check->kind->fields[number];
	uint64_t bits = 0;

	if (!mrb_array_p(value))
		bits = spec_bit(mrb, field, value);
	for (mrb_int i = 0; mrb_array_p(value) && i < RARRAY_LEN(value); i++)
		bits |= spec_bit(mrb, field, mrb_ary_ref(mrb, value, i));
	if (bits != 0)
		spec_add_clause(mrb, check, number, (struct rv_clause){ .mask = ~bits });
}

/* 0x0c: the first byte; 0x0c03: the first two; 0x0c0330: all three. */
static struct rv_clause spec_prefix(uint64_t code)
{
	unsigned int shift = code <= 0xff ? 16 : code <= 0xffff ? 8 : 0;

	return (struct rv_clause){ .mask = 0xffffff & ~((UINT64_C(1) << shift) - 1),
				   .first = code << shift, .last = code << shift };
}

static void spec_take_number(mrb_state *mrb, const struct spec_check *check, uint32_t number)
{
	const struct rv_field *field = &check->kind->fields[number];
	mrb_value mask = check->masks[number];
	uint64_t value = engine_to_unsigned(mrb, check->fields[number], field->last, field->name);
	struct rv_clause clause = { .mask = UINT64_MAX, .first = value, .last = value };

	if (!mrb_nil_p(mask)) {
		clause.mask = engine_to_unsigned(mrb, mask, field->last, field->mask);
		clause.first = clause.last = value & clause.mask;
	} else if (field->flags & RV_FIELD_PREFIX) {
		clause = spec_prefix(value);
	}
	spec_add_clause(mrb, check, number, clause);
}

static void spec_take_field(mrb_state *mrb, const struct spec_check *check, uint32_t number)
{
	const struct rv_field *field = &check->kind->fields[number];
	mrb_value value = check->fields[number];

	if (mrb_nil_p(value)) {
		if (!mrb_nil_p(check->masks[number]))
			mrb_raisef(mrb, E_ARGUMENT_ERROR, "%s: says which bits of %s: count, give %s: too",
				   field->mask, field->name, field->name);
	} else if (field->flags & RV_FIELD_BITS) {
		spec_take_bits(mrb, check, number, value);
	} else if (mrb_range_p(value) && mrb_nil_p(check->masks[number])) {
		spec_take_range(mrb, check, number, value);
	} else {
		spec_take_number(mrb, check, number);
	}
}

static void spec_take_text(mrb_state *mrb, const struct spec_check *check, uint32_t number)
{
	const struct rv_text *text = &check->kind->texts[number];
	uint64_t numbers[RV_TEXT_FIELDS_MAXIMUM];
	unsigned int count;

	if (mrb_nil_p(check->texts[number]))
		return;
	count = spec_text_parse(mrb, check->kind, text, check->texts[number], numbers);
	for (unsigned int i = 0; i < count; i++)
		spec_add_number(mrb, check, rv_field_named(check->kind, text->fields[i]), numbers[i]);
}

/* Addresses --------------------------------------------------------------------------------- */

static void spec_take_all(mrb_state *mrb, const struct spec_check *check)
{
	if (check->kind->flags & RV_KIND_MEMORY)
		mrb_raisef(mrb, E_ARGUMENT_ERROR,
			   "%s needs an address or a range, on(:%s, 0xfed00000...0xfed00400)",
			   check->kind->name, check->kind->name);
}

/* The address may stand alone or be named: port:, msr:, leaf:, offset:. */
static void spec_take_address(mrb_state *mrb, const struct spec_check *check, mrb_value address)
{
	uint32_t number = check->kind->nr_fields;

	for (uint32_t i = check->kind->nr_fields; i-- > 0;) {
		if (!(check->kind->fields[i].flags & RV_FIELD_ADDRESS))
			continue;
		number = i;
		if (mrb_nil_p(check->fields[i]))
			continue;
		if (!mrb_nil_p(address))
			mrb_raisef(mrb, E_ARGUMENT_ERROR, "%s: is a second address",
				   check->kind->fields[i].name);
		address = check->fields[i];
	}
	if (mrb_nil_p(address) && check->except == 0)
		spec_take_all(mrb, check);
	else if (mrb_nil_p(address))
		return;
	else if (number < check->kind->nr_fields && mrb_range_p(address))
		spec_take_range(mrb, check, number, address);
	else if (number < check->kind->nr_fields && spec_is_number(address))
		spec_add_range(mrb, check, number, address, address);
	else
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "an address is an Integer or a Range, not %v",
			   mrb_inspect(mrb, address));
}

/* ------------------------------------------------------------------------------------------- */

/* [number of a metric, the name of a field that is added or nil, names of what is the key]: those that
 * Hook.__counts? says yes to. */
static void spec_take_metric(mrb_state *mrb, const struct spec_check *check, mrb_value metric)
{
	struct rv_hook_spec *spec = check->spec;
	mrb_value value = mrb_ary_ref(mrb, metric, 1), keys = mrb_ary_ref(mrb, metric, 2);

	spec->fixed = RV_FIXED_METRIC;
	spec->metric = (uint32_t)engine_to_unsigned(mrb, mrb_ary_ref(mrb, metric, 0), RV_METRICS_MAXIMUM, "into");
	spec->metric_value = mrb_nil_p(value) ? RV_METRIC_ONE
					      : rv_field_named(check->kind, mrb_sym_name(mrb, mrb_obj_to_sym(mrb, value)));
	for (mrb_int i = 0; mrb_array_p(keys) && i < RARRAY_LEN(keys) && i < RV_METRIC_WORDS; i++)
		spec->metric_keys[spec->nr_metric_keys++] =
			rv_metric_key_named(check->kind, mrb_sym_name(mrb, mrb_obj_to_sym(mrb, mrb_ary_ref(mrb, keys, i))));
}

/* What C says in the place of a block. */
static void spec_take_verdict(mrb_state *mrb, const struct spec_check *check)
{
	mrb_value name = check->options[OPTION_VERDICT];
	bool writes = check->spec->kind == RV_EVENT_PCI_CONFIG_WRITE;

	if (!mrb_test(name))
		return;
	if (mrb_symbol_p(name) && mrb_symbol(name) == MRB_SYM(deny))
		check->spec->fixed = RV_FIXED_DENY;
	else if (mrb_array_p(name)) /* what `into:` stands for where C alone can count */
		spec_take_metric(mrb, check, name);
	else if (mrb_symbol_p(name) && mrb_symbol(name) == MRB_SYM(trace)) /* what `into: Trace` stands for */
		check->spec->fixed = RV_FIXED_TRACE;
	else if (mrb_symbol_p(name) && mrb_symbol(name) == MRB_SYM(isolate) && writes)
		check->spec->fixed = RV_FIXED_ISOLATE;
	else
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "%s: verdict: is :deny%s, not %v", check->kind->name,
			   writes ? " or :isolate" : "", mrb_inspect(mrb, name));
}

/* A policy denies unless it says otherwise, and keeps its hooks; so does what C alone says. */
static void spec_take_on_error(mrb_state *mrb, const struct spec_check *check)
{
	bool policy = engine_info()->policy != 0;
	mrb_value name = check->options[OPTION_ON_ERROR];

	if (mrb_nil_p(name) || mrb_false_p(name))
		check->spec->on_error = check->spec->fixed != RV_FIXED_TRACE && check->spec->fixed != RV_FIXED_METRIC &&
						((policy && !(check->kind->flags & RV_KIND_PLAIN)) ||
						 check->spec->fixed != RV_FIXED_NONE)
						? RV_ON_ERROR_DENY
						: RV_ON_ERROR_PASS;
	else if (mrb_symbol_p(name) && mrb_symbol(name) == MRB_SYM(pass))
		check->spec->on_error = RV_ON_ERROR_PASS;
	else if (mrb_symbol_p(name) && mrb_symbol(name) == MRB_SYM(deny))
		check->spec->on_error = RV_ON_ERROR_DENY;
	else if (mrb_symbol_p(name) && mrb_symbol(name) == MRB_SYM(disable) && !policy)
		check->spec->on_error = RV_ON_ERROR_DISABLE;
	else
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "on_error: is %s, not %v",
			   policy ? "of a policy :deny or :pass" : ":pass, :deny or :disable",
			   mrb_inspect(mrb, name));
}

/* A PCI::Bar or a PCI::Device. */
static void spec_take_of(mrb_state *mrb, const struct spec_check *check)
{
	mrb_value of = check->options[OPTION_OF];

	if (mrb_nil_p(of))
		return;
	if (!mrb_respond_to(mrb, of, MRB_SYM(__follows)))
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "of: is a BAR or a device (PCI.find(...).bar(0)), not %v",
			   mrb_inspect(mrb, of));
	check->spec->follows = (uint32_t)engine_to_unsigned(
		mrb, mrb_funcall_id(mrb, of, MRB_SYM(__follows), 0), UINT32_MAX, "of");
}

static void spec_clear(struct spec_check *check)
{
	for (unsigned int i = 0; i < OPTIONS; i++)
		check->options[i] = mrb_nil_value();
	for (unsigned int i = 0; i < RV_FIELDS_MAXIMUM; i++)
		check->fields[i] = check->masks[i] = check->texts[i] = mrb_nil_value();
}

static void spec_begin(mrb_state *mrb, struct spec_check *check, mrb_value kind)
{
	uint32_t number = mrb_symbol_p(kind) ? rv_kind_named(mrb_sym_name(mrb, mrb_symbol(kind)))
					     : RV_EVENT_NONE;

	if (number == RV_EVENT_NONE)
		spec_raise_kind(mrb, kind);
	check->kind = &rv_kinds[number];
	*check->spec = (struct rv_hook_spec){ .kind = number };
	spec_clear(check);
}

/* Where the addresses of a part of memory count from. */
static uint64_t spec_base(mrb_state *mrb, const struct spec_check *check)
{
	if (!mrb_nil_p(check->options[OPTION_BASE]))
		return engine_to_u64(mrb, check->options[OPTION_BASE]);
	if (check->spec->follows != 0)
		return 0; /* the event says where the BAR is */
	return check->spec->nr_clauses != 0 ? check->spec->clauses[0].first : 0;
}

static void spec_take_fields(mrb_state *mrb, const struct spec_check *check)
{
	for (uint32_t i = 0; i < check->kind->nr_fields; i++) {
		if (!(check->kind->fields[i].flags & RV_FIELD_ADDRESS))
			spec_take_field(mrb, check, i);
	}
	for (uint32_t i = 0; i < check->kind->nr_texts; i++)
		spec_take_text(mrb, check, i);
}

/* Exceptions -------------------------------------------------------------------------------- */

static _Noreturn void spec_raise_exception(mrb_state *mrb, mrb_value value)
{
	mrb_raisef(mrb, E_ARGUMENT_ERROR,
		   "except: takes filters, { width: 4 }, or an Array of such, not %v", mrb_inspect(mrb, value));
}

static void spec_take_exception(mrb_state *mrb, struct rv_hook_spec *spec, mrb_value filters);

/* A filter that names several values: an exception for each. */
static void spec_take_exceptions_of(mrb_state *mrb, struct rv_hook_spec *spec, mrb_value filters,
				    mrb_value name)
{
	mrb_value list = mrb_hash_get(mrb, filters, name);

	if (RARRAY_LEN(list) == 0)
		spec_raise_exception(mrb, filters);
	for (mrb_int i = 0; i < RARRAY_LEN(list); i++) {
		mrb_value one = mrb_ary_ref(mrb, list, i), those = mrb_hash_dup(mrb, filters);

		if (mrb_array_p(one))
			spec_raise_exception(mrb, filters);
		mrb_hash_set(mrb, those, name, one);
		spec_take_exception(mrb, spec, those);
	}
}

/* What all of these filters are about is none of the hook's. */
static void spec_take_exception(mrb_state *mrb, struct rv_hook_spec *spec, mrb_value filters)
{
	struct spec_check check = { .kind = &rv_kinds[spec->kind], .spec = spec };
	uint32_t before = spec->nr_clauses;
	mrb_value name;

	if (!mrb_hash_p(filters))
		spec_raise_exception(mrb, filters);
	name = spec_array_of(mrb, check.kind, filters);
	if (!mrb_nil_p(name)) {
		spec_take_exceptions_of(mrb, spec, filters, name);
		return;
	}
	check.except = 1 + (before != 0 ? spec->clauses[before - 1].except : 0);
	spec_clear(&check);
	mrb_hash_foreach(mrb, mrb_hash_ptr(filters), spec_take_filter, &check);
	spec_take_address(mrb, &check, mrb_nil_value());
	spec_take_fields(mrb, &check);
	if (spec->nr_clauses == before) /* it would be about everything */
		spec_raise_exception(mrb, filters);
}

static void spec_take_exceptions(mrb_state *mrb, const struct spec_check *check)
{
	mrb_value value = check->options[OPTION_EXCEPT];

	if (mrb_nil_p(value))
		return;
	if (!mrb_array_p(value)) {
		spec_take_exception(mrb, check->spec, value);
		return;
	}
	for (mrb_int i = 0; i < RARRAY_LEN(value); i++)
		spec_take_exception(mrb, check->spec, mrb_ary_ref(mrb, value, i));
}

/* ------------------------------------------------------------------------------------------- */

void spec_fill(mrb_state *mrb, mrb_value kind, mrb_value address, mrb_value filters,
	       struct rv_hook_spec *spec, uint64_t *base)
{
	struct spec_check check = { .spec = spec };

	spec_begin(mrb, &check, kind);
	mrb_hash_foreach(mrb, mrb_hash_ptr(filters), spec_take_filter, &check);
	spec_take_address(mrb, &check, address);
	spec_take_of(mrb, &check);
	*base = spec_base(mrb, &check);
	spec_take_verdict(mrb, &check);
	spec_take_on_error(mrb, &check);
	if (!mrb_nil_p(check.options[OPTION_BUDGET]))
		spec->budget_us = engine_to_unsigned(mrb, check.options[OPTION_BUDGET],
						     RV_BUDGET_US_MAXIMUM, "budget:");
	spec->observe = mrb_test(check.options[OPTION_OBSERVE]);
	if (spec->observe && spec->fixed != RV_FIXED_NONE)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "%s: observe: ignores a verdict, verdict: is one", check.kind->name);
	spec_take_fields(mrb, &check);
	spec_take_exceptions(mrb, &check);
}
