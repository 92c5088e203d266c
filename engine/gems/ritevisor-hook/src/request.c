/*
 * request.c: what `on` was asked for: kinds, a range of addresses and filters.
 *
 * In C because scripts load faster so: in Ruby, checking one hook took 150,000 instructions.
 */
#include "request.h"

#include "rv/event_kind.h"

#include <mruby/array.h>
#include <mruby/hash.h>
#include <mruby/numeric.h>
#include <mruby/presym.h>
#include <mruby/range.h>
#include <mruby/string.h>
#include <string.h>

/* Kinds that have addresses and filters in common; bits of request_filter.families. */
enum request_family {
	FAMILY_PORT = 1 << 0, FAMILY_MMIO = 1 << 1, FAMILY_MSR = 1 << 2, FAMILY_CPUID = 1 << 3,
	FAMILY_PCI = 1 << 4, FAMILY_OTHER = 1 << 5,
	FAMILY_ACCESS = FAMILY_PORT | FAMILY_MMIO | FAMILY_PCI,
	FAMILY_VALUE = FAMILY_ACCESS | FAMILY_MSR,
	FAMILY_ALL = FAMILY_VALUE | FAMILY_CPUID | FAMILY_OTHER,
};

/* Of each kind: its family and the last address. */
static const struct request_kind {
	enum request_family family;
	int64_t last;
} request_kinds[RV_EVENT_KIND_COUNT] = {
	[RV_EVENT_PORT_READ] = { FAMILY_PORT, 0xffff },
	[RV_EVENT_PORT_WRITE] = { FAMILY_PORT, 0xffff },
	[RV_EVENT_MMIO_READ] = { FAMILY_MMIO, 0xfffffffffffff },
	[RV_EVENT_MMIO_WRITE] = { FAMILY_MMIO, 0xfffffffffffff },
	[RV_EVENT_MSR_READ] = { FAMILY_MSR, 0xffffffff },
	[RV_EVENT_MSR_WRITE] = { FAMILY_MSR, 0xffffffff },
	[RV_EVENT_CPUID] = { FAMILY_CPUID, 0xffffffff },
	[RV_EVENT_PCI_CONFIG_READ] = { FAMILY_PCI, 0xfff },
	[RV_EVENT_PCI_CONFIG_WRITE] = { FAMILY_PCI, 0xfff },
	[RV_EVENT_TIMER] = { FAMILY_OTHER, 0xffffffffffff },
	[RV_EVENT_SHUTDOWN] = { FAMILY_OTHER, 0 },
};

/* One name for reads and writes together. */
static const struct request_group {
	const char *name;
	uint32_t read, write;
} request_groups[] = {
	{ "port_access", RV_EVENT_PORT_READ, RV_EVENT_PORT_WRITE },
	{ "mmio_access", RV_EVENT_MMIO_READ, RV_EVENT_MMIO_WRITE },
	{ "msr_access", RV_EVENT_MSR_READ, RV_EVENT_MSR_WRITE },
	{ "pci_config_access", RV_EVENT_PCI_CONFIG_READ, RV_EVENT_PCI_CONFIG_WRITE },
};

/* The order in which an error lists them; request_filters has the same. */
enum request_filter_number {
	FILTER_ON_ERROR, FILTER_BUDGET, FILTER_OBSERVE, FILTER_WIDTH, FILTER_ADDRESS, FILTER_PORT,
	FILTER_MSR, FILTER_LEAF, FILTER_SUBLEAF, FILTER_BUS, FILTER_DEVICE, FILTER_FUNCTION,
	FILTER_VENDOR_ID, FILTER_DEVICE_ID, FILTER_ID, FILTER_SLOT, FILTER_CLASS, FILTER_CLASS_MASK,
	FILTER_OFFSET, FILTER_VALUE, FILTER_MASK, FILTER_BASE, FILTERS,
};

