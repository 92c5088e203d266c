/*
 * tests/guest/nmi.c: NMIs and INITs that come while a hypervisor may be at work: each NMI arrives
 * once, none within another's handler, and a CPU that gets an INIT starts anew.
 *
 * Options: port=NUMBER is read all the while, or with cpuid=1 CPUID executed; rounds=N (default 100);
 * from=timer (default), or cpu: the NMIs are a second CPU's, or init: likewise, and that one gets
 * INITs.
 */
#include "guest.h"

#include "instruction.h"
#include "second.h"

#define APIC_SVR 0xf0u
#define APIC_ICR_NMI 0x4400u
#define IO_APIC 0xfec00000u
#define IO_APIC_TIMER_PIN 2
#define REDIRECTION_NMI 0x400u
#define REDIRECTION_MASKED 0x10000u
#define PIT_COUNTER 0x40
#define PIT_CONTROL 0x43
#define PIT_ONE_SHOT 0x30
#define PIT_READ_BACK_STATUS 0xe2
#define PIT_OUT 0x80
#define SECOND_VECTOR 0x9

#define LEAF 0x80000000u /* exits on every CPU, and says the same each time */

static uint16_t port;
static bool use_cpuid;
static uint64_t wrong_answers;
static volatile uint64_t nmis, others, nested;
static volatile bool in_handler, start_another;
static volatile uint64_t second_reads, second_nmis_wanted, second_nmis_sent;

static void apic_write(uint32_t offset, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)(APIC + offset) = value;
}

static void timer_redirect(uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)IO_APIC = 0x11 + 2 * IO_APIC_TIMER_PIN;
	*(volatile uint32_t *)(uintptr_t)(IO_APIC + 0x10) = 0;
	*(volatile uint32_t *)(uintptr_t)IO_APIC = 0x10 + 2 * IO_APIC_TIMER_PIN;
	*(volatile uint32_t *)(uintptr_t)(IO_APIC + 0x10) = value;
}

/* One edge, and so one NMI, after so many ticks of 838 ns. */
static void timer_start(uint16_t ticks)
{
	out8(PIT_CONTROL, PIT_ONE_SHOT);
	out8(PIT_COUNTER, (uint8_t)ticks);
	out8(PIT_COUNTER, (uint8_t)(ticks >> 8));
}

static bool timer_is_over(void)
{
	out8(PIT_CONTROL, PIT_READ_BACK_STATUS);
	return in8(PIT_COUNTER) & PIT_OUT;
}

static void exit_once(void)
{
	static uint32_t first;

	if (!use_cpuid) {
		in8(port);
		return;
	}
	if (first == 0)
		first = cpuid(LEAF, 0).eax;
	wrong_answers += cpuid(LEAF, 0).eax != first;
}

static bool handle(struct fault_frame *frame)
{
	if (frame->vector != 2) {
		others += frame->vector >= 32;
		return frame->vector >= 32;
	}
	nmis++;
	nested += in_handler;
	in_handler = true;
	if (start_another) {
		/* A second one becomes due in here: it has to wait for our IRET. */
		start_another = false;
		timer_start(200);
		while (!timer_is_over())
			exit_once();
		for (unsigned i = 0; i < 5; i++)
			exit_once();
	}
	in_handler = false;
	return true;
}

/* Reads the port until so many NMIs came, or for long. */
static void read_until(uint64_t wanted)
{
	for (unsigned i = 0; i < 2000000 && nmis < wanted; i++)
		exit_once();
	for (unsigned i = 0; i < 5; i++)
		exit_once();
}

static void test_timer(uint64_t rounds)
{
	uint64_t wrong = 0;

	timer_redirect(REDIRECTION_NMI);
	timer_start(100);
	read_until(1);
	nmis = 0;
	for (uint64_t round = 0; round < rounds; round++) {
		nmis = 0;
		timer_start((uint16_t)(100 + round * 37 % 400));
		read_until(1);
		wrong += nmis != 1;
	}
	guest_check(wrong == 0, "NMIs of a timer", "%lu of %lu rounds wrong, the last had %lu", wrong,
		    rounds, nmis);
	wrong = 0;
	nested = 0;
	for (uint64_t round = 0; round < rounds / 4; round++) {
		nmis = 0;
		start_another = true;
		timer_start(100);
		read_until(2);
		wrong += nmis != 2;
	}
	guest_check(nested == 0, "no NMI within another", "%lu times", nested);
	guest_check(wrong == 0, "the NMI that waited comes", "%lu of %lu rounds wrong, the last had %lu",
		    wrong, rounds / 4, nmis);
	timer_redirect(REDIRECTION_MASKED);
}

