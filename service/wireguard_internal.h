/*
 * service/wireguard_internal.h: what the parts of WireGuard call of each other.
 */
#ifndef SERVICE_WIREGUARD_INTERNAL_H
#define SERVICE_WIREGUARD_INTERNAL_H

#include "service/wireguard.h"

static inline uint32_t wireguard_peer_number(const struct wireguard *wireguard, const struct wireguard_peer *peer)
{
	return (uint32_t)(peer - wireguard->peers);
}

/* wireguard.c */
void wireguard_drop(struct wireguard *wireguard, enum wireguard_drop drop);
/* A datagram to a peer, which has an endpoint. */
void wireguard_send(struct wireguard *wireguard, struct wireguard_peer *peer, const uint8_t *datagram, size_t nr_bytes);
/* Of a datagram that is genuine: where the peer is now. */
void wireguard_roam(struct wireguard *wireguard, struct wireguard_peer *peer, const struct ip_endpoint *from);

/* wireguard_handshake.c */
/* Asks for new keys, unless it did so a moment ago; false then. A retry is one of a series. */
bool wireguard_initiate(struct wireguard *wireguard, struct wireguard_peer *peer, bool is_retry);
/* A message of the handshake, of the length that its type has. */
void wireguard_receive_handshake(struct wireguard *wireguard, const struct ip_endpoint *from, const uint8_t *message);
/* Forgets handshake and keys. */
void wireguard_forget(struct wireguard_peer *peer);

/* wireguard_data.c */
void wireguard_receive_data(struct wireguard *wireguard, const struct ip_endpoint *from, uint8_t *message,
			    size_t nr_bytes);
/* What waits, or, if nothing does, an empty message. Without keys, they are asked for. */
void wireguard_send_staged(struct wireguard *wireguard, struct wireguard_peer *peer);
void wireguard_send_keepalive(struct wireguard *wireguard, struct wireguard_peer *peer);
void wireguard_drop_staged(struct wireguard *wireguard, struct wireguard_peer *peer);
/* Asks for new keys when those in use are nearly too old for what comes in. */
void wireguard_keep_fresh(struct wireguard *wireguard, struct wireguard_peer *peer);

/* wireguard_timers.c: what happened. */
void wireguard_timers_data_sent(struct wireguard *wireguard, struct wireguard_peer *peer);
void wireguard_timers_data_received(struct wireguard *wireguard, struct wireguard_peer *peer);
void wireguard_timers_sent(struct wireguard *wireguard, struct wireguard_peer *peer);	  /* anything */
void wireguard_timers_received(struct wireguard *wireguard, struct wireguard_peer *peer); /* anything genuine */
void wireguard_timers_initiated(struct wireguard *wireguard, struct wireguard_peer *peer);
void wireguard_timers_completed(struct wireguard *wireguard, struct wireguard_peer *peer);
void wireguard_timers_derived(struct wireguard *wireguard, struct wireguard_peer *peer);
/* There is nothing to send by, and nobody who answers. */
void wireguard_timers_lost(struct wireguard *wireguard, struct wireguard_peer *peer);

#endif