static const struct request_filter {
	mrb_sym name;
	uint32_t families;	/* which take it */
	bool is_address;	/* it may stand for the address */
} request_filters[FILTERS] = {
	[FILTER_ON_ERROR] = { MRB_SYM(on_error), FAMILY_ALL, false },
	[FILTER_BUDGET] = { MRB_SYM(budget), FAMILY_ALL, false },
	[FILTER_OBSERVE] = { MRB_SYM(observe), FAMILY_ALL, false },
	[FILTER_WIDTH] = { MRB_SYM(width), FAMILY_ACCESS, false },
	[FILTER_ADDRESS] = { MRB_SYM(address), FAMILY_VALUE | FAMILY_CPUID, true },
	[FILTER_PORT] = { MRB_SYM(port), FAMILY_PORT, true },
	[FILTER_MSR] = { MRB_SYM(msr), FAMILY_MSR, true },
	[FILTER_LEAF] = { MRB_SYM(leaf), FAMILY_CPUID, true },
	[FILTER_SUBLEAF] = { MRB_SYM(subleaf), FAMILY_CPUID, false },
	[FILTER_BUS] = { MRB_SYM(bus), FAMILY_PCI, false },
	[FILTER_DEVICE] = { MRB_SYM(device), FAMILY_PCI, false },
	[FILTER_FUNCTION] = { MRB_SYM(function), FAMILY_PCI, false },
	[FILTER_VENDOR_ID] = { MRB_SYM(vendor_id), FAMILY_PCI, false },
	[FILTER_DEVICE_ID] = { MRB_SYM(device_id), FAMILY_PCI, false },
	[FILTER_ID] = { MRB_SYM(id), FAMILY_PCI, false },
	[FILTER_SLOT] = { MRB_SYM(slot), FAMILY_PCI, false },
	[FILTER_CLASS] = { MRB_SYM(class), FAMILY_PCI, false },
	[FILTER_CLASS_MASK] = { MRB_SYM(class_mask), FAMILY_PCI, false },
	[FILTER_OFFSET] = { MRB_SYM(offset), FAMILY_PCI, true },
	[FILTER_VALUE] = { MRB_SYM(value), FAMILY_VALUE, false },
	[FILTER_MASK] = { MRB_SYM(mask), FAMILY_VALUE, false },
	[FILTER_BASE] = { MRB_SYM(base), FAMILY_MMIO, false },
};

/* A request that is being checked. */
struct request_check {
	uint32_t kind;
	const char *kind_name;
	mrb_value filters[FILTERS];	/* nil if not given */
	struct rv_hook_request *request;
};

/* Kinds ------------------------------------------------------------------------------------- */

static uint32_t request_kind_named(const char *name)
{
	for (uint32_t kind = 1; kind < RV_EVENT_KIND_COUNT; kind++) {
		if (strcmp(rv_event_kind_names[kind], name) == 0)
			return kind;
	}
	return 0;
}

/* All that `on` takes, for errors. */
static mrb_value request_known_kinds(mrb_state *mrb)
{
	mrb_value text = mrb_str_new_lit(mrb, "");

	for (uint32_t kind = 1; kind < RV_EVENT_KIND_COUNT; kind++) {
		if (request_kinds[kind].family != FAMILY_OTHER) {
			mrb_str_cat_cstr(mrb, text, rv_event_kind_names[kind]);
			mrb_str_cat_lit(mrb, text, ", ");
		}
	}
	for (size_t i = 0; i < ARRAY_LENGTH(request_groups); i++) {
		mrb_str_cat_cstr(mrb, text, i == 0 ? "" : ", ");
		mrb_str_cat_cstr(mrb, text, request_groups[i].name);
	}
	return text;
}

static void request_push_kind(mrb_state *mrb, mrb_value kinds, uint32_t kind)
{
	mrb_value name = mrb_symbol_value(mrb_intern_cstr(mrb, rv_event_kind_names[kind]));

	for (mrb_int i = 0; i < RARRAY_LEN(kinds); i++) {
		if (mrb_symbol(mrb_ary_ref(mrb, kinds, i)) == mrb_symbol(name))
			return;
	}
	mrb_ary_push(mrb, kinds, name);
}