static void pause(unsigned loops)
{
	for (volatile unsigned i = 0; i < loops; i++)
		;
}

/* The second CPU: reads the port, and sends the first one the NMIs that it wants. */
static void second_read(void)
{
	apic_write(APIC_SVR, 0x1ff);
	for (;;) {
		in8(port);
		second_reads++;
		pause(1000); /* where an emulator does not keep an INIT that comes in a hook */
		if (second_nmis_sent < second_nmis_wanted) {
			second_nmis_sent++;
			apic_write(APIC_ICR_HIGH, 0);
			apic_write(APIC_ICR_LOW, APIC_ICR_NMI);
		}
	}
}

/* An INIT to a CPU that is just in a hook may be lost on an emulator: until it stands still. */
static bool second_stop(void)
{
	for (unsigned attempt = 0; attempt < 50; attempt++) {
		uint64_t reads;

		second_send(APIC_ICR_INIT);
		pause(20000);
		reads = second_reads;
		pause(100000); /* longer than any hook */
		if (second_reads == reads)
			return true;
	}
	return false;
}

/* Without another INIT: Bochs keeps one that comes while a CPU in VMX waits for this, and takes it
 * afterwards. */
static bool second_restart(void)
{
	uint32_t came = second_came;

	second_prepare(SECOND_VECTOR, second_read);
	second_send(APIC_ICR_STARTUP | SECOND_VECTOR);
	for (unsigned i = 0; i < 2000 && second_came == came; i++) {
		pause(10000);
		if (i % 100 == 99) /* as systems do it: a CPU that runs by now takes no notice */
			second_send(APIC_ICR_STARTUP | SECOND_VECTOR);
	}
	return second_came != came;
}

static void test_second_cpu(uint64_t rounds)
{
	uint64_t wrong = 0;

	guest_check(second_start(SECOND_VECTOR, second_read), "the second CPU starts", "%u",
		    second_came);
	for (uint64_t round = 0; round < rounds; round++) {
		nmis = 0;
		second_nmis_wanted++;
		read_until(1);
		wrong += nmis != 1;
	}
	guest_check(wrong == 0, "NMIs of the other CPU", "%lu of %lu rounds wrong, the last had %lu",
		    wrong, rounds, nmis);
}

static void test_init(void)
{
	uint64_t wrong = 0, stops = 0, starts = 0;

	for (uint64_t round = 0; round < 10; round++) {
		uint64_t reads;

		stops += second_stop();
		starts += second_restart();
		reads = second_reads;
		for (unsigned i = 0; i < 2000 && second_reads == reads; i++)
			pause(10000);
		wrong += second_reads == reads;
	}
	guest_check(stops == 10, "INIT stops a CPU in a hook", "%lu of 10", stops);
	guest_check(starts == 10 && wrong == 0, "and it starts anew", "%lu of 10", starts);
	nmis = 0;
	second_nmis_wanted = second_nmis_sent + 1;
	read_until(1);
	guest_check(nmis == 1, "NMIs after that", "%lu", nmis);
}

void guest_main(void)
{
	uint64_t rounds = option_number_or("rounds", 100);
	char from[8] = "timer";

	port = (uint16_t)option_number_or("port", 0x81);
	use_cpuid = option_number_or("cpuid", 0) != 0;
	fault_handler = handle;
	out8(0x21, 0xff);
	out8(0xa1, 0xff);
	apic_write(APIC_SVR, 0x1ff);
	option_text("from", from, sizeof(from));
	if (from[0] == 't')
		test_timer(rounds);
	else
		test_second_cpu(rounds);
	if (from[0] == 'i')
		test_init();
	guest_check(others == 0, "no other interrupts", "%lu", others);
	guest_check(wrong_answers == 0, "the answers are right", "%lu wrong", wrong_answers);
}
