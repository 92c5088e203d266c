/*
 * event_access.c: Event::Access and the classes below it: a guest's access to a port, a register,
 * an MSR, CPUID or configuration space, and the verdicts a block gives.
 *
 * `value` of a read performs the access on the device when it is asked for the first time;
 * `value =` before that answers without the device.
 */
#include "event.h"

#include "large.h"

#include <mruby/presym.h>

static bool access_is_write(const struct rv_event *event)
{
	return event->kind == RV_EVENT_PORT_WRITE || event->kind == RV_EVENT_MMIO_WRITE ||
	       event->kind == RV_EVENT_MSR_WRITE || event->kind == RV_EVENT_PCI_CONFIG_WRITE;
}

static uint64_t access_mask(const struct rv_event *event)
{
	return event->width_bytes >= 8 ? UINT64_MAX : (1ull << event->width_bytes * 8) - 1;
}

static bool access_needs_fetch(const struct rv_event *event)
{
	return !(event->flags & RV_EVENT_FETCHED) && event->verdict != RV_VERDICT_CHANGE &&
	       !access_is_write(event);
}

/* After this, event->value (or cpuid) is what the guest would get. */
static void access_fetch(mrb_state *mrb, struct rv_event *event)
{
	if (access_needs_fetch(event))
		engine_check(mrb, "Event#value", event->address, sys_event_fetch());
}

static mrb_value access_value(mrb_state *mrb, mrb_value self)
{
	struct rv_event *event = event_open(mrb, self);

	access_fetch(mrb, event);
	return engine_from_u64(mrb, event->value);
}

static mrb_value access_set_value(mrb_state *mrb, mrb_value self)
{
	struct rv_event *event = event_open(mrb, self);
	mrb_value value = mrb_get_arg1(mrb);

	event->value = engine_to_u64(mrb, value) & access_mask(event);
	event->verdict = RV_VERDICT_CHANGE;
	return value;
}

static mrb_value access_deny(mrb_state *mrb, mrb_value self)
{
	event_open(mrb, self)->verdict = RV_VERDICT_DENY;
	return self;
}

static mrb_value access_drop(mrb_state *mrb, mrb_value self)
{
	event_open(mrb, self)->verdict = RV_VERDICT_DROP;
	return self;
}

static mrb_value access_pass(mrb_state *mrb, mrb_value self)
{
	event_open(mrb, self)->verdict = RV_VERDICT_PASS;
	return self;
}

static mrb_value access_address(mrb_state *mrb, mrb_value self)
{
	return engine_from_u64(mrb, event_open(mrb, self)->address);
}

/* Negative for an access that begins before the range and reaches into it. */
static mrb_value access_offset(mrb_state *mrb, mrb_value self)
{
	uint64_t address = event_open(mrb, self)->address, base = event_entry->base;

	if (address < base && base - address <= INT64_MAX)
		return mrb_int_value(mrb, -(mrb_int)(base - address));
	return engine_from_u64(mrb, address - base);
}

static mrb_value access_width(mrb_state *mrb, mrb_value self)
{
	return mrb_int_value(mrb, event_open(mrb, self)->width_bytes);
}

static mrb_value access_all_ones(mrb_state *mrb, mrb_value self)
{
	return engine_from_u64(mrb, access_mask(event_open(mrb, self)));
}

static mrb_value access_write_p(mrb_state *mrb, mrb_value self)
{
	return mrb_bool_value(access_is_write(event_open(mrb, self)));
}

static mrb_value access_read_p(mrb_state *mrb, mrb_value self)
{
	return mrb_bool_value(!access_is_write(event_open(mrb, self)));
}

/* CPUID: four results, each fetched and changed alone. */
static mrb_value cpuid_get(mrb_state *mrb, mrb_value self, unsigned int index)
{
	struct rv_event *event = event_open(mrb, self);

	access_fetch(mrb, event);
	return mrb_int_value(mrb, event->cpuid[index]);
}

static mrb_value cpuid_set(mrb_state *mrb, mrb_value self, unsigned int index)
{
	struct rv_event *event = event_open(mrb, self);
	mrb_value value = mrb_get_arg1(mrb);
	uint32_t bits = (uint32_t)engine_to_u64(mrb, value);

	access_fetch(mrb, event);
	event->cpuid[index] = bits;
	event->verdict = RV_VERDICT_CHANGE;
	return value;
}

