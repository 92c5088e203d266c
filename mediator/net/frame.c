/*
 * mediator/net/frame.c: parses the headers of a frame, each byte of which may be a lie: nothing is taken from behind
 * what there is.
 */
#include "mediator/net/frame.h"

#include "rv/net.h"

#define FRAME_ETHERTYPE_AT 12
#define FRAME_TAGS_MAXIMUM 2
#define FRAME_EXTENSIONS_MAXIMUM 16

/* The part of a frame that is looked at. */
struct frame_view {
	const uint8_t *bytes;
	uint32_t end;
};

static bool frame_has(const struct frame_view *view, uint32_t at, uint32_t count)
{
	return at <= view->end && count <= view->end - at;
}

static uint32_t frame_u16(const struct frame_view *view, uint32_t at)
{
	return (uint32_t)view->bytes[at] << 8 | view->bytes[at + 1];
}

static uint64_t frame_number(const struct frame_view *view, uint32_t at, uint32_t count)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < count; i++)
		value = value << 8 | view->bytes[at + i];
	return value;
}

/* TCP, UDP, DCCP, SCTP and UDP-Lite begin with two ports. */
static bool frame_protocol_has_ports(uint32_t protocol)
{
	return protocol == RV_PROTOCOL_TCP || protocol == RV_PROTOCOL_UDP || protocol == 33 || protocol == 132 ||
	       protocol == 136;
}

static uint32_t frame_transport_bytes(const struct frame_view *view, uint32_t protocol, uint32_t at)
{
	switch (protocol) {
	case RV_PROTOCOL_TCP: /* RFC 9293, 3.1: the data offset */
		return frame_has(view, at, 20) ? (view->bytes[at + 12] >> 4) * 4u : 0;
	case RV_PROTOCOL_UDP:
	case RV_PROTOCOL_ICMP:
	case RV_PROTOCOL_ICMPV6:
		return 8;
	default:
		return 0;
	}
}

static void frame_parse_transport(struct frame *frame, const struct frame_view *view, uint32_t at)
{
	uint32_t bytes;

	if (!frame_has(view, at, 1))
		return;
	frame->transport_at = (uint16_t)at;
	if (frame_protocol_has_ports(frame->protocol) && frame_has(view, at, 4)) {
		frame->sport = frame_u16(view, at);
		frame->dport = frame_u16(view, at + 2);
	}
	bytes = frame_transport_bytes(view, frame->protocol, at);
	if (frame_has(view, at, bytes))
		frame->payload_at = (uint16_t)(at + bytes);
}

/* RFC 791, 3.1. */
static void frame_parse_ipv4(struct frame *frame, const struct frame_view *view, uint32_t at)
{
	uint32_t bytes, part;

	if (!frame_has(view, at, 20) || view->bytes[at] >> 4 != 4)
		return;
	bytes = (view->bytes[at] & 0xf) * 4u;
	part = frame_u16(view, at + 6);
	frame->protocol = view->bytes[at + 9];
	frame->src = frame_number(view, at + 12, 4);
	frame->dst = frame_number(view, at + 16, 4);
	frame->is_fragment = (part & 0x3fff) != 0;
	if (bytes < 20 || !frame_has(view, at, bytes))
		return;
	if ((part & 0x1fff) == 0)
		frame_parse_transport(frame, view, at + bytes);
	else
		frame->payload_at = (uint16_t)(at + bytes);
}

/* How long it is; 0: it is none, or not all there (RFC 8200, 4; RFC 4302 of AH). */
static uint32_t frame_extension_bytes(const struct frame_view *view, uint32_t protocol, uint32_t at)
{
	if (!frame_has(view, at, 8))
		return 0;
	switch (protocol) {
	case 0:	  /* hop by hop */
	case 43:  /* routing */
	case 60:  /* destination */
	case 135: /* mobility */
	case 139: /* host identity */
	case 140: /* shim6 */
		return (view->bytes[at + 1] + 1u) * 8;
	case 44:
		return 8;
	case 51:
		return (view->bytes[at + 1] + 2u) * 4;
	default:
		return 0;
	}
}

