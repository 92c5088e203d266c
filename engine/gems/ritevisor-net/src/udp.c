/*
 * udp.c: Udp.transmit: a datagram into the tunnel, made into a frame here, as a guest makes its own.
 */
#include "address.h"
#include "checksum.h"
#include "net.h"

#include "rv/errno.h"
#include "rv/tunnel.h"

#include <mruby/class.h>
#include <mruby/presym.h>
#include <string.h>

enum {
	UDP_ETHERNET_BYTES = 14,
	UDP_V4_BYTES = 20,
	UDP_V6_BYTES = 40,
	UDP_BYTES = 8,
	UDP_LIFE = 64, /* routers on the way */
};

struct udp {
	struct address source, destination;
	uint8_t family;
	uint16_t from, to;
	const char *payload;
	uint32_t payload_bytes;
};

static void udp_store16(uint8_t *at, uint32_t number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
}

static uint32_t udp_ip_bytes(uint8_t family)
{
	return family == 6 ? UDP_V6_BYTES : UDP_V4_BYTES;
}

/* RFC 791; a packet that nobody may cut needs no number (RFC 6864, 4.1). */
static void udp_write_v4(uint8_t *header, const struct udp *udp)
{
	header[0] = 0x45;
	udp_store16(header + 2, UDP_V4_BYTES + UDP_BYTES + udp->payload_bytes);
	header[6] = 0x40;
	header[8] = UDP_LIFE;
	header[9] = PACKET_UDP;
	memcpy(header + 12, udp->source.bytes, NET_V4_BYTES);
	memcpy(header + 16, udp->destination.bytes, NET_V4_BYTES);
	udp_store16(header + 10, checksum_fold(checksum_add(0, header, UDP_V4_BYTES)));
}

/* RFC 8200, 3. */
static void udp_write_v6(uint8_t *header, const struct udp *udp)
{
	header[0] = 0x60;
	udp_store16(header + 4, UDP_BYTES + udp->payload_bytes);
	header[6] = PACKET_UDP;
	header[7] = UDP_LIFE;
	memcpy(header + 8, udp->source.bytes, NET_V6_BYTES);
	memcpy(header + 24, udp->destination.bytes, NET_V6_BYTES);
}

/* Returns the frame's length. Nobody looks at who is on the link. */
static uint32_t udp_write(uint8_t *frame, const struct udp *udp)
{
	uint32_t ip_bytes = udp_ip_bytes(udp->family), udp_bytes = UDP_BYTES + udp->payload_bytes;
	uint32_t address_bytes = udp->family == 6 ? NET_V6_BYTES : NET_V4_BYTES;
	uint8_t *ip = frame + UDP_ETHERNET_BYTES, *header = ip + ip_bytes;
	uint64_t sum = udp_bytes + PACKET_UDP;
	uint16_t checksum;

	memset(frame, 0, UDP_ETHERNET_BYTES + ip_bytes + UDP_BYTES);
	udp_store16(frame + 12, udp->family == 6 ? 0x86dd : 0x0800);
	if (udp->family == 6)
		udp_write_v6(ip, udp);
	else
		udp_write_v4(ip, udp);
	udp_store16(header, udp->from);
	udp_store16(header + 2, udp->to);
	udp_store16(header + 4, udp_bytes);
	memcpy(header + UDP_BYTES, udp->payload, udp->payload_bytes);
	sum = checksum_add(sum, udp->source.bytes, address_bytes);
	sum = checksum_add(sum, udp->destination.bytes, address_bytes);
	checksum = checksum_fold(checksum_add(sum, header, udp_bytes));
	udp_store16(header + 6, checksum != 0 ? checksum : 0xffff); /* 0 says that there is none (RFC 768) */
	return UDP_ETHERNET_BYTES + ip_bytes + udp_bytes;
}

/* One that a single machine elsewhere can have, as the network service takes it (service/net_packet.h). */
static bool udp_is_machine(const struct network *to)
{
	static const uint8_t zeros[8];
	const uint8_t *bytes = to->address.bytes;

	if (to->family == 4)
		return to->bits == 32 && bytes[0] != 0 && bytes[0] != 127 && bytes[0] < 224;
	return to->bits == 128 && bytes[0] != 0xff && (bytes[0] != 0xfe || bytes[1] < 0x80 || bytes[1] >= 0xc0) &&
	       memcmp(bytes, zeros, sizeof(zeros)) != 0;
}

