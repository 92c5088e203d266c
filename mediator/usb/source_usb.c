/*
 * mediator/usb/source_usb.c: USB devices that come and go, as events.
 */
#include "hook/hook_internal.h"
#include "mediator/request.h"
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

static void source_usb_fill(struct rv_event *event, const struct event_origin *origin)
{
	const struct request *request = origin->request;
	const struct request_usb none = { 0 }, *usb = request != NULL ? &request->usb : &none; /* `check` plays without */

	event->flags = 0;
	event->request = request != NULL ? request->handle : 0;
	event->refusal = 0;
	event->data_bytes = 0;
	event->answer_bytes = 0;
	event->usb_number = usb->number;
	event->usb_vendor_id = usb->vendor_id;
	event->usb_product_id = usb->product_id;
	event->usb_class = usb->class_code;
	event->usb_speed = usb->speed;
	event->usb_port = usb->port;
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
