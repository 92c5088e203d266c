/*
 * process/net_service.h: the network service (service/net_main.c), a program at CPL 3 that stays.
 */
#ifndef PROCESS_NET_SERVICE_H
#define PROCESS_NET_SERVICE_H

#include "rv/tunnel.h"

struct vcpu;

struct net_service_listener {
	void (*begins)(void); /* it is started, again or for the first time */
	void (*said)(uint32_t tag, const uint8_t *bytes, uint32_t nr_bytes); /* but TUNNEL_STATUS and TUNNEL_LOG */
	/* What it says of itself, or that it is dead, is other than it was. Without locks. */
	void (*changed)(const struct tunnel_status *before, const struct tunnel_status *now, struct vcpu *vcpu);
};

/* Starts it, once. The configuration is on whole pages, which it keeps. 0, or what resident_create() gives. Context:
 * boot. */
int net_service_start(hpa_t config, uint64_t config_bytes, const struct tunnel_begin *begin,
		      const struct net_service_listener *listener);

/* Gives it a record. 0; -RV_EAGAIN: there is no room, or it is dead: the record is lost. Any lock may be held; a
 * deadline_look() has to follow. Context: exit. */
int net_service_give(enum tunnel_tag tag, const void *bytes, uint32_t nr_bytes);

/* What it has said of itself last. False: there is no tunnel. Context: boot, exit. */
bool net_service_describe(struct tunnel_status *status);

/* Asks it for new keys of a peer, or of TUNNEL_ALL_PEERS. 0; -RV_ENOENT: there is no tunnel, or no such peer; -RV_EAGAIN:
 * not now: it is dead, or has much to do. Context: exit; without locks. */
int net_service_rekey(uint32_t peer, struct vcpu *vcpu);

#endif
