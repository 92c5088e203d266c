/*
 * tests/unit/fake_machine.c: the machine that the code under test runs on. It does no more than
 * note what it is told.
 */
#include "fake_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/instructions.h"
#include "core/log.h"
#include "core/paging.h"
#include "core/spinlock.h"
#include "rv/errno.h"
#include "vmm/nested_table.h"
#include "vmm/pio.h"

uint8_t *fake_memory;
hpa_t memory_reserved_start = FAKE_RESERVED_START;
uint64_t memory_reserved_bytes = FAKE_RESERVED_BYTES;
uint64_t memory_end = FAKE_DEVICE_START;
hpa_t vcpu_nested_limit = UINT64_C(1) << 48;
uint64_t paging_direct_bytes = FAKE_MEMORY_BYTES;


struct cpu fake_cpu;
struct vcpu fake_vcpu;
uint32_t cpus_count = 1;
struct cpu *panic_cpu;
struct segment_register fake_segments[SEGMENT_COUNT];
uint64_t fake_control[5], fake_efer, fake_debug[8];
unsigned fake_cpl;
unsigned fake_injections, fake_vector, fake_single_steps, fake_breakpoints;
int64_t fake_error_code;
bool fake_stepping, fake_event_pending;
unsigned fake_step_requests;
bool fake_denied[FAKE_MEMORY_BYTES / PAGE_BYTES];
int fake_deny_error;
gpa_t fake_moved_from;
unsigned fake_intercept_changes;
hpa_t fake_moved_to;

static hpa_t fake_next_table;

bool memory_is_ram(hpa_t hpa, uint64_t length_bytes)
{
	if (hpa < MIB(1) && hpa + length_bytes > 0x9fc00)
		return false;
	return hpa < FAKE_DEVICE_START && length_bytes <= FAKE_DEVICE_START - hpa &&
	       !memory_is_reserved(hpa, length_bytes);
}

/* One is enough: the first page of what is ours. */
void *memory_allocate_page(void)
{
	return memory_direct(FAKE_RESERVED_START);
}

/* No table is ever merged here. */
void memory_free_page(void *page)
{
	(void)page;
	panic("a page is freed");
}

void *nested_merge(gpa_t gpa, unsigned level)
{
	(void)gpa;
	(void)level;
	return NULL;
}

void *memory_allocate(size_t length_bytes)
{
	return calloc(1, length_bytes);
}

void memory_free(void *object)
{
	free(object);
}

void spinlock_acquire(struct spinlock *lock)
{
	if (lock->holder != 0)
		panic("taken twice");
	lock->holder = 1;
}

void spinlock_release(struct spinlock *lock)
{
	lock->holder = 0;
}

void log_line(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}

void panic(const char *format, ...)
{
	printf("not ok panic: %s\n", format);
	abort();
}

uint32_t fake_port_value;
uint16_t fake_port;
unsigned fake_port_accesses;

/* One port for all. */
uint32_t pio_access(struct vcpu *vcpu, uint16_t port, uint8_t width_bytes, bool write, uint32_t value)
{
	(void)vcpu;
	(void)width_bytes;
	fake_port = port;
	fake_port_accesses++;
	if (write)
		fake_port_value = value;
	return fake_port_value;
}

uint32_t fake_pkru;
uint64_t fake_pkrs;

uint32_t pkru_read(void)
{
	return fake_pkru;
}

/* Weak: a test may have MSRs of its own. */
__attribute__((weak)) bool msr_read_safe(uint32_t msr, uint64_t *value)
{
	*value = fake_pkrs;
	return msr == 0x6e1;
}

struct cpu *cpu_get(uint32_t index)
{
	(void)index;
	return &fake_cpu;
}

void vcpu_intercepts_changed(void)
{
	fake_intercept_changes++;
}

static void fake_get_segment(struct vcpu *vcpu, enum segment which, struct segment_register *out)
{
	(void)vcpu;
	*out = fake_segments[which];
}

static uint64_t fake_get_control(struct vcpu *vcpu, unsigned number)
{
	(void)vcpu;
	return fake_control[number];
}

static void fake_set_control(struct vcpu *vcpu, unsigned number, uint64_t value)
{
	(void)vcpu;
	fake_control[number] = value;
}

static uint64_t fake_get_efer(struct vcpu *vcpu)
{
	(void)vcpu;
	return fake_efer;
}

static unsigned fake_get_cpl(struct vcpu *vcpu)
{
	(void)vcpu;
	return fake_cpl;
}

static void fake_inject_exception(struct vcpu *vcpu, unsigned vector, int64_t error_code)
{
	(void)vcpu;
	fake_injections++;
	fake_vector = vector;
	fake_error_code = error_code;
}

static void fake_inject_single_step(struct vcpu *vcpu)
{
	(void)vcpu;
	fake_single_steps++;
}

static void fake_inject_breakpoints(struct vcpu *vcpu, unsigned hits)
{
	(void)vcpu;
	fake_breakpoints |= hits;
}

static uint64_t fake_get_debug(struct vcpu *vcpu, unsigned number)
{
	(void)vcpu;
	return fake_debug[number];
}

static bool fake_can_inject(struct vcpu *vcpu)
{
	(void)vcpu;
	return !fake_event_pending;
}

