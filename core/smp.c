/*
 * core/smp.c: the table of CPUs, how they come to us, and how they are made to exit. The table is
 * written at boot; each CPU then writes its own entry only, but for `kicked`.
 */
#include "core/smp.h"

#include "core/acpi.h"
#include "core/apic.h"
#include "core/exception.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"
#include "rv/errno.h"

/* ACPI specification 5.2.12 */
#define MADT_HEADER_BYTES 44
#define MADT_LOCAL_APIC 0
#define MADT_LOCAL_X2APIC 9
#define MADT_ENABLED 0x1u
#define MADT_ONLINE_CAPABLE 0x2u

#define SMP_STOP_CYCLES 10000000 /* some milliseconds */
#define SMP_ANSWER_CYCLES UINT64_C(20000000000) /* some seconds */

extern struct cpu_stack smp_shared_stack;
extern const uint8_t ap_redirect_start[], ap_redirect_segment[], ap_redirect_end[];
extern const uint8_t ap_entry_start[], ap_entry_end[], ap_entry_long[];
extern const uint8_t ap_entry_gdtr_base[], ap_entry_base[], ap_entry_root[], ap_entry_jump[];
_Noreturn void smp_switch_stack(uint64_t stack, uint32_t *lock, struct cpu *cpu, uint32_t vector);
_Noreturn void smp_enter(uint32_t *lock, uint32_t vector);
_Noreturn void smp_run(struct cpu *cpu, uint32_t vector);

uint32_t cpus_count = 1;
/* Whoever is on it is no CPU yet, but may take locks. */
static struct cpu smp_nobody = { .index = CPUS_MAXIMUM };
struct cpu_stack smp_shared_stack = { .cpu = &smp_nobody };

static struct cpu *smp_cpus[CPUS_MAXIMUM] = { &cpu_boot };
static struct cpu_stack *smp_stacks[CPUS_MAXIMUM] = { &cpu_boot_stack };
static uint16_t smp_low_segment;
static void (*smp_start)(struct cpu *cpu, uint8_t vector);
static bool (*smp_is_reset)(struct cpu *cpu);

struct cpu *cpu_get(uint32_t index)
{
	return smp_cpus[index];
}

/* The initial APIC ID, which is the one startup IPIs go by (APM v3 E.3.2, E.4.9). */
static uint32_t smp_own_apic_id(void)
{
	if (cpuid_query(0, 0).eax >= 0xb) {
		struct cpuid_result topology = cpuid_query(0xb, 0);

		if (topology.ebx != 0)
			return topology.edx;
	}
	return cpuid_query(1, 0).ebx >> 24;
}

static void smp_add(uint32_t apic_id)
{
	struct cpu *cpu;

	if (apic_id == cpu_boot.apic_id)
		return;
	if (cpus_count == CPUS_MAXIMUM) {
		log_warning("more than %d CPUs: the OS must not start those above", CPUS_MAXIMUM);
		return;
	}
	cpu = memory_allocate(sizeof(*cpu));
	if (cpu == NULL)
		panic("no memory for CPU %u: give more with the option memory=", cpus_count);
	cpu->index = cpus_count;
	cpu->apic_id = apic_id;
	smp_cpus[cpus_count++] = cpu;
}

static void smp_add_entry(const uint8_t *entry, uint8_t length_bytes)
{
	uint32_t id, flags;

	if (entry[0] == MADT_LOCAL_APIC && length_bytes >= 8) {
		memcpy(&flags, entry + 4, sizeof(flags));
		id = entry[3];
	} else if (entry[0] == MADT_LOCAL_X2APIC && length_bytes >= 16) {
		memcpy(&id, entry + 4, sizeof(id));
		memcpy(&flags, entry + 8, sizeof(flags));
	} else {
		return;
	}
	if (flags & (MADT_ENABLED | MADT_ONLINE_CAPABLE))
		smp_add(id);
}

