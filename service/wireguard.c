/*
 * service/wireguard.c: begins, ends, and says which part a datagram is for.
 */
#include "service/wireguard.h"

#include "core/log.h"
#include "core/string.h"
#include "service/wireguard_internal.h"

void wireguard_drop(struct wireguard *wireguard, enum wireguard_drop drop)
{
	wireguard->drops[drop]++;
}

void wireguard_send(struct wireguard *wireguard, struct wireguard_peer *peer, const uint8_t *datagram, size_t nr_bytes)
{
	peer->sent_bytes += nr_bytes;
	wireguard->host->send(wireguard->host->context, &peer->endpoint, datagram, nr_bytes);
}

void wireguard_roam(struct wireguard *wireguard, struct wireguard_peer *peer, const struct ip_endpoint *from)
{
	if (ip_is_same_endpoint(&peer->endpoint, from))
		return;
	peer->endpoint = *from;
	wireguard->host->event(wireguard->host->context, wireguard_peer_number(wireguard, peer), WIREGUARD_ROAMED);
}

static bool wireguard_begin_peer(struct wireguard *wireguard, const struct wireguard_peer_config *config, char *why)
{
	struct wireguard_peer *peer = &wireguard->peers[wireguard->nr_peers++];

	if (!noise_begin(&peer->handshake, &wireguard->identity, config->public_key, config->preshared_key) ||
	    memcmp(config->public_key, wireguard->identity.public_key, WIREGUARD_KEY_BYTES) == 0) {
		print_format(why, WIREGUARD_WHY_BYTES, "line %u: PublicKey: it is no peer's key, or our own", config->line);
		return false;
	}
	cookie_set_keys(&peer->cookie_keys, config->public_key);
	peer->endpoint = config->endpoint;
	peer->keepalive_seconds = config->keepalive_seconds;
	return true;
}

bool wireguard_begin(struct wireguard *wireguard, const struct wireguard_config *config,
		     const struct wireguard_host *host, struct wireguard_time now, const uint8_t *stamp, char *why)
{
	memset(wireguard, 0, sizeof(*wireguard));
	wireguard->host = host;
	wireguard->now = now;
	wireguard->mtu = config->mtu;
	if (stamp != NULL)
		memcpy(wireguard->stamp, stamp, sizeof(wireguard->stamp));
	noise_set_identity(&wireguard->identity, config->private_key);
	cookie_set_keys(&wireguard->cookie_keys, wireguard->identity.public_key);
	for (uint32_t i = 0; i < config->nr_peers; i++) {
		if (!wireguard_begin_peer(wireguard, &config->peers[i], why)) {
			wireguard_end(wireguard);
			return false;
		}
	}
	memcpy(wireguard->allowed, config->allowed, sizeof(wireguard->allowed));
	wireguard->nr_allowed = config->nr_allowed;
	for (uint32_t i = 0; i < wireguard->nr_peers; i++) {
		if (wireguard->peers[i].keepalive_seconds != 0)
			wireguard_send_keepalive(wireguard, &wireguard->peers[i]);
	}
	return true;
}

void wireguard_end(struct wireguard *wireguard)
{
	memory_wipe(wireguard, sizeof(*wireguard));
}

void wireguard_receive(struct wireguard *wireguard, const struct ip_endpoint *from, uint8_t *datagram, size_t nr_bytes)
{
	uint32_t type = nr_bytes >= WIREGUARD_DATA_HEADER_BYTES + WIREGUARD_TAG_BYTES ? wireguard_load32(datagram) : 0;

	if (from->address.family == IP_NONE || from->port == 0)
		wireguard_drop(wireguard, WIREGUARD_DROP_MALFORMED);
	else if (type == WIREGUARD_DATA)
		wireguard_receive_data(wireguard, from, datagram, nr_bytes);
	else if ((type == WIREGUARD_INITIATION && nr_bytes == NOISE_INITIATION_BYTES) ||
		 (type == WIREGUARD_RESPONSE && nr_bytes == NOISE_RESPONSE_BYTES) ||
		 (type == WIREGUARD_COOKIE && nr_bytes == COOKIE_BYTES))
		wireguard_receive_handshake(wireguard, from, datagram);
	else
		wireguard_drop(wireguard, WIREGUARD_DROP_MALFORMED);
}

void wireguard_set_endpoint(struct wireguard *wireguard, uint32_t peer, const struct ip_endpoint *endpoint)
{
	wireguard->peers[peer].endpoint = *endpoint;
	if (wireguard->peers[peer].keepalive_seconds != 0)
		wireguard_send_keepalive(wireguard, &wireguard->peers[peer]);
}

bool wireguard_rekey(struct wireguard *wireguard, uint32_t peer)
{
	return wireguard_initiate(wireguard, &wireguard->peers[peer], false);
}