static void request_push_named(mrb_state *mrb, mrb_value kinds, mrb_value symbol)
{
	const char *name = mrb_symbol_p(symbol) ? mrb_sym_name(mrb, mrb_symbol(symbol)) : "";
	uint32_t kind = request_kind_named(name);

	for (size_t i = 0; i < ARRAY_LENGTH(request_groups); i++) {
		if (strcmp(request_groups[i].name, name) == 0) {
			request_push_kind(mrb, kinds, request_groups[i].read);
			request_push_kind(mrb, kinds, request_groups[i].write);
			return;
		}
	}
	if (!kind || request_kinds[kind].family == FAMILY_OTHER)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "no kind of event is called %v; there are %v",
			   mrb_inspect(mrb, symbol), request_known_kinds(mrb));
	request_push_kind(mrb, kinds, kind);
}

/* Hook.__kinds(names) -> names of kinds, each once, those that stand for two replaced by them */
static mrb_value request_expand_kinds(mrb_state *mrb, mrb_value self)
{
	mrb_value names, kinds = mrb_ary_new(mrb);

	(void)self;
	mrb_get_args(mrb, "A", &names);
	if (RARRAY_LEN(names) == 0)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "on needs a kind: %v", request_known_kinds(mrb));
	for (mrb_int i = 0; i < RARRAY_LEN(names); i++)
		request_push_named(mrb, kinds, mrb_ary_ref(mrb, names, i));
	return kinds;
}

/* Filters ----------------------------------------------------------------------------------- */

static _Noreturn void request_raise_unknown(mrb_state *mrb, const struct request_check *check,
					    mrb_value name)
{
	mrb_value known = mrb_str_new_lit(mrb, "");

	for (size_t i = 0; i < FILTERS; i++) {
		if (!(request_filters[i].families & request_kinds[check->kind].family))
			continue;
		mrb_str_cat_cstr(mrb, known, i == 0 ? "" : ", ");
		mrb_str_cat_cstr(mrb, known, mrb_sym_name(mrb, request_filters[i].name));
		mrb_str_cat_lit(mrb, known, ":");
	}
	mrb_raisef(mrb, E_ARGUMENT_ERROR, "%s has no filter %v:, it has %v", check->kind_name, name,
		   known);
}

/* A callback of mrb_hash_foreach(); returns 0 to go on. */
static int request_take_filter(mrb_state *mrb, mrb_value key, mrb_value value, void *context)
{
	struct request_check *check = context;

	for (size_t i = 0; i < FILTERS; i++) {
		if (mrb_symbol_p(key) && request_filters[i].name == mrb_symbol(key) &&
		    request_filters[i].families & request_kinds[check->kind].family) {
			check->filters[i] = value;
			return 0;
		}
	}
	request_raise_unknown(mrb, check, key);
}

static bool request_has(const struct request_check *check, enum request_filter_number filter)
{
	return !mrb_nil_p(check->filters[filter]);
}

/* A number up to |maximum|, or -1, any, if it was not given. */
static int32_t request_number(mrb_state *mrb, const struct request_check *check,
			      enum request_filter_number filter, uint64_t maximum)
{
	if (!request_has(check, filter))
		return -1;
	return (int32_t)engine_to_unsigned(mrb, check->filters[filter], maximum,
					   mrb_sym_name(mrb, request_filters[filter].name));
}

static void request_check_on_error(mrb_state *mrb, const struct request_check *check)
{
	mrb_value name = check->filters[FILTER_ON_ERROR];

	if (!request_has(check, FILTER_ON_ERROR) || mrb_false_p(name))
		check->request->on_error = RV_ON_ERROR_PASS;
	else if (mrb_symbol_p(name) && mrb_symbol(name) == MRB_SYM(pass))
		check->request->on_error = RV_ON_ERROR_PASS;
	else if (mrb_symbol_p(name) && mrb_symbol(name) == MRB_SYM(deny))
		check->request->on_error = RV_ON_ERROR_DENY;
	else if (mrb_symbol_p(name) && mrb_symbol(name) == MRB_SYM(disable))
		check->request->on_error = RV_ON_ERROR_DISABLE;
	else
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "on_error: is :pass, :deny or :disable, not %v",
			   mrb_inspect(mrb, name));
}

