/*
 * tests/unit/hook_machine.h: the machine of fakes that the hook table's tests run on. Each program
 * includes it once.
 */
#ifndef TESTS_UNIT_HOOK_MACHINE_H
#define TESTS_UNIT_HOOK_MACHINE_H

#include "hook/hook_hold.h"
#include "hook/hook_internal.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "core/time.h"
#include "crypt/volume_key.h"
#include "vmm/pci_identity.h"
#include "mediator/power/reset.h"
#include "mediator/power/shutdown.h"
#include "rv/errno.h"
#include "tests/spec.h"
#include "unit.h"
#include "vmm/deadline.h"
#include "vmm/interrupt_watch.h"
#include "vmm/pci.h"
#include "vmm/pci_function.h"
#include "vmm/vcpu.h"

/* The machine ---------------------------------------------------------------------------------- */

struct cpu fake_cpu;
static struct vcpu fake_vcpu = { .cpu = &fake_cpu };
uint32_t cpus_count = 2; /* so that the lock is taken */
uint64_t time_tsc_hz = 1000000000;
enum log_level log_maximum;
uint64_t pci_numbers_generation;
static unsigned fake_pci_reads, fake_interrupts_wanted, fake_registered;
static int fake_register_result;
static struct access_region *fake_last_region;
struct watchers vcpu_reset_watchers;
static unsigned fake_reset_claims, fake_wipes;
int (*crypt_guard)(void);

void crypt_keys_wipe(void)
{
	fake_wipes++;
}

int reset_claim(void)
{
	fake_reset_claims++;
	return 0;
}

void reset_release(void)
{
	fake_reset_claims--;
}

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

struct cpu *panic_cpu;

_Noreturn void panic(const char *format, ...)
{
	UNIT_CHECK(format == NULL);
	abort();
}

bool spinlock_try(struct spinlock *lock)
{
	if (lock->holder != 0)
		return false;
	lock->holder = 1;
	return true;
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

static unsigned fake_pages, fake_pages_until_none; /* which are given; 0: for ever */

void *memory_allocate_spare_page(void)
{
	if (fake_pages_until_none != 0 && --fake_pages_until_none == 0)
		return NULL;
	fake_pages++;
	return calloc(1, 4096);
}

void memory_free_page(void *page)
{
	fake_pages--;
	free(page);
}

bool memory_has_spare_pages(uint64_t nr_pages)
{
	return nr_pages < 100000;
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

void vcpu_intercepts_changed(void)
{
}

static void fake_want_interrupts(struct vcpu *vcpu, bool want)
{
	(void)vcpu;
	fake_interrupts_wanted = want;
}

static bool fake_set_alarm(struct vcpu *vcpu)
{
	(void)vcpu;
	return false;
}

static const struct vcpu_operations fake_operations = { .want_interrupts = fake_want_interrupts,
							.set_alarm = fake_set_alarm };
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

/* 0:3.0 has a BAR 0 in memory and a BAR 1 in ports; what follows one is kept here. */
static struct pci_follower *fake_follower;

int pci_bar_get(uint64_t address, unsigned number, struct pci_bar *bar)
{
	if (address != 0x18000 || number > 1)
		return -RV_ENOENT;
	*bar = (struct pci_bar){ .size_bytes = 0x1000, .port = number == 1 };
	return 0;
}

int pci_follow(struct pci_follower *follower)
{
	UNIT_CHECK(fake_follower == NULL);
	fake_follower = follower;
	return 0;
}

void pci_unfollow(struct pci_follower *follower)
{
	UNIT_CHECK(fake_follower == follower);
	fake_follower = NULL;
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

void pio_hardware_write(uint16_t port, uint8_t width_bytes, uint32_t value)
{
	(void)port, (void)width_bytes, (void)value;
}

void mmio_hardware_write(gpa_t gpa, uint8_t width_bytes, uint64_t value)
{
	(void)gpa, (void)width_bytes, (void)value;
}

bool msr_hardware_write(uint32_t msr, uint64_t value)
{
	(void)msr, (void)value;
	return true;
}

void pci_hardware_write(uint64_t address, uint8_t width_bytes, uint32_t value)
{
	(void)address, (void)width_bytes, (void)value;
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

static struct hook *hook_of(const struct rv_hook_spec *spec)
{
	int id = hook_add(&owner, spec);

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

#endif
