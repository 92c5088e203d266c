/*
 * tests/unit/e820.c: memory-map editing against hand-made maps and against a byte-by-byte model of
 * random ones.
 */
#include "boot/e820.h"

#include "rv/errno.h"
#include "unit.h"

static void test_normalise_real(void)
{
	/* What SeaBIOS gives for 1 GiB, shuffled. */
	const struct e820_entry in[] = {
		{0x3ffe0000, 0x20000, 2, 0}, {0x9fc00, 0x400, 2, 0}, {0, 0x9fc00, 1, 0},
		{0xfffc0000, 0x40000, 2, 0}, {0xf0000, 0x10000, 2, 0},
		{0x100000, 0x3fee0000, 1, 0},
	};
	struct e820_entry out[16];

	UNIT_EQUAL(e820_normalise(in, 6, out, 16), 6);
	UNIT_EQUAL(out[0].base, 0);
	UNIT_EQUAL(out[1].base, 0x9fc00);
	UNIT_EQUAL(out[3].base, 0x100000);
	UNIT_EQUAL(out[3].length_bytes, 0x3fee0000);
	UNIT_EQUAL(out[5].base, 0xfffc0000);
	UNIT_EQUAL(out[5].attributes, 1);
}

static void test_normalise_overlap(void)
{
	const struct e820_entry in[] = {
		{0, 0x10000, 1, 0},	 {0x4000, 0x2000, 2, 0}, {0x5000, 0x3000, 5, 0},
		{0x10000, 0x1000, 1, 0}, {0x4000, 0, 5, 0},
	};
	struct e820_entry out[8];

	UNIT_EQUAL(e820_normalise(in, 5, out, 8), 4);
	UNIT_EQUAL(out[0].length_bytes, 0x4000);
	UNIT_EQUAL(out[1].length_bytes, 0x1000);
	UNIT_EQUAL(out[2].type, 5);
	UNIT_EQUAL(out[2].length_bytes, 0x3000);
	UNIT_EQUAL(out[3].base, 0x8000);
	UNIT_EQUAL(out[3].length_bytes, 0x9000);
	UNIT_EQUAL(e820_normalise(in, 5, out, 3), 0);
}

static void test_normalise_top(void)
{
	const struct e820_entry in[] = {{~UINT64_C(0) - 0xfff, 0x5000, 2, 0}};
	const struct e820_entry all[] = {{0, 0x1000, 2, 0}, {0x1000, ~UINT64_C(0) - 0xfff, 2, 0}};
	struct e820_entry out[4];

	UNIT_EQUAL(e820_normalise(in, 1, out, 4), 1);
	UNIT_EQUAL(out[0].length_bytes, 0x1000);
	UNIT_EQUAL(e820_normalise(in, 0, out, 4), 0);
	UNIT_EQUAL(e820_normalise(all, 2, out, 4), 1);
	UNIT_EQUAL(out[0].length_bytes, ~UINT64_C(0));
}

static unsigned rank(uint32_t type)
{
	static const unsigned ranks[] = {0, 1, 5, 3, 4, 6, 5, 2};

	return ranks[type];
}

#define CELLS 64

static void model_of(const struct e820_entry *entries, size_t count, uint32_t *cells)
{
	memset(cells, 0, CELLS * sizeof(*cells));
	for (size_t i = 0; i < count; i++) {
		for (uint64_t c = entries[i].base; c < entries[i].base + entries[i].length_bytes;
		     c++)
			if (rank(entries[i].type) > rank(cells[c]))
				cells[c] = entries[i].type;
	}
}

static void test_random_against_model(void)
{
	for (int round = 0; round < 20000; round++) {
		struct e820_entry in[8], out[32];
		uint32_t before[CELLS], after[CELLS];
		size_t nr_in = unit_random() % 8, count;
		uint64_t base = unit_random() % 50, length = 1 + unit_random() % 14;

		for (size_t i = 0; i < nr_in; i++) {
			in[i].base = unit_random() % 40;
			in[i].length_bytes = unit_random() % 24;
			in[i].type = 1 + (uint32_t)(unit_random() % 5);
			in[i].attributes = 0;
		}
		count = e820_normalise(in, nr_in, out, 32);
		model_of(in, nr_in, before);
		model_of(out, count, after);
		UNIT_CHECK(memcmp(before, after, sizeof(before)) == 0);
		for (size_t i = 1; i < count; i++)
			UNIT_CHECK(out[i - 1].base + out[i - 1].length_bytes <= out[i].base);

		UNIT_EQUAL(e820_reserve(out, &count, 32, base, length), 0);
		for (uint64_t c = base; c < base + length; c++)
			before[c] = E820_RESERVED;
		model_of(out, count, after);
		UNIT_CHECK(memcmp(before, after, sizeof(before)) == 0);
		for (size_t i = 1; i < count; i++)
			UNIT_CHECK(out[i - 1].base + out[i - 1].length_bytes <= out[i].base);
	}
}

