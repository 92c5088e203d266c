/*
 * tests/unit/hook_filter.c: what a hook asks for: requests, their ranges, and the filters.
 */
#include "hook_machine.h"

static int check(struct rv_hook_request request)
{
	return hook_request_check(&request);
}

static void test_request(void)
{
	struct rv_hook_request r;

	UNIT_EQUAL(check(request_of(RV_EVENT_PORT_READ, 0, 0xffff)), 0);
	UNIT_EQUAL(check(request_of(RV_EVENT_PORT_READ, 0, 0x10000)), -RV_EINVAL);
	UNIT_EQUAL(check(request_of(RV_EVENT_PORT_READ, 1, 0)), -RV_EINVAL);
	UNIT_EQUAL(check(request_of(0, 0, 0)), -RV_EINVAL);
	UNIT_EQUAL(check(request_of(RV_EVENT_KIND_COUNT, 0, 0)), -RV_EINVAL);
	UNIT_EQUAL(check(request_of(RV_EVENT_MSR_WRITE, 0, 0xffffffff)), 0);
	UNIT_EQUAL(check(request_of(RV_EVENT_MSR_WRITE, 0, 0x100000000)), -RV_EINVAL);
	UNIT_EQUAL(check(request_of(RV_EVENT_PCI_CONFIG_READ, 0, 0x1000)), -RV_EINVAL);
	UNIT_EQUAL(check(request_of(RV_EVENT_MMIO_READ, 0, ~UINT64_C(0))), -RV_EINVAL);
	UNIT_EQUAL(check(request_of(RV_EVENT_TIMER, 999, 0)), -RV_EINVAL);
	UNIT_EQUAL(check(request_of(RV_EVENT_TIMER, 1000, 0)), 0);
	UNIT_EQUAL(check(request_of(RV_EVENT_TIMER, ~UINT64_C(0), 0)), -RV_EINVAL);
	UNIT_EQUAL(check(request_of(RV_EVENT_SHUTDOWN, 5, 1)), 0);
	r = request_of(RV_EVENT_PORT_READ, 0, 1);
	r.value_mask = 1;
	UNIT_EQUAL(check(r), -RV_EINVAL);
	r.kind = RV_EVENT_PORT_WRITE;
	UNIT_EQUAL(check(r), 0);
	r.width_mask = 0x10;
	UNIT_EQUAL(check(r), -RV_EINVAL);
	r = request_of(RV_EVENT_PORT_READ, 0, 1);
	r.on_error = 3;
	UNIT_EQUAL(check(r), -RV_EINVAL);
	r = request_of(RV_EVENT_PORT_READ, 0, 1);
	r.budget_us = RV_BUDGET_US_MAXIMUM + 1;
	UNIT_EQUAL(check(r), -RV_EINVAL);
	r = request_of(RV_EVENT_PCI_CONFIG_READ, 0, 1);
	r.pci_device = 32;
	UNIT_EQUAL(check(r), -RV_EINVAL);
	r.pci_device = -2;
	UNIT_EQUAL(check(r), -RV_EINVAL);
}

static void test_range(void)
{
	struct rv_hook_request r = request_of(RV_EVENT_PCI_CONFIG_READ, 4, 7);
	uint64_t first, last;

	hook_request_range(&r, &first, &last);
	UNIT_EQUAL(first, 0);
	UNIT_EQUAL(last, 0xfffffff);
	r.pci_bus = 1;
	hook_request_range(&r, &first, &last);
	UNIT_EQUAL(first, 0x100000);
	UNIT_EQUAL(last, 0x1fffff);
	r.pci_device = 3;
	hook_request_range(&r, &first, &last);
	UNIT_EQUAL(first, 0x118000);
	UNIT_EQUAL(last, 0x11ffff);
	r.pci_function = 2;
	hook_request_range(&r, &first, &last);
	UNIT_EQUAL(first, 0x11a004);
	UNIT_EQUAL(last, 0x11a007);
}

static void test_filter_width_and_value(void)
{
	struct rv_hook_request r = request_of(RV_EVENT_PORT_WRITE, 0x3f8, 0x3f8);
	struct access a;
	struct hook *hook;

	r.width_mask = 2 | 4;
	r.value_mask = 0xf0;
	r.value_match = 0x50;
	hook = hook_of(&r);
	for (uint8_t width = 1; width <= 8; width <<= 1) {
		for (uint64_t value = 0; value < 0x100; value++) {
			a = access_of(ACCESS_PORT, true, 0x3f8, width, value);
			deliveries = 0;
			hook_handle_access(&a, hook);
			UNIT_EQUAL(deliveries, (width == 2 || width == 4) && value >> 4 == 5);
		}
	}
	deliveries = 0;
	a = access_of(ACCESS_PORT, false, 0x3f8, 2, 0x50);
	hook_handle_access(&a, hook);
	UNIT_EQUAL(deliveries, 0);
	UNIT_EQUAL(hook->counters.delivered, 32);
	UNIT_EQUAL(hook->counters.filtered, 4 * 0x100 + 1 - 32);
	finish();
}

