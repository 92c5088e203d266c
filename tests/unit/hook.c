/*
 * tests/unit/hook.c: the hook table on a machine of fakes: requests, filters, verdicts, removal,
 * failing owners, timers, power-off.
 */
#include "hook/hook_internal.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "core/time.h"
#include "hook/hook_shutdown.h"
#include "hook/hook_timer.h"
#include "hook/pci_identity.h"
#include "rv/errno.h"
#include "unit.h"
#include "vmm/vcpu.h"

/* The machine ---------------------------------------------------------------------------------- */

struct cpu fake_cpu;
static struct vcpu fake_vcpu = { .cpu = &fake_cpu };
uint32_t cpus_count = 2; /* so that the lock is taken */
uint64_t time_tsc_hz = 1000000000;
enum log_level log_maximum;
static unsigned fake_pci_reads, fake_interrupts_wanted, fake_registered;
static int fake_register_result;
static struct access_region *fake_last_region;

struct cpu *cpu_get(uint32_t index)
{
	(void)index;
	return &fake_cpu;
}

void spinlock_acquire(struct spinlock *lock)
{
	UNIT_EQUAL(lock->holder, 0);
	lock->holder = 1;
}

void spinlock_release(struct spinlock *lock)
{
	UNIT_EQUAL(lock->holder, 1);
	lock->holder = 0;
}

void *memory_allocate(size_t length_bytes)
{
	return calloc(1, length_bytes);
}

void memory_free(void *object)
{
	free(object);
}

size_t string_copy(char *to, const char *from, size_t to_bytes)
{
	snprintf(to, to_bytes, "%s", from);
	return strlen(from);
}

void log_line(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}

int print_format(char *buffer, size_t buffer_bytes, const char *format, ...)
{
	(void)format;
	buffer[0] = '\0';
	(void)buffer_bytes;
	return 0;
}

const char *vcpu_exit_name(enum exit_kind kind)
{
	(void)kind;
	return "";
}

static void fake_want_interrupts(struct vcpu *vcpu, bool want)
{
	(void)vcpu;
	fake_interrupts_wanted = want;
}

static bool fake_is_reset(const struct vcpu *vcpu)
{
	(void)vcpu;
	return false;
}

static const struct vcpu_operations fake_operations = { .want_interrupts = fake_want_interrupts,
							.is_reset = fake_is_reset };
const struct vcpu_operations *vcpu_ops = &fake_operations;

static int fake_register(struct access_region *region)
{
	fake_last_region = region;
	fake_registered += fake_register_result == 0;
	return fake_register_result;
}

static void fake_unregister(struct access_region *region)
{
	(void)region;
	fake_registered--;
}

#define FAKE_REGISTRY(kind)                                                                        \
	int kind##_register(struct access_region *region) { return fake_register(region); }        \
	void kind##_unregister(struct access_region *region) { fake_unregister(region); }
FAKE_REGISTRY(pio)
FAKE_REGISTRY(mmio)
FAKE_REGISTRY(cpuid)
FAKE_REGISTRY(pci)

int msr_register(struct access_region *region, bool read, bool write)
{
	UNIT_CHECK(read != write);
	return fake_register(region);
}

void msr_unregister(struct access_region *region, bool read, bool write)
{
	UNIT_CHECK(read != write);
	fake_unregister(region);
}

uint32_t pio_hardware_read(uint16_t port, uint8_t width_bytes)
{
	(void)width_bytes;
	return port ^ 0x55u;
}

uint64_t mmio_hardware_read(gpa_t gpa, uint8_t width_bytes)
{
	(void)width_bytes;
	return gpa;
}

bool msr_hardware_read(uint32_t msr, uint64_t *value)
{
	*value = msr;
	return msr != 0xdead;
}

void cpuid_hardware(struct vcpu *vcpu, uint32_t leaf, uint32_t subleaf, uint32_t registers[4])
{
	(void)vcpu;
	registers[0] = leaf;
	registers[1] = registers[2] = registers[3] = subleaf;
}

