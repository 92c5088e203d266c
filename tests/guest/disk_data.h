/*
 * tests/guest/disk_data.h: what guests write to disks whose requests a script changes, and how they compare it.
 */
#ifndef GUEST_DISK_DATA_H
#define GUEST_DISK_DATA_H

#include <stdbool.h>
#include <stdint.h>

/* No two sectors are alike, whatever the seed. */
static inline void disk_fill(uint8_t *bytes, uint32_t length, uint8_t seed)
{
	for (uint32_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)(seed + i + i / 509);
}

static inline bool is_xored(const uint8_t *left, const uint8_t *right, uint32_t length, uint8_t key)
{
	for (uint32_t i = 0; i < length; i++) {
		if (left[i] != (right[i] ^ key))
			return false;
	}
	return true;
}

#endif
