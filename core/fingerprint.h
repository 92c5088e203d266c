/*
 * core/fingerprint.h: tells whether memory is as it was. Against what changes it by mistake, or without knowing our
 * state; no cryptography.
 */
#ifndef CORE_FINGERPRINT_H
#define CORE_FINGERPRINT_H

#include "core/string.h"
#include "rv/types.h"

#define FINGERPRINT_FACTOR UINT64_C(0x9e3779b185ebca87) /* odd, so that no bit is lost */

static inline uint64_t fingerprint_word(uint64_t before, uint64_t word)
{
	uint64_t mixed = (before ^ word) * FINGERPRINT_FACTOR;

	return mixed << 27 | mixed >> 37;
}

/* Goes on from `before`, by which the first of several may have a start of its own. */
static inline uint64_t fingerprint_add(uint64_t before, const void *bytes, uint64_t length_bytes)
{
	const uint8_t *at = bytes;
	uint64_t word;

	for (; length_bytes >= sizeof(word); length_bytes -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		before = fingerprint_word(before, word);
	}
	for (; length_bytes != 0; length_bytes--)
		before = fingerprint_word(before, *at++);
	return before;
}

#endif