static uint32_t request_width_bit(mrb_state *mrb, mrb_value width)
{
	mrb_int bytes = mrb_integer_p(width) ? mrb_integer(width) : 0;

	if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "width: is 1, 2, 4 or 8, not %v",
			   mrb_inspect(mrb, width));
	return 1u << __builtin_ctzll((uint64_t)bytes);
}

static void request_check_width(mrb_state *mrb, const struct request_check *check)
{
	mrb_value width = check->filters[FILTER_WIDTH];

	if (!request_has(check, FILTER_WIDTH))
		return;
	if (!mrb_array_p(width)) {
		check->request->width_mask = request_width_bit(mrb, width);
		return;
	}
	for (mrb_int i = 0; i < RARRAY_LEN(width); i++)
		check->request->width_mask |= request_width_bit(mrb, mrb_ary_ref(mrb, width, i));
}

static void request_check_value(mrb_state *mrb, const struct request_check *check)
{
	struct rv_hook_request *request = check->request;
	bool has_mask = request_has(check, FILTER_MASK);

	if (!request_has(check, FILTER_VALUE) && !has_mask)
		return;
	if (!rv_event_kind_is_write(check->kind))
		mrb_raisef(mrb, E_ARGUMENT_ERROR,
			   "%s: value: filters writes only, a read has no value yet", check->kind_name);
	if (!request_has(check, FILTER_VALUE))
		mrb_raise(mrb, E_ARGUMENT_ERROR,
			  "mask: says which bits of value: count, give value: too");
	request->value_mask =
		has_mask ? engine_to_u64(mrb, check->filters[FILTER_MASK]) : UINT64_MAX;
	request->value_match =
		engine_to_u64(mrb, check->filters[FILTER_VALUE]) & request->value_mask;
}

/* PCI --------------------------------------------------------------------------------------- */

/* Takes a hexadecimal number up to |maximum| and the |separator| behind it; '\0': up to the end.
 * Returns false if there is none. */
static bool request_hex(const char **at, const char *end, char separator, int32_t maximum,
			int32_t *number)
{
	const char *start = *at;
	int32_t value = 0;

	for (; *at < end && !(separator && **at == separator); (*at)++) {
		char c = **at, small = c | 0x20;
		int32_t digit = c >= '0' && c <= '9' ? c - '0'
			      : small >= 'a' && small <= 'f' ? small - 'a' + 10 : 16;

		value = value * 16 + digit;
		if (digit == 16 || value > maximum)
			return false;
	}
	*number = value;
	if (*at == start || (separator && *at == end))
		return false;
	*at += separator != 0;
	return true;
}

static void request_check_id(mrb_state *mrb, const struct request_check *check)
{
	mrb_value id = check->filters[FILTER_ID];
	struct rv_hook_request *request = check->request;
	const char *at, *end;

	if (mrb_string_p(id)) {
		at = RSTRING_PTR(id);
		end = at + RSTRING_LEN(id);
		if (request_hex(&at, end, ':', 0xffff, &request->pci_vendor_id) &&
		    request_hex(&at, end, '\0', 0xffff, &request->pci_device_id))
			return;
	}
	mrb_raisef(mrb, E_ARGUMENT_ERROR, "id: is \"VENDOR:DEVICE\" in hex, \"8086:100e\", not %v",
		   mrb_inspect(mrb, id));
}

static void request_check_slot(mrb_state *mrb, const struct request_check *check)
{
	mrb_value slot = check->filters[FILTER_SLOT];
	struct rv_hook_request *request = check->request;
	const char *at, *end;

	if (mrb_string_p(slot)) {
		at = RSTRING_PTR(slot);
		end = at + RSTRING_LEN(slot);
		if (request_hex(&at, end, ':', 0xff, &request->pci_bus) &&
		    request_hex(&at, end, '.', 0x1f, &request->pci_device) &&
		    request_hex(&at, end, '\0', 7, &request->pci_function))
			return;
	}
	mrb_raisef(mrb, E_ARGUMENT_ERROR,
		   "slot: is \"BUS:DEVICE.FUNCTION\" in hex, \"00:1f.2\", not %v", mrb_inspect(mrb, slot));
}