/* Function 0:3.1 is a 8086:100e Ethernet controller (02.00.00); 0:4.0 an xHCI; else nobody. */
uint32_t pci_hardware_read(uint64_t address, uint8_t width_bytes)
{
	(void)width_bytes;
	fake_pci_reads++;
	switch (address) {
	case 0x19000:
		return 0x100e8086;
	case 0x19008:
		return 0x02000003;
	case 0x20000:
		return 0x000d1b36;
	case 0x20008:
		return 0x0c033001;
	default:
		return 0xffffffff;
	}
}

/* An owner that does what the test says ---------------------------------------------------------- */

static struct rv_event event, event_seen;
static enum rv_verdict next_verdict;
static uint64_t next_value;
static bool next_failure;
static void (*next_work)(struct hook *hook);
static unsigned deliveries;

static bool owner_deliver(struct hook_owner *owner, struct hook *hook, struct vcpu *vcpu)
{
	(void)vcpu;
	deliveries++;
	event_seen = event;
	event.verdict = next_verdict;
	event.value = next_value;
	for (unsigned i = 0; i < 4; i++)
		event.cpuid[i] = (uint32_t)next_value + i;
	if (next_work != NULL)
		next_work(hook);
	if (next_failure)
		hook_remove_all(owner, true);
	return !next_failure;
}

static struct hook_owner owner = { .name = "test.rb", .event = &event, .deliver = owner_deliver };

static struct rv_hook_request request_of(uint32_t kind, uint64_t first, uint64_t last)
{
	return (struct rv_hook_request){ .kind = kind, .first = first, .last = last,
					 .pci_bus = -1, .pci_device = -1, .pci_function = -1,
					 .pci_vendor_id = -1, .pci_device_id = -1,
					 .pci_class = -1, .pci_class_mask = -1 };
}

static struct hook *hook_of(const struct rv_hook_request *request)
{
	int id = hook_add(&owner, request);

	UNIT_CHECK(id >= 0);
	fake_vcpu.history_next++; /* its events come with later exits */
	next_verdict = RV_VERDICT_PASS;
	next_failure = false;
	next_work = NULL;
	next_value = 0;
	deliveries = 0;
	return hook_find((uint32_t)id);
}

/* Another exit: what walked has ended. */
static void finish(void)
{
	fake_vcpu.history_next++;
	hook_remove_all(&owner, false);
	for (int i = 0; i < 3; i++) {
		fake_vcpu.history_next++;
		grace_collect();
	}
	UNIT_EQUAL(owner.nr_hooks, 0);
}

static struct access access_of(enum access_kind kind, bool write, uint64_t address, uint8_t width,
			       uint64_t value)
{
	return (struct access){ .vcpu = &fake_vcpu, .kind = (uint8_t)kind,
				.write = write, .address = address, .width_bytes = width, .value = value };
}

/* Tests ------------------------------------------------------------------------------------------ */

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
	r.budget_us = HOOK_BUDGET_US_MAXIMUM + 1;
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

struct verdict_case {
	uint32_t kind;
	enum access_kind access;
	enum rv_verdict verdict;
	/* what comes out */
	enum access_result result;
	bool resolved, fault;
	uint64_t value;
};

