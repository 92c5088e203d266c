/*
 * tests/guest/caught.c: INITs to a second CPU that are caught as they arrive, while all CPUs run and nothing is
 * watched: by an IPI with the startup IPI close behind it, by the I/O APIC, many of them with NMIs among them;
 * while the CPU runs its guest, a script of ours (tests/system/scripts/smp/held.rb), or waits to be started.
 * Each time it stops, and can be started again.
 */
#include "guest.h"

#include "instruction.h"
#include "second.h"

#define VECTOR 0x10
#define IO_APIC 0xfec00000u
#define IO_APIC_WINDOW 0x10u
#define IO_APIC_ENTRY(pin) (0x10u + 2 * (pin))
#define ENTRY_INIT 0x500u
#define ENTRY_MASKED 0x10000u
#define PIT_PIN 2
#define APIC_EOI 0x0b0u
#define APIC_ICR_NMI 0x4400u
#define HOOK_PORT 0x80
#define HOOK_ROUNDS ((volatile uint32_t *)0x20000) /* which the script waits for */
#define ENDS 1000
#define STORM 300
#define BEHIND_CYCLES 300u
#define PAUSE_CYCLES 3000000u
#define HOOK_CYCLES 20000000u

SHARED uint64_t turns;
SHARED bool asks, answered, stays;

static void second_run(void)
{
	for (;;) {
		turns++;
		__asm__ volatile("pause");
		if (asks) {
			asks = false;
			(void)in8(HOOK_PORT);
			answered = true;
		}
	}
}

static bool second_turns(void)
{
	uint64_t before = turns;

	wait_cycles(PAUSE_CYCLES);
	return turns != before;
}

static volatile uint32_t *register_at(uint32_t address)
{
	return (volatile uint32_t *)(uintptr_t)address;
}

static void io_apic_write(uint32_t index, uint32_t value)
{
	*register_at(IO_APIC) = index;
	*register_at(IO_APIC + IO_APIC_WINDOW) = value;
}

/* By the timer's pin: one tick, of some 3 ms. */
static void init_by_io_apic(void)
{
	io_apic_write(IO_APIC_ENTRY(PIT_PIN) + 1, 1u << 24);
	io_apic_write(IO_APIC_ENTRY(PIT_PIN), ENTRY_INIT);
	out8(0x43, 0x30);
	out8(0x40, 0xff);
	out8(0x40, 0x0f);
	wait_cycles(PAUSE_CYCLES);
	io_apic_write(IO_APIC_ENTRY(PIT_PIN), ENTRY_MASKED);
}

static void storm(void)
{
	for (unsigned i = 0; i < STORM; i++) {
		second_send(APIC_ICR_INIT);
		second_send(APIC_ICR_NMI);
	}
}

static bool starts(const char *when)
{
	return guest_check(second_start(VECTOR, second_run) && second_turns(), when, "it does not run");
}

/* What Linux does: no time after the INIT, little between the two. */
static void check_closely(unsigned startups)
{
	uint32_t came = second_came;

	second_prepare(VECTOR, second_run);
	second_send(APIC_ICR_INIT);
	for (unsigned i = 0; i < startups; i++) {
		second_send(APIC_ICR_STARTUP | VECTOR);
		wait_cycles(BEHIND_CYCLES);
	}
	guest_check(second_turns() && second_came == came + 1, "closely", "of %u startup IPIs none came",
		    startups);
}

static void check_script(void (*send)(void), const char *name)
{
	uint32_t round = *HOOK_ROUNDS;

	answered = false;
	asks = true;
	wait_cycles(HOOK_CYCLES);
	send();
	*HOOK_ROUNDS = round + 1;
	wait_cycles(HOOK_CYCLES);
	guest_check(!asks && !answered && !second_turns(), name, "it goes on behind the script");
	starts("again behind the script");
}

static void send_one(void)
{
	second_send(APIC_ICR_INIT);
}

static bool handle_nmi(struct fault_frame *frame)
{
	while (stays)
		__asm__ volatile("pause");
	return frame->vector == 2;
}

/* No NMI comes to it there, and yet it has to hear of its start. */
static void check_handler(void)
{
	stays = true;
	second_send(APIC_ICR_NMI);
	wait_cycles(PAUSE_CYCLES);
	guest_check(!second_turns(), "it stays in the handler of an NMI", "it runs");
	second_send(APIC_ICR_INIT);
	wait_cycles(PAUSE_CYCLES);
	stays = false;
	starts("behind the handler");
}

void guest_main(void)
{
	fault_handler = handle_nmi;
	*HOOK_ROUNDS = 0;
	if (!starts("second CPU"))
		return;
	for (unsigned i = 0; i < ENDS; i++)
		*register_at(APIC + APIC_EOI) = 0;
	check_closely(1);
	check_closely(2);
	init_by_io_apic();
	guest_check(!second_turns(), "by the I/O APIC", "it runs");
	init_by_io_apic();
	guest_check(!second_turns(), "by the I/O APIC, while it waits", "it runs");
	starts("behind the I/O APIC");
	storm();
	guest_check(!second_turns(), "many, in the guest", "it runs");
	starts("behind many");
	check_handler();
	check_script(send_one, "while a script runs");
	check_script(storm, "many while a script runs");
}