/* 0x0c: a class; 0x0c03: class and subclass; 0x0c0330: with the programming interface. */
static void request_check_class(mrb_state *mrb, const struct request_check *check)
{
	struct rv_hook_request *request = check->request;
	int32_t code = request_number(mrb, check, FILTER_CLASS, 0xffffff);
	int32_t mask = request_number(mrb, check, FILTER_CLASS_MASK, 0xffffff);

	request->pci_class = -1;
	if (code < 0 && mask >= 0)
		mrb_raise(mrb, E_ARGUMENT_ERROR,
			  "class_mask: says which bits of class: count, give class: too");
	if (code < 0)
		return;
	if (mask >= 0) {
		request->pci_class = code & mask;
		request->pci_class_mask = mask;
		return;
	}
	request->pci_class = code <= 0xff ? code << 16 : code <= 0xffff ? code << 8 : code;
	request->pci_class_mask = code <= 0xff ? 0xff0000 : code <= 0xffff ? 0xffff00 : 0xffffff;
}

static void request_check_pci(mrb_state *mrb, const struct request_check *check)
{
	struct rv_hook_request *request = check->request;

	request->pci_bus = request_number(mrb, check, FILTER_BUS, 0xff);
	request->pci_device = request_number(mrb, check, FILTER_DEVICE, 0x1f);
	request->pci_function = request_number(mrb, check, FILTER_FUNCTION, 7);
	request->pci_vendor_id = request_number(mrb, check, FILTER_VENDOR_ID, 0xffff);
	request->pci_device_id = request_number(mrb, check, FILTER_DEVICE_ID, 0xffff);
	if (request_has(check, FILTER_ID))
		request_check_id(mrb, check);
	if (request_has(check, FILTER_SLOT))
		request_check_slot(mrb, check);
	request_check_class(mrb, check);
}

/* Addresses --------------------------------------------------------------------------------- */

static _Noreturn void request_raise_range(mrb_state *mrb, const struct request_check *check,
					  mrb_value first, mrb_value last)
{
	mrb_raisef(mrb, E_ARGUMENT_ERROR, "%s: 0x%v..0x%v is not a range within 0..0x%v",
		   check->kind_name, mrb_funcall(mrb, first, "to_s", 1, mrb_fixnum_value(16)),
		   mrb_funcall(mrb, last, "to_s", 1, mrb_fixnum_value(16)),
		   mrb_integer_to_str(mrb, mrb_int_value(mrb, request_kinds[check->kind].last), 16));
}

/* Both ends are in it. */
static void request_set_range(mrb_state *mrb, const struct request_check *check, mrb_value first,
			      mrb_value last)
{
	struct rv_hook_request *request = check->request;

	/* The last address of every kind fits a small Integer. */
	if (!mrb_integer_p(first) || !mrb_integer_p(last) || mrb_integer(first) < 0 ||
	    mrb_integer(first) > mrb_integer(last) ||
	    mrb_integer(last) > request_kinds[check->kind].last)
		request_raise_range(mrb, check, first, last);
	request->first = (uint64_t)mrb_integer(first);
	request->last = (uint64_t)mrb_integer(last);
}

static bool request_is_number(mrb_value value)
{
	return mrb_integer_p(value) || mrb_bigint_p(value);
}

static void request_take_range(mrb_state *mrb, const struct request_check *check, mrb_value address)
{
	struct RRange *range = mrb_range_ptr(mrb, address);
	mrb_value first = RANGE_BEG(range), last = RANGE_END(range);
	bool excludes_last = RANGE_EXCL(range) && !mrb_nil_p(last);

	if (mrb_nil_p(first))
		first = mrb_fixnum_value(0);
	if (mrb_nil_p(last))
		last = mrb_int_value(mrb, request_kinds[check->kind].last);
	if (!request_is_number(first) || !request_is_number(last))
		mrb_raisef(mrb, E_ARGUMENT_ERROR,
			   "an address is an Integer or a Range of them, not %v",
			   mrb_inspect(mrb, address));
	if (excludes_last && mrb_integer_p(last) && mrb_integer(last) > 0)
		last = mrb_int_value(mrb, mrb_integer(last) - 1);
	else if (excludes_last)
		last = mrb_funcall(mrb, last, "-", 1, mrb_fixnum_value(1));
	request_set_range(mrb, check, first, last);
}

