/*
 * net_packet.c: what Event::Packet has in C. The event's fields say what a frame's headers say; what they do not is read
 * from the frame.
 */
#include "net.h"

#include "address.h"
#include "checksum.h"
#include "edit.h"

#include "rv/net.h"

#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/presym.h>
#include <mruby/string.h>
#include <string.h>

static uint8_t net_window[PACKET_HEADER_BYTES];

static void net_check(mrb_state *mrb, int64_t result)
{
	engine_check(mrb, "Packet#data", 0, result);
}

void net_packet(mrb_state *mrb, mrb_value self, struct packet *packet)
{
	const struct rv_event *event = engine_event_open(mrb, self);
	uint32_t length = (uint32_t)event->data_bytes, there = length < PACKET_HEADER_BYTES ? length : PACKET_HEADER_BYTES;

	if (there > 0)
		net_check(mrb, sys_data_read(0, net_window, there));
	packet_parse(packet, net_window, there, length, event->kind == RV_EVENT_NET_TX);
}

void net_packet_of(mrb_state *mrb, mrb_value value, bool outbound, struct packet *packet)
{
	uint32_t there;

	if (!mrb_string_p(value)) {
		net_packet(mrb, value, packet);
		return;
	}
	there = RSTRING_LEN(value) < PACKET_HEADER_BYTES ? (uint32_t)RSTRING_LEN(value) : PACKET_HEADER_BYTES;
	memcpy(net_window, RSTRING_PTR(value), there);
	packet_parse(packet, net_window, there, (uint32_t)RSTRING_LEN(value), outbound);
}

/* Reading ------------------------------------------------------------------------------------- */

static mrb_value net_address_text(mrb_state *mrb, mrb_value self, bool is_dst)
{
	const struct rv_event *event = engine_event_open(mrb, self);
	uint64_t high = is_dst ? event->net_dst : event->net_src, low = is_dst ? event->net_dst_low : event->net_src_low;
	uint8_t family = event->net_ethertype == RV_ETHERTYPE_IPV6 ? 6 : 4;
	struct address address = { { 0 } };
	char text[ADDRESS_TEXT_BYTES];

	if (high == RV_NET_NO_ADDRESS && family == 4)
		return mrb_nil_value();
	for (int i = 0; i < 8; i++) {
		address.bytes[i] = family == 4 ? (uint8_t)(i < 4 ? high >> 8 * (3 - i) : 0) : (uint8_t)(high >> 8 * (7 - i));
		address.bytes[i + 8] = (uint8_t)(low >> 8 * (7 - i));
	}
	address_write(&address, family, text);
	return mrb_str_new_cstr(mrb, text);
}

/* Event::Packet#src -> "10.0.0.1", "2001:db8::1", nil */
static mrb_value packet_src(mrb_state *mrb, mrb_value self)
{
	return net_address_text(mrb, self, false);
}

static mrb_value packet_dst(mrb_state *mrb, mrb_value self)
{
	return net_address_text(mrb, self, true);
}

static mrb_value packet_is_protocol(mrb_state *mrb, mrb_value self, uint32_t protocol)
{
	return mrb_bool_value(engine_event_open(mrb, self)->net_protocol == protocol);
}

static mrb_value packet_is_tcp(mrb_state *mrb, mrb_value self)
{
	return packet_is_protocol(mrb, self, RV_PROTOCOL_TCP);
}

static mrb_value packet_is_udp(mrb_state *mrb, mrb_value self)
{
	return packet_is_protocol(mrb, self, RV_PROTOCOL_UDP);
}

/* ICMPv6 too. */
static mrb_value packet_is_icmp(mrb_state *mrb, mrb_value self)
{
	uint32_t protocol = engine_event_open(mrb, self)->net_protocol;

	return mrb_bool_value(protocol == RV_PROTOCOL_ICMP || protocol == RV_PROTOCOL_ICMPV6);
}

static mrb_value packet_is_ethertype(mrb_state *mrb, mrb_value self, uint32_t ethertype)
{
	return mrb_bool_value(engine_event_open(mrb, self)->net_ethertype == ethertype);
}

static mrb_value packet_is_arp(mrb_state *mrb, mrb_value self)
{
	return packet_is_ethertype(mrb, self, RV_ETHERTYPE_ARP);
}

static mrb_value packet_is_ip(mrb_state *mrb, mrb_value self)
{
	return packet_is_ethertype(mrb, self, RV_ETHERTYPE_IPV4);
}

static mrb_value packet_is_ip6(mrb_state *mrb, mrb_value self)
{
	return packet_is_ethertype(mrb, self, RV_ETHERTYPE_IPV6);
}

/* Event::Packet#__payload -> [where it begins, bytes]: what TCP, UDP or ICMP carry, without padding; nil: nothing */
static mrb_value packet_payload_range(mrb_state *mrb, mrb_value self)
{
	struct packet packet;
	mrb_value range[2];

	net_packet(mrb, self, &packet);
	if (packet.payload == 0)
		return mrb_nil_value();
	range[0] = mrb_fixnum_value((mrb_int)packet.payload);
	range[1] = mrb_fixnum_value((mrb_int)(packet.end - packet.payload));
	return mrb_ary_new_from_values(mrb, 2, range);
}

