/*
 * core/time.c: calibration of the TSC by channel 2 of the 8254, and the CMOS clock. Both are left
 * as they were for the guest.
 */
#include "core/time.h"

#include "core/instructions.h"

#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_GATE 0x61	   /* rw NMI status and control: bit 0 gate of channel 2, 1 speaker, 5 output */
#define PIT_HZ 1193182u
#define PIT_TICKS 1193u	   /* 1 ms */
#define TIME_MEASUREMENTS 10
#define TIME_SPINS 100000000u

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define CMOS_STATUS_A 0x0a
#define CMOS_STATUS_B 0x0b

uint64_t time_tsc_hz;
uint64_t time_boot_tsc;
int64_t time_boot_seconds;

static uint64_t time_measure_once(void)
{
	uint8_t gate = port_read8(PIT_GATE);
	uint64_t start, end;

	port_write8(PIT_GATE, (uint8_t)((gate & ~3u) | 1));
	port_write8(PIT_COMMAND, 0xb0); /* channel 2, both bytes, mode 0, binary */
	port_write8(PIT_CHANNEL2, PIT_TICKS & 0xff);
	port_write8(PIT_CHANNEL2, PIT_TICKS >> 8);
	start = tsc_read();
	for (unsigned spin = 0; spin < TIME_SPINS && !(port_read8(PIT_GATE) & 0x20); spin++)
		cpu_pause();
	end = tsc_read();
	port_write8(PIT_GATE, gate);
	return (end - start) * PIT_HZ / PIT_TICKS;
}

/* The smallest of several: an SMI, or an emulator that waits for its host, makes one too large. */
static uint64_t time_measure_tsc(void)
{
	uint64_t smallest = ~UINT64_C(0);

	for (unsigned i = 0; i < TIME_MEASUREMENTS; i++) {
		uint64_t hz = time_measure_once();

		if (hz < smallest)
			smallest = hz;
	}
	return smallest;
}

static unsigned time_cmos(uint8_t index)
{
	port_write8(CMOS_INDEX, index);
	return port_read8(CMOS_DATA);
}

static unsigned time_cmos_number(uint8_t index, bool binary)
{
	unsigned value = time_cmos(index);

	return binary ? value : (value & 0xf) + (value >> 4) * 10;
}

/* Days since 1970-01-01 of a date in the Gregorian calendar. */
static int64_t time_days(int64_t year, int64_t month, int64_t day)
{
	static const int16_t before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	int64_t leaps = (month <= 2 ? year - 1 : year);

	return (year - 1970) * 365 + leaps / 4 - leaps / 100 + leaps / 400 - 477 +
	       before[(month - 1) % 12] + day - 1;
}

static int64_t time_read_rtc(void)
{
	bool binary, is_24_hours;
	unsigned hour, month;
	int64_t days, year;

	for (unsigned spin = 0; spin < 1000000 && (time_cmos(CMOS_STATUS_A) & 0x80); spin++)
		cpu_pause();
	binary = time_cmos(CMOS_STATUS_B) & 4;
	is_24_hours = time_cmos(CMOS_STATUS_B) & 2;
	hour = time_cmos(4);
	if (!binary)
		hour = (hour & 0xf) + ((hour & 0x70) >> 4) * 10 + (hour & 0x80);
	if (!is_24_hours)
		hour = (hour & 0x7f) % 12 + (hour & 0x80 ? 12 : 0);
	month = time_cmos_number(8, binary);
	year = 2000 + (int64_t)time_cmos_number(9, binary);
	days = time_days(year, month == 0 ? 1 : (int64_t)month, (int64_t)time_cmos_number(7, binary));
	return ((days * 24 + (int64_t)hour) * 60 + (int64_t)time_cmos_number(2, binary)) * 60 +
	       (int64_t)time_cmos_number(0, binary);
}

void time_init(void)
{
	uint8_t index = port_read8(CMOS_INDEX);

	time_tsc_hz = time_measure_tsc();
	time_boot_tsc = tsc_read();
	time_boot_seconds = time_read_rtc();
	port_write8(CMOS_INDEX, index & 0x7f);
}

static void time_wait_cycles(uint64_t cycles)
{
	uint64_t start = tsc_read();

	while (tsc_read() - start < cycles)
		cpu_pause();
}

void time_wait_s(uint64_t seconds)
{
	time_wait_cycles(seconds * time_tsc_hz);
}

void time_wait_us(uint64_t us)
{
	time_wait_cycles(time_tsc_of_us(us));
}

struct time_limit time_limit_of_us(uint64_t us)
{
	return (struct time_limit){ tsc_read(), time_tsc_of_us(us), us };
}

bool time_limit_is_over(struct time_limit *limit)
{
	if (limit->turns != 0)
		limit->turns--;
	else if (tsc_read() - limit->start > limit->cycles)
		return true;
	cpu_pause();
	return false;
}
