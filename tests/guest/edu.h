/*
 * tests/guest/edu.h: QEMU's edu, a PCI function that moves memory by DMA (docs/specs/edu.txt of QEMU).
 */
#ifndef TESTS_GUEST_EDU_H
#define TESTS_GUEST_EDU_H

#include "pci.h"

#define ID_EDU 0x11e81234u

/* In its BAR 0. */
#define EDU_IDENTITY 0x010000edu /* the first register */
#define EDU_RAISE 0x60u
#define EDU_ACKNOWLEDGE 0x64u
#define EDU_SOURCE 0x80u
#define EDU_TARGET 0x88u
#define EDU_COUNT 0x90u
#define EDU_COMMAND 0x98u
#define EDU_START 1u
#define EDU_TO_MEMORY 2u

#define EDU_BUFFER 0x40000u /* of its own, as DMA counts */
#define EDU_BYTES 4088u	    /* QEMU refuses to fill it */

/* Has it answer and move; returns its BAR 0, NULL if there is none. */
static inline volatile uint64_t *edu_find(void)
{
	uint32_t function = config_find(ID_EDU);

	if (function == 256)
		return 0;
	config_write(function, CONFIG_COMMAND, COMMAND_MEMORY_MASTER);
	return (volatile uint64_t *)(uintptr_t)(config_read(function, CONFIG_BAR) & ~0xfu);
}

/* Begins to move what is at `source`, or in its buffer; EDU_TO_MEMORY: from there. It takes a tenth of a second. */
static inline void edu_begin(volatile uint64_t *edu, uint64_t source, uint64_t target, uint64_t nr_bytes, uint64_t direction)
{
	edu[EDU_SOURCE / 8] = source;
	edu[EDU_TARGET / 8] = target;
	edu[EDU_COUNT / 8] = nr_bytes;
	edu[EDU_COMMAND / 8] = EDU_START | direction;
}

#endif
