/*
 * core/log_before.c: the log of the boot before, where the memory that it was in survived the reset. Written at boot
 * only. Nobody vouches for that memory: it is text, and nothing is concluded from it.
 */
#include "core/log_ring.h"

#include "core/log.h"
#include "core/string.h"

static char log_before[LOG_RING_BYTES];
static size_t log_before_bytes;

/* Terminals get it. */
static char log_clean(char c)
{
	return (c < ' ' && c != '\n' && c != '\t') || c == 0x7f ? '?' : c;
}

static void log_take(const struct log_ring *ring)
{
	uint64_t written = ring->written;
	uint64_t at = written > LOG_RING_BYTES ? written - LOG_RING_BYTES : 0;

	for (log_before_bytes = 0; at < written; at++)
		log_before[log_before_bytes++] = log_clean(ring->text[at % LOG_RING_BYTES]);
}

size_t log_find_before(const void *memory, uint64_t length_bytes)
{
	const struct log_ring *ring = log_ring_find(memory, length_bytes);

	if (ring != NULL)
		log_take(ring);
	return log_before_bytes;
}

size_t log_read_before(uint64_t *position, char *buffer, size_t buffer_bytes)
{
	size_t at = *position < log_before_bytes ? (size_t)*position : log_before_bytes;
	size_t count = log_before_bytes - at < buffer_bytes ? log_before_bytes - at : buffer_bytes;

	memcpy(buffer, log_before + at, count);
	*position = at + count;
	return count;
}
