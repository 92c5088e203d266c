/*
 * tests/escape/apic.c: actions on local APICs: every kind of interprocessor interrupt in every form, the
 * registers, and where the APIC lies.
 */
#include "escape.h"

#include "guest.h"
#include "instruction.h"
#include "../guest/second.h"

#define APIC_ID 0x20u
#define APIC_TPR 0x80u
#define APIC_EOI 0xb0u
#define APIC_LDR 0xd0u
#define APIC_DFR 0xe0u
#define APIC_SVR 0xf0u
#define APIC_ESR 0x280u
#define APIC_LVT_CMCI 0x2f0u
#define APIC_LVT_TIMER 0x320u
#define APIC_LVT_ERROR 0x370u
#define APIC_TIMER_INITIAL 0x380u
#define APIC_TIMER_DIVIDE 0x3e0u
#define APIC_SELF_IPI 0x3f0u
#define ICR_FIXED 0x4000u
#define ICR_SMI 0x4200u
#define ICR_NMI 0x4400u
#define ICR_INIT 0x4500u
#define ICR_INIT_LEVEL 0xc500u
#define ICR_INIT_END 0x8500u
#define ICR_LOGICAL 0x800u
#define ICR_TO_OTHERS 0xc0000u
#define ICR_TO_SELF 0x40000u
#define X2APIC_MSR 0x800u
#define APIC_BASE_X2APIC UINT64_C(0x400)
#define APIC_PENDING_LOOPS 1000u
#define DEAF_ID 7u
#define DEAF_ROUNDS 60u
#define MEET_LOOPS 3000u
#define SPIN_TURN_LOOPS 1024u

/* PAUSE lets QEMU's next CPU have its turn. With -icount, QEMU before 8.1 gives a turn that ends with a timer's
 * deadline to the first CPU again, so that the others never run as long as that one does not let go. */
void spin(uint32_t loops)
{
	for (uint32_t i = 0; i < loops; i++) {
		if (i % SPIN_TURN_LOOPS == SPIN_TURN_LOOPS - 1)
			__asm__ volatile("pause" ::: "memory");
		else
			__asm__ volatile("" ::: "memory");
	}
}

void apic_write(struct cpu *cpu, uint32_t offset, uint32_t value)
{
	if (cpu->x2apic)
		probe_wrmsr(X2APIC_MSR + (offset >> 4), value);
	else
		*(volatile uint32_t *)(cpu->apic + offset) = value;
}

uint32_t apic_read(struct cpu *cpu, uint32_t offset)
{
	uint64_t value = 0;

	if (!cpu->x2apic)
		return *(volatile uint32_t *)(cpu->apic + offset);
	probe_rdmsr(X2APIC_MSR + (offset >> 4), &value);
	return (uint32_t)value;
}

static void apic_await(struct cpu *cpu)
{
	for (uint32_t i = 0; i < APIC_PENDING_LOOPS; i++) {
		if (!(apic_read(cpu, APIC_ICR_LOW) & APIC_ICR_PENDING))
			return;
	}
}

void apic_send(struct cpu *cpu, uint32_t destination, uint32_t command)
{
	if (cpu->x2apic) {
		probe_wrmsr(X2APIC_MSR + (APIC_ICR_LOW >> 4), (uint64_t)destination << 32 | command);
		return;
	}
	*(volatile uint32_t *)(cpu->apic + APIC_ICR_HIGH) = destination << 24;
	*(volatile uint32_t *)(cpu->apic + APIC_ICR_LOW) = command;
	apic_await(cpu);
}

/* Mostly a CPU that is there, by the ID that it has now; at times all, or anything. */
uint32_t apic_any_target(struct random *random)
{
	const struct cpu *other = &RECORD->cpus[random_below(random, RECORD->nr_cpus)];

	switch (random_below(random, 10)) {
	case 0:
		return 0xff;
	case 1:
		return random_below(random, 16);
	case 2:
		return 1u << other->number;
	case 3:
		return other->number;
	default:
		return other->apic_id;
	}
}

/* Where there is code of ours, or, at times, anything. */
uint8_t apic_any_page(struct random *random)
{
	if (random_once_in(random, 12))
		return (uint8_t)random_below(random, 256);
	return (uint8_t)(1 + random_below(random, platform.low_pages_end - 1));
}

