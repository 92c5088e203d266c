/*
 * service/wireguard_config.h: a file as wg-quick(8) and wg(8) have it, read. What only a command of Linux could do
 * (PostUp and the like), or what would change where packets go without a tunnel (Table, FwMark), is refused and not left
 * out, since who wrote it relies on it.
 */
#ifndef SERVICE_WIREGUARD_CONFIG_H
#define SERVICE_WIREGUARD_CONFIG_H

#include "service/ip_address.h"
#include "service/wireguard_crypto.h"

#define WIREGUARD_PEERS_MAXIMUM 8
#define WIREGUARD_ALLOWED_MAXIMUM 64 /* of all peers */
#define WIREGUARD_ADDRESSES_MAXIMUM 8
#define WIREGUARD_NAME_BYTES 254
#define WIREGUARD_WHY_BYTES 160
#define WIREGUARD_MTU_DEFAULT 1420
#define WIREGUARD_MTU_MINIMUM 576
#define WIREGUARD_MTU_MAXIMUM 1920

struct wireguard_peer_config {
	uint8_t public_key[WIREGUARD_KEY_BYTES];
	uint8_t preshared_key[WIREGUARD_KEY_BYTES]; /* zero: none */
	struct ip_endpoint endpoint;		    /* its address is of IP_NONE where there is a name, or none at all */
	char endpoint_name[WIREGUARD_NAME_BYTES];   /* of a host, which somebody has to look up */
	uint16_t keepalive_seconds;		    /* 0: off */
	uint32_t line;				    /* where it begins */
};

struct wireguard_allowed {
	struct ip_network network;
	uint32_t peer;
};

struct wireguard_config {
	uint8_t private_key[WIREGUARD_KEY_BYTES];
	uint16_t listen_port; /* 0: any */
	uint32_t mtu;
	uint32_t nr_addresses, nr_dns, nr_peers, nr_allowed;
	struct ip_network addresses[WIREGUARD_ADDRESSES_MAXIMUM];
	struct ip_address dns[WIREGUARD_ADDRESSES_MAXIMUM];
	struct wireguard_peer_config peers[WIREGUARD_PEERS_MAXIMUM];
	struct wireguard_allowed allowed[WIREGUARD_ALLOWED_MAXIMUM];
};

/* Reads a text. False: `why`, WIREGUARD_WHY_BYTES, says what is wrong in which line; it has no secrets. The
 * configuration has, so that who reads it wipes it, whatever came out. */
bool wireguard_read_config(const char *text, size_t nr_bytes, struct wireguard_config *config, char *why);

#endif
