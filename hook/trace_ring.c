/*
 * hook/trace_ring.c: rings of packets: trace_ring.h.
 */
#include "hook/trace_ring.h"

#include "core/cpu.h"
#include "core/instructions.h"
#include "core/memory.h"
#include "core/spinlock.h"
#include "core/string.h"
#include "rv/errno.h"

struct trace_ring {
	struct spinlock lock;
	uint32_t cpu;
	uint32_t nr_packets; /* 0: there is no recording */
	uint8_t *packet;     /* that is written; NULL: there was no room for one more */
	uint64_t used;	     /* its bytes */
	uint64_t head, tail; /* its number; the oldest that is kept */
	uint64_t last_tsc;
	uint64_t recorded, discarded, told; /* events; those lost; and how many of them a packet says */
	uint8_t uuid[TRACE_UUID_BYTES];
	uint8_t *packets[TRACE_PACKETS_MAXIMUM];
};
_Static_assert(sizeof(struct trace_ring) <= PAGE_BYTES, "a page each");
_Static_assert(TRACE_PACKET_BYTES + 8 <= PAGE_BYTES, "a page each");

static struct trace_ring *trace_rings[CPUS_MAXIMUM];

/* The next packet, if there is room for one. Under the lock, as all that follows. */
static bool ring_open(struct trace_ring *ring)
{
	bool is_full = ring->head - ring->tail == ring->nr_packets;

	ring->packet = is_full ? NULL : ring->packets[ring->head % ring->nr_packets];
	ring->used = sizeof(struct trace_packet);
	return !is_full;
}

static bool ring_is_empty(const struct trace_ring *ring)
{
	return ring->packet == NULL || ring->used == sizeof(struct trace_packet);
}

static uint64_t ring_begin_tsc(const struct trace_ring *ring)
{
	struct trace_head first;

	if (ring_is_empty(ring))
		return ring->last_tsc;
	memcpy(&first, ring->packet + sizeof(struct trace_packet), sizeof(first));
	return first.tsc;
}

/* The packet that is written is complete. */
static void ring_seal(struct trace_ring *ring)
{
	struct trace_packet *packet = (void *)ring->packet;

	*packet = (struct trace_packet){
		.magic = TRACE_MAGIC,
		.begin_tsc = ring_begin_tsc(ring),
		.end_tsc = ring->last_tsc,
		.content_bits = 8 * ring->used,
		.packet_bits = 8 * ring->used,
		.sequence = ring->head,
		.discarded = ring->discarded,
		.cpu = ring->cpu,
	};
	memcpy(packet->uuid, ring->uuid, sizeof(packet->uuid));
	ring->told = ring->discarded;
	ring->head++;
	(void)ring_open(ring);
}

static bool ring_has_room(const struct trace_ring *ring, size_t bytes)
{
	return ring->packet != NULL && bytes <= TRACE_PACKET_BYTES - ring->used;
}

/* For what has none in the packet that is written. */
static __attribute__((noinline)) bool ring_make_room(struct trace_ring *ring, size_t bytes)
{
	if (!ring_is_empty(ring))
		ring_seal(ring);
	return ring_open(ring) && ring_has_room(ring, bytes);
}

/* Times of a stream never go back, even if the guest sets its counter. */
static void ring_put(struct trace_ring *ring, struct trace_head *head, size_t head_bytes, const void *tail, size_t tail_bytes)
{
	uint64_t now = tsc_read();

	if (now > ring->last_tsc)
		ring->last_tsc = now;
	head->tsc = ring->last_tsc;
	if (!ring_has_room(ring, head_bytes + tail_bytes) && !ring_make_room(ring, head_bytes + tail_bytes)) {
		ring->discarded++;
		return;
	}
	memcpy(ring->packet + ring->used, head, head_bytes);
	if (tail_bytes != 0)
		memcpy(ring->packet + ring->used + head_bytes, tail, tail_bytes);
	ring->used += head_bytes + tail_bytes;
	ring->recorded++;
}

void trace_ring_put(unsigned cpu, struct trace_head *head, size_t head_bytes, const void *tail, size_t tail_bytes)
{
	struct trace_ring *ring = __atomic_load_n(&trace_rings[cpu], __ATOMIC_ACQUIRE);

	if (ring == NULL)
		return;
	spinlock_acquire(&ring->lock);
	if (ring->nr_packets != 0)
		ring_put(ring, head, head_bytes, tail, tail_bytes);
	spinlock_release(&ring->lock);
}

