/*
 * hook/source_access.c: accesses to ports, device memory and MSRs as events; and what those share with
 * CPUID and PCI, which have files of their own.
 */
#include "hook/hook_internal.h"
#include "rv/errno.h"
#include "rv/kinds.h"

void source_access_fill(struct rv_event *event, const struct event_origin *origin)
{
	const struct access *access = origin->access;

	/* An earlier hook may have fetched or answered already. */
	event->flags = access->resolved ? RV_EVENT_FETCHED : 0;
	event->address = access->address;
	event->value = access->value;
	event->width_bytes = access->width_bytes;
	event->base = access->base;
}

int source_access_fetch(struct rv_event *event, struct event_origin *origin)
{
	struct access *access = origin->access;

	if (access->write)
		return -RV_EAGAIN;
	access_fetch(access);
	if (access->fault)
		return -RV_EFAULT;
	event->value = access->value;
	event->flags |= RV_EVENT_FETCHED;
	return 0;
}

enum access_result source_access_apply(struct event_origin *origin, enum rv_verdict verdict,
				       const struct rv_event *event)
{
	struct access *access = origin->access;

	if (verdict == RV_VERDICT_DENY) {
		access_deny(access);
		return ACCESS_DONE;
	}
	if (verdict == RV_VERDICT_DROP) {
		access_drop(access);
		return ACCESS_DONE;
	}
	/* The answer, or the value to write instead. Hooks behind this one still see the access. */
	access->value = event->value & access_mask(access);
	access_answer(access);
	return ACCESS_PASS;
}

void source_access_pose(struct event_origin *origin, const struct rv_event *event,
			enum access_kind kind)
{
	*origin->access = (struct access){
		.vcpu = origin->vcpu,
		.kind = (uint8_t)kind,
		.write = rv_kind_has(event->kind, RV_KIND_WRITE),
		.width_bytes = (uint8_t)event->width_bytes,
		.address = event->address,
		.value = event->value,
	};
}

static int source_port_attach(struct hook *hook)
{
	return hook->spec.follows != 0 ? hook_follow_attach(hook, ACCESS_PORT) : pio_register(&hook->region);
}

static void source_port_detach(struct hook *hook)
{
	if (hook->spec.follows != 0)
		hook_follow_detach(hook);
	else
		pio_unregister(&hook->region);
}

static void source_port_pose(struct event_origin *origin, const struct rv_event *event)
{
	source_access_pose(origin, event, ACCESS_PORT);
}

static int source_mmio_attach(struct hook *hook)
{
	hook->region.writes_only = hook->write;
	return hook->spec.follows != 0 ? hook_follow_attach(hook, ACCESS_MMIO) : mmio_register(&hook->region);
}

static void source_mmio_detach(struct hook *hook)
{
	if (hook->spec.follows != 0)
		hook_follow_detach(hook);
	else
		mmio_unregister(&hook->region);
}

static void source_mmio_pose(struct event_origin *origin, const struct rv_event *event)
{
	source_access_pose(origin, event, ACCESS_MMIO);
}

static int source_msr_attach(struct hook *hook)
{
	return msr_register(&hook->region, !hook->write, hook->write);
}

static void source_msr_detach(struct hook *hook)
{
	msr_unregister(&hook->region, !hook->write, hook->write);
}

static void source_msr_pose(struct event_origin *origin, const struct rv_event *event)
{
	source_access_pose(origin, event, ACCESS_MSR);
}

#define SOURCE_ACCESS(name, constant, registry)                                                    \
	SOURCE(name) = {                                                                           \
		.kind = constant,                                                                  \
		.attach = source_##registry##_attach,                                              \
		.detach = source_##registry##_detach,                                              \
		.fill = source_access_fill,                                                        \
		.fetch = source_access_fetch,                                                      \
		.apply = source_access_apply,                                                      \
		.pose = source_##registry##_pose,                                                  \
		.in_place = true,                                                                  \
	}

SOURCE_ACCESS(port_read, RV_EVENT_PORT_READ, port);
SOURCE_ACCESS(port_write, RV_EVENT_PORT_WRITE, port);
SOURCE_ACCESS(mmio_read, RV_EVENT_MMIO_READ, mmio);
SOURCE_ACCESS(mmio_write, RV_EVENT_MMIO_WRITE, mmio);
SOURCE_ACCESS(msr_read, RV_EVENT_MSR_READ, msr);
SOURCE_ACCESS(msr_write, RV_EVENT_MSR_WRITE, msr);
