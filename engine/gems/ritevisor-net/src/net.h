/*
 * net.h: what the files of this gem that know of mruby share.
 */
#ifndef RITEVISOR_NET_NET_H
#define RITEVISOR_NET_NET_H

#include "packet.h"

#include "engine/engine.h"

/* Fills *packet from the open event, which `self` has to be. Its bytes are a copy of the first of the frame, until the next
 * call. Raises EventError, AccessError. */
void net_packet(mrb_state *mrb, mrb_value self, struct packet *packet);

/* The same of the event or of a String with a frame. */
void net_packet_of(mrb_state *mrb, mrb_value value, bool outbound, struct packet *packet);

/* net_filter.c: a filter's steps, which the caller frees. Raises ArgumentError. */
struct filter_step;
struct filter_step *net_compile(mrb_state *mrb, mrb_value text, uint32_t *nr_steps);

/* net_packet.c, net_filter.c, net_rules.c, net_dns.c, vpn.c, udp.c */
void net_packet_init(mrb_state *mrb);
void net_filter_init(mrb_state *mrb);
void net_rules_init(mrb_state *mrb, struct RClass *nic);
void net_dns_init(mrb_state *mrb);
void net_vpn_init(mrb_state *mrb);
void net_udp_init(mrb_state *mrb);

#endif
