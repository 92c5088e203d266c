/*
 * mediator/source_request.c: a request's data, and its waiting, for the sources of all classes.
 */
#include "mediator/source_request.h"

#include "mediator/request.h"
#include "rv/errno.h"

/* What the device is to give is there before it has: unless the request is dropped then, the device's own comes in its
 * place. */
static int source_request_answer(struct request *request, uint64_t offset, void *buffer, size_t length_bytes)
{
	if (request->kind != request->asked || request->answer_bytes == 0)
		return -RV_EAGAIN;
	if (offset > request->answer_bytes || length_bytes > request->answer_bytes - offset)
		return -RV_ERANGE;
	request->is_answered = true;
	return request->data(request, offset, buffer, length_bytes, true);
}

int source_request_data(struct event_origin *origin, uint64_t offset, void *buffer, size_t length_bytes, bool write)
{
	struct request *request = origin->request;

	if (request == NULL || request->data == NULL)
		return -RV_EAGAIN;
	if (request->data_bytes == 0 && write)
		return source_request_answer(request, offset, buffer, length_bytes);
	if (request->data_bytes == 0)
		return -RV_EAGAIN;
	if (offset > request->data_bytes || length_bytes > request->data_bytes - offset)
		return -RV_ERANGE;
	if (write)
		request->data_changed = request->is_spoiled = true;
	return request->data(request, offset, buffer, length_bytes, write);
}

int source_request_resize(struct event_origin *origin, uint64_t bytes)
{
	struct request *request = origin->request;
	int error;

	if (request == NULL || request->data == NULL || request->data_bytes == 0)
		return -RV_EAGAIN;
	if (request->resize == NULL)
		return -RV_ENOTSUP;
	error = request->resize(request, bytes);
	if (error == 0)
		request->data_changed = request->is_spoiled = true;
	return error;
}

void source_request_hold(struct event_origin *origin, const struct hook *hook, const struct rv_event *event,
			 bool accepts)
{
	uint64_t us = *(const volatile uint64_t *)&event->hold_us;

	if (accepts)
		origin->request->after = UINT64_MAX;
	origin->is_held = true;
	request_hold(origin->request, hook, us, (event->flags & RV_EVENT_DELAYED) != 0);
}

bool source_request_can_hold(const struct event_origin *origin)
{
	return !origin->request->cannot_wait;
}

bool source_request_is_spoiled(const struct event_origin *origin)
{
	return origin->request->is_spoiled;
}

void source_request_end(struct request *request, enum rv_verdict verdict, const struct rv_event *event)
{
	request->verdict = verdict;
	request->refusal = event != NULL ? *(const volatile uint32_t *)&event->refusal : 0;
}
