/*
 * tests/unit/hook_filter.c: what a hook asks for: specifications, their ranges, and the filters.
 */
#include "hook_machine.h"

static int check(struct rv_hook_spec spec)
{
	return hook_spec_check(&spec);
}

static void test_spec(void)
{
	struct rv_hook_spec r;

	UNIT_EQUAL(check(spec_of(RV_EVENT_PORT_READ, 0, 0xffff)), 0);
	UNIT_EQUAL(check(spec_of(RV_EVENT_PORT_READ, 0, 0x10000)), -RV_EINVAL);
	UNIT_EQUAL(check(spec_of(RV_EVENT_PORT_READ, 1, 0)), -RV_EINVAL);
	UNIT_EQUAL(check(spec_of(0, 0, 0)), -RV_EINVAL);
	UNIT_EQUAL(check(spec_of(RV_EVENT_KIND_COUNT, 0, 0)), -RV_EINVAL);
	UNIT_EQUAL(check(spec_of(RV_EVENT_MSR_WRITE, 0, 0xffffffff)), 0);
	UNIT_EQUAL(check(spec_of(RV_EVENT_MSR_WRITE, 0, 0x100000000)), -RV_EINVAL);
	UNIT_EQUAL(check(spec_of(RV_EVENT_PCI_CONFIG_READ, 0, 0x1000)), -RV_EINVAL);
	UNIT_EQUAL(check(spec_of(RV_EVENT_MMIO_READ, 0, ~UINT64_C(0))), -RV_EINVAL);
	UNIT_EQUAL(check(spec_of(RV_EVENT_TIMER, 999, 999)), -RV_EINVAL);
	UNIT_EQUAL(check(spec_of(RV_EVENT_TIMER, 1000, 1000)), 0);
	UNIT_EQUAL(check(spec_of(RV_EVENT_TIMER, ~UINT64_C(0), ~UINT64_C(0))), -RV_EINVAL);
	UNIT_EQUAL(check((struct rv_hook_spec){ .kind = RV_EVENT_TIMER }), -RV_EINVAL);
	UNIT_EQUAL(check((struct rv_hook_spec){ .kind = RV_EVENT_MMIO_READ }), -RV_EINVAL);
	UNIT_EQUAL(check((struct rv_hook_spec){ .kind = RV_EVENT_PORT_READ }), 0);
	UNIT_EQUAL(check(spec_of(RV_EVENT_SHUTDOWN, 5, 1)), 0);
	r = spec_of(RV_EVENT_PORT_READ, 0, 1);
	spec_add(&r, "value", 1, 0, 0); /* of reads it is not known yet */
	UNIT_EQUAL(check(r), -RV_EINVAL);
	r = spec_of(RV_EVENT_PORT_WRITE, 0, 1);
	spec_add(&r, "value", 1, 0, 0);
	UNIT_EQUAL(check(r), 0);
	r.clauses[1].except = 1;
	UNIT_EQUAL(check(r), 0);
	r.clauses[1].except = 2; /* there is no first */
	UNIT_EQUAL(check(r), -RV_EINVAL);
	r.clauses[0].except = 1; /* then nothing says where */
	r.clauses[1].except = 1;
	UNIT_EQUAL(check(r), 0);
	r.clauses[1].except = 0; /* they come last */
	UNIT_EQUAL(check(r), -RV_EINVAL);
	r = spec_of(RV_EVENT_TIMER, 1000, 1000);
	spec_add(&r, "period", UINT64_MAX, 1000, 1000);
	r.clauses[1].except = 1;
	UNIT_EQUAL(check(r), -RV_EINVAL);
	r = spec_of(RV_EVENT_PORT_READ, 0, 1);
	spec_add(&r, "port", UINT64_MAX, 2, 3); /* a second address */
	UNIT_EQUAL(check(r), -RV_EINVAL);
	r = spec_of(RV_EVENT_PORT_READ, 0, 1);
	r.clauses[0].mask = 0xff;
	UNIT_EQUAL(check(r), -RV_EINVAL);
	r = spec_of(RV_EVENT_PORT_READ, 0, 1);
	spec_add(&r, "nonsense", UINT64_MAX, 0, 0);
	UNIT_EQUAL(check(r), -RV_EINVAL);
	r.clauses[1].field = UINT32_MAX;
	UNIT_EQUAL(check(r), -RV_EINVAL);
	r = spec_of(RV_EVENT_PORT_READ, 0, 1);
	r.nr_clauses = RV_CLAUSES_MAXIMUM + 1;
	UNIT_EQUAL(check(r), -RV_EINVAL);
	r = spec_of(RV_EVENT_PORT_READ, 0, 1);
	r.on_error = 3;
	UNIT_EQUAL(check(r), -RV_EINVAL);
	r = spec_of(RV_EVENT_PORT_READ, 0, 1);
	r.budget_us = RV_BUDGET_US_MAXIMUM + 1;
	UNIT_EQUAL(check(r), -RV_EINVAL);
	r = spec_of(RV_EVENT_PCI_CONFIG_READ, 0, 1);
	spec_add(&r, "device", UINT64_MAX, 32, 32);
	UNIT_EQUAL(check(r), -RV_EINVAL);
}

