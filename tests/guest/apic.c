/*
 * tests/guest/apic.c: the local APIC and its timer, which the hypervisor borrows while scripts run:
 * reading a hooked port must change neither what the registers hold nor when the timer fires.
 *
 * Options: port=NUMBER is read; periods=N (default 100) of period_ms=N (default 1) milliseconds.
 * long=1: only that a timer goes on while scripts run for several of its periods at a time.
 */
#include "guest.h"

#include "instruction.h"

#define APIC 0xfee00000u
#define APIC_TPR 0x080u
#define APIC_EOI 0x0b0u
#define APIC_SVR 0x0f0u
#define APIC_LVT_TIMER 0x320u
#define APIC_LVT_LINT0 0x350u
#define APIC_INITIAL 0x380u
#define APIC_CURRENT 0x390u
#define APIC_DIVIDE 0x3e0u
#define LVT_MASKED 0x10000u
#define LVT_PERIODIC 0x20000u
#define DIVIDE_BY_16 3

static volatile uint64_t ticks, others;
static unsigned timer_vector;
static bool read_in_handler;
static uint16_t port;
static uint32_t period; /* in timer ticks */
static uint64_t period_tsc;

static uint32_t apic_read(uint32_t offset)
{
	return *(volatile uint32_t *)(uintptr_t)(APIC + offset);
}

static void apic_write(uint32_t offset, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)(APIC + offset) = value;
}

static bool apic_handle(struct fault_frame *frame)
{
	if (frame->vector < 32)
		return false;
	if (frame->vector == timer_vector)
		ticks++;
	else
		others++;
	if (read_in_handler)
		in8(port);
	apic_write(APIC_EOI, 0);
	return true;
}

static void timer_set(uint32_t mode, uint32_t count)
{
	ticks = 0;
	apic_write(APIC_LVT_TIMER, timer_vector | mode);
	apic_write(APIC_INITIAL, count);
}

/* By the PIT: channel 2 counts 10 ms. */
static void measure(uint32_t period_ms)
{
	uint64_t start;

	out8(0x61, (uint8_t)((in8(0x61) & ~3u) | 1));
	out8(0x43, 0xb0);
	out8(0x42, 11932 & 0xff);
	out8(0x42, 11932 >> 8);
	apic_write(APIC_LVT_TIMER, LVT_MASKED | 0xff);
	apic_write(APIC_INITIAL, ~UINT32_C(0));
	start = tsc_read();
	while (!(in8(0x61) & 0x20))
		;
	period = (~UINT32_C(0) - apic_read(APIC_CURRENT)) / 10 * period_ms;
	period_tsc = (tsc_read() - start) / 10 * period_ms;
	apic_write(APIC_INITIAL, 0);
}

/* Reads the port, `pause` loops apart, for so long. Returns how often. */
static uint64_t read_for(uint64_t cycles, unsigned pause)
{
	uint64_t start = tsc_read(), reads = 0;

	__asm__ volatile("sti");
	while (tsc_read() - start < cycles) {
		if (pause == 0)
			continue;
		in8(port);
		reads++;
		for (volatile unsigned i = 1; i < pause; i++)
			;
	}
	__asm__ volatile("cli");
	return reads;
}

static void check_ticks(const char *name, uint64_t wanted)
{
	/* Each repair of a period costs it the time of an exit. */
	guest_check(ticks >= wanted - wanted / 20 - 1 && ticks <= wanted + 1, name,
		    "%lu ticks instead of %lu", ticks, wanted);
}

static void test_one_shot(void)
{
	uint64_t start, late = 0;

	for (int round = 0; round < 20; round++) {
		start = tsc_read();
		timer_set(0, period);
		__asm__ volatile("sti");
		while (ticks == 0 && tsc_read() - start < 10 * period_tsc)
			in8(port);
		__asm__ volatile("cli");
		start = tsc_read() - start;
		if (start < period_tsc * 97 / 100 || start > period_tsc * 5 / 4)
			late++;
	}
	guest_check(late == 0, "one-shot timer", "%lu of 20 early or late, last after %lu of %lu",
		    late, start, period_tsc);
	/* Fired once, and stays so. */
	read_for(3 * period_tsc, 100);
	guest_check(ticks == 1, "one shot is one", "%lu ticks", ticks);
}

