/*
 * hook/trace.c: a recording, from its beginning to its end: what is recorded, and of whom.
 */
#include "hook/trace_internal.h"

#include "core/string.h"
#include "hook/trace_ring.h"
#include "rv/errno.h"
#include "rv/kinds.h"

uint64_t trace_kinds;
unsigned trace_payload_bytes;
struct trace_plan trace_plans[RV_EVENT_KIND_COUNT];
struct hook_owner trace_owner = { .name = "ritectl", .name_bytes = sizeof("ritectl") };

static bool trace_is_taken; /* there is a recording, stopped or not */

static void trace_make_plan(uint32_t number)
{
	const struct rv_kind *kind = &rv_kinds[number];
	struct trace_plan plan = { .ends = { 0 } };
	unsigned count = 0;

	for (unsigned part = 0; part < TRACE_PART_COUNT; part++) {
		for (uint32_t i = 0; i < kind->nr_fields && count < ARRAY_LENGTH(plan.fields); i++) {
			if (!trace_has(kind, i, (enum trace_part)part))
				continue;
			plan.fields[count].offset = kind->fields[i].offset;
			plan.fields[count++].bytes = (uint8_t)kind->fields[i].bytes;
		}
		plan.ends[part] = (uint8_t)count;
	}
	trace_plans[number] = plan;
}

/* One that delivers to itself has nobody. */
void trace_watch_owner(struct hook_owner *owner)
{
	if (trace_kinds == 0 || owner->deliver == trace_deliver || owner->deliver == NULL)
		return;
	owner->untraced = owner->deliver;
	if (strlen(owner->name) < TRACE_NAME_BYTES)
		owner->name_bytes = (uint8_t)(strlen(owner->name) + 1);
	__atomic_store_n(&owner->deliver, trace_deliver, __ATOMIC_RELEASE);
}

static void trace_watch_all(bool watch)
{
	spinlock_acquire(&hook_table_lock);
	for (struct hook_owner *owner = hook_first_owner(); owner != NULL; owner = owner->next) {
		if (watch)
			trace_watch_owner(owner);
		else if (owner->deliver == trace_deliver)
			__atomic_store_n(&owner->deliver, owner->untraced, __ATOMIC_RELEASE);
	}
	spinlock_release(&hook_table_lock);
}

int trace_begin(const struct trace_setup *setup)
{
	int error;

	if (setup->payload_bytes > TRACE_PAYLOAD_BYTES_MAXIMUM)
		return -RV_EINVAL;
	if (__atomic_exchange_n(&trace_is_taken, true, __ATOMIC_ACQUIRE))
		return -RV_EBUSY;
	error = trace_rings_begin(setup->uuid, setup->nr_packets);
	if (error != 0) {
		__atomic_store_n(&trace_is_taken, false, __ATOMIC_RELEASE);
		return error;
	}
	for (uint32_t kind = RV_EVENT_NONE + 1; kind < RV_EVENT_KIND_COUNT; kind++)
		trace_make_plan(kind);
	trace_payload_bytes = setup->payload_bytes;
	__atomic_store_n(&trace_kinds, setup->kinds, __ATOMIC_RELEASE);
	trace_watch_all(true);
	return 0;
}

int trace_hook(uint32_t kind, bool all, uint64_t first, uint64_t last)
{
	struct rv_hook_spec spec = { .kind = kind, .fixed = RV_FIXED_TRACE };
	int id;

	if (!rv_kind_is(kind))
		return -RV_EINVAL;
	if (!all) {
		spec.nr_clauses = 1;
		spec.clauses[0] = (struct rv_clause){
			.field = rv_kind_field_with(kind, RV_FIELD_ADDRESS),
			.mask = UINT64_MAX,
			.first = first,
			.last = last,
		};
	}
	/* The guest waits while each page of device memory is seen to. */
	if (rv_kind_has(kind, RV_KIND_MEMORY) && (all || last - first >= RV_HOOK_BYTES_IN_EVENT))
		return -RV_E2BIG;
	if (!hook_owner_lock(&trace_owner))
		return -RV_EBUSY;
	id = hook_add(&trace_owner, &spec);
	hook_owner_unlock(&trace_owner);
	return id < 0 ? id : 0;
}

int trace_stop(void)
{
	__atomic_store_n(&trace_kinds, 0, __ATOMIC_RELEASE);
	trace_watch_all(false);
	if (!hook_owner_lock(&trace_owner))
		return -RV_EBUSY;
	hook_remove_all(&trace_owner, false);
	hook_owner_unlock(&trace_owner);
	return 0;
}

void trace_end(void)
{
	trace_rings_end();
	__atomic_store_n(&trace_is_taken, false, __ATOMIC_RELEASE);
}
