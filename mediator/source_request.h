/*
 * mediator/source_request.h: what the sources of requests have in common, whatever the class.
 */
#ifndef MEDIATOR_SOURCE_REQUEST_H
#define MEDIATOR_SOURCE_REQUEST_H

#include "hook/source.h"

/* Members of struct source. */
int source_request_data(struct event_origin *origin, uint64_t offset, void *buffer, size_t length_bytes, bool write);
int source_request_resize(struct event_origin *origin, uint64_t bytes);
void source_request_hold(struct event_origin *origin, const struct hook *hook, const struct rv_event *event,
			 bool accepts);
bool source_request_is_spoiled(const struct event_origin *origin);
/* DENY or DROP; `event` as in apply(). */
void source_request_end(struct request *request, enum rv_verdict verdict, const struct rv_event *event);

#endif