/* Not those below 32 that the handler would take for exceptions with an error code. */
uint8_t apic_any_vector(struct random *random)
{
	static const uint8_t low[] = {0, 5, 15, 16, 18, 19, 20, 22, 23, 26, 28, 31};

	if (random_once_in(random, 6))
		return low[random_below(random, sizeof(low))];
	return (uint8_t)(32 + random_below(random, 224));
}

uint32_t apic_any_mode(struct random *random)
{
	uint32_t mode = random_below(random, 8) << 8;

	return mode == (ICR_SMI & 0x700u) && !platform.smis ? ICR_NMI & 0x700u : mode;
}

/* For interrupts of lines. QEMU resets its CPUs before what drives these lines, and an NMI wakes a CPU that waits
 * for its startup IPI: with an NMI here, a reset of the machine alone runs the guest's code, bare as well. */
uint32_t apic_line_mode(struct random *random)
{
	uint32_t mode = apic_any_mode(random);

	return mode == (ICR_NMI & 0x700u) && !platform.bochs ? 0 : mode;
}

/* Another CPU's number, or this one's if it is alone. */
static uint32_t another(struct cpu *cpu, struct random *random)
{
	if (RECORD->nr_cpus == 1)
		return cpu->number;
	return (cpu->number + 1 + random_below(random, RECORD->nr_cpus - 1)) % RECORD->nr_cpus;
}

static bool reaches(const struct cpu *sender, const struct cpu *cpu, uint32_t target, uint32_t command)
{
	switch (command >> 18 & 3) {
	case 1:
		return cpu == sender;
	case 2:
		return true;
	case 3:
		return cpu != sender;
	default:
		return target == cpu->apic_id || target >= 0xff || (command & ICR_LOGICAL);
	}
}

/* An INIT of the boot CPU is a reset, and a CPU that stops itself with nobody to start it again ends the
 * sequence as well: seldom. */
static bool may_init(struct cpu *cpu, struct random *random, uint32_t target, uint32_t command)
{
	bool alone = true;

	if (RECORD->nr_cpus == 1)
		return random_once_in(random, 12);
	for (uint32_t i = 0; i < RECORD->nr_cpus; i++)
		alone &= i == cpu->number || !RECORD->cpus[i].runs;
	if (reaches(cpu, &RECORD->cpus[0], target, command) && !random_once_in(random, 16))
		return false;
	return !alone || !reaches(cpu, cpu, target, command) || random_once_in(random, 10);
}

static void send_init(struct cpu *cpu, struct random *random, uint32_t target, uint32_t command)
{
	if (may_init(cpu, random, target, command))
		apic_send(cpu, target, command);
}

/* While it is on its way. */
static void disturb(struct cpu *cpu, struct random *random, uint32_t id)
{
	static const uint32_t commands[] = {ICR_NMI, ICR_NMI, ICR_INIT, ICR_SMI, ICR_FIXED | 0x60};
	uint32_t command = commands[random_below(random, sizeof(commands) / sizeof(commands[0]))];
	uint32_t times = 1 + random_below(random, 300);

	spin(random_below(random, 3) * random_below(random, 2000));
	if (command == ICR_SMI && !platform.smis)
		return;
	if (command == ICR_INIT || command == ICR_SMI)
		times = 1 + times % 3;
	if (command == ICR_INIT && !may_init(cpu, random, id, command))
		return;
	for (uint32_t i = 0; i < times; i++)
		apic_send(cpu, id, command);
}

void act_start(struct cpu *cpu, struct random *random)
{
	struct cpu *other = &RECORD->cpus[another(cpu, random)];
	uint32_t id = other->apic_id;
	uint8_t page = apic_any_page(random);

	if (other == cpu)
		return;
	if (!random_once_in(random, 8)) {
		other->runs = other->number == 0;
		send_init(cpu, random, id, ICR_INIT);
	}
	spin(random_below(random, 20000));
	apic_send(cpu, id, APIC_ICR_STARTUP | page);
	if (random_once_in(random, 3))
		disturb(cpu, random, id);
	if (random_once_in(random, 3))
		apic_send(cpu, id, APIC_ICR_STARTUP | apic_any_page(random));
	spin(random_below(random, 40000));
}

