/*
 * hook/trace_ring.h: where a recording's packets are kept until they are fetched: a ring for each CPU, which loses
 * nothing while there is room, and counts what it loses.
 *
 * A ring's lock guards it, innermost; who records holds it for one event, who fetches for one packet. Rings, once made,
 * stay; their packets come and go.
 */
#ifndef HOOK_TRACE_RING_H
#define HOOK_TRACE_RING_H

#include "hook/trace_layout.h"

#define TRACE_PACKETS_MAXIMUM 480 /* a CPU: nearly 2 MiB */

/* Memory for so many packets a CPU, empty. 0; -RV_EINVAL; -RV_ENOMEM: a quarter of what is free would not do. One recording at
 * a time. Context: exit; without locks. */
int trace_rings_begin(const uint8_t uuid[TRACE_UUID_BYTES], unsigned nr_packets);
/* Frees it. Context: as above. */
void trace_rings_end(void);

/* Puts an event into a CPU's ring, if there is a recording, and sets its time. head is followed by what head_bytes
 * says; tail comes behind. Context: exit, on that CPU. */
void trace_ring_put(unsigned cpu, struct trace_head *head, size_t head_bytes, const void *tail, size_t tail_bytes);

/* Fetches the packet of that number, of a CPU's; those before it are freed. An older number gives the oldest that there is; *sequence
 * becomes that of the packet. Returns its bytes; 0: there is none yet. What was recorded so far is a packet, even if it
 * is short. Context: exit; without locks. */
size_t trace_ring_fetch(unsigned cpu, uint64_t *sequence, void *packet);

/* Events since the recording began, on all CPUs, that were lost, and that were not. */
void trace_rings_count(uint64_t *lost, uint64_t *recorded);

#endif