/* Events at address 0x70, width 1 (MSR: 8), written value 0x11, verdict's value 0x1234. */
static const struct verdict_case verdict_cases[] = {
	{ RV_EVENT_PORT_READ, ACCESS_PORT, RV_VERDICT_PASS, ACCESS_PASS, false, false, 0 },
	{ RV_EVENT_PORT_READ, ACCESS_PORT, RV_VERDICT_CHANGE, ACCESS_PASS, true, false, 0x34 },
	{ RV_EVENT_PORT_READ, ACCESS_PORT, RV_VERDICT_DENY, ACCESS_DONE, true, false, 0xff },
	{ RV_EVENT_PORT_READ, ACCESS_PORT, RV_VERDICT_DROP, ACCESS_DONE, true, false, 0xff },
	{ RV_EVENT_PORT_WRITE, ACCESS_PORT, RV_VERDICT_PASS, ACCESS_PASS, false, false, 0x11 },
	{ RV_EVENT_PORT_WRITE, ACCESS_PORT, RV_VERDICT_CHANGE, ACCESS_PASS, false, false, 0x34 },
	{ RV_EVENT_PORT_WRITE, ACCESS_PORT, RV_VERDICT_DENY, ACCESS_DONE, true, false, 0x11 },
	{ RV_EVENT_PORT_WRITE, ACCESS_PORT, RV_VERDICT_DROP, ACCESS_DONE, true, false, 0x11 },
	{ RV_EVENT_MSR_READ, ACCESS_MSR, RV_VERDICT_CHANGE, ACCESS_PASS, true, false, 0x1234 },
	{ RV_EVENT_MSR_READ, ACCESS_MSR, RV_VERDICT_DENY, ACCESS_DONE, true, true, ~UINT64_C(0) },
	{ RV_EVENT_MSR_READ, ACCESS_MSR, RV_VERDICT_DROP, ACCESS_DONE, true, false, 0 },
	{ RV_EVENT_MSR_WRITE, ACCESS_MSR, RV_VERDICT_DENY, ACCESS_DONE, true, true, 0x11 },
	{ RV_EVENT_MSR_WRITE, ACCESS_MSR, RV_VERDICT_DROP, ACCESS_DONE, true, false, 0x11 },
	{ RV_EVENT_MMIO_READ, ACCESS_MMIO, RV_VERDICT_DENY, ACCESS_DONE, true, false, 0xff },
};

static struct access verdict_access(const struct verdict_case *c)
{
	bool write = c->kind == RV_EVENT_PORT_WRITE || c->kind == RV_EVENT_MSR_WRITE;

	return access_of(c->access, write, 0x70, c->access == ACCESS_MSR ? 8 : 1, write ? 0x11 : 0);
}

static void test_verdicts(void)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(verdict_cases); i++) {
		const struct verdict_case *c = &verdict_cases[i];
		struct rv_hook_request r = request_of(c->kind, 0x70, 0x70);
		struct hook *hook = hook_of(&r);
		struct access a = verdict_access(c);

		next_verdict = c->verdict;
		next_value = 0x1234;
		UNIT_EQUAL(hook_handle_access(&a, hook), c->result);
		UNIT_EQUAL(a.resolved, c->resolved);
		UNIT_EQUAL(a.fault, c->fault);
		UNIT_EQUAL(a.value, c->value);
		finish();
		/* An observer changes nothing, whatever it says. */
		r.observe = 1;
		hook = hook_of(&r);
		a = verdict_access(c);
		next_verdict = c->verdict;
		next_value = 0x1234;
		UNIT_EQUAL(hook_handle_access(&a, hook), ACCESS_PASS);
		UNIT_CHECK(!a.resolved && !a.fault);
		finish();
	}
}

static void test_verdict_cpuid(void)
{
	struct rv_hook_request r = request_of(RV_EVENT_CPUID, 1, 1);
	struct hook *hook = hook_of(&r);
	struct access a = access_of(ACCESS_CPUID, false, 1, 4, 0);

	next_verdict = RV_VERDICT_CHANGE;
	next_value = 7;
	UNIT_EQUAL(hook_handle_access(&a, hook), ACCESS_PASS);
	UNIT_CHECK(a.resolved && a.cpuid[0] == 7 && a.cpuid[3] == 10);
	next_verdict = RV_VERDICT_DENY;
	UNIT_EQUAL(hook_handle_access(&a, hook), ACCESS_DONE);
	UNIT_CHECK(a.cpuid[0] == 0 && a.cpuid[3] == 0);
	finish();
}