/* Event::Packet#__mac(at) -> "52:54:00:12:34:56" */
static mrb_value packet_mac(mrb_state *mrb, mrb_value self)
{
	mrb_int at = mrb_as_int(mrb, mrb_get_arg1(mrb));
	char text[ADDRESS_TEXT_BYTES];
	struct packet packet;

	net_packet(mrb, self, &packet);
	if (at < 0 || at + ADDRESS_MAC_BYTES > (mrb_int)packet.there)
		return mrb_nil_value();
	address_write_mac(net_window + at, text);
	return mrb_str_new_cstr(mrb, text);
}

/* Event::Packet#__ip_text(at) -> the IPv4 address there */
static mrb_value packet_ip_text(mrb_state *mrb, mrb_value self)
{
	mrb_int at = mrb_as_int(mrb, mrb_get_arg1(mrb));
	struct address address = { { 0 } };
	char text[ADDRESS_TEXT_BYTES];
	struct packet packet;

	net_packet(mrb, self, &packet);
	if (at < 0 || at + 4 > (mrb_int)packet.there)
		return mrb_nil_value();
	memcpy(address.bytes, net_window + at, 4);
	address_write(&address, 4, text);
	return mrb_str_new_cstr(mrb, text);
}

/* Changing ------------------------------------------------------------------------------------ */

static void packet_write_back(mrb_state *mrb, uint32_t bytes)
{
	net_check(mrb, sys_data_write(0, net_window, bytes));
}

static uint64_t packet_half(const uint8_t *bytes)
{
	return (uint64_t)packet_number(bytes, 4) << 32 | packet_number(bytes + 4, 4);
}

static mrb_value packet_set_address(mrb_state *mrb, mrb_value self, bool is_dst)
{
	mrb_value text = mrb_get_arg1(mrb);
	struct rv_event *event = engine_event_open(mrb, self);
	struct network network;
	struct packet packet;

	mrb_ensure_string_type(mrb, text);
	net_packet(mrb, self, &packet);
	if (memchr(RSTRING_PTR(text), '/', (size_t)RSTRING_LEN(text)) ||
	    !address_read(RSTRING_PTR(text), (size_t)RSTRING_LEN(text), &network) ||
	    network.family != (packet.family == 6 ? 6 : 4))
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "%v is no address of %s", mrb_inspect(mrb, text),
			   packet.family == 6 ? "IPv6" : "IPv4");
	if (!edit_address(net_window, &packet, is_dst, &network.address, event->net_csum_partial))
		mrb_raise(mrb, E_ARGUMENT_ERROR, "this packet has no addresses of IP");
	packet_write_back(mrb, packet.there);
	*(is_dst ? &event->net_dst : &event->net_src) = network.family == 6 ? packet_half(network.address.bytes)
									   : packet_number(network.address.bytes, 4);
	*(is_dst ? &event->net_dst_low : &event->net_src_low) = network.family == 6 ? packet_half(network.address.bytes + 8) : 0;
	return text;
}

/* Event::Packet#src= */
static mrb_value packet_set_src(mrb_state *mrb, mrb_value self)
{
	return packet_set_address(mrb, self, false);
}

static mrb_value packet_set_dst(mrb_state *mrb, mrb_value self)
{
	return packet_set_address(mrb, self, true);
}

static mrb_value packet_set_port(mrb_state *mrb, mrb_value self, bool is_dst)
{
	mrb_value value = mrb_get_arg1(mrb);
	struct rv_event *event = engine_event_open(mrb, self);
	uint64_t port = engine_to_unsigned(mrb, value, 0xffff, "a port");
	struct packet packet;

	net_packet(mrb, self, &packet);
	if (!edit_port(net_window, &packet, is_dst, (uint16_t)port, event->net_csum_partial))
		mrb_raise(mrb, E_ARGUMENT_ERROR, "this packet has no ports of TCP or UDP");
	packet_write_back(mrb, packet.there);
	*(is_dst ? &event->net_dport : &event->net_sport) = (uint32_t)port;
	return value;
}

/* Event::Packet#sport= */
static mrb_value packet_set_sport(mrb_state *mrb, mrb_value self)
{
	return packet_set_port(mrb, self, false);
}

static mrb_value packet_set_dport(mrb_state *mrb, mrb_value self)
{
	return packet_set_port(mrb, self, true);
}

/* Event::Packet#vlan= */
static mrb_value packet_set_vlan(mrb_state *mrb, mrb_value self)
{
	mrb_value value = mrb_get_arg1(mrb);
	uint64_t vlan = engine_to_unsigned(mrb, value, 0xfff, "a VLAN");
	struct packet packet;

	net_packet(mrb, self, &packet);
	if (!edit_vlan(net_window, &packet, (uint16_t)vlan))
		mrb_raise(mrb, E_ARGUMENT_ERROR, "this packet has no VLAN tag");
	packet_write_back(mrb, packet.there);
	engine_event_open(mrb, self)->net_vlan = (uint32_t)vlan;
	return value;
}

