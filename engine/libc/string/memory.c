/*
 * memory.c - memcpy, memmove, memset and memcmp.
 *
 * Most calls of an interpreter move a few words: those go by two overlapping loads and stores.
 * Long ones use the string instructions (Intel SDM vol. 2, REP MOVS/STOS), the widest moves
 * there are without SSE.
 */
#include <stdint.h>
#include <string.h>

/* may_alias and alignment 1: any bytes may be read as a word */
typedef uint64_t memory_word __attribute__((may_alias, aligned(1)));
typedef uint32_t memory_half __attribute__((may_alias, aligned(1)));
typedef uint16_t memory_quarter __attribute__((may_alias, aligned(1)));

/* From here on the string instructions' start-up cost is paid back. */
#define MEMORY_STRING_BYTES 128

/* Up to 16 bytes: everything is read before anything is written, so overlap does not matter. */
static inline void memory_move_short(char *to, const char *from, size_t len_bytes)
{
	if (len_bytes >= 8) {
		uint64_t first = *(const memory_word *)from;
		uint64_t last = *(const memory_word *)(from + len_bytes - 8);

		*(memory_word *)to = first;
		*(memory_word *)(to + len_bytes - 8) = last;
	} else if (len_bytes >= 4) {
		uint32_t first = *(const memory_half *)from;
		uint32_t last = *(const memory_half *)(from + len_bytes - 4);

		*(memory_half *)to = first;
		*(memory_half *)(to + len_bytes - 4) = last;
	} else if (len_bytes >= 2) {
		uint16_t first = *(const memory_quarter *)from;
		uint16_t last = *(const memory_quarter *)(from + len_bytes - 2);

		*(memory_quarter *)to = first;
		*(memory_quarter *)(to + len_bytes - 2) = last;
	} else if (len_bytes == 1) {
		*to = *from;
	}
}

void *memcpy(void *restrict to, const void *restrict from, size_t len_bytes)
{
	char *target = to;
	const char *source = from;
	uint64_t last_low;
	uint64_t last_high;
	size_t words;

	if (len_bytes <= 16) {
		memory_move_short(target, source, len_bytes);
		return to;
	}
	/* The last 16 bytes are kept for the end, whole words go before them. */
	last_low = *(const memory_word *)(source + len_bytes - 16);
	last_high = *(const memory_word *)(source + len_bytes - 8);
	if (len_bytes < MEMORY_STRING_BYTES) {
		size_t offset = 0;

		do {
			uint64_t low = *(const memory_word *)(source + offset);
			uint64_t high = *(const memory_word *)(source + offset + 8);

			*(memory_word *)(target + offset) = low;
			*(memory_word *)(target + offset + 8) = high;
			offset += 16;
		} while (offset + 16 < len_bytes);
	} else {
		char *position = target;

		words = (len_bytes - 1) / 8;
		__asm__ volatile("rep movsq"
				 : "+D" (position), "+S" (source), "+c" (words) : : "memory");
	}
	*(memory_word *)(target + len_bytes - 16) = last_low;
	*(memory_word *)(target + len_bytes - 8) = last_high;
	return to;
}

void *mempcpy(void *to, const void *from, size_t len_bytes)
{
	return (char *)memcpy(to, from, len_bytes) + len_bytes;
}

/* The target overlaps the source from above: go down. */
static void memory_move_down(char *target, const char *source, size_t len_bytes)
{
	uint64_t first_low = *(const memory_word *)source;
	uint64_t first_high = *(const memory_word *)(source + 8);
	size_t offset = len_bytes;

	for (; offset > 16; offset -= 16) {
		uint64_t low = *(const memory_word *)(source + offset - 16);
		uint64_t high = *(const memory_word *)(source + offset - 8);

		*(memory_word *)(target + offset - 16) = low;
		*(memory_word *)(target + offset - 8) = high;
	}
	*(memory_word *)target = first_low;
	*(memory_word *)(target + 8) = first_high;
}