static void test_on_error(void)
{
	static const enum rv_verdict failures[] = { RV_VERDICT_ERROR, 77, (enum rv_verdict)-1 };

	for (unsigned i = 0; i < ARRAY_LENGTH(failures); i++) {
		for (uint32_t policy = 0; policy <= RV_ON_ERROR_DISABLE; policy++) {
			struct rv_hook_request r = request_of(RV_EVENT_PORT_READ, 0x70, 0x70);
			struct access a = access_of(ACCESS_PORT, false, 0x70, 1, 0);
			struct hook *hook;
			uint32_t id;

			r.on_error = policy;
			hook = hook_of(&r);
			id = hook->id;
			next_verdict = failures[i];
			UNIT_EQUAL(hook_handle_access(&a, hook),
				   policy == RV_ON_ERROR_DENY ? ACCESS_DONE : ACCESS_PASS);
			UNIT_EQUAL(hook->counters.errors, 1);
			UNIT_EQUAL(hook_find(id) != NULL, policy != RV_ON_ERROR_DISABLE);
			finish();
		}
	}
}

/* An owner that fails leaves its denying hooks behind, and nothing else. */
static void test_owner_failure(void)
{
	struct rv_hook_request pass = request_of(RV_EVENT_PORT_READ, 1, 1);
	struct rv_hook_request deny = request_of(RV_EVENT_PORT_READ, 2, 2);
	struct rv_hook_request watch = request_of(RV_EVENT_PORT_READ, 3, 3);
	struct access a = access_of(ACCESS_PORT, false, 1, 1, 0);
	struct hook *first = hook_of(&pass), *second, *third;
	uint32_t ids[3];

	deny.on_error = watch.on_error = RV_ON_ERROR_DENY;
	watch.observe = 1;
	second = hook_of(&deny);
	third = hook_of(&watch);
	ids[0] = first->id;
	ids[1] = second->id;
	ids[2] = third->id;
	next_failure = true;
	UNIT_EQUAL(hook_handle_access(&a, first), ACCESS_PASS);
	UNIT_EQUAL(owner.nr_hooks, 0);
	UNIT_CHECK(hook_find(ids[0]) == NULL && hook_find(ids[2]) == NULL);
	UNIT_CHECK(hook_find(ids[1]) == second);
	/* The walk that was on its way still has the pointer. */
	UNIT_EQUAL(hook_handle_access(&a, third), ACCESS_PASS);
	UNIT_EQUAL(deliveries, 1);
	a = access_of(ACCESS_PORT, false, 2, 1, 0);
	UNIT_EQUAL(hook_handle_access(&a, second), ACCESS_DONE);
	UNIT_EQUAL(a.value, 0xff);
	UNIT_EQUAL(deliveries, 1);
	UNIT_EQUAL(hook_remove(&owner, ids[1]), -RV_ENOENT);
	second->state = HOOK_ACTIVE; /* finish() takes it away */
	owner.nr_hooks++;
	finish();
}

static void work_remove(struct hook *hook)
{
	UNIT_EQUAL(hook_remove(&owner, hook->id), 0);
	UNIT_EQUAL(hook_remove(&owner, hook->id), -RV_ENOENT);
	UNIT_EQUAL(fake_registered, 0); /* on return nothing is intercepted for it */
	UNIT_EQUAL(owner.lock.holder, 1);
}

/* ASan sees to it that nothing is used after it was freed. */
static void test_remove_in_event(void)
{
	struct rv_hook_request r = request_of(RV_EVENT_PORT_READ, 1, 1);
	struct access a = access_of(ACCESS_PORT, false, 1, 1, 0);
	struct hook *hook = hook_of(&r);
	uint32_t id = hook->id;

	next_work = work_remove;
	next_verdict = RV_VERDICT_CHANGE;
	next_value = 9;
	/* The event counts, though it is the hook's last. */
	UNIT_EQUAL(hook_handle_access(&a, hook), ACCESS_PASS);
	UNIT_EQUAL(a.value, 9);
	UNIT_EQUAL(fake_registered, 0);
	UNIT_CHECK(hook_find(id) == NULL);
	/* The walk reads region.next now, and may come by again. */
	UNIT_CHECK(hook->region.next == NULL);
	UNIT_EQUAL(hook_handle_access(&a, hook), ACCESS_PASS);
	UNIT_EQUAL(deliveries, 1);
	finish();
}

