/*
 * live_usbmon.c: USB transfers as Linux's usbmon has them (Documentation/usb/usbmon.rst, struct usbmon_packet, as mmap()
 * gives it), for live_pcapng.c.
 */
#include "live.h"

#include <errno.h>
#include <string.h>

#include "rv/usb.h"

#define USBMON_IN 0x80u
#define NS_PER_S 1000000000u

static uint64_t usbmon_value(const struct live_event *event, const char *name)
{
	uint64_t value = 0;

	(void)live_value(event, name, &value);
	return value;
}

bool usbmon_takes_kind(uint32_t kind)
{
	return kind == RV_EVENT_USB_CONTROL || kind == RV_EVENT_USB_TRANSFER || kind == RV_EVENT_USB_DONE;
}

bool usbmon_takes(const struct live_event *event)
{
	return usbmon_takes_kind(event->head.kind) && (event->head.phase == TRACE_SUBMITTED || event->head.phase == TRACE_COMPLETED);
}

uint32_t usbmon_bus(const struct live_event *event)
{
	return (uint32_t)(usbmon_value(event, "device") >> 8 & UINT8_MAX) + 1;
}

uint32_t usbmon_length(const struct live_event *event)
{
	bool is_moved = event->head.phase == TRACE_SUBMITTED || event->head.kind == RV_EVENT_USB_DONE;

	return is_moved ? (uint32_t)usbmon_value(event, "length") : 0; /* of one that did not reach the device none */
}

/* By the controller's completion code (xHCI 1.2, table 6-90). */
static int32_t usbmon_status(const struct live_event *event)
{
	if (event->head.phase == TRACE_SUBMITTED)
		return -EINPROGRESS;
	if (event->head.kind != RV_EVENT_USB_DONE)
		return -EPIPE; /* refused: as a STALL */
	switch (usbmon_value(event, "status")) {
	case 0:
		return 0;
	case 6: /* STALL */
		return -EPIPE;
	case 3: /* babble, and a bandwidth overrun */
	case 8:
		return -EOVERFLOW;
	default:
		return -EPROTO;
	}
}

static void usbmon_put_setup(uint8_t *bytes, const struct live_event *event)
{
	uint16_t words[] = { (uint16_t)usbmon_value(event, "value"), (uint16_t)usbmon_value(event, "index"),
			     (uint16_t)usbmon_value(event, "length") };

	bytes[0] = (uint8_t)usbmon_value(event, "request_type");
	bytes[1] = (uint8_t)usbmon_value(event, "request_code");
	memcpy(bytes + 2, words, sizeof(words));
}

void usbmon_fill(struct usbmon_header *header, const struct live_event *event)
{
	static const uint8_t types[] = { 2, 0, 3, 1 }; /* by enum rv_usb_type */
	bool begins = event->head.phase == TRACE_SUBMITTED, goes_in = usbmon_value(event, "direction") != 0;
	uint64_t type = usbmon_value(event, "type") & 3;
	bool has_setup = begins && type == RV_USB_CONTROL;

	*header = (struct usbmon_header){
		.id = usbmon_value(event, "request"),
		.phase = begins ? 'S' : 'C',
		.type = types[type],
		.endpoint = (uint8_t)(usbmon_value(event, "endpoint") | (goes_in ? USBMON_IN : 0)),
		.device = (uint8_t)usbmon_value(event, "device"),
		.bus = (uint16_t)usbmon_bus(event),
		.has_no_setup = has_setup ? 0 : '-',
		.has_no_data = event->payload_length != 0 ? 0 : goes_in ? '<' : '>',
		.time_s = (int64_t)(event->time_ns / NS_PER_S),
		.time_us = (int32_t)(event->time_ns % NS_PER_S / 1000),
		.status = usbmon_status(event),
		.length = usbmon_length(event),
		.captured = event->payload_length,
	};
	if (has_setup)
		usbmon_put_setup(header->setup, event);
}
