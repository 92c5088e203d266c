/*
 * mediator/net/packet.c: frames as requests: what all cards have in common.
 */
#include "mediator/net/packet.h"

#include "core/memory.h"
#include "rv/errno.h"

const char *packet_gather(struct bounce *bounce, uint32_t before_bytes)
{
	uint64_t bytes = bounce_segments_bytes(bounce);
	int error;

	if (bytes < PACKET_BYTES_MINIMUM || bytes > RV_FRAME_BYTES_MAXIMUM)
		return "it has a length that no packet has";
	error = bounce_take_bytes(bounce, before_bytes + bytes);
	if (error != 0)
		return error == -RV_ENOMEM ? "there is not enough memory for it: give more with memory="
					   : "it is longer than a packet can be";
	return bounce_gather_at(bounce, before_bytes) != 0 ? "it is not in the guest's memory" : NULL;
}

void packet_begin(struct request *request, struct bounce *bounce, uint32_t before_bytes, uint32_t kind)
{
	uint64_t length_bytes = bounce->length_bytes - before_bytes, there = PAGE_BYTES - before_bytes;

	request_begin(request, kind);
	request->data_bytes = length_bytes;
	frame_parse(&request->frame, bounce->pages[0] + before_bytes,
		    (uint32_t)(length_bytes < there ? length_bytes : there), (uint32_t)length_bytes);
}

int packet_copy(struct bounce *bounce, uint32_t before_bytes, const struct bounce *frame)
{
	int error = bounce_take_bytes(bounce, before_bytes + frame->length_bytes);

	for (uint64_t at = 0; error == 0 && at < frame->length_bytes; at += PAGE_BYTES) {
		uint64_t left = frame->length_bytes - at;

		bounce_copy(bounce, before_bytes + at, frame->pages[at / PAGE_BYTES], left < PAGE_BYTES ? left : PAGE_BYTES, true);
	}
	return error;
}

int packet_resize(struct request *request, struct bounce *bounce, uint32_t before_bytes, uint64_t bytes)
{
	int error;

	if (bytes < PACKET_BYTES_MINIMUM || bytes > RV_FRAME_BYTES_MAXIMUM)
		return -RV_ERANGE;
	error = bounce_resize(bounce, before_bytes + bytes);
	if (error == 0)
		request->data_bytes = bytes;
	return error == -RV_E2BIG ? -RV_ERANGE : error;
}
