/*
 * tests/escape/cpu.c: a CPU's life: it comes in real mode or begins, takes steps, and takes exceptions and
 * interrupts; the sequence ends when all have taken so many together.
 */
#include "escape.h"

#include "guest.h"
#include "instruction.h"
#include "../guest/second.h"

#define ORACLE_STEPS 4u /* it looks around in every fourth step */
#define CPUID_APIC_ID_SHIFT 24
#define APIC_BASE_X2APIC UINT64_C(0x400)
#define APIC_BASE_ADDRESS UINT64_C(0xffffff000)
#define APIC_ID 0x20u
#define APIC_EOI 0xb0u
#define APIC_SVR 0xf0u
#define APIC_SVR_ON 0x1ffu
#define VECTOR_NMI 2
#define VECTOR_FIRST_FREE 32
#define RESET_WAIT_LOOPS 200000u
#define WATCHDOG_TWO_SECONDS 0xe

extern uint8_t landing_idt[10], landing_stacks[];
extern const uint8_t probe_wrmsr_at[], probe_rdmsr_at[], probe_cr4_at[], probe_failed[];
extern const uint8_t guarded_caught[], detector[], detector_seen[];

/* landing.S calls it. */
_Noreturn void cpu_land(uint32_t by_table, uint32_t code_segment, uint32_t number);

_Noreturn void cpu_halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* In emulated time: what hangs is reset, and the next sequence begins. Where there is none, nothing
 * happens. */
void watchdog_start(void)
{
	if (!platform.bochs)
		out8(WATCHDOG_PORT, WATCHDOG_TWO_SECONDS);
}

void cpu_read_mode(struct cpu *cpu)
{
	uint64_t base = msr_read(MSR_APIC_BASE);

	cpu->x2apic = (base & APIC_BASE_X2APIC) != 0;
	cpu->apic = base & APIC_BASE_ADDRESS;
}

/* Whose stack this is. */
static struct cpu *cpu_of_stack(const void *address)
{
	uint64_t offset = (uint64_t)address - (uint64_t)landing_stacks;
	uint64_t number = offset / ESCAPE_STACK_BYTES;

	return &RECORD->cpus[number < ESCAPE_CPUS ? number : 0];
}

static bool is_probe(uint64_t rip)
{
	return rip == (uint64_t)probe_wrmsr_at || rip == (uint64_t)probe_rdmsr_at ||
	       rip == (uint64_t)probe_cr4_at;
}

static void cpu_end_interrupt(struct cpu *cpu)
{
	if (cpu->interrupts++ % 8 != 7) /* at times one stays in service */
		apic_write(cpu, APIC_EOI, 0);
}

/* Vectors that apic_any_vector() sends below 32 are no exceptions with a code, and come back. */
static bool cpu_handle(struct fault_frame *frame)
{
	struct cpu *cpu = cpu_of_stack(frame);

	if (RECORD->stop)
		cpu_halt();
	if (frame->vector == VECTOR_NMI) {
		cpu->nmis++;
		oracle_glance(cpu);
	} else if (frame->vector >= VECTOR_FIRST_FREE) {
		cpu_end_interrupt(cpu);
	} else if (is_probe(frame->rip)) {
		frame->rip = (uint64_t)probe_failed;
	} else if (cpu->caught_rsp != 0) {
		cpu->faults++;
		frame->rax = ~UINT64_C(0);
		frame->rip = (uint64_t)guarded_caught;
		frame->rsp = cpu->caught_rsp;
	} else {
		return false;
	}
	return true;
}

void cpu_init(void)
{
	fault_handler = cpu_handle;
	__asm__ volatile("sidt %0" : "=m"(landing_idt));
}

static uint32_t cpu_total_steps(void)
{
	uint32_t total = 0;

	for (uint32_t i = 0; i < RECORD->nr_cpus; i++)
		total += RECORD->cpus[i].steps;
	return total;
}

static uint32_t cpu_draw(struct random *random)
{
	uint32_t total = 0, at;

	for (uint32_t i = 0; i < actions_count; i++)
		total += actions_weight(i);
	at = random_below(random, total);
	for (uint32_t i = 0;; i++) {
		uint32_t weight = actions_weight(i);

		if (at < weight)
			return i;
		at -= weight;
	}
}

static void cpu_step(struct cpu *cpu)
{
	uint32_t step = cpu->steps, action;
	struct random random;

	random_start(&random, RECORD->seed, RECORD->sequence, cpu->number, step);
	cpu->steps = step + 1; /* first: this one may be the last */
	action = cpu_draw(&random);
	__atomic_add_fetch(&RECORD->did[action], 1, __ATOMIC_RELAXED);
	cpu->trail[cpu->trail_next++ % ESCAPE_TRAIL] = (uint8_t)(action + 1);
	if (platform.trace)
		guest_print(" %u:%s", cpu->number, actions[action].name);
	guarded_call(actions[action].run, cpu, &random, &cpu->caught_rsp);
	__asm__ volatile("cli");
	if (step % ORACLE_STEPS == 0)
		oracle_check(cpu, &random);
}

_Noreturn void cpu_begin(struct cpu *cpu)
{
	cpu->runs = true;
	while (!RECORD->stop) {
		if (cpu_total_steps() >= RECORD->steps_maximum)
			cpu_end_sequence(cpu);
		cpu_step(cpu);
		watchdog_start();
		/* For whoever waits outside: something goes on. */
		if (cpu->steps % 32 == 0)
			guest_print(".");
	}
	cpu_halt();
}

/* By any of the ways to reset, and if it does not take effect, the next one. */
_Noreturn void cpu_end_sequence(struct cpu *cpu)
{
	RECORD->stop = true;
	RECORD->end = END_STEPS;
	for (uint32_t way = RECORD->end_way; way < RECORD->end_way + RESET_WAYS; way++) {
		reset_by(cpu, way % RESET_WAYS);
		spin(RESET_WAIT_LOOPS);
	}
	cpu_halt();
}

/* What the detector has seen. A CPU that is started in the firmware's ROM, or in what a device has below 1 MiB,
 * runs wild in real mode, and may change the detector's own code. Then it says nothing. */
static uint32_t cpu_detected(void)
{
	uint32_t *seen = (uint32_t *)(uintptr_t)(LOW_DETECTOR + (uint32_t)(detector_seen - detector));

	if (pages_detector_is_whole())
		return __atomic_load_n(seen, __ATOMIC_RELAXED);
	guest_print("\nescape: the detector is not as it was written\n");
	pages_write_detector();
	return 0;
}

_Noreturn void cpu_land(uint32_t by_table, uint32_t code_segment, uint32_t number)
{
	struct cpu *cpu = &RECORD->cpus[number];
	uint32_t seen = cpu_detected();
	struct random random;

	cpu->number = number;
	cpu->landings++;
	cpu->caught_rsp = 0;
	cpu->deaf = false;
	cpu_read_mode(cpu);
	if (seen != 0)
		oracle_report(cpu, by_table ? "SVM or VMX in CPUID, by the interrupt vector table"
					    : "SVM or VMX in CPUID, at a start",
			      code_segment);
	random_start(&random, RECORD->seed, RECORD->sequence, number + ESCAPE_CPUS, cpu->landings);
	oracle_check(cpu, &random);
	if (!random_once_in(&random, 4))
		apic_write(cpu, APIC_SVR, APIC_SVR_ON);
	if (!cpu->x2apic)
		cpu->apic_id = apic_read(cpu, APIC_ID) >> 24;
	cpu_begin(cpu);
}