/* What a hook registers for, in the registry's units. */
static void expect_region(const struct rv_hook_spec *spec, uint64_t first, uint64_t last)
{
	struct hook *hook = hook_of(spec);

	UNIT_EQUAL(hook->region.first, first);
	UNIT_EQUAL(hook->region.last, last);
	finish();
}

static void test_range(void)
{
	struct rv_hook_spec r = spec_of(RV_EVENT_PCI_CONFIG_READ, 4, 7);

	expect_region(&r, 0, 0xfffffff);
	spec_add(&r, "bus", UINT64_MAX, 1, 1);
	expect_region(&r, 0x100000, 0x1fffff);
	spec_add(&r, "device", UINT64_MAX, 3, 3);
	expect_region(&r, 0x118000, 0x11ffff);
	spec_add(&r, "function", UINT64_MAX, 2, 2);
	expect_region(&r, 0x11a004, 0x11a007);
	r.clauses[1].last = 2; /* buses 1 and 2 */
	expect_region(&r, 0, 0xfffffff);
}

static void test_filter_width_and_value(void)
{
	struct rv_hook_spec r = spec_of(RV_EVENT_PORT_WRITE, 0x3f8, 0x3f8);
	struct access a;
	struct hook *hook;

	spec_add(&r, "width", ~(uint64_t)(2 | 4), 0, 0);
	spec_add(&r, "value", 0xf0, 0x50, 0x50);
	hook = hook_of(&r);
	for (uint8_t width = 1; width <= 8; width <<= 1) {
		for (uint64_t value = 0; value < 0x100; value++) {
			a = access_of(ACCESS_PORT, true, 0x3f8, width, value);
			deliveries = 0;
			hook->region.handler(&a, hook);
			UNIT_EQUAL(deliveries, (width == 2 || width == 4) && value >> 4 == 5);
		}
	}
	deliveries = 0;
	a = access_of(ACCESS_PORT, false, 0x3f8, 2, 0x50);
	hook->region.handler(&a, hook);
	UNIT_EQUAL(deliveries, 0);
	UNIT_EQUAL(hook->counters.delivered, 32);
	UNIT_EQUAL(hook->counters.filtered, 4 * 0x100 + 1 - 32);
	finish();
}

static void except_add(struct rv_hook_spec *spec, uint32_t number, const char *field, uint64_t first, uint64_t last)
{
	spec_add(spec, field, UINT64_MAX, first, last);
	spec->clauses[spec->nr_clauses - 1].except = number;
}

static unsigned deliver(struct hook *hook, struct access a)
{
	deliveries = 0;
	hook->region.handler(&a, hook);
	return deliveries;
}

/* All ports from 60h to 7Fh, but for 64h to 67h, and but for words of 5 to 70h and 71h. An access that is not
 * within the ports of an exception, with all its bytes, is none of it. */
