/*
 * tests/guest/past.h: clear text that must not reach a disk which is encrypted below the guest. Every 16 bytes of it say by
 * which way they went, so that who finds them on the disk knows (tests/system/past.py).
 */
#ifndef GUEST_PAST_H
#define GUEST_PAST_H

#include "guest.h"

#include "instruction.h"

#define PAST_SECTOR 512u
/* What is encrypted, in sectors. Around it the disk has what past.py put there, and has to keep it. */
#define PAST_FIRST 2048u
#define PAST_SECTORS 16384u
#define PAST_END (PAST_FIRST + PAST_SECTORS)
/* What is written as it should be. */
#define PAST_GOOD 0xfffu

/* In cycles of the time-stamp counter, which are real time where QEMU does not count instructions: on a busy machine the threads that
 * do a disk's work may come on late. What has to come is awaited; of what may never come, so much is more than a moment. */
#define PAST_LONG (UINT64_C(1) << 35)
#define PAST_PAUSE (UINT64_C(1) << 29)

/* Behind all polls: shall it go on? `since` is 0 at first. */
static inline bool past_waits(uint64_t *since, uint64_t cycles)
{
	if (*since == 0)
		*since = tsc_read();
	return tsc_read() - *since < cycles;
}

static inline void past_fill(void *bytes, uint32_t length, uint32_t way)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t *to = bytes;

	for (uint32_t i = 0; i < length; i += 16) {
		memcpy(to + i, "CLEAR-CANARY-", 13);
		for (uint32_t k = 0; k < 3; k++)
			to[i + 13 + k] = (uint8_t)digits[way >> (8 - 4 * k) & 15];
	}
}

/* The sectors of a way: eight. */
static inline uint32_t past_lba(uint32_t way)
{
	return PAST_FIRST + 16 + way % 2040 * 8;
}

/* Eight sectors at either end of the range: what is in it becomes clear text, and the rest stays. */
static inline void past_fill_inside(uint8_t *bytes, uint32_t first)
{
	for (uint32_t i = 0; i < 8; i++) {
		if (first + i >= PAST_FIRST && first + i < PAST_END)
			past_fill(bytes + i * PAST_SECTOR, PAST_SECTOR, PAST_GOOD);
	}
}

static inline bool past_is(const uint8_t *bytes, uint32_t length, uint32_t way)
{
	uint8_t wanted[16];

	past_fill(wanted, sizeof(wanted), way);
	for (uint32_t i = 0; i < length; i += sizeof(wanted)) {
		if (memcmp(bytes + i, wanted, sizeof(wanted)) != 0)
			return false;
	}
	return true;
}

#endif