/* Against a filter that is written as plainly as possible. */
static bool model_pci(const struct rv_hook_request *r, uint64_t address, uint8_t width)
{
	bool overlap = false, ids = r->pci_vendor_id >= 0 || r->pci_device_id >= 0 || r->pci_class >= 0;
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
	return overlap && (r->pci_bus < 0 || (uint32_t)r->pci_bus == function >> 8) &&
	       (r->pci_device < 0 || (uint32_t)r->pci_device == (function >> 3 & 31)) &&
	       (r->pci_function < 0 || (uint32_t)r->pci_function == (function & 7)) &&
	       (!ids || vendor >= 0) && (r->pci_vendor_id < 0 || r->pci_vendor_id == vendor) &&
	       (r->pci_device_id < 0 || r->pci_device_id == device) &&
	       (r->pci_class < 0 ||
		(class & (r->pci_class_mask < 0 ? 0xffffff : (uint32_t)r->pci_class_mask)) ==
			(uint32_t)r->pci_class);
}

static int32_t pick(int32_t a, int32_t b)
{
	unsigned r = (unsigned)(unit_random() >> 40) % 4;

	return r == 0 ? a : r == 1 ? b : -1;
}

static void test_filter_pci_random(void)
{
	static const uint64_t functions[] = { 0, 0x18, 0x19, 0x20, 0x21, 0x120 };

	for (int round = 0; round < 3000; round++) {
		struct rv_hook_request r = request_of(RV_EVENT_PCI_CONFIG_READ, unit_random() % 64, 0);
		struct hook *hook;

		r.last = r.first + unit_random() % 16;
		r.pci_bus = pick(0, 1);
		r.pci_device = pick(3, 4);
		r.pci_function = pick(0, 1);
		r.pci_vendor_id = pick(0x8086, 0x1b36);
		r.pci_device_id = pick(0x100e, 0xd);
		r.pci_class_mask = pick(0xffff00, 0xff0000);
		r.pci_class = pick(0x020000, 0x0c0300);
		hook = hook_of(&r);
		for (int i = 0; i < 20; i++) {
			uint8_t width = (uint8_t)(1u << unit_random() % 3);
			uint64_t address = functions[unit_random() % ARRAY_LENGTH(functions)] << 12 |
					   (unit_random() % 80 & ~(uint64_t)(width - 1));
			struct access a = access_of(ACCESS_PCI, false, address, width, 0);

			deliveries = 0;
			hook_handle_access(&a, hook);
			UNIT_EQUAL(deliveries, model_pci(&r, address, width));
		}
		finish();
	}
}

static void test_identity_cached(void)
{
	struct rv_hook_request r = request_of(RV_EVENT_PCI_CONFIG_READ, 0, 0xff);
	struct access a = access_of(ACCESS_PCI, false, 0x19004, 4, 0);
	struct hook *hook;

	r.pci_class = 0x0c0300;
	r.pci_class_mask = 0xffff00;
	hook = hook_of(&r);
	pci_identity_forget();
	hook_handle_access(&a, hook);
	fake_pci_reads = 0;
	hook_handle_access(&a, hook);
	UNIT_EQUAL(fake_pci_reads, 0);
	/* The guest renumbers a bridge's buses. */
	a = access_of(ACCESS_PCI, true, 0x08018, 4, 0x020100);
	hook_handle_access(&a, hook);
	a = access_of(ACCESS_PCI, false, 0x19004, 4, 0);
	hook_handle_access(&a, hook);
	UNIT_EQUAL(fake_pci_reads, 2);
	/* Somebody who is not there is asked for again. */
	a = access_of(ACCESS_PCI, false, 0x30000, 4, 0);
	fake_pci_reads = 0;
	hook_handle_access(&a, hook);
	hook_handle_access(&a, hook);
	UNIT_EQUAL(fake_pci_reads, 2);
	a = access_of(ACCESS_PCI, false, 0x20010, 4, 0);
	hook_handle_access(&a, hook);
	UNIT_EQUAL(event_seen.address, 0x10);
	UNIT_EQUAL(event_seen.pci_device, 4);
	UNIT_EQUAL(event_seen.pci_vendor_id, 0x1b36);
	UNIT_EQUAL(event_seen.pci_class, 0x0c0330);
	finish();
}

static void test_filter_cpuid(void)
{
	struct rv_hook_request r = request_of(RV_EVENT_CPUID, 4, 5);
	struct access a = access_of(ACCESS_CPUID, false, 4 | UINT64_C(2) << 32, 4, 0);
	struct hook *hook;

	r.cpuid_subleaf_set = 1;
	r.cpuid_subleaf = 2;
	hook = hook_of(&r);
	hook_handle_access(&a, hook);
	UNIT_EQUAL(deliveries, 1);
	UNIT_EQUAL(event_seen.address, 4);
	UNIT_EQUAL(event_seen.cpuid_subleaf, 2);
	UNIT_EQUAL(event_seen.cpuid[2], 2);
	a.address = 4 | UINT64_C(1) << 32;
	hook_handle_access(&a, hook);
	a.address = 6 | UINT64_C(2) << 32;
	hook_handle_access(&a, hook);
	UNIT_EQUAL(deliveries, 1);
	finish();
}

int main(void)
{
	fake_cpu.vcpu = &fake_vcpu;
	unit_run("hook_request", test_request);
	unit_run("hook_range", test_range);
	unit_run("hook_filter_width_and_value", test_filter_width_and_value);
	unit_run("hook_filter_pci_random", test_filter_pci_random);
	unit_run("hook_identity_cached", test_identity_cached);
	unit_run("hook_filter_cpuid", test_filter_cpuid);
	return unit_failed;
}
