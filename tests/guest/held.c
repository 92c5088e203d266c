/*
 * tests/guest/held.c: the second CPU sends an interrupt to the first while a script is busy there, with a
 * vector of the highest priority class: the script's own time goes on, and the interrupt comes once, when
 * the access is over.
 *
 * Options: vector=N (default 0xf0, the timer's that is borrowed for the script); rounds=N; before=1: instead,
 * the only CPU sends it to itself before the script begins, and keeps it waiting.
 */
#include "guest.h"

#include "instruction.h"
#include "second.h"

#define STARTUP_VECTOR 0x10
#define APIC_EOI 0x0b0u
#define APIC_SVR 0x0f0u
#define APIC_ENABLE 0x1ffu
#define ICR_ASSERT 0x4000u
#define ICR_SELF 0x40000u
#define SENT 0x20000u /* the last round whose interrupts are sent, for the script too */
#define PORT 0x80
#define ANSWER 0x5a
#define DELAY_CYCLES 200000
#define IPIS 12 /* more than a budget has slices */

SHARED uint64_t round;
SHARED bool stop;
static uint64_t vector;
static volatile uint64_t taken, others;

static volatile uint32_t *const sent = (volatile uint32_t *)SENT;

static volatile uint32_t *apic_register(uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(APIC + offset);
}

static bool held_handle(struct fault_frame *frame)
{
	if (frame->vector < 32)
		return false;
	if (frame->vector == vector)
		taken++;
	else
		others++;
	*apic_register(APIC_EOI) = 0;
	return true;
}

/* In each round, some time after it has begun. */
static void send(void)
{
	for (uint64_t done = 0; !stop;) {
		if (round == done)
			continue;
		done = round;
		for (unsigned i = 0; i < IPIS; i++) {
			uint64_t start = tsc_read();

			while (tsc_read() - start < DELAY_CYCLES)
				__asm__ volatile("pause");
			*apic_register(APIC_ICR_HIGH) = 0;
			*apic_register(APIC_ICR_LOW) = (uint32_t)vector | ICR_ASSERT;
		}
		*sent = (uint32_t)done;
	}
}

static void send_to_self(void)
{
	*apic_register(APIC_ICR_LOW) = (uint32_t)vector | ICR_ASSERT | ICR_SELF;
}

void guest_main(void)
{
	uint64_t rounds = option_number_or("rounds", 5), wrong = 0, early = 0, lost = 0, twice = 0;
	bool before_script = option_number_or("before", 0) != 0;

	vector = option_number_or("vector", 0xf0);
	fault_handler = held_handle;
	out8(0x21, 0xff);
	out8(0xa1, 0xff);
	*apic_register(APIC_SVR) = APIC_ENABLE;
	*sent = 0;
	if (!before_script && !guest_check(second_start(STARTUP_VECTOR, send), "second CPU", "it did not come"))
		return;
	for (uint64_t i = 1; i <= rounds; i++) {
		uint64_t before = taken;

		if (before_script) {
			send_to_self();
			*sent = (uint32_t)i;
		} else {
			round = i;
		}
		wrong += in8(PORT) != ANSWER;
		early += *sent != i;
		while (*sent != i)
			__asm__ volatile("pause");
		__asm__ volatile("sti; nop; nop; nop; cli");
		lost += taken == before;
		twice += taken > before + 1;
	}
	stop = true;
	guest_check(early == 0, "they come while the script is busy", "%lu of %lu rounds", early, rounds);
	guest_check(wrong == 0, "the script has its time", "%lu of %lu rounds", wrong, rounds);
	guest_check(lost == 0, "no interrupt is lost", "%lu of %lu rounds", lost, rounds);
	guest_check(twice == 0, "no interrupt comes twice", "%lu of %lu rounds", twice, rounds);
	guest_check(others == 0, "no other interrupt comes", "%lu others", others);
}
