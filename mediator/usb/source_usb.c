/*
 * mediator/usb/source_usb.c: USB devices that come and go, and what they are asked for, as events.
 */
#include "hook/hook_internal.h"
#include "mediator/source_request.h"
#include "mediator/usb/usb.h"

static int source_usb_claim(struct hook *hook)
{
	int error = usb_watch();

	if (error == 0)
		hook_list_request(hook);
	return error;
}

static void source_usb_release(struct hook *hook)
{
	hook_unlist_request(hook);
	usb_unwatch();
}

static int source_usb_transfer_claim(struct hook *hook)
{
	int error = usb_watch_transfers();

	if (error == 0)
		hook_list_request(hook);
	return error;
}

static void source_usb_transfer_release(struct hook *hook)
{
	hook_unlist_request(hook);
	usb_unwatch_transfers();
}

static void source_usb_fill_device(struct rv_event *event, const struct request_usb *usb)
{
	event->usb_number = usb->number;
	event->usb_vendor_id = usb->vendor_id;
	event->usb_product_id = usb->product_id;
	event->usb_class = usb->class_code;
	event->usb_speed = usb->speed;
	event->usb_port = usb->port;
}

static void source_usb_fill(struct rv_event *event, const struct event_origin *origin)
{
	const struct request *request = origin->request;
	const struct request_usb none = { 0 }, *usb = request != NULL ? &request->usb : &none; /* `check` plays without */

	event->flags = 0;
	event->request = request != NULL ? request->handle : 0;
	event->refusal = 0;
	event->data_bytes = 0;
	event->answer_bytes = 0;
	source_usb_fill_device(event, usb);
}

void source_usb_fill_endpoint(struct rv_event *event, const struct request_usb *usb)
{
	source_usb_fill_device(event, usb);
	event->usb_endpoint = usb->endpoint;
	event->usb_direction = usb->direction;
	event->usb_type = usb->type;
	event->usb_interface = usb->interface;
	event->usb_interface_class = usb->interface_class;
}

static void source_usb_transfer_fill(struct rv_event *event, const struct event_origin *origin)
{
	const struct request *request = origin->request;
	const struct request_usb *usb = &request->usb;

	source_request_fill(event, request);
	source_usb_fill_endpoint(event, usb);
	event->usb_request_type = usb->request_type;
	event->usb_request_code = usb->request_code;
	event->usb_value = usb->value;
	event->usb_index = usb->index;
	event->usb_length = usb->length;
	event->usb_status = usb->status;
	event->usb_latency_us = source_request_latency_us(request);
	event->marks = request->marks;
}

static void source_usb_note(struct event_origin *origin, const struct rv_event *event)
{
	origin->request->is_spoiled = false;
	if (event->flags & RV_EVENT_DONE_WANTED)
		origin->request->marks |= event->marks;
}

static enum access_result source_usb_apply(struct event_origin *origin, enum rv_verdict verdict,
					   const struct rv_event *event)
{
	if (verdict != RV_VERDICT_DENY && verdict != RV_VERDICT_DROP)
		return ACCESS_PASS;
	source_request_end(origin->request, verdict, event);
	return ACCESS_DONE;
}

static void source_usb_pose(struct event_origin *origin, const struct rv_event *event)
{
	origin->request->kind = origin->request->asked = event->kind;
	origin->request->usb = (struct request_usb){
		.number = event->usb_number,
		.vendor_id = event->usb_vendor_id,
		.product_id = event->usb_product_id,
		.class_code = event->usb_class,
		.speed = event->usb_speed,
		.port = event->usb_port,
	};
}

SOURCE(usb_attach) = {
	.kind = RV_EVENT_USB_ATTACH,
	.attach = source_usb_claim,
	.detach = source_usb_release,
	.fill = source_usb_fill,
	.apply = source_usb_apply,
	.pose = source_usb_pose,
};

/* An error of the script's changes nothing. */
static enum access_result source_usb_pass(struct event_origin *origin, enum rv_verdict verdict, const struct rv_event *event)
{
	(void)origin;
	(void)verdict;
	(void)event;
	return ACCESS_PASS;
}

SOURCE(usb_detach) = {
	.kind = RV_EVENT_USB_DETACH,
	.attach = source_usb_claim,
	.detach = source_usb_release,
	.fill = source_usb_fill,
	.apply = source_usb_pass,
};

static void source_usb_transfer_pose(struct event_origin *origin, const struct rv_event *event)
{
	struct request_usb *usb = &origin->request->usb;

	source_usb_pose(origin, event);
	usb->endpoint = event->usb_endpoint;
	usb->direction = event->usb_direction;
	usb->type = event->usb_type;
	usb->interface = event->usb_interface;
	usb->interface_class = event->usb_interface_class;
	usb->request_type = event->usb_request_type;
	usb->request_code = event->usb_request_code;
	usb->value = event->usb_value;
	usb->index = event->usb_index;
	usb->length = event->usb_length;
	usb->status = event->usb_status;
	origin->request->end_tsc = event->usb_latency_us; /* as a disk's */
}

#define SOURCE_USB(name, constant)                                                                 \
	SOURCE(name) = {                                                                           \
		.kind = constant,                                                                  \
		.attach = source_usb_transfer_claim,                                               \
		.detach = source_usb_transfer_release,                                             \
		.fill = source_usb_transfer_fill,                                                  \
		.note = source_usb_note,                                                           \
		.hold = source_request_hold,                                                       \
		.can_hold = source_request_can_hold,                                               \
		.data = source_request_data,                                                       \
		.is_spoiled = source_request_is_spoiled,                                           \
		.apply = source_usb_apply,                                                         \
		.pose = source_usb_transfer_pose,                                                  \
	}

SOURCE_USB(usb_control, RV_EVENT_USB_CONTROL);
SOURCE_USB(usb_transfer, RV_EVENT_USB_TRANSFER);
SOURCE_USB(usb_done, RV_EVENT_USB_DONE);