/* What the firmware left on the boot CPU. In x2APIC mode there is no such register, or none of use. */
static void smp_read_destination(struct cpu *cpu)
{
	struct apic apic;

	cpu->destination_format = APIC_DFR_RESET;
	if (!apic_find(&apic) || apic.page == NULL)
		return;
	cpu->logical_destination = apic_read(apic, APIC_LDR);
	cpu->destination_format = apic_read(apic, APIC_DFR);
}

void smp_init(void)
{
	const uint8_t *madt = acpi_find_table("APIC");
	uint32_t length, at = MADT_HEADER_BYTES;

	cpu_boot.apic_id = smp_own_apic_id();
	smp_read_destination(&cpu_boot);
	cpu_boot.online = true;
	if (madt == NULL)
		return;
	memcpy(&length, madt + 4, sizeof(length));
	while (length >= 2 && at <= length - 2 && madt[at + 1] >= 2 && madt[at + 1] <= length - at) {
		smp_add_entry(madt + at, madt[at + 1]);
		at += madt[at + 1];
	}
}

static void smp_patch32(hpa_t page, const uint8_t *field, uint32_t value)
{
	memcpy(memory_direct(page + (uint64_t)(field - ap_entry_start)), &value, sizeof(value));
}

int smp_prepare(hpa_t low_page, void (*start)(struct cpu *cpu, uint8_t vector),
		bool (*is_reset)(struct cpu *cpu))
{
	hpa_t root = paging_create();
	int error;

	if (root == 0)
		return -RV_ENOMEM;
	/* The low page is mapped one to one, for the instruction after paging is switched on. */
	error = paging_map(root, low_page, low_page, PAGING_WRITABLE);
	if (error != 0)
		return error;
	memcpy(memory_direct(low_page), ap_entry_start, (size_t)(ap_entry_end - ap_entry_start));
	smp_patch32(low_page, ap_entry_gdtr_base,
		    (uint32_t)low_page + (uint32_t)(ap_entry_gdtr_base - 2 - ap_entry_start) - 24);
	smp_patch32(low_page, ap_entry_base, (uint32_t)low_page);
	smp_patch32(low_page, ap_entry_root, (uint32_t)root);
	smp_patch32(low_page, ap_entry_jump,
		    (uint32_t)low_page + (uint32_t)(ap_entry_long - ap_entry_start));
	smp_low_segment = (uint16_t)(low_page >> 4);
	smp_start = start;
	smp_is_reset = is_reset;
	return 0;
}

void smp_redirect_vector(uint8_t vector)
{
	hpa_t page = (hpa_t)vector << PAGE_SHIFT;

	memcpy(memory_direct(page), ap_redirect_start,
	       (size_t)(ap_redirect_end - ap_redirect_start));
	memcpy(memory_direct(page + (uint64_t)(ap_redirect_segment - ap_redirect_start)),
	       &smp_low_segment, sizeof(smp_low_segment));
}

/* A stack of its own, made when the CPU first comes. Two stacks' worth of pages hold an aligned one. */
static struct cpu_stack *smp_stack_of(struct cpu *cpu)
{
	if (smp_stacks[cpu->index] == NULL) {
		uint8_t *pages = memory_allocate_pages(2 * CPU_STACK_BYTES / PAGE_BYTES - 1);
		struct cpu_stack *stack;

		if (pages == NULL)
			panic("no memory for the stack of CPU %u: give more with the option memory=",
			      cpu->index);
		stack = (struct cpu_stack *)align_up((uint64_t)pages, CPU_STACK_BYTES);
		stack->cpu = cpu;
		smp_stacks[cpu->index] = stack;
	}
	return smp_stacks[cpu->index];
}

