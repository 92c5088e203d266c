/*
 * core/smp.c: the table of CPUs, and how they are made to exit. The table is written at boot; each CPU
 * then writes its own entry only, but for `kicked` and `signals`.
 */
#include "core/smp.h"

#include "core/acpi.h"
#include "core/apic.h"
#include "core/exception.h"
#include "core/ipi.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/panic.h"
#include "rv/errno.h"

#define SMP_STOP_CYCLES 10000000 /* some milliseconds */
/* A CPU answers within microseconds, or when its host lets an emulator's thread run again. */
#define SMP_LATE_CYCLES UINT64_C(20000000000) /* some seconds */

/* core/ap_entry.S */
void smp_sleep_unless(const uint32_t *signals);
extern uint8_t smp_sleep_checked[], smp_sleep_done[];

uint32_t cpus_count = 1;

static struct cpu *smp_cpus[CPUS_MAXIMUM] = { &cpu_boot };
static struct cpu_stack *smp_stacks[CPUS_MAXIMUM] = { &cpu_boot_stack };

struct cpu *cpu_get(uint32_t index)
{
	return smp_cpus[index];
}

struct cpu *smp_find(uint32_t apic_id)
{
	for (uint32_t i = 0; i < cpus_count; i++) {
		if (smp_cpus[i]->apic_id == apic_id)
			return smp_cpus[i];
	}
	return NULL;
}

void smp_add(uint32_t apic_id)
{
	struct cpu *cpu;

	if (smp_find(apic_id) != NULL)
		return;
	if (cpus_count == CPUS_MAXIMUM) {
		log_warning("more than %d CPUs: the OS cannot start those above", CPUS_MAXIMUM);
		return;
	}
	cpu = memory_allocate(sizeof(*cpu));
	if (cpu == NULL)
		panic("no memory for CPU %u: give more with the option memory=", cpus_count);
	cpu->index = cpus_count;
	cpu->apic_id = apic_id;
	cpu->destination_format = APIC_DFR_RESET;
	smp_cpus[cpus_count++] = cpu;
}

/* In x2APIC mode there is no such register, or none of use. */
void smp_read_destination(struct cpu *cpu)
{
	struct apic apic;

	cpu->destination_format = APIC_DFR_RESET;
	if (!apic_find(&apic) || apic.page == NULL)
		return;
	cpu->logical_destination = apic_read(apic, APIC_LDR);
	cpu->destination_format = apic_read(apic, APIC_DFR);
}

/* A CPU between its last look at its signals and its HLT goes on behind that: the NMI was the wake-up. */
static void smp_handle_nmi(void *subject)
{
	struct exception_frame *frame = subject;

	if (frame->rip >= (uint64_t)smp_sleep_checked && frame->rip < (uint64_t)smp_sleep_done)
		frame->rip = (uint64_t)smp_sleep_done;
}

void smp_init(void)
{
	static struct watcher watcher = { .notify = smp_handle_nmi };

	watch_add(&exception_nmi_watchers, &watcher);
	cpu_boot.apic_id = cpuid_own_apic_id();
	smp_read_destination(&cpu_boot);
	cpu_boot.online = true;
	acpi_visit_cpus(smp_add);
}

/* Two stacks' worth of pages hold an aligned one. */
int smp_allocate_stacks(void)
{
	for (uint32_t i = 1; i < cpus_count; i++) {
		uint8_t *pages = memory_allocate_pages(2 * CPU_STACK_BYTES / PAGE_BYTES - 1);

		if (pages == NULL)
			return -RV_ENOMEM;
		smp_stacks[i] = (struct cpu_stack *)align_up((uint64_t)pages, CPU_STACK_BYTES);
		smp_stacks[i]->cpu = smp_cpus[i];
	}
	return 0;
}

uint64_t smp_stack_top(const struct cpu *cpu)
{
	return (uint64_t)(smp_stacks[cpu->index] + 1);
}

uint32_t smp_count_online(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < cpus_count; i++)
		count += smp_cpus[i]->online;
	return count;
}

static bool smp_is_in_guest(struct cpu *cpu)
{
	return __atomic_load_n(&cpu->in_guest, __ATOMIC_SEQ_CST) &&
	       !__atomic_load_n(&cpu->parked, __ATOMIC_SEQ_CST);
}

/* There is one NMI on its way to a CPU as long as `kicked` is set, and no more, whoever wants it: a
 * second one would reach the guest. */
static void smp_send_kick(struct cpu *cpu)
{
	if (!__atomic_exchange_n(&cpu->kicked, true, __ATOMIC_SEQ_CST))
		ipi_send_nmi(cpu->apic_id);
}

void smp_kick(struct cpu *cpu)
{
	/* As in smp_kick_others(); one that is parked on SVM sleeps. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (cpu != cpu_current() && (__atomic_load_n(&cpu->in_guest, __ATOMIC_SEQ_CST) ||
				     __atomic_load_n(&cpu->parked, __ATOMIC_SEQ_CST)))
		smp_send_kick(cpu);
}

bool smp_take_nmi(struct cpu *cpu)
{
	cpu->nmi_seen = false;
	return __atomic_exchange_n(&cpu->kicked, false, __ATOMIC_SEQ_CST);
}

void smp_sleep(struct cpu *cpu)
{
	smp_sleep_unless(&cpu->signals);
}

/* For as long as it takes: what its guest might do meanwhile is what the caller wants to be sure that it
 * does not. A CPU in its guest takes its NMI before any other instruction. If the NMI went astray, since
 * the guest gave its APIC another ID, one goes to all. */
static void smp_await_answer(struct cpu *cpu)
{
	uint64_t start = tsc_read();
	bool late = false;

	while (__atomic_load_n(&cpu->kicked, __ATOMIC_SEQ_CST) && smp_is_in_guest(cpu)) {
		if (panic_is_elsewhere())
			cpu_stop();
		if (!late && tsc_read() - start > SMP_LATE_CYCLES) {
			late = true;
			log_warning("CPU %u is late to answer", cpu->index);
			ipi_send_nmi_to_others();
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
			smp_send_kick(smp_cpus[i]);
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
			ipi_send_nmi(smp_cpus[i]->apic_id);
	}
	while (tsc_read() - start < SMP_STOP_CYCLES)
		cpu_pause();
}
