/*
 * tests/guest/extint.c: interrupts of the 8259s that become due while a script is busy: each reaches
 * the guest once, right after the access if it has interrupts on, and when it opens them if not.
 *
 * Options: port=NUMBER, whose script takes longer than delay_us=N (default 500); rounds=N; base=N is
 * the vector of the first interrupt line. 16 (default 32) is an exception's in the hypervisor, too.
 * apic=0 switches the local APIC off, so that the engine runs in single steps. stay=N: no script is busy,
 * but each handler stays for N loops with interrupts off. pair=1: and the local APIC has another due by then, so that both
 * are. unmask=1: a second CPU unmasks the interrupt
 * line all the time, which a hypervisor that masks it for a script must survive.
 */
#include "guest.h"

#include "instruction.h"
#include "second.h"

#define PIC1 0x20
#define PIC2 0xa0
#define PIC_READ_REQUESTS 0x0a
#define PIC_END_OF_INTERRUPT 0x20
#define PIT_COUNTER 0x40
#define PIT_CONTROL 0x43
#define PIT_ONE_SHOT 0x30 /* counter 0, mode 0: interrupt on terminal count */
#define APIC_EOI (APIC + 0xb0)
#define APIC_ICR (APIC + 0x300)
#define APIC_ICR_SELF 0x40000u
#define PAIR_VECTOR 0x60u /* of higher priority for whoever has taken both */
#define WAIT_ROUNDS 10000000 /* seconds: QEMU's timers wait for the host's CPUs */

static volatile uint64_t ticks, others, within, seconds;
static volatile bool handling;
static uint64_t base, stay, pair;
static uint16_t port, divisor;

static void apic_write(uint32_t address, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)address = value;
}

static bool extint_handle(struct fault_frame *frame)
{
	if (frame->vector != base && frame->vector < 32)
		return false;
	if (frame->vector == base)
		ticks++;
	else if (pair != 0 && frame->vector == PAIR_VECTOR)
		seconds++;
	else
		others++;
	within += handling;
	handling = true;
	if (pair != 0 && frame->vector == PAIR_VECTOR)
		apic_write(APIC_EOI, 0);
	else
		out8(PIC1, PIC_END_OF_INTERRUPT);
	/* No PAUSE, which QEMU leaves the guest for. */
	for (volatile uint64_t i = 0; i < stay; i++)
		;
	handling = false;
	return true;
}

static void pic_start(void)
{
	const uint8_t first[] = {0x11, (uint8_t)base, 4, 1};
	const uint8_t second[] = {0x11, (uint8_t)base + 8, 2, 1};

	for (unsigned i = 0; i < 4; i++) {
		out8(PIC1 + (i > 0), first[i]);
		out8(PIC2 + (i > 0), second[i]);
	}
	out8(PIC2 + 1, 0xff);
	out8(PIC1, PIC_READ_REQUESTS);
}

static void timer_start(void)
{
	out8(PIT_CONTROL, PIT_ONE_SHOT);
	out8(PIC1 + 1, 0xfe);
	out8(PIT_COUNTER, divisor & 0xff);
	out8(PIT_COUNTER, (uint8_t)(divisor >> 8));
}

static void tick_wait(uint64_t wanted)
{
	for (unsigned i = 0; i < WAIT_ROUNDS && ticks < wanted; i++)
		__asm__ volatile("pause");
}

/* With interrupts off, as the caller has them. */
static void pair_wait(void)
{
	for (unsigned i = 0; i < WAIT_ROUNDS && !(in8(PIC1) & 1); i++)
		;
	apic_write(APIC_ICR, APIC_ICR_SELF | PAIR_VECTOR);
}

/* With interrupts on or off during the access. Returns whether the tick was due at its end. */
static bool round_run(bool on)
{
	uint64_t before = ticks;
	bool due;

	timer_start();
	if (pair != 0)
		pair_wait();
	if (on)
		__asm__ volatile("sti");
	in8(port);
	due = on ? ticks != before : in8(PIC1) & 1;
	__asm__ volatile("sti");
	tick_wait(before + 1);
	__asm__ volatile("cli");
	return due;
}

SHARED bool unmask_stop, unmask_stopped;

static void unmask(void)
{
	while (!unmask_stop)
		out8(PIC1 + 1, 0xfe);
	unmask_stopped = true;
}

void guest_main(void)
{
	uint64_t rounds = option_number_or("rounds", 50), due[2] = {0, 0}, lost = 0, twice = 0;

	base = option_number_or("base", 32);
	port = (uint16_t)option_number_or("port", 0x80);
	divisor = (uint16_t)(option_number_or("delay_us", 500) * 1193 / 1000);
	stay = option_number_or("stay", 0);
	pair = option_number_or("pair", 0);
	fault_handler = extint_handle;
	if (option_number_or("apic", 1) == 0)
		apic_switch_off();
	pic_start();
	if (option_number_or("unmask", 0) != 0 &&
	    !guest_check(second_start(0x10, unmask), "second CPU", "it did not come"))
		return;
	for (uint64_t i = 0; i < 2 * rounds; i++) {
		uint64_t before = ticks;

		due[i & 1] += round_run(i & 1);
		lost += ticks == before;
		twice += ticks > before + 1;
	}
	for (unmask_stop = true; second_came != 0 && !unmask_stopped;)
		__asm__ volatile("pause");
	guest_check(lost == 0, "no interrupt is lost", "%lu of %lu", lost, 2 * rounds);
	guest_check(twice == 0, "no interrupt comes twice", "%lu of %lu", twice, 2 * rounds);
	guest_check(within == 0, "no interrupt comes within the handler of another", "%lu", within);
	guest_check(seconds == pair * 2 * rounds, "no second one is lost or comes twice", "%lu of %lu", seconds, 2 * rounds);
	guest_check(others == 0, "no other interrupt comes", "%lu others", others);
	if (stay != 0 || second_came != 0)
		return;
	guest_check(due[0] == rounds, "they come while the script is busy", "%lu of %lu", due[0],
		    rounds);
	guest_check(due[1] == rounds, "they reach an open guest at once", "%lu of %lu", due[1],
		    rounds);
}
