/*
 * hook/source_cpuid.c: CPUID as an event: a leaf, a subleaf, four results.
 */
#include "hook/hook_internal.h"
#include "rv/errno.h"

static int source_cpuid_attach(struct hook *hook)
{
	return cpuid_register(&hook->region);
}

static void source_cpuid_detach(struct hook *hook)
{
	cpuid_unregister(&hook->region);
}

static void source_cpuid_fill(struct rv_event *event, const struct event_origin *origin)
{
	const struct access *access = origin->access;
	uint32_t subleaf = (uint32_t)(access->address >> 32);

	source_access_fill(event, origin);
	event->address = (uint32_t)access->address;
	event->cpuid_subleaf = subleaf;
	for (unsigned i = 0; i < ARRAY_LENGTH(event->cpuid); i++)
		event->cpuid[i] = access->resolved ? access->cpuid[i] : 0;
	if (!access->resolved)
		event->cpuid[2] = subleaf;
}

static int source_cpuid_fetch(struct rv_event *event, struct event_origin *origin)
{
	int error = source_access_fetch(event, origin);

	for (unsigned i = 0; error == 0 && i < ARRAY_LENGTH(event->cpuid); i++)
		event->cpuid[i] = origin->access->cpuid[i];
	return error;
}

static enum access_result source_cpuid_apply(struct event_origin *origin, enum rv_verdict verdict,
					     const struct rv_event *event)
{
	if (verdict == RV_VERDICT_CHANGE) {
		for (unsigned i = 0; i < ARRAY_LENGTH(event->cpuid); i++)
			origin->access->cpuid[i] = event->cpuid[i];
	}
	return source_access_apply(origin, verdict, event);
}

static void source_cpuid_pose(struct event_origin *origin, const struct rv_event *event)
{
	source_access_pose(origin, event, ACCESS_CPUID);
	origin->access->address |= (uint64_t)event->cpuid_subleaf << 32;
}

SOURCE(cpuid) = {
	.kind = RV_EVENT_CPUID,
	.attach = source_cpuid_attach,
	.detach = source_cpuid_detach,
	.fill = source_cpuid_fill,
	.fetch = source_cpuid_fetch,
	.apply = source_cpuid_apply,
	.pose = source_cpuid_pose,
};
