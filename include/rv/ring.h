/*
 * include/rv/ring.h: a queue of records between two that do not trust each other: the hypervisor, and a program at CPL
 * 3 that stays (service/resident.h). One end writes, the other reads. The bytes and both indices lie on pages that both
 * can write to, whatever they should; so an end
 *   - keeps its own index to itself, and never reads it back from there;
 *   - reads the other's index once a call, and takes the ring for broken if that cannot be;
 *   - copies a record's head and bytes once, and judges the copies only.
 * What a reader gets is bytes, of a length within its room. That they make sense is the caller's to look after.
 *
 * An end belongs to one CPU at a time. The other end needs no lock in common with it.
 */
#ifndef RV_RING_H
#define RV_RING_H

#include "rv/errno.h"
#include "rv/types.h"

/* Bytes are counted on, and wrap around at 2^32: what is filled is `written` - `read`. */
struct rv_ring_indices {
	uint32_t written;	/* by the writing end */
	uint32_t awaits_room;	/* likewise: 1: it had no room */
	uint32_t reserved[6];
	uint32_t read;		/* by the reading end */
	uint32_t reserved_too[7];
};

struct rv_ring_record {
	uint32_t length_bytes;	/* of what follows, without what fills it up to a multiple of 8 */
	uint32_t tag;		/* what it is, as the users of a ring agree */
};

#define RV_RING_ALIGN 8u

/* An end's own, in its own memory. */
struct rv_ring {
	struct rv_ring_indices *indices;
	uint8_t *bytes;
	uint32_t size_bytes;	/* a power of two, 2^30 at most */
	uint32_t at;		/* the index that is this end's */
	uint32_t next;		/* where a record that is begun goes on */
};

/* Both ends begin so, at a time when neither uses it, with zeros in *indices. */
static inline void rv_ring_begin(struct rv_ring *ring, struct rv_ring_indices *indices, void *bytes, uint32_t size_bytes)
{
	ring->indices = indices;
	ring->bytes = bytes;
	ring->size_bytes = size_bytes;
	ring->at = ring->next = 0;
}

static inline uint32_t rv_ring_record_bytes(uint32_t length_bytes)
{
	return (uint32_t)sizeof(struct rv_ring_record) + ((length_bytes + RV_RING_ALIGN - 1) & ~(RV_RING_ALIGN - 1));
}

/* What the longest record of a ring holds. */
static inline uint32_t rv_ring_maximum(const struct rv_ring *ring)
{
	return ring->size_bytes - (uint32_t)sizeof(struct rv_ring_record);
}

static inline void rv_ring_copy_in(const struct rv_ring *ring, uint32_t at, const uint8_t *from, uint32_t length_bytes)
{
	uint32_t mask = ring->size_bytes - 1, first = ring->size_bytes - (at & mask);

	if (first > length_bytes)
		first = length_bytes;
	__builtin_memcpy(ring->bytes + (at & mask), from, first);
	__builtin_memcpy(ring->bytes, from + first, length_bytes - first);
}

static inline void rv_ring_copy_out(const struct rv_ring *ring, uint32_t at, uint8_t *to, uint32_t length_bytes)
{
	uint32_t mask = ring->size_bytes - 1, first = ring->size_bytes - (at & mask);

	if (first > length_bytes)
		first = length_bytes;
	__builtin_memcpy(to, ring->bytes + (at & mask), first);
	__builtin_memcpy(to + first, ring->bytes, length_bytes - first);
}

/* Can so much be filled? */
static inline bool rv_ring_can_hold(const struct rv_ring *ring, uint32_t used)
{
	return used <= ring->size_bytes && used % RV_RING_ALIGN == 0;
}

/* How much is filled, as the reading end says. */
static inline uint32_t rv_ring_used(const struct rv_ring *ring)
{
	/* Acquire: what is overwritten was read before. */
	return ring->at - __atomic_load_n(&ring->indices->read, __ATOMIC_ACQUIRE);
}