static void request_take_all(mrb_state *mrb, const struct request_check *check)
{
	if (request_kinds[check->kind].family == FAMILY_MMIO)
		mrb_raisef(mrb, E_ARGUMENT_ERROR,
			   "%s needs an address or a range, on(:%s, 0xfed00000...0xfed00400)",
			   check->kind_name, check->kind_name);
	check->request->last = (uint64_t)request_kinds[check->kind].last;
}

mrb_value request_named_array(mrb_state *mrb, mrb_value filters)
{
	for (size_t i = 0; i < FILTERS && !mrb_hash_empty_p(mrb, filters); i++) {
		mrb_value name = mrb_symbol_value(request_filters[i].name);

		if (request_filters[i].is_address && mrb_array_p(mrb_hash_get(mrb, filters, name)))
			return name;
	}
	return mrb_nil_value();
}

/* The address may stand alone or be named: port:, msr:, leaf:, offset:. */
static void request_check_address(mrb_state *mrb, const struct request_check *check,
				  mrb_value address)
{
	for (size_t i = 0; i < FILTERS; i++) {
		if (!request_filters[i].is_address || mrb_nil_p(check->filters[i]))
			continue;
		if (!mrb_nil_p(address))
			mrb_raisef(mrb, E_ARGUMENT_ERROR, "%n: is a second address",
				   request_filters[i].name);
		address = check->filters[i];
	}
	if (mrb_nil_p(address))
		request_take_all(mrb, check);
	else if (mrb_range_p(address))
		request_take_range(mrb, check, address);
	else if (request_is_number(address))
		request_set_range(mrb, check, address, address);
	else
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "an address is an Integer or a Range, not %v",
			   mrb_inspect(mrb, address));
}

/* ------------------------------------------------------------------------------------------- */

static void request_take_kind(mrb_state *mrb, struct request_check *check, mrb_value kind)
{
	check->kind = mrb_symbol_p(kind) ? request_kind_named(mrb_sym_name(mrb, mrb_symbol(kind))) : 0;
	if (!check->kind)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "no kind of event is called %v; there are %v",
			   mrb_inspect(mrb, kind), request_known_kinds(mrb));
	check->kind_name = rv_event_kind_names[check->kind];
	*check->request = (struct rv_hook_request){ .kind = check->kind };
}

void request_fill(mrb_state *mrb, mrb_value kind, mrb_value address, mrb_value filters,
		  struct rv_hook_request *request, uint64_t *base)
{
	struct request_check check = { .request = request };

	request_take_kind(mrb, &check, kind);
	for (size_t i = 0; i < FILTERS; i++)
		check.filters[i] = mrb_nil_value();
	mrb_hash_foreach(mrb, mrb_hash_ptr(filters), request_take_filter, &check);
	request_check_address(mrb, &check, address);
	request_check_on_error(mrb, &check);
	if (request_has(&check, FILTER_BUDGET))
		request->budget_us = engine_to_unsigned(mrb, check.filters[FILTER_BUDGET],
							RV_BUDGET_US_MAXIMUM, "budget:");
	request->observe = mrb_test(check.filters[FILTER_OBSERVE]);
	request_check_width(mrb, &check);
	request_check_value(mrb, &check);
	request_check_pci(mrb, &check);
	request->cpuid_subleaf_set = request_has(&check, FILTER_SUBLEAF);
	if (request->cpuid_subleaf_set)
		request->cpuid_subleaf = (uint32_t)engine_to_unsigned(
			mrb, check.filters[FILTER_SUBLEAF], UINT32_MAX, "subleaf:");
	*base = request_kinds[check.kind].family == FAMILY_PCI ? 0 : request->first;
	if (request_has(&check, FILTER_BASE))
		*base = engine_to_u64(mrb, check.filters[FILTER_BASE]);
}

void request_init(mrb_state *mrb, struct RClass *hook)
{
	mrb_define_class_method_id(mrb, hook, MRB_SYM(__kinds), request_expand_kinds, MRB_ARGS_REQ(1));
}