void act_init(struct cpu *cpu, struct random *random)
{
	static const uint32_t commands[] = {ICR_INIT, ICR_INIT, ICR_INIT_LEVEL, ICR_INIT_END, 0x500u};
	uint32_t command = commands[random_below(random, sizeof(commands) / sizeof(commands[0]))];
	uint32_t target = apic_any_target(random);

	if (random_once_in(random, 4))
		command |= random_below(random, 4) << 18;
	if (random_once_in(random, 4))
		command |= ICR_LOGICAL;
	send_init(cpu, random, target, command);
}

/* To CPUs that run, too, and to itself. */
void act_sipi(struct cpu *cpu, struct random *random)
{
	uint32_t command = APIC_ICR_STARTUP | apic_any_page(random);

	if (random_once_in(random, 5))
		command |= random_below(random, 4) << 18;
	apic_send(cpu, apic_any_target(random), command);
}

void act_nmi(struct cpu *cpu, struct random *random)
{
	uint32_t command = ICR_NMI;

	if (random_once_in(random, 4))
		command |= random_below(random, 4) << 18;
	apic_send(cpu, apic_any_target(random), command);
}

void act_storm(struct cpu *cpu, struct random *random)
{
	uint32_t id = RECORD->cpus[another(cpu, random)].apic_id;
	uint32_t times = 20 + random_below(random, 200);

	for (uint32_t i = 0; i < times; i++)
		apic_send(cpu, id, ICR_NMI);
}

void act_smi(struct cpu *cpu, struct random *random)
{
	if (platform.smis)
		apic_send(cpu, apic_any_target(random), ICR_SMI);
}

/* Any delivery mode, remote read among them, any shorthand, trigger and level. */
void act_icr(struct cpu *cpu, struct random *random)
{
	uint32_t command = apic_any_mode(random) | random_below(random, 2) << 11 |
			   random_below(random, 4) << 14 | random_below(random, 4) << 18;
	uint32_t mode = command >> 8 & 7, target = apic_any_target(random);

	if (mode == 6)
		command |= apic_any_page(random);
	else
		command |= apic_any_vector(random);
	if (mode == 5)
		send_init(cpu, random, target, command);
	else
		apic_send(cpu, target, command);
}

/* The same registers by other instructions than a plain store. Bochs stops the machine at writes that are
 * no doubleword in one register. */
static void write_form(volatile uint8_t *at, uint32_t value, uint32_t form)
{
	volatile uint32_t *word = (volatile uint32_t *)at;
	const uint32_t *from = &value;
	uint64_t count = 1;

	switch (form) {
	case 0:
		__asm__ volatile("xchg %0, %1" : "+r"(value), "+m"(*word));
		break;
	case 1:
		__asm__ volatile("rep movsl" : "+S"(from), "+D"(word), "+c"(count) : : "memory");
		break;
	case 2:
		__asm__ volatile("stosl" : "+D"(word) : "a"(value) : "memory");
		break;
	case 3:
		__asm__ volatile("movnti %1, %0" : "=m"(*word) : "r"(value));
		break;
	case 4:
		__asm__ volatile("movd %1, %%xmm0; movss %%xmm0, %0" : "=m"(*word) : "r"(value));
		break;
	case 5:
		__asm__ volatile("fildl %1; fistpl %0" : "=m"(*word) : "m"(value));
		break;
	case 6:
		__asm__ volatile("lock andl $0, %0; orl %1, %0" : "+m"(*word) : "r"(value));
		break;
	case 7:
		*(volatile uint64_t *)at = (uint64_t)value << 32 | value;
		break;
	case 8:
		*(volatile uint32_t *)(at + 4) = value;
		break;
	case 9:
		*(volatile uint64_t *)(at - 4) = (uint64_t)value << 32;
		break;
	case 10:
		*(volatile uint16_t *)at = (uint16_t)value;
		break;
	case 11:
		at[1] = (uint8_t)(value >> 8);
		break;
	case 12:
		__asm__ volatile("movd %1, %%xmm0; pshufd $0, %%xmm0, %%xmm0; movups %%xmm0, %0"
				 : "=m"(*word)
				 : "r"(value)
				 : "memory");
		break;
	default:
		__asm__ volatile("mov %%rsp, %%rbx; mov %0, %%rsp; push %1; mov %%rbx, %%rsp"
				 :
				 : "r"((uint64_t)at + 8), "r"((uint64_t)value)
				 : "rbx", "memory");
		break;
	}
}

