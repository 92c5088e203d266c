/*
 * tests/kinds/source_speaker.c: the source of a kind that a test adds to a copy of the project, beside
 * its entry in the table: writes of the PC speaker's control port.
 */
#include "hook/hook_internal.h"
#include "rv/kinds.h"

#define SPEAKER_PORT 0x61
#define SPEAKER_DIVISOR 1193

static int source_speaker_attach(struct hook *hook)
{
	hook->region.first = hook->region.last = SPEAKER_PORT;
	return pio_register(&hook->region);
}

static void source_speaker_detach(struct hook *hook)
{
	pio_unregister(&hook->region);
}

static void source_speaker_fill(struct rv_event *event, const struct event_origin *origin)
{
	source_access_fill(event, origin);
	event->cpuid_subleaf = SPEAKER_DIVISOR;
}

static void source_speaker_pose(struct event_origin *origin, const struct rv_event *event)
{
	source_access_pose(origin, event, ACCESS_PORT);
	origin->access->address = SPEAKER_PORT;
	origin->access->width_bytes = 1;
}

SOURCE(speaker) = {
	.kind = RV_EVENT_SPEAKER,
	.attach = source_speaker_attach,
	.detach = source_speaker_detach,
	.fill = source_speaker_fill,
	.fetch = source_access_fetch,
	.apply = source_access_apply,
	.pose = source_speaker_pose,
};