static void test_exceptions(void)
{
	struct rv_hook_spec r = spec_of(RV_EVENT_PORT_WRITE, 0x60, 0x7f);
	struct hook *hook;

	except_add(&r, 1, "port", 0x64, 0x67);
	except_add(&r, 2, "port", 0x70, 0x71);
	except_add(&r, 2, "value", 5, 5);
	hook = hook_of(&r);
	for (uint64_t port = 0x60; port < 0x7c; port++) {
		for (uint8_t width = 1; width <= 4; width <<= 1) {
			for (uint64_t value = 4; value <= 6; value++) {
				uint64_t end = port + width - 1;
				bool excepted = (port >= 0x64 && end <= 0x67) ||
						(port >= 0x70 && end <= 0x71 && value == 5);

				UNIT_EQUAL(deliver(hook, access_of(ACCESS_PORT, true, port, width, value)),
					   !excepted);
			}
		}
	}
	finish();
}

/* Numbers of things are one address each; and a function is excepted by whoever it is found out to be. */
static void test_exceptions_elsewhere(void)
{
	struct rv_hook_spec r = spec_of(RV_EVENT_MSR_READ, 0, 0xffff);
	struct hook *hook;

	except_add(&r, 1, "msr", 0x1b, 0x1b);
	hook = hook_of(&r);
	UNIT_EQUAL(deliver(hook, access_of(ACCESS_MSR, false, 0x1a, 8, 0)), 1);
	UNIT_EQUAL(deliver(hook, access_of(ACCESS_MSR, false, 0x1b, 8, 0)), 0);
	finish();
	r = spec_of(RV_EVENT_PCI_CONFIG_READ, 0, 0xff);
	except_add(&r, 1, "vendor_id", 0x8086, 0x8086);
	except_add(&r, 1, "device_id", 0x100e, 0x100e);
	hook = hook_of(&r);
	UNIT_EQUAL(deliver(hook, access_of(ACCESS_PCI, false, pci_address(0, 3, 1, 0), 4, 0)), 0);
	UNIT_EQUAL(deliver(hook, access_of(ACCESS_PCI, false, pci_address(0, 4, 0, 0), 4, 0)), 1);
	UNIT_EQUAL(deliver(hook, access_of(ACCESS_PCI, false, pci_address(0, 5, 0, 0), 4, 0)), 1);
	UNIT_EQUAL(hook->region.last, 0xfffffff);
	finish();
}

/* -1: any. */
struct wanted {
	uint64_t first, last;
	int32_t bus, device, function, vendor_id, device_id, class, class_mask;
};

/* Against a filter that is written as plainly as possible. */
static bool model_pci(const struct wanted *r, uint64_t address, uint8_t width)
{
	bool overlap = false, ids = r->vendor_id >= 0 || r->device_id >= 0 || r->class >= 0;
	uint32_t function = (uint32_t)(address >> 12);
	int32_t vendor = -1, device = -1;
	uint32_t class = 0;

	for (uint64_t byte = address & 0xfff; byte < (address & 0xfff) + width; byte++)
		overlap |= byte >= r->first && byte <= r->last;
	if (function == 0x19) {
		vendor = 0x8086;
		device = 0x100e;
		class = 0x020000;
	} else if (function == 0x20) {
		vendor = 0x1b36;
		device = 0xd;
		class = 0x0c0330;
	}
	return overlap && (r->bus < 0 || (uint32_t)r->bus == function >> 8) &&
	       (r->device < 0 || (uint32_t)r->device == (function >> 3 & 31)) &&
	       (r->function < 0 || (uint32_t)r->function == (function & 7)) &&
	       (!ids || vendor >= 0) && (r->vendor_id < 0 || r->vendor_id == vendor) &&
	       (r->device_id < 0 || r->device_id == device) &&
	       (r->class < 0 ||
		(class & (r->class_mask < 0 ? 0xffffff : (uint32_t)r->class_mask)) ==
			(uint32_t)r->class);
}

static int32_t pick(int32_t a, int32_t b)
{
	unsigned r = (unsigned)(unit_random() >> 40) % 4;

	return r == 0 ? a : r == 1 ? b : -1;
}

static void want(struct rv_hook_spec *spec, const char *field, int32_t number)
{
	if (number >= 0)
		spec_add(spec, field, UINT64_MAX, (uint64_t)number, (uint64_t)number);
}