#define CPUID_ACCESSORS(name, index) \
	static mrb_value cpuid_##name(mrb_state *mrb, mrb_value self) \
	{ \
		return cpuid_get(mrb, self, index); \
	} \
	static mrb_value cpuid_set_##name(mrb_state *mrb, mrb_value self) \
	{ \
		return cpuid_set(mrb, self, index); \
	}

CPUID_ACCESSORS(eax, 0)
CPUID_ACCESSORS(ebx, 1)
CPUID_ACCESSORS(ecx, 2)
CPUID_ACCESSORS(edx, 3)

/* These return the event, which is in the register already. */
static bool access_evaluate_verdict(mrb_func_t method, struct rv_event *event)
{
	if (method == access_deny)
		event->verdict = RV_VERDICT_DENY;
	else if (method == access_drop)
		event->verdict = RV_VERDICT_DROP;
	else if (method == access_pass)
		event->verdict = RV_VERDICT_PASS;
	else
		return false;
	return true;
}

static const mrb_func_t cpuid_readers[] = { cpuid_eax, cpuid_ebx, cpuid_ecx, cpuid_edx };
static const mrb_func_t cpuid_writers[] = { cpuid_set_eax, cpuid_set_ebx, cpuid_set_ecx,
					    cpuid_set_edx };

/* Which of the four results a method is about; their number if none. */
static unsigned int cpuid_evaluate_index(mrb_func_t method, const mrb_func_t *methods)
{
	unsigned int index = 0;

	while (index < ARRAY_LENGTH(cpuid_readers) && methods[index] != method)
		index++;
	return index;
}

static bool access_evaluate_fetch(const struct rv_event *event)
{
	return !access_needs_fetch(event) || sys_event_fetch() == 0;
}

static bool access_evaluate_set(mrb_func_t method, struct rv_event *event, mrb_value *registers)
{
	uint64_t value;
	unsigned int index;

	if (mrb_integer_p(registers[1]))
		value = (uint64_t)mrb_integer(registers[1]);
	else if (!large_get_low64(registers[1], &value))
		return false;
	if (method == access_set_value) {
		event->value = value & access_mask(event);
	} else {
		index = cpuid_evaluate_index(method, cpuid_writers);
		if (index == ARRAY_LENGTH(cpuid_writers) || !access_evaluate_fetch(event))
			return false;
		event->cpuid[index] = (uint32_t)value;
	}
	event->verdict = RV_VERDICT_CHANGE;
	registers[0] = registers[1];
	return true;
}

