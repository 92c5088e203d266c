/*
 * tests/guest/timer.c: interrupts: the PIT ticks 1000 times a second through the PIC, waking the
 * guest from HLT and interrupting its loops. Every tick must arrive, whatever is hooked in between.
 *
 * Options: ticks=N (default 200); port=NUMBER is read in the loops, inside the handler too; spurious=1: the 8259 may
 * say that what it asked an interrupt for is over (Intel 8259A data sheet, "default IR7").
 */
#include "guest.h"

#include "instruction.h"

#define PIC1 0x20
#define PIC2 0xa0
#define PIT_COUNTER 0x40
#define PIT_CONTROL 0x43
#define PIT_DIVISOR 1193 /* 1000.15 Hz */
#define VECTOR_BASE 0x20
#define END_OF_INTERRUPT 0x20
#define READ_IN_SERVICE 0x0b /* OCW3: the next read of the command port is the ISR */
#define VECTOR_SPURIOUS (VECTOR_BASE + 7)
#define IN_SERVICE_7 0x80

static volatile uint64_t ticks, spurious, others, last_other;
static uint16_t port;

/* Nothing is in service then, and nothing is to be ended. */
static bool timer_is_spurious(uint64_t vector)
{
	if (vector != VECTOR_SPURIOUS)
		return false;
	out8(PIC1, READ_IN_SERVICE);
	return !(in8(PIC1) & IN_SERVICE_7);
}

static bool timer_handle(struct fault_frame *frame)
{
	if (frame->vector < 32)
		return false;
	if (timer_is_spurious(frame->vector)) {
		spurious++;
		return true;
	}
	if (frame->vector == VECTOR_BASE)
		ticks++;
	else
		others++, last_other = frame->vector;
	if (port)
		in8(port);
	out8(PIC1, END_OF_INTERRUPT);
	return true;
}

static void timer_start(void)
{
	static const uint8_t first[] = {0x11, VECTOR_BASE, 4, 1};
	static const uint8_t second[] = {0x11, VECTOR_BASE + 8, 2, 1};

	for (unsigned i = 0; i < 4; i++) {
		out8(PIC1 + (i > 0), first[i]);
		out8(PIC2 + (i > 0), second[i]);
	}
	out8(PIC1 + 1, 0xfe);
	out8(PIC2 + 1, 0xff);
	out8(PIT_CONTROL, 0x34); /* counter 0, rate generator */
	out8(PIT_COUNTER, PIT_DIVISOR & 0xff);
	out8(PIT_COUNTER, PIT_DIVISOR >> 8);
}

void guest_main(void)
{
	uint64_t wanted = option_number_or("ticks", 200), halts = 0, loops = 0;

	port = (uint16_t)option_number_or("port", 0);
	fault_handler = timer_handle;
	timer_start();
	while (ticks < wanted / 2) {
		__asm__ volatile("sti; hlt; cli"); /* STI's shadow covers HLT */
		halts++;
	}
	guest_check(halts <= ticks + spurious + others + 2, "hlt waits", "%lu halts, %lu ticks", halts, ticks);
	__asm__ volatile("sti");
	for (; ticks < wanted; loops++)
		if (port)
			in8(port);
	__asm__ volatile("cli");
	if (!option_number_or("spurious", 0))
		others += spurious;
	guest_check(others == 0, "only the timer interrupts", "%lu others, %lu of them spurious, the last else of vector 0x%lx",
		    others, spurious, last_other);
	guest_print("guest: %lu ticks, %lu spurious, %lu halts, %lu loops\n", ticks, spurious, halts, loops);
	guest_check(ticks >= wanted, "ticks", "%lu", ticks);
}
