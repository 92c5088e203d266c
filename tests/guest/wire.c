/*
 * tests/guest/wire.c: a guest that somebody at the wire watches. mode=0: it works, with interrupts; 1: it idles;
 * 2: it hangs with interrupts off until an NMI comes. The first two end when port 0x80 reads as 0x77. 3: it
 * resets the machine, once, and then works.
 */
#include "guest.h"

#include "instruction.h"
#include "second.h"

#define APIC_SVR 0xf0u
#define APIC_EOI 0xb0u
#define APIC_TIMER 0x320u
#define APIC_LINT1 0x360u
#define APIC_TIMER_COUNT 0x380u
#define APIC_TIMER_DIVIDE 0x3e0u
#define APIC_PERIODIC 0x20000u
#define APIC_NMI 0x400u
#define TIMER_VECTOR 0x40u
#define WIRE 0x2e8
#define DISMISSAL 0x77
#define CMOS_SCRATCH 0x7f /* a byte of CMOS memory that nobody has, and what it has after the reset */
#define CMOS_MARK 0xa5

static volatile uint64_t ticks, nmis;

static void apic_write(uint32_t offset, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)(APIC + offset) = value;
}

static bool handle(struct fault_frame *frame)
{
	if (frame->vector == 2)
		nmis++;
	else if (frame->vector == TIMER_VECTOR)
		ticks++;
	else
		return frame->vector >= 32;
	if (frame->vector == TIMER_VECTOR)
		apic_write(APIC_EOI, 0);
	return true;
}

/* Some hundred times a second, or once. */
static void start_timer(bool seldom)
{
	apic_write(APIC_TIMER_DIVIDE, 0xb);
	apic_write(APIC_TIMER, APIC_PERIODIC | TIMER_VECTOR);
	apic_write(APIC_TIMER_COUNT, seldom ? 1000000000 : 5000000);
}

static void hang(void)
{
	guest_print("guest: waiting\n");
	while (nmis == 0)
		__asm__ volatile("pause");
	guest_check(nmis == 1, "the NMI came", "%lu", nmis);
}

static void reset_once(void)
{
	out8(0x70, CMOS_SCRATCH);
	if (in8(0x71) == CMOS_MARK)
		return;
	out8(0x71, CMOS_MARK);
	for (;;)
		out8(0xcf9, 6);
}

static void live(bool idle)
{
	start_timer(idle);
	guest_print("guest: waiting\n");
	while (in8(0x80) != DISMISSAL) {
		uint64_t before = ticks;

		while (ticks == before)
			__asm__ volatile("sti; nop; testb %0, %0; jz 1f; hlt; 1: cli" ::"q"((char)idle) : "memory");
	}
	guest_check(ticks != 0, "it lived", "%lu", ticks);
}

void guest_main(void)
{
	uint64_t mode = option_number_or("mode", 0);

	fault_handler = handle;
	out8(0x21, 0xff);
	out8(0xa1, 0xff);
	guest_check(in8(WIRE + 7) == 0xff && in8(WIRE + 5) == 0xff, "the UART is not there", "%x", in8(WIRE + 5));
	out8(WIRE, 'x');
	apic_write(APIC_SVR, 0x1ff);
	apic_write(APIC_LINT1, APIC_NMI);
	if (mode == 3)
		reset_once();
	if (mode == 2)
		hang();
	else
		live(mode == 1);
}