/* On the shared stack, alone by the lock. */
_Noreturn void smp_enter(uint32_t *lock, uint32_t vector)
{
	uint32_t apic_id = smp_own_apic_id();
	uint32_t index = 0;

	cr3_write(paging_host_root);
	while (index < cpus_count && smp_cpus[index]->apic_id != apic_id)
		index++;
	/* lock lies in the low page: reached by the direct map from now on */
	lock = memory_direct((hpa_t)lock);
	if (index == cpus_count) {
		log_error("a CPU with the unknown APIC ID %u was started: it is stopped", apic_id);
		*(volatile uint32_t *)lock = 0;
		cpu_stop();
	}
	smp_switch_stack((uint64_t)(smp_stack_of(smp_cpus[index]) + 1), lock, smp_cpus[index],
			 vector);
}

_Noreturn void smp_run(struct cpu *cpu, uint32_t vector)
{
	exception_init_cpu();
	cpu->in_guest = false;
	cpu->nmi_seen = false;
	cpu->kicked = false;
	cpu->logical_destination = 0;
	cpu->destination_format = APIC_DFR_RESET;
	__atomic_store_n(&cpu->online, true, __ATOMIC_SEQ_CST);
	smp_start(cpu, (uint8_t)vector);
	panic("CPU %u came back", cpu->index);
}

uint32_t smp_count_online(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < cpus_count; i++)
		count += smp_cpus[i]->online;
	return count;
}

/* The guest may be between its writes of the two halves of the ICR: its high half is kept. */
static void smp_write_ipi(struct apic apic, uint32_t apic_id, uint32_t mode)
{
	uint32_t high;

	if (apic.page == NULL) {
		msr_write(APIC_X2APIC_MSR + (APIC_ICR_LOW >> 4),
			  (uint64_t)apic_id << 32 | mode | APIC_ICR_ASSERT);
		return;
	}
	while (apic_read(apic, APIC_ICR_LOW) & APIC_ICR_PENDING)
		cpu_pause();
	high = apic_read(apic, APIC_ICR_HIGH);
	apic_write(apic, APIC_ICR_HIGH, apic_id << 24);
	apic_write(apic, APIC_ICR_LOW, mode | APIC_ICR_ASSERT);
	while (apic_read(apic, APIC_ICR_LOW) & APIC_ICR_PENDING)
		cpu_pause();
	apic_write(apic, APIC_ICR_HIGH, high);
}

/* A guest that has switched its APIC off keeps nobody else from being reached: on for the moment, it
 * sends. (QEMU's cannot be switched on again, and sends all the same.) Out of our reach, at 4 GiB or
 * above, no guest can put it: msr_guard_init(). */
