/*
 * service/net.h: the guest's network and ours (service/net_guest.h, service/net_outer.h), and WireGuard between them:
 * frames of either side come in, frames for either side go out. It has no other way from the guest to the wire. It does
 * no I/O, knows no clock, and allocates nothing.
 */
#ifndef SERVICE_NET_H
#define SERVICE_NET_H

#include "service/net_guest.h"
#include "service/net_names.h"
#include "service/net_outer.h"
#include "service/net_outer6.h"
#include "service/net_syslog.h"
#include "service/wireguard.h"

#define NET_PORT_DEFAULT 51820
#define NET_MTU_MOST (NET_UDP_MOST_BYTES - WIREGUARD_DATA_HEADER_BYTES - WIREGUARD_TAG_BYTES)
#define NET_MTU6_MOST (NET_UDP6_MOST_BYTES - WIREGUARD_DATA_HEADER_BYTES - WIREGUARD_TAG_BYTES)

struct net_host {
	void *context;
	/* Must not call back. */
	void (*send)(void *context, enum tunnel_tag way, const uint8_t *frame, size_t nr_bytes);
	void (*random)(void *context, void *bytes, size_t nr_bytes);
	/* WIREGUARD_ROAMED: `where` is where the peer has sent from; it comes before anything is sent there. */
	void (*event)(void *context, uint32_t peer, enum wireguard_event event, const struct ip_endpoint *where);
	/* A peer's name leads there; it comes before anything is sent there. */
	void (*resolved)(void *context, uint32_t peer, const struct ip_endpoint *where);
	/* net_syslog_take() is to be called with more of the log. */
	void (*want_log)(void *context);
	/* What people should know. */
	void (*say)(void *context, const char *text);
};

struct net {
	const struct net_host *host;
	struct net_guest guest;
	bool has_v4, has_v6; /* peers outside, so that there is */
	struct outer outer;
	struct outer6 outer6;
	struct net_names names;
	struct net_syslog syslog;
	struct wireguard wireguard;
	struct wireguard_host wireguard_host;
	bool roams; /* else the gate knows no endpoints but these: */
	struct ip_endpoint endpoints[WIREGUARD_PEERS_MAXIMUM]; /* of the configuration, or where names lead */
};

/* Reads the file, and says what the gate has to know. False: report->text says what is wrong. */
bool net_configure(const char *text, size_t nr_bytes, struct wireguard_config *config, struct tunnel_report *report);

/* `config` is one that net_configure() has read; it is the caller's to wipe. False: report->text says why not. */
bool net_begin(struct net *net, const struct wireguard_config *config, const struct tunnel_begin *begin,
	       const struct net_host *host, struct wireguard_time now, struct tunnel_report *report);

/* Says what time it is, and does what is due. Returns when to call next at the latest, in ms; UINT64_MAX: never. Calls of
 * the other may bring that forward. */
uint64_t net_advance(struct net *net, struct wireguard_time now);

/* The wire is there, or another: what waits is asked for anew. */
void net_link(struct net *net);

/* As the hypervisor is told of it. */
void net_say_where(const struct ip_endpoint *where, struct tunnel_peer *said);

/* Our addresses outside. */
void net_say_outside(const struct net *net, struct tunnel_outside *said);

/* What there is to be told of it. `runs` is left out. */
void net_describe(const struct net *net, struct tunnel_status *status);

/* Asks for new keys: of the peer of that number, or of all, TUNNEL_ALL_PEERS; of those that were asked less than
 * WIREGUARD_REKEY_TIMEOUT_MS ago it asks nothing. */
void net_rekey(struct net *net, uint32_t peer);

/* A frame, at most NET_FRAME_BYTES, which may be changed. */
void net_receive(struct net *net, enum tunnel_tag way, uint8_t *frame, size_t nr_bytes);

#endif
