/*
 * tests/guest/storm.c: a guest that gives random sequences to a disk's controller, while a script hooks all requests: commands
 * that mean nothing, lists and rings in the hypervisor's memory, that change and lead into each other, registers of odd widths,
 * resets amid all that. After each sequence a disk on another controller, which means well, writes and reads: nothing of that
 * may be lost. In the end the controller works again, and the hypervisor's memory is as it was, as far as the edu can tell.
 *
 * Options: bus=nvme (ahci, virtio, ide); sequences=N; seed=N.
 */
#include "storm.h"

#include "edu.h"
#include "reserved.h"

#define STEPS 24u
#define GOOD 0x170 /* the second channel's second device, beside the CD drive, by PIO */
#define GOOD_CONTROL 0x376
#define GOOD_SECTORS 64u
#define POLLS 100000u
#define OURS_BYTES (2u << 20) /* the hypervisor's program and what is behind it */
#define SAMPLES 2u
#define SAMPLE_GAP (40 * PAGE)

uint8_t *storm_pool;

static uint64_t state, ours;
static uint64_t samples[2][SAMPLES][PAGE / 8] __attribute__((aligned(4096)));
static uint32_t good_tags[GOOD_SECTORS]; /* what was written there; 0: nothing yet */

uint32_t storm_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 20);
}

uint64_t storm_own_address(void)
{
	return address_of(storm_pool) + storm_random() % STORM_PAGES * PAGE + (storm_random() % 8 == 0 ? storm_random() % PAGE & ~3u : 0);
}

uint64_t storm_address(void)
{
	switch (storm_random() % 16) {
	case 0:
		return ours + (storm_random() % OURS_BYTES & ~3u);
	case 1:
		return ours + storm_random() % (OURS_BYTES / PAGE) * PAGE;
	case 2:
		return (storm_random() % 2 ? (uint64_t)storm_random() << 32 : 0) | (0xb0000000u | (storm_random() & 0xfffffff));
	default:
		return storm_own_address();
	}
}

uint32_t storm_lba(void)
{
	return storm_random() % 8 == 0 ? storm_random() : storm_random() % 64 * 8;
}

/* The disk beside ---------------------------------------------------------------------------------- */

/* False: it fails, or is not ready in time. */
static bool good_wait(uint8_t wanted)
{
	for (uint32_t i = 0; i < POLLS; i++) {
		uint8_t status = in8(GOOD_CONTROL);

		if (!(status & 0x80) && ((status & 0x21) || (status & 8) == wanted))
			return !(in8(GOOD + 7) & 0x21);
	}
	return false;
}

static bool good_command(uint8_t code, uint32_t lba)
{
	out8(GOOD_CONTROL, 2);
	out8(GOOD + 6, 0xf0);
	out8(GOOD + 2, 1);
	for (unsigned i = 0; i < 3; i++)
		out8((uint16_t)(GOOD + 3 + i), (uint8_t)(lba >> 8 * i));
	out8(GOOD + 7, code);
	return good_wait(8);
}

static bool good_write(uint32_t lba)
{
	uint32_t tag = storm_random() | 1;

	if (!good_command(0x30, lba))
		return false;
	for (unsigned i = 0; i < 128; i++)
		out32(GOOD, tag + i);
	good_tags[lba] = tag;
	return good_wait(0);
}

static bool good_read(uint32_t lba)
{
	bool is_right = good_command(0x20, lba);

	for (unsigned i = 0; is_right && i < 128; i++)
		is_right = in32(GOOD) == good_tags[lba] + i;
	return is_right;
}

static bool good_works(void)
{
	uint32_t lba = storm_random() % GOOD_SECTORS, other = storm_random() % GOOD_SECTORS;

	return good_write(lba) && (good_tags[other] == 0 || good_read(other)) && good_read(lba);
}

/* The hypervisor's memory ----------------------------------------------------------------------------- */

/* A tenth of a second: looking all the time would take the emulator long. */
static void await_edu(volatile uint64_t *edu)
{
	while (edu[EDU_COMMAND / 8] & EDU_START) {
		for (uint32_t i = 0; i < 1000000; i++)
			__asm__ volatile("");
	}
}

/* Pages of its program, by a device that no page table stops. */
static bool take_samples(uint64_t to[SAMPLES][PAGE / 8])
{
	volatile uint64_t *edu = edu_find();

	if (edu == 0 || ours == 0)
		return false;
	for (unsigned i = 0; i < SAMPLES; i++) {
		edu_begin(edu, ours + (i + 1) * SAMPLE_GAP, EDU_BUFFER, EDU_BYTES, 0);
		await_edu(edu);
		edu_begin(edu, EDU_BUFFER, address_of(to[i]), EDU_BYTES, EDU_TO_MEMORY);
		await_edu(edu);
	}
	return true;
}

static bool samples_differ(void)
{
	bool is_empty = true;

	for (unsigned i = 0; i < SAMPLES; i++)
		is_empty &= samples[0][i][0] == 0 && memcmp(samples[0][i], samples[0][i] + 1, EDU_BYTES - 8) == 0;
	return is_empty || memcmp(samples[0], samples[1], sizeof(samples[0])) != 0;
}

static void stir_pool(void)
{
	for (uint32_t at = 0; at < STORM_PAGES * PAGE; at += 8) {
		uint64_t address = storm_address();

		memcpy(storm_pool + at, &address, 8);
	}
}

static const struct storm_controller *choose(void)
{
	static const struct storm_controller *const all[] = { &storm_nvme, &storm_ahci, &storm_virtio, &storm_ide };
	char name[16] = "nvme";

	(void)option_text("bus", name, sizeof(name));
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strlen(name) == strlen(all[i]->name) && memcmp(name, all[i]->name, strlen(name)) == 0)
			return all[i];
	}
	return all[0];
}

void guest_main(void)
{
	const struct storm_controller *controller = choose();
	uint64_t sequences = option_number_or("sequences", 500), done = 0;

	state = option_number_or("seed", 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
	ours = reserved_find();
	storm_pool = (uint8_t *)(uintptr_t)(ours / 2 & ~(uint64_t)(PAGE - 1));
	if (!guest_check(ours != 0 && controller->find(), "a controller", "none"))
		return;
	guest_check(take_samples(samples[0]), "samples of the hypervisor's memory", "no edu");
	guest_check(good_works(), "the disk beside", "it does not work");
	for (; done < sequences; done++) {
		if (done % 16 == 0)
			stir_pool();
		controller->begin();
		for (uint32_t step = storm_random() % STEPS; step != 0; step--)
			controller->step();
		if (!good_works())
			break;
	}
	guest_check(done == sequences, "the disk beside loses nothing", "in sequence %lu", done);
	out8(STORM_OVER, 0);
	controller->begin();
	guest_check(controller->read(storm_pool), "the controller works in the end", "it does not");
	guest_check(take_samples(samples[1]) && !samples_differ(), "the hypervisor's memory is as it was", "it is not");
	guest_print("guest: done, %lu sequences\n", done);
	guest_power_off();
}
