/*
 * hook/trace.h: records events (docs/traces.md): those that scripts decide, those of hooks that C alone answers with
 * "into the trace" (RV_FIXED_TRACE), the phases of requests, and what scripts say themselves.
 *
 * Where nobody records, nothing is asked: while a recording goes on, owners are delivered to by a function of ours,
 * which calls theirs. Who begins a recording has it alone until trace_end(); hook_table_lock guards whose deliver() is
 * whose.
 */
#ifndef HOOK_TRACE_H
#define HOOK_TRACE_H

#include "hook/trace_layout.h"

struct event_origin;
struct hook;
struct hook_owner;
struct vcpu;

/* The kinds that are recorded, a bit each; RV_EVENT_NONE's: what scripts say. 0: there is no recording. */
extern uint64_t trace_kinds;
_Static_assert(RV_EVENT_KIND_COUNT <= 64, "a bit each");

static inline bool trace_wants(uint32_t kind)
{
	return (__atomic_load_n(&trace_kinds, __ATOMIC_RELAXED) >> kind & 1) != 0;
}

struct trace_setup {
	uint8_t uuid[TRACE_UUID_BYTES];
	uint64_t kinds;
	unsigned nr_packets;	/* a CPU */
	unsigned payload_bytes; /* of requests, up to TRACE_PAYLOAD_BYTES_MAXIMUM */
};

/* Begins the recording. 0; -RV_EBUSY: there is one; as trace_rings_begin(). Context: exit; without locks, as the next three. */
int trace_begin(const struct trace_setup *setup);
/* A hook for the recording's sake: what it says is recorded whoever else hooks it. 0 or as hook_add(). */
int trace_hook(uint32_t kind, bool all, uint64_t first, uint64_t last);
/* Nothing more is recorded, and the hooks are gone; what was recorded can still be fetched. -RV_EBUSY: a CPU stopped amid them. */
int trace_stop(void);
/* And now that is gone, too. */
void trace_end(void);

/* An owner's hook has come into the table: from now on its events are recorded. Under hook_table_lock. */
void trace_watch_owner(struct hook_owner *owner);

/* hook/trace_event.c: */
/* An event of a hook with RV_FIXED_TRACE. Context: exit; without locks. */
void trace_sink(struct hook *hook, struct event_origin *origin);
/* A request has come that far; `asked` is its kind at first, `kind` what it is offered as now. Context: exit; without locks. */
void trace_request(uint32_t asked, uint32_t kind, struct event_origin *origin, enum trace_phase phase, enum rv_verdict verdict);
/* What a script says: two texts without a NUL. Context: exit. */
void trace_say(const struct hook_owner *owner, const struct vcpu *vcpu, const char *name, const char *values);

#endif
