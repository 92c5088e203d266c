/*
 * hook/trace_internal.h: what trace.c and trace_event.c share.
 */
#ifndef HOOK_TRACE_INTERNAL_H
#define HOOK_TRACE_INTERNAL_H

#include "hook/hook_internal.h"
#include "hook/trace.h"

#define TRACE_NAME_BYTES 64 /* of an owner's, with the NUL; what is longer is cut */

/* What of a kind's events is written, in this order: trace_layout.h's parts, one behind the other. */
struct trace_plan {
	uint8_t ends[TRACE_PART_COUNT]; /* the number of the field behind each part's last */
	struct {
		uint16_t offset;
		uint8_t bytes;
	} fields[2 * RV_FIELDS_MAXIMUM];
};

extern struct trace_plan trace_plans[RV_EVENT_KIND_COUNT];
extern unsigned trace_payload_bytes;
extern struct hook_owner trace_owner; /* of hooks that are there for the recording alone */

/* trace_event.c: in the place of an owner's deliver(), which it calls. */
bool trace_deliver(struct hook_owner *owner, struct hook *hook, struct vcpu *vcpu);

#endif