static void fake_begin_step(struct vcpu *vcpu, const struct decoded_instruction *instruction)
{
	(void)vcpu;
	(void)instruction;
	if (!fake_stepping)
		fake_step_requests++;
	fake_stepping = true;
}

static void fake_end_step(struct vcpu *vcpu)
{
	(void)vcpu;
	fake_stepping = false;
}

int nested_deny_page(gpa_t gpa)
{
	int error = fake_deny_error;

	fake_deny_error = 0;
	if (error == 0)
		fake_denied[gpa / PAGE_BYTES] = true;
	return error;
}

int nested_restore_page(gpa_t gpa)
{
	if (gpa >= FAKE_MEMORY_BYTES)
		return -RV_ERANGE;
	if (memory_is_reserved(gpa, 1))
		panic("our memory was opened");
	fake_denied[gpa / PAGE_BYTES] = false;
	return 0;
}

/* Writes exit: the tests here look at claims that want reads too. */
int nested_protect_page(gpa_t gpa)
{
	return nested_deny_page(gpa);
}

int nested_move_page(gpa_t gpa, hpa_t to)
{
	if (gpa >= FAKE_MEMORY_BYTES)
		return -RV_ERANGE;
	fake_moved_from = gpa;
	fake_moved_to = to;
	fake_denied[gpa / PAGE_BYTES] = false;
	return 0;
}

static void fake_flush(struct vcpu *vcpu)
{
	(void)vcpu;
}

static const struct vcpu_operations fake_operations = {
	.name = "fake",
	.get_segment = fake_get_segment,
	.get_control = fake_get_control,
	.set_control = fake_set_control,
	.get_efer = fake_get_efer,
	.get_cpl = fake_get_cpl,
	.inject_exception = fake_inject_exception,
	.inject_single_step = fake_inject_single_step,
	.inject_breakpoints = fake_inject_breakpoints,
	.get_debug = fake_get_debug,
	.can_inject = fake_can_inject,
	.begin_step = fake_begin_step,
	.end_step = fake_end_step,
	.nested_flush = fake_flush,
};

const struct vcpu_operations *vcpu_ops = &fake_operations;

void fake_set_code(uint16_t attributes, uint64_t base, uint32_t limit_bytes)
{
	fake_segments[SEGMENT_CS] = (struct segment_register){8, attributes, limit_bytes, base};
}

void fake_set_data(uint64_t base, uint32_t limit_bytes)
{
	for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
		if (i != SEGMENT_CS)
			fake_segments[i] =
				(struct segment_register){16, FAKE_DATA, limit_bytes, base};
	}
}

void fake_machine_reset(void)
{
	if (!fake_memory)
		fake_memory = aligned_alloc(MIB(2), FAKE_MEMORY_BYTES);
	memset(fake_memory, 0, FAKE_MEMORY_BYTES);
	memset(&fake_vcpu, 0, sizeof(fake_vcpu));
	memset(fake_denied, 0, sizeof(fake_denied));
	fake_cpu = (struct cpu){.index = 0, .vcpu = &fake_vcpu};
	fake_vcpu.cpu = &fake_cpu;
	fake_vcpu.backend = &fake_cpu;
	fake_vcpu.rflags = 2;
	fake_set_code(FAKE_CODE_64, 0, UINT32_MAX);
	fake_set_data(0, UINT32_MAX);
	memset(fake_control, 0, sizeof(fake_control));
	fake_control[0] = 0x80010001;
	fake_control[4] = 0x20;
	fake_efer = 0xd00;
	fake_cpl = 0;
	fake_pkru = 0;
	fake_port_accesses = 0;
	fake_pkrs = 0;
	fake_next_table = MIB(1);
	fake_control[3] = fake_table_page();
	fake_injections = fake_single_steps = fake_step_requests = fake_breakpoints = 0;
	memset(fake_debug, 0, sizeof(fake_debug));
	fake_vector = 0;
	fake_stepping = fake_event_pending = false;
	fake_deny_error = 0;
	fake_moved_from = fake_moved_to = 0;
	for (gpa_t page = FAKE_RESERVED_START; page < FAKE_RESERVED_START + FAKE_RESERVED_BYTES;
	     page += PAGE_BYTES)
		fake_denied[page / PAGE_BYTES] = true;
}

hpa_t fake_table_page(void)
{
	fake_next_table += PAGE_BYTES;
	return fake_next_table - PAGE_BYTES;
}

uint64_t *fake_leaf(uint64_t linear)
{
	hpa_t table = fake_control[3] & PAGING_ADDRESS_MASK;

	for (unsigned shift = 39;; shift -= 9) {
		uint64_t *entry = (uint64_t *)memory_direct(table) + ((linear >> shift) & 0x1ff);

		if (shift == PAGE_SHIFT)
			return entry;
		if (*entry == 0)
			*entry = fake_table_page() | PAGING_PRESENT | PAGING_WRITABLE | PAGING_USER;
		table = *entry & PAGING_ADDRESS_MASK;
	}
}

void fake_map_page(uint64_t linear, uint64_t gpa, uint64_t rights)
{
	*fake_leaf(linear) = gpa | rights;
}
