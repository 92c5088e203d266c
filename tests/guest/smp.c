/*
 * tests/guest/smp.c: two CPUs and hooks: what scripts do must be right whichever CPU it happens on,
 * and at the same time. The test is the option test=; system/smp.test has the scripts. In the test of
 * changes, with off=1 the CPU that makes them tries to switch its local APIC off, and must not succeed; with
 * id=N the other one gives its own that ID.
 */
#include "guest.h"

#include "instruction.h"
#include "second.h"

#define VECTOR 0x10
#define VECTOR_GP 13
#define PORT_FIRST 0x5100  /* CPU 0 works on this one, CPU 1 on the next */
#define PORT_CONTROL 0x5110 /* tells the script what to do */
#define PORT_TOGGLED 0x5111
#define MEMORY_TOGGLED 0x30000u
#define MSR_TOGGLED 0xfeu /* MTRRcap */
#define APIC_ID 0x020u
#define PIT_DIVISOR 61 /* 19.6 kHz */
#define HOOKED 0x77u
#define UNHOOKED 0x11u

SHARED uint64_t count, phase, answered, wrong_phase, wrong_value;
SHARED bool second_done, stop;

/* The PIT ticks, unheard. An emulator that runs the CPUs in turns, and counts instructions, changes
 * turns at each tick, so that they meet each other in whatever they are doing. */
static void tick_fast(void)
{
	out8(0x21, 0xff);
	out8(0xa1, 0xff);
	out8(0x43, 0x34);
	out8(0x40, PIT_DIVISOR & 0xff);
	out8(0x40, PIT_DIVISOR >> 8);
}

static void wait_for(volatile bool *flag)
{
	while (!*flag)
		__asm__ volatile("pause");
}

/* A million events of one hook: none is lost, none comes twice. */
static void hammer(uint32_t cpu)
{
	for (uint32_t i = 1; i <= count; i++)
		out32(PORT_FIRST, cpu << 24 | i);
}

static void hammer_second(void)
{
	hammer(1);
	second_done = true;
}

static void test_hammer(void)
{
	count = option_number_or("count", 500000);
	if (!guest_check(second_start(VECTOR, hammer_second), "second CPU", "it did not come"))
		return;
	hammer(0);
	wait_for(&second_done);
	guest_check(true, "hammered", "");
}

/* Two engines at once: each hook waits until the other one is in its hook too. */
SHARED uint8_t meet_second_saw;

static void meet_second(void)
{
	meet_second_saw = in8(PORT_FIRST + 1);
	second_done = true;
}

static void test_meet(void)
{
	uint8_t saw;

	if (!guest_check(second_start(VECTOR, meet_second), "second CPU", "it did not come"))
		return;
	saw = in8(PORT_FIRST);
	wait_for(&second_done);
	guest_check(saw == 1 && meet_second_saw == 1, "engines run at once",
		    "the first met %u, the second %u", saw, meet_second_saw);
}

/* The script hooks (phase is odd) or leaves alone (even) what CPU 1 looks at all the time. */
static uint32_t toggled_read(uint64_t kind)
{
	if (kind == 0)
		return in8(PORT_TOGGLED);
	if (kind == 1)
		return *(volatile uint32_t *)(uintptr_t)MEMORY_TOGGLED;
	return (uint32_t)msr_read(MSR_TOGGLED);
}

SHARED uint64_t toggle_kind;

static void toggle_second(void)
{
	uint64_t id;

	if (option_number("id", &id))
		*(volatile uint32_t *)(uintptr_t)(APIC + APIC_ID) = (uint32_t)id << 24;
	while (!stop) {
		uint64_t now = phase;
		uint32_t value = toggled_read(toggle_kind);

		if (now == answered)
			continue;
		if ((value == HOOKED) != (now & 1)) {
			wrong_phase = now;
			wrong_value = value;
		}
		answered = now;
	}
	second_done = true;
}

static void switch_off(void *unused)
{
	(void)unused;
	apic_switch_off();
}

