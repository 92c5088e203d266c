/*
 * mediator/net/source_net.c: packets as events.
 */
#include "hook/hook_internal.h"
#include "mediator/net/nic.h"
#include "mediator/source_request.h"

static int source_net_attach(struct hook *hook)
{
	int error = nic_watch();

	if (error == 0)
		hook_list_request(hook);
	return error;
}

static void source_net_detach(struct hook *hook)
{
	hook_unlist_request(hook);
	nic_unwatch();
}

static void source_net_fill(struct rv_event *event, const struct event_origin *origin)
{
	const struct request *request = origin->request;
	const struct frame *frame = &request->frame;

	source_request_fill(event, request);
	event->net_src = frame->src;
	event->net_src_low = frame->src_low;
	event->net_dst = frame->dst;
	event->net_dst_low = frame->dst_low;
	event->net_sport = frame->sport;
	event->net_dport = frame->dport;
	event->net_ethertype = frame->ethertype;
	event->net_protocol = frame->protocol;
	event->net_vlan = frame->vlan;
	event->net_length = frame->length_bytes;
	event->net_nic = frame->nic;
	event->net_queue = frame->queue;
	event->net_network_at = frame->network_at;
	event->net_transport_at = frame->transport_at;
	event->net_payload_at = frame->payload_at;
	event->net_gso_size = frame->gso_bytes;
	event->net_csum_partial = frame->has_partial_checksum;
	event->net_fragment = frame->is_fragment;
}

/* What the next hooks are asked about is what it has become. */
static void source_net_note(struct event_origin *origin, const struct rv_event *event)
{
	struct request *request = origin->request;
	uint8_t headers[FRAME_HEADER_BYTES];
	uint64_t bytes = request->data_bytes < sizeof(headers) ? request->data_bytes : sizeof(headers);

	(void)event;
	if (!request->is_spoiled)
		return;
	request->is_spoiled = false;
	if (request->data(request, 0, headers, bytes, false) != 0)
		bytes = 0;
	frame_parse(&request->frame, headers, (uint32_t)bytes, (uint32_t)request->data_bytes);
}

static enum access_result source_net_apply(struct event_origin *origin, enum rv_verdict verdict,
					   const struct rv_event *event)
{
	if (verdict != RV_VERDICT_DENY && verdict != RV_VERDICT_DROP)
		return ACCESS_PASS;
	source_request_end(origin->request, verdict, event);
	return ACCESS_DONE;
}

static void source_net_pose(struct event_origin *origin, const struct rv_event *event)
{
	origin->request->kind = origin->request->asked = event->kind;
	origin->request->frame = (struct frame){
		.src = event->net_src,
		.src_low = event->net_src_low,
		.dst = event->net_dst,
		.dst_low = event->net_dst_low,
		.sport = event->net_sport,
		.dport = event->net_dport,
		.ethertype = event->net_ethertype,
		.protocol = event->net_protocol,
		.vlan = event->net_vlan,
		.length_bytes = event->net_length,
		.network_at = event->net_network_at,
		.transport_at = event->net_transport_at,
		.payload_at = event->net_payload_at,
		.is_fragment = event->net_fragment != 0,
		.has_partial_checksum = event->net_csum_partial != 0,
		.gso_bytes = event->net_gso_size,
		.nic = event->net_nic,
		.queue = event->net_queue,
	};
}

#define SOURCE_NET(name, constant)                                                                 \
	SOURCE(name) = {                                                                           \
		.kind = constant,                                                                  \
		.attach = source_net_attach,                                                       \
		.detach = source_net_detach,                                                       \
		.fill = source_net_fill,                                                           \
		.note = source_net_note,                                                           \
		.hold = source_request_hold,                                                       \
		.data = source_request_data,                                                       \
		.resize = source_request_resize,                                                   \
		.is_spoiled = source_request_is_spoiled,                                           \
		.apply = source_net_apply,                                                         \
		.pose = source_net_pose,                                                           \
	}

SOURCE_NET(net_tx, RV_EVENT_NET_TX);
SOURCE_NET(net_rx, RV_EVENT_NET_RX);

/* A card that the guest's driver has set up: a request without data, on which nothing hangs. */
static void source_nic_fill(struct rv_event *event, const struct event_origin *origin)
{
	event->nic_mac = origin->request != NULL ? origin->request->nic.mac : 0;
	event->nic_number = origin->request != NULL ? origin->request->nic.number : 0;
}

/* An error of the script's changes nothing. */
static enum access_result source_nic_apply(struct event_origin *origin, enum rv_verdict verdict,
					   const struct rv_event *event)
{
	(void)origin;
	(void)verdict;
	(void)event;
	return ACCESS_PASS;
}

SOURCE(nic_attach) = {
	.kind = RV_EVENT_NIC_ATTACH,
	.attach = source_net_attach,
	.detach = source_net_detach,
	.fill = source_nic_fill,
	.apply = source_nic_apply,
};
