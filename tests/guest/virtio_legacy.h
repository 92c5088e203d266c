/*
 * tests/guest/virtio_legacy.h: the last virtio disk by its legacy interface, for guests that only have it work (Virtual I/O Device
 * Specification 1.2, 2.7 and 4.1.4.8).
 */
#ifndef VIRTIO_LEGACY_H
#define VIRTIO_LEGACY_H

#include "instruction.h"

#define PAGE 4096u
#define VIRTIO_DISK_TRANSITIONAL 0x10011af4u

enum { OUT = 1, FLUSH = 4, NEXT = 1, WRITE = 2 };

struct descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
};

/* With 256 entries. */
struct ring {
	struct descriptor descriptors[256];
	uint16_t flags, index, entries[256];
	uint8_t gap[PAGE - 4 - 2 * 256];
	volatile uint16_t used_flags, used_index;
	uint32_t used[256][2];
};

struct request_header {
	uint32_t type, priority;
	uint64_t sector;
};

/* Where its registers are, which it decodes from now on. 0: there is none. */
static inline uint16_t virtio_legacy_find(void)
{
	uint16_t ports = 0;

	for (uint32_t slot = 0; slot < 256; slot++) {
		uint32_t function = 0x80000000u | slot << 8;

		out32(0xcf8, function);
		if (in32(0xcfc) != VIRTIO_DISK_TRANSITIONAL)
			continue;
		out32(0xcf8, function | 4);
		out32(0xcfc, (in32(0xcfc) & 0xffff) | 7);
		out32(0xcf8, function | 0x10);
		ports = (uint16_t)(in32(0xcfc) & ~3u);
	}
	return ports;
}

#endif
