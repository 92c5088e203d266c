/*
 * play_frame.c: makes a frame of what an event says of it: Ethernet, a VLAN, IPv4, IPv6 or ARP, and ports.
 */
#include "play_frame.h"

#include "mediator/net/frame.h"
#include "rv/net.h"

#include <string.h>

enum { PLAY_FRAME_BYTES = 128 };

/* Where it is written up to. */
struct play_frame {
	uint8_t bytes[PLAY_FRAME_BYTES];
	unsigned int end;
};

static void play_frame_add(struct play_frame *frame, uint64_t value, unsigned int count)
{
	while (count-- > 0)
		frame->bytes[frame->end++] = (uint8_t)(value >> 8 * count);
}

/* RFC 1071. */
static void play_frame_sum(struct play_frame *frame, unsigned int from, unsigned int at)
{
	uint32_t sum = 0;

	for (unsigned int i = from; i < from + 20; i += 2)
		sum += (uint32_t)frame->bytes[i] << 8 | frame->bytes[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~(sum + (sum >> 16)) & 0xffff;
	frame->bytes[at] = (uint8_t)(sum >> 8);
	frame->bytes[at + 1] = (uint8_t)sum;
}

static void play_frame_add_ipv4(struct play_frame *frame, const struct rv_event *event)
{
	unsigned int at = frame->end;

	play_frame_add(frame, 0x4500, 2);
	play_frame_add(frame, event->net_length - at, 2);
	play_frame_add(frame, event->net_fragment ? 0x2000 : 0, 4);
	play_frame_add(frame, 64, 1);
	play_frame_add(frame, event->net_protocol, 1);
	play_frame_add(frame, 0, 2);
	play_frame_add(frame, event->net_src, 4);
	play_frame_add(frame, event->net_dst, 4);
	play_frame_sum(frame, at, at + 10);
}

static void play_frame_add_ipv6(struct play_frame *frame, const struct rv_event *event)
{
	play_frame_add(frame, 0x60000000, 4);
	play_frame_add(frame, event->net_length - frame->end - 36, 2);
	play_frame_add(frame, event->net_protocol, 1);
	play_frame_add(frame, 64, 1);
	play_frame_add(frame, event->net_src, 8);
	play_frame_add(frame, event->net_src_low, 8);
	play_frame_add(frame, event->net_dst, 8);
	play_frame_add(frame, event->net_dst_low, 8);
}

static void play_frame_add_arp(struct play_frame *frame, const struct rv_event *event)
{
	play_frame_add(frame, 0x0001080006040001, 8);
	play_frame_add(frame, 0x525400123456, 6);
	play_frame_add(frame, event->net_src, 4);
	play_frame_add(frame, 0, 6);
	play_frame_add(frame, event->net_dst, 4);
}

static void play_frame_add_transport(struct play_frame *frame, const struct rv_event *event)
{
	unsigned int at = frame->end;

	play_frame_add(frame, event->net_sport, 2);
	play_frame_add(frame, event->net_dport, 2);
	if (event->net_protocol == RV_PROTOCOL_UDP)
		play_frame_add(frame, event->net_length > at ? event->net_length - at : 0, 2);
	if (event->net_protocol != RV_PROTOCOL_TCP)
		return;
	play_frame_add(frame, 0x0000000100000001, 8);
	play_frame_add(frame, 0x50182000, 4);
}

static uint8_t play_frame_given[RV_FRAME_BYTES_MAXIMUM];
static uint32_t play_frame_bytes;

static int play_frame_digit(char c)
{
	char small = c | 0x20;

	return c >= '0' && c <= '9' ? c - '0' : small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

bool play_frame_line(const char *hexadecimal)
{
	for (; *hexadecimal != '\0'; hexadecimal += 2) {
		int high = play_frame_digit(hexadecimal[0]), low = high < 0 ? -1 : play_frame_digit(hexadecimal[1]);

		if (low < 0 || play_frame_bytes == sizeof(play_frame_given))
			return false;
		play_frame_given[play_frame_bytes++] = (uint8_t)(high << 4 | low);
	}
	return true;
}

void play_frame_fill(struct rv_event *event)
{
	struct frame frame = { 0 };

	if (play_frame_bytes == 0)
		return;
	frame_parse(&frame, play_frame_given, play_frame_bytes, play_frame_bytes);
	event->net_src = frame.src;
	event->net_src_low = frame.src_low;
	event->net_dst = frame.dst;
	event->net_dst_low = frame.dst_low;
	event->net_sport = frame.sport;
	event->net_dport = frame.dport;
	event->net_ethertype = frame.ethertype;
	event->net_protocol = frame.protocol;
	event->net_vlan = frame.vlan;
	event->net_length = frame.length_bytes;
	event->net_network_at = frame.network_at;
	event->net_transport_at = frame.transport_at;
	event->net_payload_at = frame.payload_at;
	event->net_fragment = frame.is_fragment;
}

void play_frame_write(const struct rv_event *event, struct request *request)
{
	struct play_frame frame = { 0 };

	if (play_frame_bytes != 0) {
		(void)request->data(request, 0, play_frame_given, play_frame_bytes, true);
		play_frame_bytes = 0;
		return;
	}

	play_frame_add(&frame, 0x525500000202, 6);
	play_frame_add(&frame, 0x525400123456, 6);
	if (event->net_vlan != RV_NET_NONE)
		play_frame_add(&frame, 0x81000000 | event->net_vlan, 4);
	play_frame_add(&frame, event->net_ethertype, 2);
	if (event->net_ethertype == RV_ETHERTYPE_IPV4)
		play_frame_add_ipv4(&frame, event);
	else if (event->net_ethertype == RV_ETHERTYPE_IPV6)
		play_frame_add_ipv6(&frame, event);
	else if (event->net_ethertype == RV_ETHERTYPE_ARP)
		play_frame_add_arp(&frame, event);
	if (event->net_ethertype != RV_ETHERTYPE_ARP && event->net_sport != RV_NET_NONE)
		play_frame_add_transport(&frame, event);
	(void)request->data(request, 0, frame.bytes, frame.end < request->data_bytes ? frame.end : request->data_bytes, true);
}