static struct hook *added;

static void work_add(struct hook *hook)
{
	added = hook_find((uint32_t)hook_add(&owner, &hook->request));
}

/* What an event adds sees the next access, not the one that goes on. */
static void test_add_in_event(void)
{
	struct rv_hook_request r = request_of(RV_EVENT_PORT_READ, 1, 1);
	struct access a = access_of(ACCESS_PORT, false, 1, 1, 0);
	struct hook *hook = hook_of(&r);

	next_work = work_add;
	UNIT_EQUAL(hook_handle_access(&a, hook), ACCESS_PASS);
	UNIT_EQUAL(hook_handle_access(&a, added), ACCESS_PASS);
	UNIT_EQUAL(deliveries, 1);
	next_work = NULL;
	fake_vcpu.history_next++;
	UNIT_EQUAL(hook_handle_access(&a, added), ACCESS_PASS);
	UNIT_EQUAL(deliveries, 2);
	finish();
}

static void test_freed_after_walks(void)
{
	struct rv_hook_request r = request_of(RV_EVENT_PORT_READ, 1, 1);
	uint64_t freed = hook_totals.hooks;
	struct hook *hook;

	fake_vcpu.history_next = 100;
	hook = hook_of(&r);
	UNIT_EQUAL(hook_remove(&owner, hook->id), 0);
	grace_collect();
	grace_collect();
	UNIT_EQUAL(hook_totals.hooks, freed); /* the CPU may be in a walk */
	fake_cpu.in_guest = true;
	grace_collect();
	UNIT_EQUAL(hook_totals.hooks, freed + 1);
	UNIT_CHECK(!grace_wanted);
	fake_cpu.in_guest = false;
	hook = hook_of(&r);
	UNIT_EQUAL(hook_remove(&owner, hook->id), 0);
	UNIT_CHECK(grace_wanted);
	fake_vcpu.history_next++;
	grace_collect(); /* the wait begins */
	UNIT_EQUAL(hook_totals.hooks, freed + 1);
	fake_vcpu.history_next++;
	grace_collect();
	UNIT_EQUAL(hook_totals.hooks, freed + 2);
}

static void test_table_full(void)
{
	struct rv_hook_request r = request_of(RV_EVENT_PORT_READ, 1, 1);
	int id = 0;

	for (unsigned i = 0; i < HOOKS_PER_OWNER_MAXIMUM; i++)
		UNIT_CHECK((id = hook_add(&owner, &r)) >= 0);
	UNIT_EQUAL(hook_add(&owner, &r), -RV_ENOSPC);
	UNIT_EQUAL(hook_remove(&owner, (uint32_t)id), 0);
	UNIT_CHECK(hook_add(&owner, &r) != id);
	finish();
	/* A registry that refuses. */
	fake_register_result = -RV_EPERM;
	UNIT_EQUAL(hook_add(&owner, &r), -RV_EPERM);
	UNIT_EQUAL(owner.nr_hooks, 0);
	fake_register_result = 0;
	UNIT_EQUAL(fake_registered, 0);
}

static void test_random_life(void)
{
	struct hook *hooks[64] = { NULL };

	for (int round = 0; round < 200000; round++) {
		unsigned i = (unsigned)(unit_random() >> 20) % 64;
		struct rv_hook_request r = request_of(RV_EVENT_PORT_READ, 1, 1);
		struct access a = access_of(ACCESS_PORT, false, 1, 1, 0);

		switch (unit_random() >> 30 & 3) {
		case 0:
			if (hooks[i] == NULL)
				hooks[i] = hook_of(&r);
			break;
		case 1:
			if (hooks[i] != NULL)
				UNIT_EQUAL(hook_remove(&owner, hooks[i]->id), 0);
			hooks[i] = NULL;
			break;
		case 2:
			if (hooks[i] != NULL)
				hook_handle_access(&a, hooks[i]);
			break;
		default:
			fake_vcpu.history_next++;
		}
	}
	finish();
	UNIT_EQUAL(fake_registered, 0);
}