static void smp_send_nmi(uint32_t apic_id)
{
	uint64_t base = msr_read(MSR_APIC_BASE);
	struct apic apic;

	if (!(base & APIC_BASE_ENABLE))
		msr_write(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
	apic_find(&apic);
	smp_write_ipi(apic, apic_id, APIC_ICR_NMI);
	if (!(base & APIC_BASE_ENABLE))
		msr_write(MSR_APIC_BASE, base);
}

/* APM v2 16.6.1 and 16.6.2, Intel SDM 3 11.6.2.2: eight CPUs with a bit each, or clusters of four. */
static bool smp_matches_logical(uint32_t destination, const struct cpu *cpu)
{
	uint32_t logical = cpu->logical_destination >> 24;

	if (cpu->destination_format >> 28 == 0xf)
		return (destination & logical) != 0;
	return destination >> 4 == logical >> 4 && (destination & logical & 0xf) != 0;
}

/* In x2APIC mode the logical ID follows from the APIC's: clusters of sixteen (APM v2
 * 16.14, SDM 3 11.12.10.2). */
static bool smp_matches_cluster(uint32_t destination, const struct cpu *cpu)
{
	return destination >> 16 == cpu->apic_id >> 4 &&
	       (destination >> (cpu->apic_id & 0xf) & 1) != 0;
}

static bool smp_matches_destination(uint64_t command, const struct cpu *cpu, bool x2apic)
{
	uint32_t destination = (uint32_t)(x2apic ? command >> 32 : command >> 56);

	if (destination == (x2apic ? UINT32_MAX : 0xff))
		return true;
	if (!(command & APIC_ICR_LOGICAL))
		return destination == cpu->apic_id;
	return x2apic ? smp_matches_cluster(destination, cpu) : smp_matches_logical(destination, cpu);
}

static bool smp_init_reaches(uint64_t command, const struct cpu *cpu, bool x2apic)
{
	switch (command & APIC_ICR_TO_MASK) {
	case 0:
		return smp_matches_destination(command, cpu, x2apic);
	case APIC_ICR_TO_SELF:
		return cpu == cpu_current();
	case APIC_ICR_TO_OTHERS:
		return cpu != cpu_current();
	default:
		return true;
	}
}

bool smp_init_reaches_boot_cpu(uint64_t command)
{
	struct apic apic;

	apic_find(&apic);
	return smp_init_reaches(command, &cpu_boot, apic.page == NULL);
}

/* An APIC that is off sends nothing, but for QEMU's, so it is not switched on for this. */
void smp_init_all_but_boot_cpu(uint64_t command)
{
	struct cpu *self = cpu_current();
	struct apic apic;

	apic_find(&apic);
	for (uint32_t i = 1; i < cpus_count; i++) {
		if (smp_cpus[i] != self && smp_init_reaches(command, smp_cpus[i], apic.page == NULL))
			smp_write_ipi(apic, smp_cpus[i]->apic_id, APIC_ICR_INIT);
	}
	if (self != &cpu_boot && smp_init_reaches(command, self, apic.page == NULL))
		smp_write_ipi(apic, self->apic_id, APIC_ICR_INIT);
}

/* Runs its guest, and can be made to exit. */
static bool smp_is_in_guest(struct cpu *cpu)
{
	return __atomic_load_n(&cpu->in_guest, __ATOMIC_SEQ_CST) && !smp_is_reset(cpu);
}

/* There is one NMI on its way to a CPU as long as `kicked` is set, and no more, whoever wants it: a
 * second one would reach the guest. */
static void smp_kick(struct cpu *cpu)
{
	if (!__atomic_exchange_n(&cpu->kicked, true, __ATOMIC_SEQ_CST))
		smp_send_nmi(cpu->apic_id);
}

/* An INIT of the guest's can stop a CPU between its last look and its entry, where nothing tells. So
 * the wait has an end: a CPU that runs takes its NMI before any other instruction of the guest. */
static void smp_await_answer(struct cpu *cpu)
{
	uint64_t start = tsc_read();

	while (__atomic_load_n(&cpu->kicked, __ATOMIC_SEQ_CST) && smp_is_in_guest(cpu)) {
		if (tsc_read() - start > SMP_ANSWER_CYCLES) {
			log_warning("CPU %u does not answer: it is taken to wait for its start",
				    cpu->index);
			return;
		}
		cpu_pause();
	}
}

void smp_kick_others(void)
{
	struct cpu *self = cpu_current();

	/* What was changed before is seen by a CPU that enters its guest after this (it sets in_guest,
	 * then looks at what changed); the others are kicked. Sequentially consistent on both sides. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < cpus_count; i++) {
		if (smp_cpus[i] != self && smp_is_in_guest(smp_cpus[i]))
			smp_kick(smp_cpus[i]);
	}
	for (uint32_t i = 0; i < cpus_count; i++) {
		if (smp_cpus[i] != self)
			smp_await_answer(smp_cpus[i]);
	}
}

void smp_stop_others(void)
{
	struct cpu *self = cpu_current();
	uint64_t start = tsc_read();

	for (uint32_t i = 0; i < cpus_count; i++) {
		if (smp_cpus[i] != self && smp_cpus[i]->online)
			smp_send_nmi(smp_cpus[i]->apic_id);
	}
	while (tsc_read() - start < SMP_STOP_CYCLES)
		cpu_pause();
}