static void test_periodic(uint64_t periods)
{
	uint64_t reads;

	timer_set(LVT_PERIODIC, period);
	reads = read_for(periods * period_tsc, 1);
	check_ticks("periodic timer", periods);
	reads += read_for(2 * period_tsc, 0);
	ticks = 0;
	read_for(periods * period_tsc, 0);
	check_ticks("periodic timer afterwards", periods);
	guest_check((apic_read(APIC_LVT_TIMER) & ~0x1000u) == (timer_vector | LVT_PERIODIC) &&
			    apic_read(APIC_INITIAL) == period,
		    "timer's registers", "LVT 0x%x, initial count %u of %u",
		    apic_read(APIC_LVT_TIMER), apic_read(APIC_INITIAL), period);
	ticks = 0;
	reads += read_for(periods * period_tsc, 3000);
	check_ticks("periodic timer, read now and then", periods);
	guest_print("apic: %lu reads\n", reads);
	/* The guest changes its mind while a period is being repaired. */
	in8(port);
	timer_set(LVT_PERIODIC, 2 * period);
	read_for(20 * period_tsc, 50);
	check_ticks("another period", 10);
	timer_set(LVT_MASKED, 0);
	read_for(3 * period_tsc, 50);
	guest_check(ticks == 0, "stopped timer", "%lu ticks", ticks);
}

/* A period that ends while a script runs ends late, and those behind it begin from there: some are
 * missed, but there is always another. */
static void test_long(uint64_t periods)
{
	uint64_t quiet = 0;

	timer_set(LVT_PERIODIC, period);
	for (uint64_t round = 0; round < periods / 10; round++) {
		ticks = 0;
		read_for(10 * period_tsc, 0);
		quiet += ticks < 4 || ticks > 11;
	}
	guest_check(quiet == 0, "periodic timer beside long scripts",
		    "%lu times 10 periods had %lu ticks at last", quiet, ticks);
	timer_set(LVT_MASKED, 0);
}

/* Registers keep what they hold. */
static void test_registers(void)
{
	static const struct {
		uint32_t offset, value;
	} settings[] = {
		{APIC_TPR, 0},	       {APIC_TPR, 0x35},      {APIC_TPR, 0xf0},
		{APIC_SVR, 0x0ff},     {APIC_SVR, 0x1ff},     {APIC_LVT_LINT0, 0x700},
		{APIC_LVT_LINT0, 0x10700}, {APIC_LVT_TIMER, 0x10055}, {APIC_DIVIDE, 0xb},
		{APIC_DIVIDE, DIVIDE_BY_16}, {APIC_TPR, 0},
	};

	for (unsigned i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		uint32_t wrote;

		apic_write(settings[i].offset, settings[i].value);
		wrote = apic_read(settings[i].offset);
		in8(port);
		if (apic_read(settings[i].offset) != wrote)
			guest_check(false, "registers", "0x%x holds 0x%x instead of 0x%x",
				    settings[i].offset, apic_read(settings[i].offset), wrote);
	}
	guest_check(true, "registers", "");
}

void guest_main(void)
{
	port = (uint16_t)option_number_or("port", 0x80);
	fault_handler = apic_handle;
	out8(0x21, 0xff);
	out8(0xa1, 0xff);
	apic_write(APIC_SVR, 0x1ff);
	apic_write(APIC_DIVIDE, DIVIDE_BY_16);
	measure((uint32_t)option_number_or("period_ms", 1));
	timer_vector = 0x40;
	if (option_number_or("long", 0) != 0) {
		test_long(option_number_or("periods", 100));
		return;
	}
	test_one_shot();
	test_periodic(option_number_or("periods", 100));
	test_registers();
	/* Of the highest class, like the hypervisor's own; and in service while the port is read. */
	timer_vector = 0xf3;
	read_in_handler = true;
	timer_set(LVT_PERIODIC, period);
	read_for(20 * period_tsc, 100);
	/* These reads take a script's engine step by step, and hold the next interrupt up. */
	guest_check(ticks >= 14 && ticks <= 21, "timer of the highest class",
		    "%lu ticks instead of 20", ticks);
	timer_set(LVT_MASKED, 0);
	guest_check(others == 0, "only the timer interrupts", "%lu others", others);
}