static void frame_parse_ipv6(struct frame *frame, const struct frame_view *view, uint32_t at)
{
	uint32_t bytes = 0, part = 0;

	if (!frame_has(view, at, 40) || view->bytes[at] >> 4 != 6)
		return;
	frame->protocol = view->bytes[at + 6];
	frame->src = frame_number(view, at + 8, 8);
	frame->src_low = frame_number(view, at + 16, 8);
	frame->dst = frame_number(view, at + 24, 8);
	frame->dst_low = frame_number(view, at + 32, 8);
	at += 40;
	for (unsigned i = 0; i < FRAME_EXTENSIONS_MAXIMUM; i++, at += bytes) {
		bytes = frame_extension_bytes(view, frame->protocol, at);
		if (bytes == 0)
			break;
		if (frame->protocol == 44) {
			frame->is_fragment = (frame_u16(view, at + 2) & 0xfff9) != 0;
			part = frame_u16(view, at + 2) & 0xfff8;
		}
		frame->protocol = view->bytes[at];
		if (part != 0) { /* what follows is the datagram's middle */
			frame->payload_at = frame_has(view, at, 8) ? (uint16_t)(at + 8) : 0;
			return;
		}
	}
	if (bytes == 0)
		frame_parse_transport(frame, view, at);
}

/* RFC 826: who asks, and for whom. */
static void frame_parse_arp(struct frame *frame, const struct frame_view *view, uint32_t at)
{
	if (!frame_has(view, at, 28) || frame_u16(view, at + 2) != RV_ETHERTYPE_IPV4 || view->bytes[at + 4] != 6 ||
	    view->bytes[at + 5] != 4)
		return;
	frame->src = frame_number(view, at + 14, 4);
	frame->dst = frame_number(view, at + 24, 4);
}

static bool frame_is_tag(uint32_t ethertype)
{
	return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100;
}

/* The outermost VLAN is the one that counts. */
static uint32_t frame_parse_tags(struct frame *frame, const struct frame_view *view)
{
	uint32_t at = FRAME_ETHERTYPE_AT;

	for (unsigned i = 0; i < FRAME_TAGS_MAXIMUM && frame_has(view, at, 6) && frame_is_tag(frame_u16(view, at)); i++) {
		if (i == 0)
			frame->vlan = frame_u16(view, at + 2) & 0xfff;
		at += 4;
	}
	return at;
}

void frame_parse(struct frame *frame, const uint8_t *bytes, uint32_t nr_bytes, uint32_t length_bytes)
{
	struct frame_view view = { bytes, nr_bytes < FRAME_HEADER_BYTES ? nr_bytes : FRAME_HEADER_BYTES };
	uint32_t at;

	frame->src = frame->dst = RV_NET_NO_ADDRESS;
	frame->src_low = frame->dst_low = 0;
	frame->sport = frame->dport = frame->ethertype = frame->protocol = frame->vlan = RV_NET_NONE;
	frame->length_bytes = length_bytes;
	frame->network_at = frame->transport_at = frame->payload_at = 0;
	frame->is_fragment = false;
	at = frame_parse_tags(frame, &view);
	if (!frame_has(&view, at, 2))
		return;
	frame->ethertype = frame_u16(&view, at);
	at += 2;
	if (!frame_has(&view, at, 1))
		return;
	frame->network_at = (uint16_t)at;
	if (frame->ethertype == RV_ETHERTYPE_IPV4)
		frame_parse_ipv4(frame, &view, at);
	else if (frame->ethertype == RV_ETHERTYPE_IPV6)
		frame_parse_ipv6(frame, &view, at);
	else if (frame->ethertype == RV_ETHERTYPE_ARP)
		frame_parse_arp(frame, &view, at);
}
