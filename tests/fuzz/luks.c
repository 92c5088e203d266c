/*
 * tests/fuzz/luks.c: any text as the JSON of a LUKS2 header whose sums are right, and any bytes as a header: what is
 * read lies within them, and nothing opens.
 */
#include "input.h"
#include "service/arena.h"
#include "service/json.h"
#include "service/luks.h"

#define COPY_BYTES 16384u
#define TEXT 4096u
#define AREA_BYTES 262144u
#define HEADER_BYTES (2 * COPY_BYTES + AREA_BYTES)
#define ARENA_BYTES (1u << 20)
#define CHEAP_ITERATIONS 2000 /* what a run has time for */

static void big_endian(uint8_t *to, uint64_t value, unsigned nr_bytes)
{
	for (unsigned i = 0; i < nr_bytes; i++)
		to[i] = (uint8_t)(value >> 8 * (nr_bytes - 1 - i));
}

/* A copy of that text; the sum is right. */
static void make_copy(uint8_t *copy, uint64_t at, uint64_t sequence, const uint8_t *text, size_t bytes)
{
	struct kdf_part part = { copy, COPY_BYTES };

	memset(copy, 0, COPY_BYTES);
	memcpy(copy, at == 0 ? "LUKS\xba\xbe" : "SKUL\xba\xbe", 6);
	big_endian(copy + 6, 2, 2);
	big_endian(copy + 8, COPY_BYTES, 8);
	big_endian(copy + 16, sequence, 8);
	memcpy(copy + 72, "sha256", 6);
	memcpy(copy + 168, "8e3b1c1e-0c2c-4c8f-9d9a-0123456789ab", 36);
	big_endian(copy + 256, at, 8);
	memcpy(copy + TEXT, text, bytes < COPY_BYTES - TEXT ? bytes : COPY_BYTES - TEXT);
	kdf_hash(KDF_SHA256, copy + 448, &part, 1);
}

static bool is_cheap(const struct luks_header *header)
{
	for (uint32_t i = 0; i < header->nr_slots; i++) {
		if (header->slots[i].kdf.iterations > CHEAP_ITERATIONS ||
		    (uint64_t)header->slots[i].kdf.iterations * header->slots[i].kdf.memory_kib > CHEAP_ITERATIONS)
			return false;
	}
	return header->nr_slots == 1 && header->digest.iterations <= CHEAP_ITERATIONS;
}

static void look(const uint8_t *bytes, size_t nr_bytes, bool opens)
{
	static uint8_t memory[ARENA_BYTES] __attribute__((aligned(64)));
	struct luks_header header;
	uint8_t key[LUKS_KEY_BYTES_MAXIMUM];
	char why[LUKS_WHY_BYTES];
	enum luks_result result;

	memset(why, 0x5a, sizeof(why));
	arena_begin(memory, sizeof(memory));
	result = luks_read(bytes, nr_bytes, &header, why);
	FUZZ_MUST(memchr(why, 0, sizeof(why)) != NULL && (result == LUKS_GOOD || why[0] != '\0'));
	if (result != LUKS_GOOD)
		return;
	FUZZ_MUST(header.nr_slots != 0 && header.nr_slots <= LUKS_SLOTS_MAXIMUM);
	FUZZ_MUST(header.key_bytes == 32 || header.key_bytes == 64);
	FUZZ_MUST(header.offset_bytes % 512 == 0 && header.size_bytes % header.sector_bytes == 0);
	for (uint32_t i = 0; i < header.nr_slots; i++) {
		uint64_t at = header.slots[i].area_offset, area_bytes = header.key_bytes * LUKS_STRIPES;

		FUZZ_MUST(at >= 2 * header.header_bytes && at <= nr_bytes && area_bytes <= nr_bytes - at);
		FUZZ_MUST(i == 0 || header.slots[i].number != header.slots[i - 1].number);
	}
	if (opens && is_cheap(&header))
		FUZZ_MUST(luks_unlock(bytes, &header, (const uint8_t *)"one", 3, key, why) != LUKS_GOOD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes)
{
	static uint8_t header[HEADER_BYTES];
	uint8_t *exact;

	if (length_bytes == 0)
		return 0;
	switch (data[0] % 4) {
	case 0: /* as they are; just so many: ASan sees what is read behind them */
		exact = malloc(length_bytes);
		memcpy(exact, data, length_bytes);
		look(exact, length_bytes, false);
		free(exact);
		break;
	case 1: /* one copy is of another text */
		make_copy(header, 0, data[0], data + 1, length_bytes - 1);
		make_copy(header + COPY_BYTES, COPY_BYTES, 100, (const uint8_t *)"{}", 2);
		look(header, sizeof(header), false);
		break;
	default: /* '{', of the seeds, is 3 */
		make_copy(header, 0, 1, data, length_bytes);
		make_copy(header + COPY_BYTES, COPY_BYTES, 1, data, length_bytes);
		look(header, data[0] % 4 == 2 ? length_bytes : sizeof(header), data[0] % 4 == 3 && length_bytes % 8 == 0);
		break;
	}
	return 0;
}
