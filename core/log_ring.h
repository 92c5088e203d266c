/*
 * core/log_ring.h: the log's ring as it lies in memory, where the next boot may find it.
 */
#ifndef CORE_LOG_RING_H
#define CORE_LOG_RING_H

#include "rv/types.h"

#define LOG_RING_BYTES KIB(64)
#define LOG_RING_MAGIC UINT64_C(0x52697465206c6f67) /* "Rite log" */

/* It begins a page. */
struct log_ring {
	uint64_t magic;	  /* LOG_RING_MAGIC, once something was written */
	uint64_t written; /* bytes ever; `text` keeps the last LOG_RING_BYTES */
	uint64_t check;	  /* written ^ LOG_RING_MAGIC, but amid a change */
	char text[LOG_RING_BYTES];
};

/* One that lies in that memory; NULL: there is none, or it was being written. */
static inline const struct log_ring *log_ring_find(const void *memory, uint64_t length_bytes)
{
	for (uint64_t at = 0; at + sizeof(struct log_ring) <= length_bytes; at += PAGE_BYTES) {
		const struct log_ring *ring = (const void *)((const uint8_t *)memory + at);

		if (ring->magic == LOG_RING_MAGIC && ring->check == (ring->written ^ LOG_RING_MAGIC))
			return ring;
	}
	return NULL;
}

#endif