static void test_filter_pci_random(void)
{
	static const uint64_t functions[] = { 0, 0x18, 0x19, 0x20, 0x21, 0x120 };

	for (int round = 0; round < 3000; round++) {
		struct wanted wanted = { .first = unit_random() % 64 };
		struct rv_hook_spec r;
		struct hook *hook;

		wanted.last = wanted.first + unit_random() % 16;
		wanted.bus = pick(0, 1);
		wanted.device = pick(3, 4);
		wanted.function = pick(0, 1);
		wanted.vendor_id = pick(0x8086, 0x1b36);
		wanted.device_id = pick(0x100e, 0xd);
		wanted.class_mask = pick(0xffff00, 0xff0000);
		wanted.class = pick(0x020000, 0x0c0300);
		r = spec_of(RV_EVENT_PCI_CONFIG_READ, wanted.first, wanted.last);
		want(&r, "vendor_id", wanted.vendor_id);
		want(&r, "bus", wanted.bus);
		want(&r, "device", wanted.device);
		want(&r, "function", wanted.function);
		want(&r, "device_id", wanted.device_id);
		if (wanted.class >= 0)
			spec_add(&r, "class", wanted.class_mask < 0 ? UINT64_MAX : (uint64_t)wanted.class_mask,
				 (uint64_t)wanted.class, (uint64_t)wanted.class);
		hook = hook_of(&r);
		for (int i = 0; i < 20; i++) {
			uint8_t width = (uint8_t)(1u << unit_random() % 3);
			uint64_t address = functions[unit_random() % ARRAY_LENGTH(functions)] << 12 |
					   (unit_random() % 80 & ~(uint64_t)(width - 1));
			struct access a = access_of(ACCESS_PCI, false, address, width, 0);

			deliveries = 0;
			hook->region.handler(&a, hook);
			UNIT_EQUAL(deliveries, model_pci(&wanted, address, width));
		}
		finish();
	}
}

static void test_identity_cached(void)
{
	struct rv_hook_spec r = spec_of(RV_EVENT_PCI_CONFIG_READ, 0, 0xff);
	struct access a = access_of(ACCESS_PCI, false, 0x19004, 4, 0);
	struct hook *hook;

	spec_add(&r, "class", 0xffff00, 0x0c0300, 0x0c0300);
	hook = hook_of(&r);
	pci_identity_forget();
	hook->region.handler(&a, hook);
	fake_pci_reads = 0;
	hook->region.handler(&a, hook);
	UNIT_EQUAL(fake_pci_reads, 0);
	/* The guest has renumbered a bridge's buses. */
	pci_numbers_generation++;
	hook->region.handler(&a, hook);
	UNIT_EQUAL(fake_pci_reads, 2);
	/* Somebody who is not there is asked for again. */
	a = access_of(ACCESS_PCI, false, 0x30000, 4, 0);
	fake_pci_reads = 0;
	hook->region.handler(&a, hook);
	hook->region.handler(&a, hook);
	UNIT_EQUAL(fake_pci_reads, 2);
	a = access_of(ACCESS_PCI, false, 0x20010, 4, 0);
	hook->region.handler(&a, hook);
	UNIT_EQUAL(event_seen.address, 0x10);
	UNIT_EQUAL(event_seen.pci_device, 4);
	UNIT_EQUAL(event_seen.pci_vendor_id, 0x1b36);
	UNIT_EQUAL(event_seen.pci_class, 0x0c0330);
	finish();
}

/* What is told by its ids has its bridges' numbers watched too. */
static void test_identity_watched(void)
{
	struct rv_hook_spec r = spec_of(RV_EVENT_PCI_CONFIG_READ, 4, 7);

	spec_add(&r, "bus", UINT64_MAX, 1, 1);
	spec_add(&r, "vendor_id", UINT64_MAX, 0x8086, 0x8086);
	expect_region(&r, 0, 0xfffffff);
}