static int packet_read(void *context, uint32_t offset, uint8_t *bytes, uint32_t count)
{
	(void)context;
	return (int)sys_data_read(offset, bytes, count);
}

static void packet_put(uint32_t at, uint16_t number)
{
	net_window[at] = (uint8_t)(number >> 8);
	net_window[at + 1] = (uint8_t)number;
}

/* The checksum of TCP, UDP, ICMP, ICMPv6, as far as it is the packet's and not the device's. */
static void packet_fix_transport(mrb_state *mrb, const struct packet *packet, bool partial)
{
	uint32_t place = checksum_place(packet);
	uint16_t checksum;

	if (place == 0 || place + 2 > packet->there || packet->is_fragment)
		return;
	if (partial) {
		packet_put(place, (uint16_t)~checksum_fold(checksum_pseudo_header(packet)));
		return;
	}
	if (packet->protocol == PACKET_UDP && packet->family == 4 && packet_number(net_window + place, 2) == 0)
		return;
	net_check(mrb, checksum_transport(packet, packet_read, NULL, &checksum));
	packet_put(place, checksum);
}

/* Event::Packet#fix_checksums: after its data were changed */
static mrb_value packet_fix_checksums(mrb_state *mrb, mrb_value self)
{
	bool partial = engine_event_open(mrb, self)->net_csum_partial;
	struct packet packet;

	net_packet(mrb, self, &packet);
	if (packet.family == 0)
		return self;
	if (packet.family == 4)
		packet_put(packet.network + 10, checksum_ip(&packet));
	packet_fix_transport(mrb, &packet, partial);
	packet_write_back(mrb, packet.there);
	return self;
}

/* Event::Packet#payload= */
static mrb_value packet_set_payload(mrb_state *mrb, mrb_value self)
{
	struct rv_event *event = engine_event_open(mrb, self);
	mrb_value text = mrb_get_arg1(mrb);
	struct packet packet;
	uint64_t end;

	mrb_ensure_string_type(mrb, text);
	net_packet(mrb, self, &packet);
	end = packet.payload + (uint64_t)RSTRING_LEN(text);
	if (packet.payload == 0 || end > RV_FRAME_BYTES_MAXIMUM || !edit_end(net_window, &packet, (uint32_t)end))
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "payload=: %v", mrb_str_new_cstr(mrb, packet.payload == 0 || packet.is_fragment
			   ? "this packet is no whole one of TCP, UDP or ICMP" : "it is too long"));
	net_check(mrb, sys_data_resize(end));
	event->data_bytes = end;
	event->net_length = (uint32_t)end;
	packet_write_back(mrb, packet.payload);
	if (RSTRING_LEN(text) > 0)
		net_check(mrb, sys_data_write(packet.payload, RSTRING_PTR(text), (uint64_t)RSTRING_LEN(text)));
	(void)packet_fix_checksums(mrb, self);
	return text;
}

void net_packet_init(mrb_state *mrb)
{
	static const struct {
		mrb_sym name;
		mrb_func_t body;
		mrb_aspec arguments;
	} methods[] = {
		{ MRB_SYM(src), packet_src, MRB_ARGS_NONE() },
		{ MRB_SYM(dst), packet_dst, MRB_ARGS_NONE() },
		{ MRB_SYM_Q(tcp), packet_is_tcp, MRB_ARGS_NONE() },
		{ MRB_SYM_Q(udp), packet_is_udp, MRB_ARGS_NONE() },
		{ MRB_SYM_Q(icmp), packet_is_icmp, MRB_ARGS_NONE() },
		{ MRB_SYM_Q(arp), packet_is_arp, MRB_ARGS_NONE() },
		{ MRB_SYM_Q(ip), packet_is_ip, MRB_ARGS_NONE() },
		{ MRB_SYM_Q(ip6), packet_is_ip6, MRB_ARGS_NONE() },
		{ MRB_SYM(__payload), packet_payload_range, MRB_ARGS_NONE() },
		{ MRB_SYM(__mac), packet_mac, MRB_ARGS_REQ(1) },
		{ MRB_SYM(__ip_text), packet_ip_text, MRB_ARGS_REQ(1) },
		{ MRB_SYM_E(src), packet_set_src, MRB_ARGS_REQ(1) },
		{ MRB_SYM_E(dst), packet_set_dst, MRB_ARGS_REQ(1) },
		{ MRB_SYM_E(sport), packet_set_sport, MRB_ARGS_REQ(1) },
		{ MRB_SYM_E(dport), packet_set_dport, MRB_ARGS_REQ(1) },
		{ MRB_SYM_E(vlan), packet_set_vlan, MRB_ARGS_REQ(1) },
		{ MRB_SYM_E(payload), packet_set_payload, MRB_ARGS_REQ(1) },
		{ MRB_SYM(fix_checksums), packet_fix_checksums, MRB_ARGS_NONE() },
	};
	struct RClass *packet = mrb_class_get_under(mrb, mrb_class_get(mrb, "Event"), "Packet");

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		mrb_define_method_id(mrb, packet, methods[i].name, methods[i].body, methods[i].arguments);
}
