/*
 * core/real_vectors.c: owns what was remembered of the vectors. Written at boot, and by the CPU that sleeps, while no
 * other runs.
 */
#include "core/real_vectors.h"

#include "core/memory.h"
#include "core/string.h"

#define REAL_VECTORS 256
#define FIRMWARE UINT32_C(0xc0000) /* its code, and that of cards, up to 1 MiB */
#define FIRMWARE_END UINT32_C(0x100000)

static uint32_t real_vectors_boot[REAL_VECTORS], real_vectors_guest[REAL_VECTORS];

static bool real_vectors_is_firmware(uint32_t vector)
{
	uint32_t target = (vector >> 16 << 4) + (uint16_t)vector;

	return target >= FIRMWARE && target < FIRMWARE_END;
}

void real_vectors_remember(uint32_t idle)
{
	memcpy(real_vectors_boot, memory_direct(0), sizeof(real_vectors_boot));
	for (unsigned i = 0; i < REAL_VECTORS; i++) {
		if (!real_vectors_is_firmware(real_vectors_boot[i]))
			real_vectors_boot[i] = idle;
	}
}

void real_vectors_take(void)
{
	memcpy(real_vectors_guest, memory_direct(0), sizeof(real_vectors_guest));
	memcpy(memory_direct(0), real_vectors_boot, sizeof(real_vectors_boot));
}

void real_vectors_give_back(void)
{
	memcpy(memory_direct(0), real_vectors_guest, sizeof(real_vectors_guest));
}
