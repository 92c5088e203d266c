/*
 * tests/unit/overlay.c: an overlay's map beside a plain array of what it should hold.
 */
#include "mediator/disk/overlay_map.h"

#include <stdlib.h>

#include "core/memory.h"
#include "rv/errno.h"
#include "unit.h"

#define UNITS 4096 /* that the array is about: 2 MiB */
#define ROUNDS 500
#define SPARE 512 /* pages that the map leaves to others */

static unsigned nr_taken, nr_pages;

void *memory_allocate_spare_page(void)
{
	if (nr_taken == nr_pages)
		return NULL;
	nr_taken++;
	return memset(aligned_alloc(PAGE_BYTES, PAGE_BYTES), 0, PAGE_BYTES);
}

void memory_free_page(void *page)
{
	nr_taken--;
	free(page);
}

bool memory_has_spare_pages(uint64_t wanted)
{
	return nr_taken + wanted <= nr_pages;
}

static int held[UNITS]; /* the byte of each unit; -1: it is not held, -2: perhaps */

static uint64_t base; /* where in the disk */

static void check(const struct overlay_map *map, unsigned first, unsigned count)
{
	static uint8_t bytes[UNITS * OVERLAY_UNIT_BYTES];
	unsigned nr_held = 0, nr_known = 0;
	enum overlay_share share;

	memset(bytes, 0xee, count * OVERLAY_UNIT_BYTES);
	overlay_map_read(map, base + first * OVERLAY_UNIT_BYTES, bytes, count * OVERLAY_UNIT_BYTES);
	for (unsigned i = 0; i < count; i++) {
		int wanted = held[first + i];

		nr_held += wanted >= 0;
		nr_known += wanted != -2;
		if (wanted != -2)
			UNIT_CHECK(bytes[i * OVERLAY_UNIT_BYTES] == (wanted < 0 ? 0xee : wanted) &&
				   bytes[(i + 1) * OVERLAY_UNIT_BYTES - 1] == (wanted < 0 ? 0xee : wanted));
	}
	share = overlay_map_share(map, base + first * OVERLAY_UNIT_BYTES, count * OVERLAY_UNIT_BYTES);
	if (nr_known == count)
		UNIT_EQUAL(share, nr_held == 0 ? OVERLAY_NONE : nr_held == count ? OVERLAY_ALL : OVERLAY_PART);
}

/* The stretches that are held are those of the array. */
static void check_stretches(const struct overlay_map *map)
{
	uint64_t offset = base, length, most = unit_random() % 2 ? 8192 : UINT64_MAX;

	for (unsigned unit = 0; unit < UNITS;) {
		bool found = overlay_map_next(map, &offset, &length, most);

		while (unit < UNITS && held[unit] == -1)
			unit++;
		if (unit == UNITS) {
			UNIT_CHECK(!found || offset >= base + UNITS * OVERLAY_UNIT_BYTES);
			return;
		}
		UNIT_CHECK(found && offset == base + unit * OVERLAY_UNIT_BYTES);
		for (; length != 0 && unit < UNITS && unit_why[0] == '\0'; length -= OVERLAY_UNIT_BYTES, unit++, offset += OVERLAY_UNIT_BYTES)
			UNIT_CHECK(held[unit] >= 0);
		if (!found || unit_why[0] != '\0')
			return;
	}
}

static void step(struct overlay_map *map)
{
	static uint8_t bytes[64 * OVERLAY_UNIT_BYTES];
	unsigned first = (unsigned)unit_random() % UNITS, count = 1 + (unsigned)unit_random() % 64;
	bool zeros = unit_random() % 3 == 0;
	int byte = zeros ? 0 : (int)(unit_random() % 256), error;

	if (zeros && unit_random() % 4 == 0)
		count = UNITS;
	if (count > UNITS - first)
		count = UNITS - first;
	memset(bytes, byte, sizeof(bytes));
	error = zeros ? overlay_map_zero(map, base + first * OVERLAY_UNIT_BYTES, count * OVERLAY_UNIT_BYTES)
		      : overlay_map_write(map, base + first * OVERLAY_UNIT_BYTES, bytes, count * OVERLAY_UNIT_BYTES);
	UNIT_CHECK(error == 0 || error == -RV_ENOSPC);
	for (unsigned i = first; i < first + count; i++)
		held[i] = error == 0 ? byte : -2;
}

