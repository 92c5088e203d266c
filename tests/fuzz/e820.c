/*
 * tests/fuzz/e820.c: any memory map comes out sorted and without overlap, and editing keeps it so.
 */
#include "boot/e820.h"

#include "input.h"

#define ENTRIES 24
#define ROOM (2 * ENTRIES + 8)

static void check_sorted(const struct e820_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		FUZZ_MUST(entries[i].length_bytes != 0);
		if (i != 0)
			FUZZ_MUST(entries[i - 1].base + (entries[i - 1].length_bytes - 1) <
				  entries[i].base);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes)
{
	struct input input = {data, length_bytes};
	struct e820_entry in[ENTRIES], out[ROOM];
	uint64_t base = input_number(&input, 8), length = input_number(&input, 8), place;
	size_t nr_in = 0, count;
	uint16_t ax, bx, int88;

	while (nr_in < ENTRIES && input.left != 0)
		input_take(&input, &in[nr_in++], sizeof(in[0]));
	count = e820_normalise(in, nr_in, out, ROOM);
	check_sorted(out, count);
	if (e820_reserve(out, &count, ROOM, base, length) == 0)
		check_sorted(out, count);
	if (e820_find_place(out, count, length, &place) == 0) {
		FUZZ_MUST(place % MIB(2) == 0 && place != 0 && length <= GIB(4) - place);
		FUZZ_MUST(e820_reserve(out, &count, ROOM, place, length) == 0);
		check_sorted(out, count);
	}
	e820_legacy_sizes(out, count, &ax, &bx, &int88);
	FUZZ_MUST(ax <= 0x3c00 && (bx == 0 || ax == 0x3c00));
	return 0;
}
