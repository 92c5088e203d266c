/*
 * mediator/source_request.h: what the sources of requests have in common, whatever the class.
 */
#ifndef MEDIATOR_SOURCE_REQUEST_H
#define MEDIATOR_SOURCE_REQUEST_H

#include "core/time.h"
#include "hook/source.h"
#include "mediator/request.h"
#include "rv/abi.h"

/* Members of struct source. */
int source_request_data(struct event_origin *origin, uint64_t offset, void *buffer, size_t length_bytes, bool write);
int source_request_resize(struct event_origin *origin, uint64_t bytes);
void source_request_hold(struct event_origin *origin, const struct hook *hook, const struct rv_event *event,
			 bool accepts);
bool source_request_can_hold(const struct event_origin *origin);
bool source_request_is_spoiled(const struct event_origin *origin);

/* What events of all classes have of a request; the class's own fields come behind. */
static inline void source_request_fill(struct rv_event *event, const struct request *request)
{
	event->flags = 0;
	event->request = request->handle;
	event->refusal = 0;
	event->data_bytes = request->data_bytes;
	event->answer_bytes = 0;
}

/* From its beginning to its end; 0: it has none yet. */
static inline uint64_t source_request_latency_us(const struct request *request)
{
	return time_tsc_hz == 0 || request->end_tsc <= request->start_tsc ? 0
		: (request->end_tsc - request->start_tsc) / (time_tsc_hz / 1000000);
}

/* DENY or DROP; `event` as in apply(). */
void source_request_end(struct request *request, enum rv_verdict verdict, const struct rv_event *event);

#endif
