/*
 * tests/escape/sleep.c: asks for sleep. Where suspend to RAM is allowed, with all that a wake goes by as a guest that means
 * harm would have it: waking vectors, the FACS and the table that names it, the page below 1 MiB by which the hypervisor
 * comes back, and QEMU's edu, which writes some of that later.
 */
#include "escape.h"

#include "guest.h"

#include "../guest/edu.h"
#include "instruction.h"

#define PM1_SLEEP_TYPE_SHIFT 10
#define PM1_SLEEP_ENABLE 0x2000u
#define PM1_WAKE_SOURCES 0x0401u /* the timer and the clock */
#define PAGE_BYTES 4096u

#define FADT_FACS 36
#define FACS_BYTES 64u

static uint8_t other_facs[FACS_BYTES] __attribute__((aligned(64)));
static uint32_t what_edu_writes = LOW_WAKE;

static void write_control(uint16_t port, uint16_t value, uint32_t form)
{
	switch (form) {
	case 0:
		out16(port, value);
		out16(port, value | PM1_SLEEP_ENABLE);
		break;
	case 1:
		out8((uint16_t)(port + 1), (uint8_t)((value | PM1_SLEEP_ENABLE) >> 8));
		break;
	case 2:
		out32(port, (uint32_t)(value | PM1_SLEEP_ENABLE));
		break;
	case 3: {
		uint16_t word = (uint16_t)(value | PM1_SLEEP_ENABLE);
		const uint16_t *from = &word;

		__asm__ volatile("outsw" : "+S"(from) : "d"(port) : "memory");
		break;
	}
	default:
		out16(port, (uint16_t)(value | PM1_SLEEP_ENABLE));
		break;
	}
}

static volatile uint32_t *facs_at(void)
{
	return (volatile uint32_t *)(uintptr_t)platform.facs;
}

/* Where the firmware, or the hypervisor, goes on when the machine wakes: mostly where a page leads to the detector, from
 * its beginning, which the hypervisor takes meanwhile, or from amid it. */
static void choose_vectors(struct random *random)
{
	volatile uint32_t *facs = facs_at();
	uint32_t page = apic_any_page(random), wild = (uint32_t)random_next(random);

	facs[FACS_VECTOR / 4] = random_once_in(random, 6) ? wild : random_once_in(random, 2) ? page << 12 : LOW_WAKE;
	if (random_once_in(random, 2))
		facs[FACS_VECTOR / 4] += random_below(random, PAGE_BYTES / 2);
	facs[FACS_X_VECTOR / 4] = random_once_in(random, 8) ? wild : 0;
	facs[FACS_SYSTEM_FLAGS / 4] = random_below(random, 2);
}

/* A vector of the FACS, or the beginning of the page by which the hypervisor comes back, a tenth of a second later. */
static void start_dma(struct random *random)
{
	volatile uint64_t *edu = edu_find();
	uint64_t target = random_once_in(random, 3) ? platform.low_pages_end * (uint64_t)PAGE_BYTES :
						      platform.facs + (uint64_t)FACS_VECTOR;

	if (edu == NULL || (edu[EDU_COMMAND / 8] & EDU_START))
		return;
	edu_begin(edu, (uintptr_t)&what_edu_writes, EDU_BUFFER, sizeof(what_edu_writes), 0);
	for (uint32_t i = 0; i < 100000 && (edu[EDU_COMMAND / 8] & EDU_START); i++)
		__asm__ volatile("pause");
	edu_begin(edu, EDU_BUFFER, target, sizeof(what_edu_writes), EDU_TO_MEMORY);
}

/* What the firmware finds the vectors by: with that changed the machine does not sleep. */
static void change_tables(struct random *random, bool back)
{
	static uint32_t name, named;
	uint8_t *fadt = (uint8_t *)(uintptr_t)acpi_find_fadt();
	uint32_t other = (uint32_t)(uintptr_t)other_facs;

	if (back && name != 0)
		facs_at()[0] = name;
	if (back && named != 0)
		memcpy(fadt + FADT_FACS, &named, sizeof(named));
	if (back) {
		name = named = 0;
	} else if (random_once_in(random, 2)) {
		name = facs_at()[0];
		facs_at()[0] = (uint32_t)random_next(random);
	} else if (fadt != NULL) {
		memcpy(other_facs, (const void *)(uintptr_t)platform.facs, sizeof(other_facs));
		named = platform.facs;
		memcpy(fadt + FADT_FACS, &other, sizeof(other));
	}
}

/* A far jump to the detector's page, where the hypervisor comes back. */
static void change_low_page(struct random *random)
{
	volatile uint8_t *to = (volatile uint8_t *)((uintptr_t)platform.low_pages_end * PAGE_BYTES);
	const uint8_t jump[] = {0xea, 0, 0, (uint8_t)(LOW_WAKE >> 4), (uint8_t)(LOW_WAKE >> 12)};
	uint32_t times = random_below(random, 20000);

	for (uint32_t i = 0; i < times; i++) {
		for (uint32_t j = 0; j < sizeof(jump); j++)
			to[j] = jump[j];
		if (platform.facs != 0 && random_once_in(random, 2))
			facs_at()[FACS_VECTOR / 4] = LOW_WAKE;
	}
}

/* By any CPU, while another sleeps. */
void act_low_page(struct cpu *cpu, struct random *random)
{
	(void)cpu;
	if (platform.ram_type < 8)
		change_low_page(random);
}

static void mean_harm(struct random *random)
{
	if (random_once_in(random, 3))
		change_low_page(random);
	if (random_once_in(random, 3))
		start_dma(random);
	if (random_once_in(random, 6))
		change_tables(random, false);
}

/* Every type but the one that switches off: that has nothing behind it to look at. */
void act_sleep(struct cpu *cpu, struct random *random)
{
	uint16_t port = platform.pm1b_control != 0 && random_once_in(random, 3) ? platform.pm1b_control
										: platform.pm1a_control;
	uint32_t type = random_below(random, 8), form = random_below(random, 5);

	(void)cpu;
	/* Where suspend to RAM is offered, that more often. */
	if (platform.ram_type < 8 && !random_once_in(random, 4))
		type = platform.ram_type;
	if (port == 0 || type == platform.off_type || type == platform.disk_type)
		return;
	RECORD->end = END_SLEEP; /* unless it goes on */
	if (platform.pm1a_event != 0)
		out16((uint16_t)(platform.pm1a_event + 2), PM1_WAKE_SOURCES);
	if (platform.facs != 0)
		choose_vectors(random);
	if (platform.ram_type < 8 && platform.facs != 0)
		mean_harm(random);
	if (platform.ram_type < 8 && !platform.bochs)
		out8(WATCHDOG_PORT, WATCHDOG_THIRTY_SECONDS); /* it goes on while the hypervisor takes its fingerprint */
	write_control(port, (uint16_t)(type << PM1_SLEEP_TYPE_SHIFT | (in16(port) & 1)), form);
	spin(50000);
	if (platform.facs != 0)
		change_tables(random, true);
	RECORD->end = END_UNKNOWN;
}