static bool access_evaluate_get(mrb_state *mrb, mrb_func_t method, struct rv_event *event,
				mrb_value *registers)
{
	uint64_t value;
	unsigned int index;

	if (method == access_value) {
		if (!access_evaluate_fetch(event))
			return false;
		value = event->value;
	} else if (method == access_address) {
		value = event->address;
	} else if (method == access_offset) {
		if (event->address < event_entry->base)
			return false;	/* negative */
		value = event->address - event_entry->base;
	} else if (method == access_width) {
		value = event->width_bytes;
	} else if (method == access_all_ones) {
		value = access_mask(event);
	} else {
		index = cpuid_evaluate_index(method, cpuid_readers);
		if (index == ARRAY_LENGTH(cpuid_readers) || !access_evaluate_fetch(event))
			return false;
		value = event->cpuid[index];
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

static mrb_value cpuid_subleaf(mrb_state *mrb, mrb_value self)
{
	return mrb_int_value(mrb, event_open(mrb, self)->cpuid_subleaf);
}

#define PCI_READER(name, field) \
	static mrb_value pci_##name(mrb_state *mrb, mrb_value self) \
	{ \
		return mrb_int_value(mrb, (mrb_int)event_open(mrb, self)->field); \
	}

PCI_READER(bus, pci_bus)
PCI_READER(device, pci_device)
PCI_READER(function, pci_function)
PCI_READER(vendor_id, pci_vendor_id)
PCI_READER(device_id, pci_device_id)
PCI_READER(class_code, pci_class)

struct access_method {
	mrb_sym name;
	mrb_func_t body;
	mrb_aspec arguments;
};

static void access_define(mrb_state *mrb, struct RClass *class, const struct access_method *methods)
{
	for (; methods->name; methods++)
		mrb_define_method_id(mrb, class, methods->name, methods->body, methods->arguments);
}

static const struct access_method access_methods[] = {
	{ MRB_SYM(value), access_value, MRB_ARGS_NONE() },
	{ MRB_SYM_E(value), access_set_value, MRB_ARGS_REQ(1) },
	{ MRB_SYM(deny), access_deny, MRB_ARGS_NONE() },
	{ MRB_SYM(drop), access_drop, MRB_ARGS_NONE() },
	{ MRB_SYM(ignore), access_drop, MRB_ARGS_NONE() },
	{ MRB_SYM(pass), access_pass, MRB_ARGS_NONE() },
	{ MRB_SYM(address), access_address, MRB_ARGS_NONE() },
	{ MRB_SYM(offset), access_offset, MRB_ARGS_NONE() },
	{ MRB_SYM(width), access_width, MRB_ARGS_NONE() },
	{ MRB_SYM(mask), access_all_ones, MRB_ARGS_NONE() },
	{ MRB_SYM_Q(write), access_write_p, MRB_ARGS_NONE() },
	{ MRB_SYM_Q(read), access_read_p, MRB_ARGS_NONE() },
	{ 0, NULL, 0 },
};

static const struct access_method port_methods[] = {
	{ MRB_SYM(port), access_address, MRB_ARGS_NONE() },
	{ 0, NULL, 0 },
};

static const struct access_method msr_methods[] = {
	{ MRB_SYM(msr), access_address, MRB_ARGS_NONE() },
	{ 0, NULL, 0 },
};

static const struct access_method cpuid_methods[] = {
	{ MRB_SYM(leaf), access_address, MRB_ARGS_NONE() },
	{ MRB_SYM(subleaf), cpuid_subleaf, MRB_ARGS_NONE() },
	{ MRB_SYM(eax), cpuid_eax, MRB_ARGS_NONE() },
	{ MRB_SYM(ebx), cpuid_ebx, MRB_ARGS_NONE() },
	{ MRB_SYM(ecx), cpuid_ecx, MRB_ARGS_NONE() },
	{ MRB_SYM(edx), cpuid_edx, MRB_ARGS_NONE() },
	{ MRB_SYM_E(eax), cpuid_set_eax, MRB_ARGS_REQ(1) },
	{ MRB_SYM_E(ebx), cpuid_set_ebx, MRB_ARGS_REQ(1) },
	{ MRB_SYM_E(ecx), cpuid_set_ecx, MRB_ARGS_REQ(1) },
	{ MRB_SYM_E(edx), cpuid_set_edx, MRB_ARGS_REQ(1) },
	{ 0, NULL, 0 },
};

static const struct access_method pci_methods[] = {
	{ MRB_SYM(bus), pci_bus, MRB_ARGS_NONE() },
	{ MRB_SYM(device), pci_device, MRB_ARGS_NONE() },
	{ MRB_SYM(function), pci_function, MRB_ARGS_NONE() },
	{ MRB_SYM(vendor_id), pci_vendor_id, MRB_ARGS_NONE() },
	{ MRB_SYM(device_id), pci_device_id, MRB_ARGS_NONE() },
	{ MRB_SYM(class_code), pci_class_code, MRB_ARGS_NONE() },
	{ 0, NULL, 0 },
};

void event_access_init(mrb_state *mrb, struct RClass *event)
{
	struct RClass *access = mrb_define_class_under(mrb, event, "Access", event);
	struct RClass *cpuid = mrb_define_class_under(mrb, event, "Cpuid", access);

	access_define(mrb, access, access_methods);
	access_define(mrb, mrb_define_class_under(mrb, event, "Port", access), port_methods);
	mrb_define_class_under(mrb, event, "Mmio", access);
	access_define(mrb, mrb_define_class_under(mrb, event, "Msr", access), msr_methods);
	access_define(mrb, cpuid, cpuid_methods);
	mrb_undef_method(mrb, cpuid, "value");
	mrb_undef_method(mrb, cpuid, "value=");
	access_define(mrb, mrb_define_class_under(mrb, event, "PciConfig", access), pci_methods);
	mrb_define_class_under(mrb, event, "Timer", event);
	mrb_define_class_under(mrb, event, "Shutdown", event);
}