static void test_toggle(void)
{
	uint64_t rounds = option_number_or("rounds", 100);

	toggle_kind = option_number_or("kind", 0);
	*(volatile uint32_t *)(uintptr_t)MEMORY_TOGGLED = UNHOOKED;
	if (!guest_check(second_start(VECTOR, toggle_second), "second CPU", "it did not come"))
		return;
	if (option_number_or("off", 0) != 0)
		guest_check(fault_catch(switch_off, NULL) == VECTOR_GP &&
				    (msr_read(MSR_APIC_BASE) & APIC_BASE_ENABLE) != 0,
			    "the APIC stays on", "0x%lx", msr_read(MSR_APIC_BASE));
	for (uint64_t next = 1; next <= rounds && wrong_phase == 0; next++) {
		out32(PORT_CONTROL, (uint32_t)(toggle_kind << 1 | (next & 1)));
		/* The change is in force now, for CPU 1 too. */
		phase = next;
		while (answered != next)
			__asm__ volatile("pause");
	}
	stop = true;
	wait_for(&second_done);
	guest_check(wrong_phase == 0, "changes are in force everywhere",
		    "change %lu: the second CPU still read 0x%lx", wrong_phase, wrong_value);
}

/* CPU 1 hammers a hook that CPU 0 makes the script take away and put back. */
SHARED uint64_t events_second;

static void remove_second(void)
{
	while (!stop) {
		out32(PORT_FIRST, 1);
		events_second++;
	}
	second_done = true;
}

static void test_remove(void)
{
	uint64_t rounds = option_number_or("rounds", 300);

	if (!guest_check(second_start(VECTOR, remove_second), "second CPU", "it did not come"))
		return;
	for (uint64_t i = 0; i < rounds; i++) {
		uint64_t before = events_second;

		out32(PORT_CONTROL, (uint32_t)i);
		while (events_second == before)
			__asm__ volatile("pause");
	}
	stop = true;
	wait_for(&second_done);
	guest_check(true, "hook comes and goes", "");
}

/* CPU 0 makes the script loop for ever; CPU 1 waits for the same engine, and must get what on_error
 * says from then on: ones. */
static void kill_second(void)
{
	while (!stop) {
		uint8_t value = in8(PORT_FIRST + 1);

		if (value != HOOKED && value != 0xff)
			wrong_value = value;
		if (value == 0xff)
			answered++;
	}
	second_done = true;
}

static void test_kill(void)
{
	uint8_t value;

	if (!guest_check(second_start(VECTOR, kill_second), "second CPU", "it did not come"))
		return;
	guest_check(in8(PORT_FIRST + 1) == HOOKED, "hook answers", "it does not");
	value = in8(PORT_FIRST);
	guest_check(value == 0xff, "port of the hook that looped", "read 0x%x", value);
	while (answered < 100 && wrong_value == 0)
		__asm__ volatile("pause");
	stop = true;
	wait_for(&second_done);
	guest_check(wrong_value == 0, "the second CPU goes on", "it read 0x%lx", wrong_value);
	guest_check(in8(PORT_FIRST + 1) == 0xff, "hook denies", "it does not");
}

/* One CPU counts and talks, the other one asks for a panic (the option panic_cpuid=). */
#define PANIC_LEAF 0x50414e49
SHARED bool panic_by_second;

static void compute_and_talk(void)
{
	for (;;) {
		guest_print("computing\n");
		count++;
		for (volatile unsigned i = 0; i < 1000; i++)
			;
	}
}

static void ask_for_panic(void)
{
	while (count < 10 && panic_by_second)
		__asm__ volatile("pause");
	cpuid(PANIC_LEAF, 0);
	guest_print("not ok panic: still here\n");
}

static void panic_second(void)
{
	if (panic_by_second)
		ask_for_panic();
	else
		compute_and_talk();
}

static void test_panic(void)
{
	panic_by_second = option_number_or("cpu", 0) == 1;
	if (!second_start(VECTOR, panic_second))
		guest_print("not ok second CPU: it did not come\n");
	else if (panic_by_second)
		compute_and_talk();
	while (count < 10)
		__asm__ volatile("pause");
	ask_for_panic();
}

void guest_main(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
		{"hammer", test_hammer}, {"meet", test_meet}, {"toggle", test_toggle},
		{"remove", test_remove}, {"kill", test_kill},
		{"panic", test_panic},
	};
	char name[16] = "";

	tick_fast();
	option_text("test", name, sizeof(name));
	for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		if (strlen(name) == strlen(tests[i].name) &&
		    memcmp(name, tests[i].name, strlen(name)) == 0) {
			tests[i].run();
			return;
		}
	}
	guest_check(false, "option test=", "'%s' is none", name);
}