/* The same when there seems to be no room: the reading end is told, and may have read before it was. */
static inline uint32_t rv_ring_await_room(const struct rv_ring *ring)
{
	__atomic_store_n(&ring->indices->awaits_room, 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return rv_ring_used(ring);
}

/* The writing end. A record is begun, gets its bytes in as many parts as one likes, and is there for the reader when it
 * is ended; one that is begun and not ended never was.
 * rv_ring_open(): 0; -RV_E2BIG: never; -RV_EAGAIN: not until the other end has read; -RV_EIO: the other's index cannot
 * be: the ring is broken. */
static inline int rv_ring_open(struct rv_ring *ring, uint32_t tag, uint32_t length_bytes)
{
	struct rv_ring_record record = { length_bytes, tag };
	uint32_t used;

	if (length_bytes > rv_ring_maximum(ring))
		return -RV_E2BIG;
	used = rv_ring_used(ring);
	if (used <= ring->size_bytes && rv_ring_record_bytes(length_bytes) > ring->size_bytes - used)
		used = rv_ring_await_room(ring);
	if (!rv_ring_can_hold(ring, used))
		return -RV_EIO;
	if (rv_ring_record_bytes(length_bytes) > ring->size_bytes - used)
		return -RV_EAGAIN;
	rv_ring_copy_in(ring, ring->at, (const uint8_t *)&record, sizeof(record));
	ring->next = ring->at + (uint32_t)sizeof(record);
	return 0;
}

/* No more in all than was opened for. */
static inline void rv_ring_put(struct rv_ring *ring, const void *bytes, uint32_t length_bytes)
{
	rv_ring_copy_in(ring, ring->next, bytes, length_bytes);
	ring->next += length_bytes;
}

static inline void rv_ring_close(struct rv_ring *ring)
{
	ring->at = (ring->next + RV_RING_ALIGN - 1) & ~(RV_RING_ALIGN - 1);
	/* Release: the bytes are there before the index says so. */
	__atomic_store_n(&ring->indices->written, ring->at, __ATOMIC_RELEASE);
}

static inline int rv_ring_write(struct rv_ring *ring, uint32_t tag, const void *bytes, uint32_t length_bytes)
{
	int error = rv_ring_open(ring, tag, length_bytes);

	if (error != 0)
		return error;
	rv_ring_put(ring, bytes, length_bytes);
	rv_ring_close(ring);
	return 0;
}

/* The reading end: the next record's length, with its bytes in `to`. -RV_EAGAIN: there is none; -RV_E2BIG: it is longer
 * than the room, and is thrown away; -RV_EIO: the ring is broken, by the other's index or by a length. */
static inline int64_t rv_ring_read(struct rv_ring *ring, uint32_t *tag, void *to, uint32_t room_bytes)
{
	struct rv_ring_record record;
	/* Acquire: the bytes are read after the index that says they are there. */
	uint32_t used = __atomic_load_n(&ring->indices->written, __ATOMIC_ACQUIRE) - ring->at;

	if (used == 0)
		return -RV_EAGAIN;
	if (!rv_ring_can_hold(ring, used))
		return -RV_EIO;
	rv_ring_copy_out(ring, ring->at, (uint8_t *)&record, sizeof(record));
	/* The copy is what is judged and gone by: the compiler must not read the shared bytes again. */
	__asm__ volatile("" : "+m"(record) : : "memory");
	if (record.length_bytes > rv_ring_maximum(ring) || rv_ring_record_bytes(record.length_bytes) > used)
		return -RV_EIO;
	if (record.length_bytes <= room_bytes)
		rv_ring_copy_out(ring, ring->at + (uint32_t)sizeof(record), to, record.length_bytes);
	ring->at += rv_ring_record_bytes(record.length_bytes);
	/* Release: it is overwritten after it was read. */
	__atomic_store_n(&ring->indices->read, ring->at, __ATOMIC_RELEASE);
	*tag = record.tag;
	return record.length_bytes <= room_bytes ? (int64_t)record.length_bytes : -RV_E2BIG;
}

/* After a read: had the writing end no room before it? Once, each time it had none. */
static inline bool rv_ring_is_awaited(struct rv_ring *ring)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&ring->indices->awaits_room, __ATOMIC_RELAXED) == 0)
		return false;
	__atomic_store_n(&ring->indices->awaits_room, 0, __ATOMIC_RELAXED);
	return true;
}

/* Does the other end say that there is something to read? A glance. */
static inline bool rv_ring_has_records(const struct rv_ring *ring)
{
	return __atomic_load_n(&ring->indices->written, __ATOMIC_ACQUIRE) != ring->at;
}

#endif