static void run(unsigned pages, uint64_t limit)
{
	struct overlay_map map = { .pages_maximum = limit };
	bool is_full = false;

	nr_pages = pages;
	for (unsigned i = 0; i < UNITS; i++)
		held[i] = -1;
	for (unsigned i = 0; i < 40; i++) {
		unsigned first = (unsigned)unit_random() % UNITS;

		step(&map);
		UNIT_CHECK(map.nr_pages == nr_taken && map.nr_pages <= limit && nr_taken + SPARE <= nr_pages + 1);
		check(&map, first, 1 + (unsigned)unit_random() % (UNITS - first));
	}
	for (unsigned i = 0; i < UNITS; i++)
		is_full |= held[i] == -2;
	check(&map, 0, UNITS);
	if (!is_full)
		check_stretches(&map);
	overlay_map_free(&map);
	UNIT_EQUAL(nr_taken, 0);
}

static void test_rounds(void)
{
	static const uint64_t bases[] = { 0, MIB(1), GIB(1) - MIB(1), OVERLAY_BYTES_MAXIMUM - MIB(2), (UINT64_C(1) << 39) - MIB(1) };

	for (unsigned i = 0; i < ROUNDS && unit_why[0] == '\0'; i++) {
		base = bases[unit_random() % (sizeof(bases) / sizeof(bases[0]))];
		run(SPARE + 2000, 1000000);
		run(SPARE + 2000, unit_random() % 100);
		run(SPARE + (unsigned)unit_random() % 100, 1000000);
	}
}

/* Zeros take no room, however many; and what is written into them later is there. */
static void test_large(void)
{
	struct overlay_map map = { .pages_maximum = 20 };
	uint8_t bytes[2 * OVERLAY_UNIT_BYTES];

	nr_pages = SPARE + 100;
	UNIT_EQUAL(overlay_map_zero(&map, 0, OVERLAY_BYTES_MAXIMUM), 0);
	UNIT_EQUAL(map.nr_pages, 0);
	memset(bytes, 7, sizeof(bytes));
	UNIT_EQUAL(overlay_map_write(&map, GIB(5) + PAGE_BYTES - OVERLAY_UNIT_BYTES, bytes, sizeof(bytes)), 0);
	UNIT_EQUAL(map.nr_pages, 4 + 2);
	overlay_map_read(&map, GIB(5) + PAGE_BYTES, bytes, sizeof(bytes));
	UNIT_CHECK(bytes[0] == 7 && bytes[OVERLAY_UNIT_BYTES] == 0);
	UNIT_EQUAL(overlay_map_share(&map, GIB(4), GIB(10)), OVERLAY_ALL);
	UNIT_EQUAL(overlay_map_zero(&map, OVERLAY_UNIT_BYTES, OVERLAY_BYTES_MAXIMUM - 2 * OVERLAY_UNIT_BYTES), 0);
	overlay_map_read(&map, GIB(5) + PAGE_BYTES, bytes, sizeof(bytes));
	UNIT_EQUAL(bytes[0], 0);
	overlay_map_free(&map);
	UNIT_EQUAL(overlay_map_zero(&map, OVERLAY_UNIT_BYTES, OVERLAY_BYTES_MAXIMUM - 2 * OVERLAY_UNIT_BYTES), 0);
	UNIT_EQUAL(overlay_map_share(&map, 0, PAGE_BYTES), OVERLAY_PART);
	UNIT_CHECK(map.nr_pages <= 2 * 4);
	overlay_map_free(&map);
	UNIT_EQUAL(nr_taken, 0);
}

int main(void)
{
	unit_run("an overlay holds what was written", test_rounds);
	unit_run("an overlay of the largest disk", test_large);
	return unit_failed;
}