static void test_reserve_full(void)
{
	struct e820_entry map[3] = {{0, 0x10000, 1, 1}};
	size_t count = 1;

	UNIT_EQUAL(e820_reserve(map, &count, 2, 0x4000, 0x1000), -RV_ENOSPC);
	UNIT_EQUAL(count, 1);
	UNIT_EQUAL(map[0].length_bytes, 0x10000);
	UNIT_EQUAL(e820_reserve(map, &count, 3, 0x4000, 0x1000), 0);
	UNIT_EQUAL(count, 3);
	UNIT_EQUAL(map[2].base, 0x5000);
	UNIT_EQUAL(e820_reserve(map, &count, 3, 0, 0), -RV_EINVAL);
	UNIT_EQUAL(e820_reserve(map, &count, 3, ~UINT64_C(0), 2), -RV_EINVAL);
}

static void test_find_place(void)
{
	const struct e820_entry map[] = {
		{0, 0x9fc00, 1, 1},
		{0x100000, 0x3fee0000, 1, 1},
		{0x3ffe0000, 0x20000, 2, 1},
		{UINT64_C(0x100000000), 0x40000000, 1, 1},
	};
	uint64_t base = 0;

	UNIT_EQUAL(e820_find_place(map, 4, MIB(32), &base), 0);
	UNIT_EQUAL(base, 0x3de00000);
	UNIT_EQUAL(e820_find_place(map, 4, GIB(1), &base), -RV_ENOMEM);
	UNIT_EQUAL(e820_find_place(map, 4, 0, &base), -RV_EINVAL);
	UNIT_EQUAL(e820_find_place(map, 1, 0x1000, &base), -RV_ENOMEM);
}

static void test_shorten(void)
{
	const struct e820_entry all[] = {
		{0, 0x1000, 1, 1},	  {0x9fc00, 0x400, 2, 1},  {0x100000, 0x300000, 1, 1},
		{0x400000, 0x1000, 2, 1}, {0x401000, 0x2000, 1, 1}, {0x800000, 0x4000, 1, 1},
	};
	struct e820_entry map[6];
	size_t count = 6;

	memcpy(map, all, sizeof(map));
	UNIT_EQUAL(e820_shorten(map, &count, 6), 0);
	UNIT_EQUAL(count, 6);
	UNIT_EQUAL(e820_shorten(map, &count, 5), 0x2000);
	UNIT_EQUAL(count, 5);
	UNIT_EQUAL(map[3].base, 0x400000);
	UNIT_EQUAL(map[4].base, 0x800000);
	UNIT_EQUAL(e820_shorten(map, &count, 4), 0x4000);
	UNIT_EQUAL(map[2].base, 0x100000);
	/* Conventional memory and what is reserved stay as long as there is anything else. */
	UNIT_EQUAL(e820_shorten(map, &count, 2), 0x300000);
	UNIT_EQUAL(count, 2);
	UNIT_EQUAL(map[0].base, 0);
	UNIT_EQUAL(map[1].base, 0x9fc00);
}

static void test_legacy_sizes(void)
{
	struct e820_entry map[4] = {{0, 0x9fc00, 1, 1}, {0x100000, 0x3fee0000, 1, 1}};
	uint16_t ax, bx, int88;
	size_t count = 2;

	e820_legacy_sizes(map, count, &ax, &bx, &int88);
	UNIT_EQUAL(ax, 0x3c00);
	UNIT_EQUAL(bx, (0x3ffe0000 - 0x1000000) >> 16);
	UNIT_EQUAL(int88, 0xfc00);
	UNIT_EQUAL(e820_reserve(map, &count, 4, MIB(8), MIB(2)), 0);
	e820_legacy_sizes(map, count, &ax, &bx, &int88);
	UNIT_EQUAL(ax, 7 * 1024);
	UNIT_EQUAL(bx, 0);
	UNIT_EQUAL(int88, 7 * 1024);
	e820_legacy_sizes(map, 1, &ax, &bx, &int88);
	UNIT_EQUAL(ax, 0);
	UNIT_EQUAL(int88, 0);
}

int main(void)
{
	unit_run("e820_normalise_real", test_normalise_real);
	unit_run("e820_normalise_overlap", test_normalise_overlap);
	unit_run("e820_normalise_top", test_normalise_top);
	unit_run("e820_random_against_model", test_random_against_model);
	unit_run("e820_reserve_full", test_reserve_full);
	unit_run("e820_find_place", test_find_place);
	unit_run("e820_shorten", test_shorten);
	unit_run("e820_legacy_sizes", test_legacy_sizes);
	return unit_failed;
}
