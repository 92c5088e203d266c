/*
 * core/real_vectors.c: owns what was remembered of the vectors. Written at boot, and by the CPU that sleeps, while no
 * other runs.
 */
#include "core/real_vectors.h"

#include "core/memory.h"
#include "core/string.h"

#define REAL_VECTORS 256
#define REAL_PAGES 160u /* of conventional memory */
#define REAL_HALT UINT32_C(0xfdebf4fa) /* cli; 1: hlt; jmp 1b */
#define FIRMWARE UINT32_C(0xc0000) /* its code, and that of cards, up to 1 MiB */
#define FIRMWARE_END UINT32_C(0x100000)

static uint32_t real_vectors_boot[REAL_VECTORS], real_vectors_guest[REAL_VECTORS];
static uint32_t real_pages_guest[REAL_PAGES]; /* each one's first bytes */
static unsigned real_nr_pages;

static bool real_vectors_is_firmware(uint32_t vector)
{
	uint32_t target = (vector >> 16 << 4) + (uint16_t)vector;

	return target >= FIRMWARE && target < FIRMWARE_END;
}

void real_vectors_remember(uint32_t idle, hpa_t end)
{
	real_nr_pages = end / PAGE_BYTES < REAL_PAGES ? (unsigned)(end / PAGE_BYTES) : REAL_PAGES;
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
	for (unsigned i = 1; i < real_nr_pages; i++) {
		const uint32_t halt = REAL_HALT;
		uint8_t *page = memory_direct((hpa_t)i * PAGE_BYTES);

		memcpy(&real_pages_guest[i], page, sizeof(halt));
		memcpy(page, &halt, sizeof(halt));
	}
}

void real_vectors_give_back(void)
{
	for (unsigned i = 1; i < real_nr_pages; i++)
		memcpy(memory_direct((hpa_t)i * PAGE_BYTES), &real_pages_guest[i], sizeof(real_pages_guest[i]));
	memcpy(memory_direct(0), real_vectors_guest, sizeof(real_vectors_guest));
}