/* A hook on a BAR is given over to pci_follow(), and its events say where that is. */
static void test_follow(void)
{
	struct rv_hook_spec r = spec_of(RV_EVENT_MMIO_READ, 0x18, 0x1b);
	struct access a = access_of(ACCESS_MMIO, false, 0xf0000018, 4, 0);
	struct hook *hook;

	r.follows = RV_FOLLOWS_OF(3 << 3, 0);
	hook = hook_of(&r);
	UNIT_CHECK(fake_follower != NULL && fake_registered == 0);
	UNIT_CHECK(fake_follower->function == 0x18000 && fake_follower->number == 0 &&
		   fake_follower->first == 0x18 && fake_follower->last == 0x1b);
	(void)fake_follower->handler(&a, 0x18, fake_follower->context);
	UNIT_CHECK(deliveries == 1 && event_seen.address == 0xf0000018 && event_seen.base == 0xf0000000);
	UNIT_EQUAL(a.base, 0); /* for hooks behind it */
	/* Another device there has ports. */
	a.kind = ACCESS_PORT;
	(void)fake_follower->handler(&a, 0x18, fake_follower->context);
	UNIT_EQUAL(deliveries, 1);
	(void)hook;
	finish();
	UNIT_CHECK(fake_follower == NULL);
	r.follows = RV_FOLLOWS_OF(3 << 3, 1);
	UNIT_EQUAL(hook_add(&owner, &r), -RV_ENOENT);
	r.follows = RV_FOLLOWS_OF(3 << 3, RV_FOLLOWS_CONFIGURATION);
	UNIT_EQUAL(hook_add(&owner, &r), -RV_ENOENT);
	r.follows = 3 << 3;
	UNIT_EQUAL(hook_add(&owner, &r), -RV_ENOENT);
	r.fixed = RV_FIXED_ISOLATE; /* of a kind that has no such verdict */
	UNIT_EQUAL(check(r), -RV_EINVAL);
	r = spec_of(RV_EVENT_MSR_READ, 1, 1);
	r.follows = RV_FOLLOWS_OF(3 << 3, 0);
	UNIT_EQUAL(check(r), -RV_EINVAL);
	r = spec_of(RV_EVENT_PCI_CONFIG_READ, 0, 0xff);
	r.follows = RV_FOLLOWS_OF(9 << 3, RV_FOLLOWS_CONFIGURATION);
	hook = hook_of(&r);
	a = access_of(ACCESS_PCI, false, 0x148010, 4, 0);
	(void)fake_follower->handler(&a, 0x10, fake_follower->context);
	UNIT_CHECK(deliveries == 1 && event_seen.address == 0x10 && event_seen.pci_bus == 1 && event_seen.base == 0);
	finish();
}

static void test_filter_cpuid(void)
{
	struct rv_hook_spec r = spec_of(RV_EVENT_CPUID, 4, 5);
	struct access a = access_of(ACCESS_CPUID, false, 4 | UINT64_C(2) << 32, 4, 0);
	struct hook *hook;

	spec_add(&r, "subleaf", UINT64_MAX, 2, 2);
	hook = hook_of(&r);
	hook->region.handler(&a, hook);
	UNIT_EQUAL(deliveries, 1);
	UNIT_EQUAL(event_seen.address, 4);
	UNIT_EQUAL(event_seen.cpuid_subleaf, 2);
	UNIT_EQUAL(event_seen.cpuid[2], 2);
	a.address = 4 | UINT64_C(1) << 32;
	hook->region.handler(&a, hook);
	UNIT_EQUAL(deliveries, 1);
	/* Leaves are the registry's to compare. */
	UNIT_EQUAL(hook->region.first, 4);
	UNIT_EQUAL(hook->region.last, 5);
	finish();
}

int main(void)
{
	fake_cpu.vcpu = &fake_vcpu;
	unit_run("hook_spec", test_spec);
	unit_run("hook_range", test_range);
	unit_run("hook_filter_width_and_value", test_filter_width_and_value);
	unit_run("filter_exceptions", test_exceptions);
	unit_run("filter_exceptions_elsewhere", test_exceptions_elsewhere);
	unit_run("hook_filter_pci_random", test_filter_pci_random);
	unit_run("hook_identity_cached", test_identity_cached);
	unit_run("hook_identity_watched", test_identity_watched);
	unit_run("hook_follow", test_follow);
	unit_run("hook_filter_cpuid", test_filter_cpuid);
	return unit_failed;
}