/* What was lost last would else be said by a packet that never comes. */
static bool ring_has_to_seal(const struct trace_ring *ring)
{
	return ring->head == ring->tail && (!ring_is_empty(ring) || ring->told != ring->discarded);
}

static size_t ring_fetch(struct trace_ring *ring, uint64_t *sequence, void *packet)
{
	const struct trace_packet *oldest;
	size_t bytes;

	if (*sequence > ring->tail)
		ring->tail = *sequence < ring->head ? *sequence : ring->head;
	if (ring_has_to_seal(ring) && (ring->packet != NULL || ring_open(ring)))
		ring_seal(ring);
	*sequence = ring->tail;
	if (ring->head == ring->tail)
		return 0;
	oldest = (void *)ring->packets[ring->tail % ring->nr_packets];
	bytes = (size_t)(oldest->content_bits / 8);
	memcpy(packet, oldest, bytes);
	return bytes;
}

size_t trace_ring_fetch(unsigned cpu, uint64_t *sequence, void *packet)
{
	struct trace_ring *ring = cpu < cpus_count ? __atomic_load_n(&trace_rings[cpu], __ATOMIC_ACQUIRE) : NULL;
	size_t bytes = 0;

	if (ring == NULL)
		return 0;
	spinlock_acquire(&ring->lock);
	if (ring->nr_packets != 0)
		bytes = ring_fetch(ring, sequence, packet);
	spinlock_release(&ring->lock);
	return bytes;
}

void trace_rings_count(uint64_t *lost, uint64_t *recorded)
{
	*lost = *recorded = 0;
	for (uint32_t cpu = 0; cpu < cpus_count; cpu++) {
		const struct trace_ring *ring = __atomic_load_n(&trace_rings[cpu], __ATOMIC_ACQUIRE);

		if (ring == NULL)
			continue;
		*lost += __atomic_load_n(&ring->discarded, __ATOMIC_RELAXED);
		*recorded += __atomic_load_n(&ring->recorded, __ATOMIC_RELAXED);
	}
}

/* Nobody records into it any more: its packets are nobody's else's. */
static void ring_end(struct trace_ring *ring)
{
	spinlock_acquire(&ring->lock);
	ring->nr_packets = 0;
	spinlock_release(&ring->lock);
	for (unsigned i = 0; i < TRACE_PACKETS_MAXIMUM && ring->packets[i] != NULL; i++) {
		memory_free_page(ring->packets[i]);
		ring->packets[i] = NULL;
	}
}

void trace_rings_end(void)
{
	for (uint32_t cpu = 0; cpu < cpus_count; cpu++) {
		if (trace_rings[cpu] != NULL)
			ring_end(trace_rings[cpu]);
	}
}

static struct trace_ring *ring_of(uint32_t cpu)
{
	if (trace_rings[cpu] == NULL)
		__atomic_store_n(&trace_rings[cpu], memory_allocate_spare_page(), __ATOMIC_RELEASE);
	return trace_rings[cpu];
}

static int ring_begin(uint32_t cpu, const uint8_t uuid[TRACE_UUID_BYTES], unsigned nr_packets)
{
	struct trace_ring *ring = ring_of(cpu);

	if (ring == NULL)
		return -RV_ENOMEM;
	for (unsigned i = 0; i < nr_packets; i++) {
		ring->packets[i] = memory_allocate_spare_page();
		if (ring->packets[i] == NULL)
			return -RV_ENOMEM;
	}
	spinlock_acquire(&ring->lock);
	ring->cpu = cpu;
	ring->head = ring->tail = 0;
	ring->last_tsc = tsc_read();
	ring->recorded = ring->discarded = ring->told = 0;
	memcpy(ring->uuid, uuid, sizeof(ring->uuid));
	ring->nr_packets = nr_packets;
	(void)ring_open(ring);
	spinlock_release(&ring->lock);
	return 0;
}

int trace_rings_begin(const uint8_t uuid[TRACE_UUID_BYTES], unsigned nr_packets)
{
	int error = 0;

	if (nr_packets == 0 || nr_packets > TRACE_PACKETS_MAXIMUM)
		return -RV_EINVAL;
	if (!memory_has_spare_pages(4 * (uint64_t)nr_packets * cpus_count))
		return -RV_ENOMEM;
	for (uint32_t cpu = 0; cpu < cpus_count && error == 0; cpu++)
		error = ring_begin(cpu, uuid, nr_packets);
	if (error != 0)
		trace_rings_end();
	return error;
}