/* It overlaps from below: go up, keeping the end, which the words written may reach. */
static void memory_move_up(char *target, const char *source, size_t len_bytes)
{
	uint64_t last_low = *(const memory_word *)(source + len_bytes - 16);
	uint64_t last_high = *(const memory_word *)(source + len_bytes - 8);

	for (size_t offset = 0; offset + 16 < len_bytes; offset += 16) {
		uint64_t low = *(const memory_word *)(source + offset);
		uint64_t high = *(const memory_word *)(source + offset + 8);

		*(memory_word *)(target + offset) = low;
		*(memory_word *)(target + offset + 8) = high;
	}
	*(memory_word *)(target + len_bytes - 16) = last_low;
	*(memory_word *)(target + len_bytes - 8) = last_high;
}

void *memmove(void *to, const void *from, size_t len_bytes)
{
	uintptr_t distance = (uintptr_t)to - (uintptr_t)from;

	if (len_bytes <= 16)
		memory_move_short(to, from, len_bytes);
	else if (distance >= len_bytes && -distance >= len_bytes)
		memcpy(to, from, len_bytes);
	else if (distance < len_bytes)
		memory_move_down(to, from, len_bytes);
	else
		memory_move_up(to, from, len_bytes);
	return to;
}

void *memset(void *to, int c, size_t len_bytes)
{
	char *target = to;
	char *position = target;
	uint64_t pattern = 0x0101010101010101ULL * (unsigned char)c;
	size_t words = len_bytes / 8;

	if (len_bytes < 8) {
		if (len_bytes >= 4) {
			*(memory_half *)target = (uint32_t)pattern;
			*(memory_half *)(target + len_bytes - 4) = (uint32_t)pattern;
		} else {
			for (size_t i = 0; i < len_bytes; i++)
				target[i] = (char)c;
		}
		return to;
	}
	*(memory_word *)(target + len_bytes - 8) = pattern;
	if (len_bytes < MEMORY_STRING_BYTES) {
		for (size_t i = 0; i < words; i++)
			*(memory_word *)(target + i * 8) = pattern;
		return to;
	}
	__asm__ volatile("rep stosq"
			 : "+D" (position), "+c" (words) : "a" (pattern) : "memory");
	return to;
}

/* The first byte in memory decides: it is made the most significant. */
static inline int memory_order(uint64_t left, uint64_t right)
{
	left = __builtin_bswap64(left);
	right = __builtin_bswap64(right);
	return (left > right) - (left < right);
}

/* Up to 7 bytes whose first is equal: the first and the last ones, overlapping, make one number. */
static inline int memory_compare_short(const char *left, const char *right, size_t len_bytes)
{
	size_t last;

	if (len_bytes >= 4) {
		last = len_bytes - 4;
		return memory_order(*(const memory_half *)left |
				    (uint64_t)*(const memory_half *)(left + last) << 32,
				    *(const memory_half *)right |
				    (uint64_t)*(const memory_half *)(right + last) << 32);
	}
	if (len_bytes >= 2) {
		last = len_bytes - 2;
		return memory_order(*(const memory_quarter *)left |
				    (uint64_t)*(const memory_quarter *)(left + last) << 16,
				    *(const memory_quarter *)right |
				    (uint64_t)*(const memory_quarter *)(right + last) << 16);
	}
	return 0; /* memcmp() has compared the first one */
}

int memcmp(const void *a, const void *b, size_t len_bytes)
{
	const char *left = a;
	const char *right = b;
	size_t offset = 0;

	/* Most comparisons are a search's, and end here. */
	if (len_bytes && *left != *right)
		return (unsigned char)*left - (unsigned char)*right;
	if (len_bytes < 8)
		return memory_compare_short(left, right, len_bytes);
	for (; offset + 8 < len_bytes; offset += 8) {
		uint64_t left_word = *(const memory_word *)(left + offset);
		uint64_t right_word = *(const memory_word *)(right + offset);

		if (left_word != right_word)
			return memory_order(left_word, right_word);
	}
	/* The last word may overlap the one before, which was equal. */
	return memory_order(*(const memory_word *)(left + len_bytes - 8),
			    *(const memory_word *)(right + len_bytes - 8));
}

/* clang turns a memcmp for equality alone into this. */
int bcmp(const void *a, const void *b, size_t len_bytes);

int bcmp(const void *a, const void *b, size_t len_bytes)
{
	return memcmp(a, b, len_bytes);
}