static void udp_read_arguments(mrb_state *mrb, struct udp *udp)
{
	struct network to;
	mrb_int port, from, payload_bytes, text_bytes;
	const char *text;

	mrb_get_args(mrb, "ssii", &udp->payload, &payload_bytes, &text, &text_bytes, &port, &from);
	if (!address_read(text, (size_t)text_bytes, &to) || !udp_is_machine(&to))
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "to: is one machine's address, as \"10.9.0.1\" or \"fd00:9::1\", not %l", text, (size_t)text_bytes);
	if (port < 1 || port > UINT16_MAX)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "port: is 1 to 65535, not %i", port);
	if (from < 0 || from > UINT16_MAX)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "from: is 0 to 65535, not %i", from);
	if (payload_bytes > NET_FRAME_BYTES)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "a datagram has at most 1392 bytes (of IPv6 1372) at the usual MTU, not %i", payload_bytes);
	udp->destination = to.address;
	udp->family = to.family;
	udp->to = (uint16_t)port;
	udp->from = (uint16_t)from;
	udp->payload_bytes = (uint32_t)payload_bytes;
}

static void udp_refuse(mrb_state *mrb, const char *class, const char *why)
{
	mrb_raisef(mrb, mrb_class_get(mrb, class), "Udp.transmit: %s", why);
}

/* Whose address it has there, and whether it fits. */
static void udp_look_at_tunnel(mrb_state *mrb, struct udp *udp)
{
	static const uint8_t none[NET_V6_BYTES];
	struct tunnel_status status;
	uint32_t headers = udp_ip_bytes(udp->family) + UDP_BYTES;

	if (sys_vpn(&status) < 0)
		udp_refuse(mrb, "AccessError", "Ritevisor has no network of its own: the boot option vpn= gives it one");
	if (!status.runs)
		udp_refuse(mrb, "AccessError", "the network service does not run: it is started again, try then");
	if (memcmp(udp->family == 6 ? status.inside6 : status.inside, none, udp->family == 6 ? NET_V6_BYTES : NET_V4_BYTES) == 0)
		udp_refuse(mrb, "AccessError", udp->family == 6 ? "the tunnel has no address of IPv6" : "the tunnel has no address of IPv4");
	if (udp->payload_bytes + headers > status.mtu)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "a datagram has at most %i bytes here, for the tunnel's MTU is %i, not %i",
			   (mrb_int)(status.mtu - headers), (mrb_int)status.mtu, (mrb_int)udp->payload_bytes);
	memcpy(udp->source.bytes, udp->family == 6 ? status.inside6 : status.inside, udp->family == 6 ? NET_V6_BYTES : NET_V4_BYTES);
}

/* Udp.__transmit(bytes, to, port, from) */
static mrb_value udp_transmit(mrb_state *mrb, mrb_value self)
{
	uint8_t frame[UDP_ETHERNET_BYTES + UDP_V6_BYTES + UDP_BYTES + NET_FRAME_BYTES];
	struct udp udp = { 0 };

	udp_read_arguments(mrb, &udp);
	udp_look_at_tunnel(mrb, &udp);
	switch (-sys_nic_transfer(0, 0, frame, udp_write(frame, &udp))) {
	case 0:
		break;
	case RV_EBUSY:
		udp_refuse(mrb, "NicBusy", "too many at once: try again, in `every` or `after`");
		break;
	case RV_EAGAIN:
		udp_refuse(mrb, "AccessError", "the network service has too much to do, or does not run: try again, in `every` or `after`");
		break;
	case RV_EPERM:
		udp_refuse(mrb, "AccessError", "a hook of another script decides about that");
		break;
	case RV_EACCES:
		udp_refuse(mrb, "AccessError", "given up by `powers` at the script's top level: name :nic there to keep it");
		break;
	default:
		udp_refuse(mrb, "AccessError", "the hypervisor has not enough memory: give more with memory=");
	}
	return self;
}

void net_udp_init(mrb_state *mrb)
{
	struct RClass *udp = mrb_define_class(mrb, "Udp", mrb->object_class);

	mrb_define_class_method_id(mrb, udp, MRB_SYM(__transmit), udp_transmit, MRB_ARGS_REQ(4));
}