static void test_timer(void)
{
	struct rv_hook_request r = request_of(RV_EVENT_TIMER, 1000, 0);
	struct hook *hook = hook_of(&r);
	uint64_t period = 1000000; /* cycles at 1 GHz */

	UNIT_EQUAL(hook->period_tsc, period);
	UNIT_CHECK(hook_timer_due()); /* so that somebody looks */
	hook_timer_periodic(&fake_vcpu);
	UNIT_EQUAL(deliveries, 0);
	UNIT_CHECK(hook_timer_next_tsc == hook->due_tsc);
	UNIT_EQUAL(fake_interrupts_wanted, 1);
	UNIT_CHECK(fake_vcpu.periodic_wanted);
	hook->due_tsc = 1; /* long ago */
	hook_timer_next_tsc = 1;
	deliveries = 0;
	hook_timer_periodic(&fake_vcpu);
	UNIT_EQUAL(deliveries, 1);
	UNIT_EQUAL(event_seen.kind, RV_EVENT_TIMER);
	UNIT_CHECK(hook->due_tsc > __builtin_ia32_rdtsc()); /* what was missed is missed */
	finish();
	hook_timer_periodic(&fake_vcpu);
	UNIT_EQUAL(fake_interrupts_wanted, 0);
	UNIT_CHECK(hook_timer_next_tsc == ~UINT64_C(0));
}

static void test_shutdown(void)
{
	struct rv_hook_request r = request_of(RV_EVENT_SHUTDOWN, 0, 0);
	struct access a = access_of(ACCESS_PORT, true, 0x604, 2, 0x2001);
	access_handler handler;
	void *context;

	hook_of(&r);
	UNIT_EQUAL(hook_shutdown_claim(0x604, 1u << 5), 0);
	UNIT_EQUAL(fake_last_region->first, 0x604);
	UNIT_EQUAL(fake_last_region->last, 0x605);
	handler = fake_last_region->handler;
	context = fake_last_region->context;
	UNIT_EQUAL(handler(&a, context), ACCESS_PASS); /* SLP_EN, but another sleep type */
	a.value = 5 << 10;
	handler(&a, context); /* no SLP_EN */
	a.write = false;
	a.value = 0x2000 | 5 << 10;
	handler(&a, context); /* a read */
	UNIT_EQUAL(deliveries, 0);
	a = access_of(ACCESS_PORT, true, 0x605, 1, 0x20 | 5 << 2);
	UNIT_EQUAL(handler(&a, context), ACCESS_PASS); /* the upper byte alone */
	UNIT_EQUAL(deliveries, 1);
	a = access_of(ACCESS_PORT, true, 0x602, 4, (UINT64_C(0x2000) | 5 << 10) << 16);
	handler(&a, context);
	UNIT_EQUAL(deliveries, 1); /* once */
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
	unit_run("hook_verdicts", test_verdicts);
	unit_run("hook_verdict_cpuid", test_verdict_cpuid);
	unit_run("hook_on_error", test_on_error);
	unit_run("hook_owner_failure", test_owner_failure);
	unit_run("hook_remove_in_event", test_remove_in_event);
	unit_run("hook_add_in_event", test_add_in_event);
	unit_run("hook_freed_after_walks", test_freed_after_walks);
	unit_run("hook_table_full", test_table_full);
	unit_run("hook_random_life", test_random_life);
	unit_run("hook_timer", test_timer);
	unit_run("hook_shutdown", test_shutdown);
	return unit_failed;
}
