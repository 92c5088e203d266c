/*
 * tests/guest/logical.c: INITs that name their CPUs by logical destinations or shorthands stop those CPUs
 * and no others.
 *
 * Option: boot=N: instead, the Nth of those that mean the first CPU as well; it does not return.
 */
#include "guest.h"

#include "instruction.h"
#include "second.h"

#define VECTOR 0x10
#define APIC_LDR 0x0d0u
#define APIC_DFR 0x0e0u
#define DFR_FLAT 0xffffffffu
#define DFR_CLUSTERS 0x0fffffffu
#define LOGICAL 0x800u
#define TO_ALL 0x80000u
#define TO_OTHERS 0xc0000u
#define PAUSE_CYCLES 5000000u

struct step {
	const char *name;
	uint32_t format, first, second; /* DFR, and in bits 7:0 what comes into bits 31:24 of each LDR */
	uint32_t destination, command;
	bool by_second, stops;
};

SHARED uint64_t turns;
SHARED const struct step *step;
SHARED bool send;

static void apic_write(uint32_t offset, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)(APIC + offset) = value;
}

static void send_init(void)
{
	apic_write(APIC_ICR_HIGH, step->destination << 24);
	apic_write(APIC_ICR_LOW, APIC_ICR_INIT | step->command);
}

static void second_run(void)
{
	apic_write(APIC_DFR, step->format);
	apic_write(APIC_LDR, step->second << 24);
	for (;;) {
		turns++;
		__asm__ volatile("pause"); /* an emulator that runs the CPUs in turns changes here */
		if (send) {
			send = false;
			send_init();
		}
	}
}

static bool second_turns(void)
{
	uint64_t before = turns;

	wait_cycles(PAUSE_CYCLES);
	return turns != before;
}

static void try(const struct step *next)
{
	step = next;
	apic_write(APIC_DFR, next->format);
	apic_write(APIC_LDR, next->first << 24);
	if (!second_start(VECTOR, second_run) || !second_turns()) {
		guest_check(false, next->name, "the second CPU does not run");
		return;
	}
	if (next->by_second)
		send = true;
	else
		send_init();
	wait_cycles(PAUSE_CYCLES);
	guest_check(second_turns() != next->stops, next->name, next->stops ? "it runs" : "it stopped");
}

void guest_main(void)
{
	static const struct step others[] = {
		{"logical, the other", DFR_FLAT, 1, 2, 2, LOGICAL, false, true},
		{"logical, nobody", DFR_FLAT, 1, 2, 4, LOGICAL, false, false},
		{"logical, itself", DFR_FLAT, 1, 2, 2, LOGICAL, true, true},
		{"all but self", DFR_FLAT, 1, 2, 0, TO_OTHERS, false, true},
		{"cluster", DFR_CLUSTERS, 0x11, 0x12, 0x12, LOGICAL, false, true},
		{"another cluster", DFR_CLUSTERS, 0x11, 0x12, 0x22, LOGICAL, false, false},
	}, boot[] = {
		{"logical, itself", DFR_FLAT, 1, 2, 1, LOGICAL, false, true},
		{"logical, both", DFR_FLAT, 1, 2, 3, LOGICAL, false, true},
		{"logical, both by the other", DFR_FLAT, 1, 2, 3, LOGICAL, true, true},
		{"cluster, both", DFR_CLUSTERS, 0x11, 0x12, 0x13, LOGICAL, false, true},
		{"all", DFR_FLAT, 1, 2, 0, TO_ALL, false, true},
		{"all by the other", DFR_FLAT, 1, 2, 0, TO_ALL, true, true},
		{"all but self by the other", DFR_FLAT, 1, 2, 0, TO_OTHERS, true, true},
		{"everyone's ID", DFR_FLAT, 1, 2, 0xff, 0, false, true},
	};
	uint64_t number = option_number_or("boot", ~0ull);

	if (number < sizeof(boot) / sizeof(boot[0])) {
		guest_print("logical: INIT to the boot CPU, %s\n", boot[number].name);
		try(&boot[number]);
		guest_check(false, boot[number].name, "the first CPU goes on");
		return;
	}
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		try(&others[i]);
}