#define FORMS 14u
#define FORMS_DOUBLEWORD 7u

void act_form(struct cpu *cpu, struct random *random)
{
	static const uint32_t commands[] = {ICR_INIT, APIC_ICR_STARTUP, ICR_NMI, ICR_FIXED | 0x70};
	uint32_t command = commands[random_below(random, sizeof(commands) / sizeof(commands[0]))];
	uint32_t id = RECORD->cpus[another(cpu, random)].apic_id;
	uint32_t form = random_below(random, platform.bochs ? FORMS_DOUBLEWORD : FORMS);

	if (command == APIC_ICR_STARTUP)
		command |= apic_any_page(random);
	if (cpu->x2apic || (command == ICR_INIT && !may_init(cpu, random, id, command)))
		return;
	*(volatile uint32_t *)(cpu->apic + APIC_ICR_HIGH) = id << 24;
	write_form((volatile uint8_t *)(cpu->apic + APIC_ICR_LOW), command, form);
}

/* Two CPUs stop each other at once. */
void act_meet(struct cpu *cpu, struct random *random)
{
	uint32_t nobody = 0, other;

	if (__atomic_compare_exchange_n(&RECORD->meeting, &nobody, cpu->number + 1, false,
					__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
		for (uint32_t i = 0; i < MEET_LOOPS && RECORD->meeting == cpu->number + 1; i++)
			__asm__ volatile("pause");
		nobody = cpu->number + 1;
		if (__atomic_compare_exchange_n(&RECORD->meeting, &nobody, 0, false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			return; /* nobody came */
		other = RECORD->meeting >> 8;
		RECORD->meeting = 0;
	} else {
		other = nobody;
		if (other > RECORD->nr_cpus || other == cpu->number + 1 ||
		    !__atomic_compare_exchange_n(&RECORD->meeting, &nobody, (cpu->number + 1) << 8,
						 false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			return;
	}
	if (other == 0 || other > RECORD->nr_cpus)
		return;
	send_init(cpu, random, RECORD->cpus[other - 1].apic_id, ICR_INIT);
}

void act_lvt(struct cpu *cpu, struct random *random)
{
	uint32_t which = random_below(random, 7); /* timer, thermal, counters, LINT0, LINT1, error, CMCI */
	uint32_t value = apic_line_mode(random) | apic_any_vector(random) |
			 random_below(random, 4) << 13 | random_below(random, 4) << 16;

	apic_write(cpu, which == 6 ? APIC_LVT_CMCI : APIC_LVT_TIMER + which * 0x10u, value);
	if (which == 3 || which == 4)
		act_ioapic(cpu, random); /* something for the line */
}

/* An interrupt of an illegal vector, which the error's local vector tells of, with any delivery mode. */
void act_error(struct cpu *cpu, struct random *random)
{
	apic_write(cpu, APIC_LVT_ERROR, apic_any_mode(random) | apic_any_vector(random));
	apic_write(cpu, APIC_ESR, 0);
	apic_send(cpu, apic_any_target(random), ICR_FIXED | random_below(random, 16));
	apic_write(cpu, APIC_ESR, 0);
}

void act_timer(struct cpu *cpu, struct random *random)
{
	apic_write(cpu, APIC_TIMER_DIVIDE, random_below(random, 16));
	apic_write(cpu, APIC_LVT_TIMER,
		   apic_any_mode(random) | random_below(random, 3) << 17 |
			   (32 + random_below(random, 224)));
	apic_write(cpu, APIC_TIMER_INITIAL, 100000 + random_below(random, 50000000));
}

void act_id(struct cpu *cpu, struct random *random)
{
	uint32_t id = random_once_in(random, 3) ? cpu->number : random_below(random, 16);

	apic_write(cpu, APIC_ID, id << 24);
	if (!cpu->x2apic)
		cpu->apic_id = apic_read(cpu, APIC_ID) >> 24;
}

/* It takes another ID and does for long nothing that exits but rewrite code of ours wherever a CPU
 * starts: what it has in its TLB should not outlive a change of the nested tables. */
void act_deaf(struct cpu *cpu, struct random *random)
{
	uint32_t first = random_below(random, platform.low_pages_end), last = first + 16;

	apic_write(cpu, APIC_ID, DEAF_ID << 24);
	if (!cpu->x2apic)
		cpu->apic_id = apic_read(cpu, APIC_ID) >> 24;
	if (first == 0)
		first = 1;
	if (last >= platform.low_pages_end)
		last = platform.low_pages_end - 1;
	for (uint32_t i = 0; i < DEAF_ROUNDS && !RECORD->stop; i++)
		pages_write(first, last);
}

void act_svr(struct cpu *cpu, struct random *random)
{
	apic_write(cpu, APIC_SVR, random_below(random, 4) ? 0x1f0u | random_below(random, 16)
							   : random_below(random, 512));
}

void act_logical(struct cpu *cpu, struct random *random)
{
	apic_write(cpu, APIC_DFR, random_once_in(random, 2) ? ~0u : 0x0fffffffu);
	apic_write(cpu, APIC_LDR, (random_once_in(random, 3) ? random_below(random, 256) : 1u << cpu->number)
					  << 24);
}

void act_priority(struct cpu *cpu, struct random *random)
{
	apic_write(cpu, APIC_TPR, random_once_in(random, 2) ? 0 : random_below(random, 256));
	if (random_once_in(random, 2))
		apic_write(cpu, APIC_EOI, 0);
	if (cpu->x2apic && random_once_in(random, 2))
		apic_write(cpu, APIC_SELF_IPI, 32 + random_below(random, 224));
}

static void base_write(struct cpu *cpu, uint64_t value)
{
	probe_wrmsr(MSR_APIC_BASE, value);
	cpu_read_mode(cpu);
}

void act_base_off(struct cpu *cpu, struct random *random)
{
	base_write(cpu, msr_read(MSR_APIC_BASE) & ~(APIC_BASE_ENABLE | APIC_BASE_X2APIC));
	if (random_once_in(random, 3))
		act_rewrite(cpu, random);
}

void act_base_on(struct cpu *cpu, struct random *random)
{
	uint64_t base = msr_read(MSR_APIC_BASE);

	(void)random;
	base_write(cpu, base | APIC_BASE_ENABLE);
	apic_write(cpu, APIC_SVR, 0x1ff);
}

void act_base_x2apic(struct cpu *cpu, struct random *random)
{
	base_write(cpu, msr_read(MSR_APIC_BASE) | APIC_BASE_ENABLE | APIC_BASE_X2APIC);
	if (cpu->x2apic && random_once_in(random, 2))
		act_icr(cpu, random);
}

/* Where nothing else is, to another device, into RAM, and back. */
void act_base_move(struct cpu *cpu, struct random *random)
{
	static const uint64_t places[] = {0xfee00000, 0xfee00000, 0xfee01000, 0xfef00000, 0xfed40000,
					  0xfec00000, 0x3000000,  0x80000,    0xfffff000};
	uint64_t place = places[random_below(random, sizeof(places) / sizeof(places[0]))];

	base_write(cpu, (msr_read(MSR_APIC_BASE) & 0xfff) | place);
}

void act_base_wild(struct cpu *cpu, struct random *random)
{
	probe_wrmsr(MSR_APIC_BASE, msr_read(MSR_APIC_BASE) ^ UINT64_C(1) << random_below(random, 64));
	cpu_read_mode(cpu);
}

void act_base_ours(struct cpu *cpu, struct random *random)
{
	uint64_t ours = platform.low_ours != 0 && random_once_in(random, 3) ? platform.low_ours
									    : platform.ours;

	if (ours != 0)
		base_write(cpu, (msr_read(MSR_APIC_BASE) & 0xfff) | ours);
}
