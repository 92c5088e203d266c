/*
 * vpn.c: what class Vpn has in C.
 */
#include "net.h"

#include "rv/tunnel.h"

#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/presym.h>
#include <stdio.h>

/* "198.51.100.7"; nil: none */
static mrb_value vpn_address(mrb_state *mrb, const uint8_t *address)
{
	char text[16];

	if ((address[0] | address[1] | address[2] | address[3]) == 0)
		return mrb_nil_value();
	snprintf(text, sizeof(text), "%u.%u.%u.%u", address[0], address[1], address[2], address[3]);
	return mrb_str_new_cstr(mrb, text);
}

/* [up?, address, port, age of its keys in ms or nil, handshakes, bytes sent, received] */
static mrb_value vpn_peer(mrb_state *mrb, const struct tunnel_peer_status *peer)
{
	mrb_value values[7];

	values[0] = mrb_bool_value(peer->is_up != 0);
	values[1] = vpn_address(mrb, peer->address);
	values[2] = mrb_fixnum_value(peer->port);
	values[3] = peer->handshake_age_ms != TUNNEL_NO_HANDSHAKE ? engine_from_u64(mrb, peer->handshake_age_ms) : mrb_nil_value();
	values[4] = engine_from_u64(mrb, peer->nr_handshakes);
	values[5] = engine_from_u64(mrb, peer->sent_bytes);
	values[6] = engine_from_u64(mrb, peer->received_bytes);
	return mrb_ary_new_from_values(mrb, 7, values);
}

/* Vpn.__status -> [runs?, inside, outside, port, peers]; nil: there is none */
static mrb_value vpn_status(mrb_state *mrb, mrb_value self)
{
	struct tunnel_status status;
	mrb_value values[5];

	(void)self;
	if (sys_vpn(&status) < 0)
		return mrb_nil_value();
	values[0] = mrb_bool_value(status.runs != 0);
	values[1] = vpn_address(mrb, status.inside);
	values[2] = vpn_address(mrb, status.outside);
	values[3] = mrb_fixnum_value(status.port);
	values[4] = mrb_ary_new(mrb);
	for (unsigned i = 0; i < status.nr_peers && i < TUNNEL_PEERS_MAXIMUM; i++)
		mrb_ary_push(mrb, values[4], vpn_peer(mrb, &status.peers[i]));
	return mrb_ary_new_from_values(mrb, 5, values);
}

void net_vpn_init(mrb_state *mrb)
{
	struct RClass *vpn = mrb_define_class(mrb, "Vpn", mrb->object_class);

	mrb_define_class_method_id(mrb, vpn, MRB_SYM(__status), vpn_status, MRB_ARGS_NONE());
}
