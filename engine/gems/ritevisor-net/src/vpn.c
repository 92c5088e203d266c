/*
 * vpn.c: what class Vpn has in C.
 */
#include "address.h"
#include "net.h"

#include "rv/tunnel.h"

#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/presym.h>
#include <string.h>

/* "198.51.100.7", "2001:db8::7"; nil: none */
static mrb_value vpn_address(mrb_state *mrb, const uint8_t *bytes, uint8_t family)
{
	static const uint8_t none[NET_V6_BYTES];
	size_t nr_bytes = family == 6 ? NET_V6_BYTES : NET_V4_BYTES;
	char text[ADDRESS_TEXT_BYTES];
	struct address address = { 0 };

	if (memcmp(bytes, none, nr_bytes) == 0)
		return mrb_nil_value();
	memcpy(address.bytes, bytes, nr_bytes);
	address_write(&address, family == 6 ? 6 : 4, text);
	return mrb_str_new_cstr(mrb, text);
}

/* [up?, address, port, age of its keys in ms or nil, handshakes, bytes sent, received] */
static mrb_value vpn_peer(mrb_state *mrb, const struct tunnel_peer_status *peer)
{
	mrb_value values[7];

	values[0] = mrb_bool_value(peer->is_up != 0);
	values[1] = vpn_address(mrb, peer->where.address, peer->where.family);
	values[2] = mrb_fixnum_value(peer->where.port);
	values[3] = peer->handshake_age_ms != TUNNEL_NO_HANDSHAKE ? engine_from_u64(mrb, peer->handshake_age_ms) : mrb_nil_value();
	values[4] = engine_from_u64(mrb, peer->nr_handshakes);
	values[5] = engine_from_u64(mrb, peer->sent_bytes);
	values[6] = engine_from_u64(mrb, peer->received_bytes);
	return mrb_ary_new_from_values(mrb, 7, values);
}

/* Vpn.__status -> [runs?, inside, inside6, outside, outside6, port, peers, MTU]; nil: there is none */
static mrb_value vpn_status(mrb_state *mrb, mrb_value self)
{
	struct tunnel_status status;
	mrb_value values[8];

	(void)self;
	if (sys_vpn(&status) < 0)
		return mrb_nil_value();
	values[0] = mrb_bool_value(status.runs != 0);
	values[1] = vpn_address(mrb, status.inside, 4);
	values[2] = vpn_address(mrb, status.inside6, 6);
	values[3] = vpn_address(mrb, status.outside.v4, 4);
	values[4] = vpn_address(mrb, status.outside.v6, 6);
	values[5] = mrb_fixnum_value(status.port);
	values[6] = mrb_ary_new(mrb);
	for (unsigned i = 0; i < status.nr_peers && i < TUNNEL_PEERS_MAXIMUM; i++)
		mrb_ary_push(mrb, values[6], vpn_peer(mrb, &status.peers[i]));
	values[7] = mrb_fixnum_value((mrb_int)status.mtu);
	return mrb_ary_new_from_values(mrb, 8, values);
}

void net_vpn_init(mrb_state *mrb)
{
	struct RClass *vpn = mrb_define_class(mrb, "Vpn", mrb->object_class);

	mrb_define_class_method_id(mrb, vpn, MRB_SYM(__status), vpn_status, MRB_ARGS_NONE());
}
