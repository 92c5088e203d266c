/*
 * mediator/disk/source_disk.c: requests of disks as events.
 */
#include "hook/hook_internal.h"
#include "mediator/disk/disk.h"
#include "mediator/disk/disk_plug.h"
#include "mediator/disk/redirect.h"
#include "mediator/source_request.h"
#include "rv/errno.h"
#include "rv/kinds.h"

uint32_t disk_era;

static int source_disk_claim(struct hook *hook)
{
	int error = disk_watch();

	if (error == 0)
		hook_list_request(hook);
	return error;
}

static void source_disk_release(struct hook *hook)
{
	hook_unlist_request(hook);
	disk_unwatch();
}

/* Most mediators say it for other commands alone. */
static enum rv_disk_command source_disk_purpose(const struct request *request)
{
	if (request->disk.purpose != RV_DISK_COMMAND_UNKNOWN)
		return request->disk.purpose;
	switch (request->asked) {
	case RV_EVENT_DISK_READ:
		return RV_DISK_COMMAND_READ;
	case RV_EVENT_DISK_WRITE:
		return RV_DISK_COMMAND_WRITE;
	case RV_EVENT_DISK_FLUSH:
		return RV_DISK_COMMAND_FLUSH;
	case RV_EVENT_DISK_DISCARD:
		return RV_DISK_COMMAND_DISCARD;
	default:
		return RV_DISK_COMMAND_UNKNOWN;
	}
}

static void source_disk_fill(struct rv_event *event, const struct event_origin *origin)
{
	const struct request *request = origin->request;
	const struct request_disk *disk = &request->disk;

	source_request_fill(event, request);
	event->answer_bytes = request->kind == RV_EVENT_DISK_DONE ? 0 : request->answer_bytes;
	event->disk_lba = disk->lba;
	event->disk_sectors = disk->sectors;
	event->disk_number = disk->number;
	event->disk_command = RV_DISK_COMMAND_BIT(source_disk_purpose(request));
	event->disk_opcode = disk->command;
	event->disk_argument = disk->argument;
	event->disk_queue = disk->queue;
	event->disk_target = 0;
	event->disk_era = __atomic_load_n(&disk_era, __ATOMIC_ACQUIRE);
	event->disk_status = disk->status;
	event->marks = request->marks;
	event->disk_latency_us = source_request_latency_us(request);
}

static void source_disk_note(struct event_origin *origin, const struct rv_event *event)
{
	origin->request->is_spoiled = false;
	if (event->flags & RV_EVENT_DONE_WANTED)
		origin->request->marks |= event->marks;
}

/* The last who says so counts. */
static void source_disk_redirect(const struct event_origin *origin, uint32_t target)
{
	struct request *request = origin->request;

	if (request->kind == RV_EVENT_DISK_DONE)
		request->is_twice |= target == RV_TARGET_TWICE;
	if (target == 0 || request->kind == RV_EVENT_DISK_DONE || request->kind == RV_EVENT_DISK_COMMAND)
		return;
	request->changed = true;
	redirect_set(request, target, origin->asked);
}

static enum access_result source_disk_apply(struct event_origin *origin, enum rv_verdict verdict,
					    const struct rv_event *event)
{
	struct request *request = origin->request;

	if (verdict == RV_VERDICT_DENY || verdict == RV_VERDICT_DROP) {
		source_request_end(request, verdict, event);
		return ACCESS_DONE;
	}
	source_disk_redirect(origin, *(const volatile uint32_t *)&event->disk_target);
	/* CHANGE, of the one field that can be. Hooks behind this one see what it has become. */
	if (request->kind == RV_EVENT_DISK_READ || request->kind == RV_EVENT_DISK_WRITE) {
		request->disk.lba = event->disk_lba;
		request->changed = true;
	}
	return ACCESS_PASS;
}

/* One that goes elsewhere when it has waited. */
static void source_disk_hold(struct event_origin *origin, const struct hook *hook, const struct rv_event *event, bool accepts)
{
	source_disk_redirect(origin, *(const volatile uint32_t *)&event->disk_target);
	source_request_hold(origin, hook, event, accepts);
}

static void source_disk_pose(struct event_origin *origin, const struct rv_event *event)
{
	origin->request->kind = origin->request->asked = event->kind;
	origin->request->disk = (struct request_disk){
		.lba = event->disk_lba,
		.sectors = event->disk_sectors,
		.number = event->disk_number,
		.purpose = (enum rv_disk_command)__builtin_ctzll(event->disk_command),
		.command = event->disk_opcode,
		.argument = event->disk_argument,
		.queue = event->disk_queue,
		.status = event->disk_status,
	};
	/* As from the device: its latency is what the clock says of its start and end. */
	origin->request->end_tsc = event->disk_latency_us;
}

#define SOURCE_DISK(name, constant)                                                                \
	SOURCE(name) = {                                                                           \
		.kind = constant,                                                                  \
		.attach = source_disk_claim,                                                       \
		.detach = source_disk_release,                                                     \
		.fill = source_disk_fill,                                                          \
		.note = source_disk_note,                                                          \
		.hold = source_disk_hold,                                                          \
		.can_hold = source_request_can_hold,                                               \
		.data = source_request_data,                                                       \
		.is_spoiled = source_request_is_spoiled,                                           \
		.apply = source_disk_apply,                                                        \
		.pose = source_disk_pose,                                                          \
	}

SOURCE_DISK(disk_read, RV_EVENT_DISK_READ);
SOURCE_DISK(disk_write, RV_EVENT_DISK_WRITE);
SOURCE_DISK(disk_flush, RV_EVENT_DISK_FLUSH);
SOURCE_DISK(disk_discard, RV_EVENT_DISK_DISCARD);
SOURCE_DISK(disk_command, RV_EVENT_DISK_COMMAND);
SOURCE_DISK(disk_done, RV_EVENT_DISK_DONE);

/* A disk that is known, or not any more: a request without data, on which nothing hangs. */
static void source_disk_fill_plug(struct rv_event *event, const struct event_origin *origin)
{
	event->disk_number = origin->request != NULL ? origin->request->disk.number : 0;
}

/* An error of the script's changes nothing. */
static enum access_result source_disk_pass(struct event_origin *origin, enum rv_verdict verdict,
					   const struct rv_event *event)
{
	(void)origin;
	(void)verdict;
	(void)event;
	return ACCESS_PASS;
}

#define SOURCE_DISK_PLUG(name, constant)                                                           \
	SOURCE(name) = {                                                                           \
		.kind = constant,                                                                  \
		.attach = source_disk_claim,                                                       \
		.detach = source_disk_release,                                                     \
		.fill = source_disk_fill_plug,                                                     \
		.apply = source_disk_pass,                                                         \
	}

SOURCE_DISK_PLUG(disk_attach, RV_EVENT_DISK_ATTACH);
SOURCE_DISK_PLUG(disk_detach, RV_EVENT_DISK_DETACH);
