/*
 * service/net.c: see the header.
 */
#include "service/net.h"

#include "core/log.h"
#include "core/string.h"
#include "service/net_dns.h"

_Static_assert(TUNNEL_PEERS_MAXIMUM == WIREGUARD_PEERS_MAXIMUM, "a report has room");
_Static_assert(TUNNEL_TEXT_BYTES == WIREGUARD_WHY_BYTES, "and for the words");

void net_say_where(const struct ip_endpoint *where, struct tunnel_peer *said)
{
	*said = (struct tunnel_peer){ .family = (uint8_t)where->address.family, .port = where->port };
	memcpy(said->address, where->address.bytes, sizeof(said->address));
}

static bool net_refuse_peer(const struct wireguard_peer_config *peer, const char *why, struct tunnel_report *report)
{
	print_format(report->text, sizeof(report->text), "line %u: Endpoint: %s", peer->line, why);
	return false;
}

static bool net_configure_peer(const struct wireguard_peer_config *peer, struct tunnel_report *report)
{
	struct tunnel_peer *to = &report->peers[report->nr_peers++];

	if (peer->endpoint_name[0] != '\0') {
		to->port = peer->endpoint.port;
		return dns_write_name(peer->endpoint_name, report->names[report->nr_peers - 1]) ||
		       net_refuse_peer(peer, "this name is too long, or none", report);
	}
	if (peer->endpoint.address.family == IP_NONE)
		return net_refuse_peer(peer, "of this peer it is missing", report);
	if (peer->endpoint.address.family == IP_V6 && !net_is_elsewhere6(peer->endpoint.address.bytes))
		return net_refuse_peer(peer, "this address of IPv6 is none that a machine elsewhere has", report);
	net_say_where(&peer->endpoint, to);
	return true;
}

/* The guest's address: the first of those. */
static const struct ip_network *net_find_address(const struct wireguard_config *config, enum ip_family family)
{
	for (uint32_t i = 0; i < config->nr_addresses; i++) {
		if (config->addresses[i].address.family == family)
			return &config->addresses[i];
	}
	return NULL;
}

static bool net_has_peer(const struct wireguard_config *config, enum ip_family family)
{
	for (uint32_t i = 0; i < config->nr_peers; i++) {
		if (config->peers[i].endpoint.address.family == family)
			return true;
	}
	return false;
}

static bool net_configure_guest(const struct wireguard_config *config, struct tunnel_report *report)
{
	if (net_find_address(config, IP_V4) == NULL)
		print_format(report->text, sizeof(report->text), "Address: there is none of IPv4");
	else if (config->mtu > NET_MTU_MOST)
		print_format(report->text, sizeof(report->text), "MTU: it is at most %u", NET_MTU_MOST);
	else if (config->mtu > NET_MTU6_MOST && net_has_peer(config, IP_V6))
		print_format(report->text, sizeof(report->text), "MTU: with an Endpoint of IPv6 it is at most %u", NET_MTU6_MOST);
	else if (net_find_address(config, IP_V6) != NULL && config->mtu < NET_GUEST6_MTU_LEAST)
		print_format(report->text, sizeof(report->text), "MTU: with an address of IPv6 it is at least %u", NET_GUEST6_MTU_LEAST);
	return report->text[0] == '\0';
}

bool net_configure(const char *text, size_t nr_bytes, struct wireguard_config *config, struct tunnel_report *report)
{
	*report = (struct tunnel_report){ 0 };
	if (!wireguard_read_config(text, nr_bytes, config, report->text))
		return false;
	if (!net_configure_guest(config, report))
		return false;
	report->port = config->listen_port != 0 ? config->listen_port : NET_PORT_DEFAULT;
	for (uint32_t i = 0; i < config->nr_peers; i++) {
		if (!net_configure_peer(&config->peers[i], report))
			return false;
	}
	return true;
}

/* What the parts call ------------------------------------------------------------------------------ */

static void net_to_guest(void *context, const uint8_t *frame, size_t nr_bytes)
{
	struct net *net = context;

	net->host->send(net->host->context, TUNNEL_GUEST, frame, nr_bytes);
}

static void net_to_wire(void *context, const uint8_t *frame, size_t nr_bytes)
{
	struct net *net = context;

	net->host->send(net->host->context, TUNNEL_WIRE, frame, nr_bytes);
}

static void net_send(void *context, const struct ip_endpoint *to, const uint8_t *datagram, size_t nr_bytes)
{
	struct net *net = context;

	if (to->address.family == IP_V4)
		outer_send(&net->outer, to->address.bytes, to->port, datagram, nr_bytes);
	else if (to->address.family == IP_V6)
		outer6_send(&net->outer6, to->address.bytes, to->port, datagram, nr_bytes);
}

/* The packet is in a frame of the caller's, deciphered, and nobody's any more. */
static void net_deliver(void *context, uint32_t peer, const uint8_t *packet, size_t nr_bytes)
{
	struct net *net = context;

	(void)peer;
	net_guest_deliver(&net->guest, (uint8_t *)(uintptr_t)packet, nr_bytes);
}

static void net_random(void *context, void *bytes, size_t nr_bytes)
{
	struct net *net = context;

	net->host->random(net->host->context, bytes, nr_bytes);
}

/* A peer that is somewhere else by now has to come back, unless it may roam: what goes there the gate would not let out. One
 * that does not answer where it was last is asked where the configuration says. */
static void net_event(void *context, uint32_t peer, enum wireguard_event event)
{
	struct net *net = context;
	struct ip_endpoint where = net->wireguard.peers[peer].endpoint;

	if ((event == WIREGUARD_ROAMED && !net->roams) || event == WIREGUARD_DOWN)
		net->wireguard.peers[peer].endpoint = net->endpoints[peer];
	if (event == WIREGUARD_DOWN)
		net_names_hurry(net, peer);
	net->host->event(net->host->context, peer, event, &where);
}

static void net_begin_guest(struct net *net, const struct wireguard_config *config, const struct tunnel_begin *begin)
{
	const struct ip_network *own = net_find_address(config, IP_V4), *own6 = net_find_address(config, IP_V6);
	struct net_guest *guest = &net->guest;

	guest->context = net;
	guest->send = net_to_guest;
	guest->mtu = config->mtu;
	memcpy(guest->mac, begin->mac, NET_MAC_BYTES);
	net_guest_place(guest, own->address.bytes, own->prefix);
	if (own6 != NULL)
		net_guest6_begin(guest, own6->address.bytes);
	for (uint32_t i = 0; i < config->nr_dns; i++) {
		const struct ip_address *dns = &config->dns[i];
		struct dhcp6_server *dhcp6 = &guest->v6.dhcp;

		if (dns->family == IP_V4 && guest->nr_dns < DHCP_DNS_MAXIMUM)
			memcpy(guest->dns[guest->nr_dns++], dns->bytes, NET_V4_BYTES);
		if (dns->family == IP_V6 && dhcp6->nr_dns < DHCP6_DNS_MAXIMUM)
			memcpy(dhcp6->dns[dhcp6->nr_dns++], dns->bytes, NET_V6_BYTES);
	}
}

static size_t net_word_length(const char word[TUNNEL_WORD_BYTES])
{
	size_t length = 0;

	while (length < TUNNEL_WORD_BYTES && word[length] != '\0')
		length++;
	return length;
}

/* The words that the boot line has for the side outside; of no family: there are none. */
static bool net_read_words(const struct tunnel_begin *begin, struct ip_network *own, struct ip_address *router)
{
	struct ip_network near;

	if (begin->address[0] == '\0')
		return begin->router[0] == '\0';
	if (!ip_read_network(begin->address, net_word_length(begin->address), own) || own->prefix == 0 ||
	    (own->address.family == IP_V6 && !net_is_elsewhere6(own->address.bytes)))
		return false;
	if (begin->router[0] == '\0')
		return true;
	near = *own;
	return ip_read_address(begin->router, net_word_length(begin->router), router) && router->family == own->address.family &&
	       (ip_is_within(router, &near) || (router->family == IP_V6 && net_is_link_local6(router->bytes)));
}

static void net_prepare_outer(struct net *net, const struct tunnel_begin *begin, uint16_t port, uint64_t now_ms)
{
	net->outer.context = net->outer6.context = net;
	net->outer.send = net->outer6.send = net_to_wire;
	net->outer6.random = net_random;
	net->outer.port = net->outer6.port = port;
	net->outer.now_ms = net->outer6.now_ms = now_ms;
	memcpy(net->outer.mac, begin->mac, NET_MAC_BYTES);
	memcpy(net->outer6.mac, begin->mac, NET_MAC_BYTES);
}

static bool net_begin_outer(struct net *net, const struct tunnel_begin *begin, struct tunnel_report *report)
{
	static const uint8_t none[NET_V6_BYTES];
	struct ip_network own = { 0 };
	struct ip_address router = { 0 };
	uint32_t transaction;

	if (!net_read_words(begin, &own, &router)) {
		print_format(report->text, sizeof(report->text), "address=: an address with its prefix; router=: "
			     "another in that network, or one of the link's");
		return false;
	}
	if ((own.address.family == IP_V4 && !net->has_v4) || (own.address.family == IP_V6 && !net->has_v6)) {
		print_format(report->text, sizeof(report->text), "address=: no peer has an Endpoint of IPv%u", own.address.family);
		return false;
	}
	if (own.address.family == IP_V4 && net->names.is_there) {
		print_format(report->text, sizeof(report->text), "address=: an Endpoint is a name, for which DHCP's name server is asked: leave it out");
		return false;
	}
	net_random(net, &transaction, sizeof(transaction));
	if (net->has_v4)
		outer_begin(&net->outer, own.address.family == IP_V4 ? own.address.bytes : none, router.bytes, own.prefix, transaction);
	if (net->has_v6)
		outer6_begin(&net->outer6, own.address.family == IP_V6 ? own.address.bytes : none, router.bytes, own.prefix);
	return true;
}

static bool net_begin_syslog(struct net *net, const struct tunnel_begin *begin, struct tunnel_report *report)
{
	const char *why = net_syslog_begin(net, begin->syslog, net_word_length(begin->syslog));

	if (why != NULL)
		string_copy(report->text, why, sizeof(report->text));
	return why == NULL;
}

bool net_begin(struct net *net, const struct wireguard_config *config, const struct tunnel_begin *begin,
	       const struct net_host *host, struct wireguard_time now, struct tunnel_report *report)
{
	memset(net, 0, sizeof(*net));
	net->host = host;
	net->roams = begin->roams != 0;
	for (uint32_t i = 0; i < config->nr_peers; i++)
		net->endpoints[i] = config->peers[i].endpoint;
	net->wireguard_host = (struct wireguard_host){ net, net_send, net_deliver, net_random, net_event };
	net_begin_guest(net, config, begin);
	net_names_begin(net, config);
	net->has_v4 = net_has_peer(config, IP_V4) || net->names.is_there;
	net->has_v6 = net_has_peer(config, IP_V6);
	net_prepare_outer(net, begin, report->port, now.ms);
	return net_begin_outer(net, begin, report) &&
	       wireguard_begin(&net->wireguard, config, &net->wireguard_host, now, NULL, report->text) &&
	       net_begin_syslog(net, begin, report);
}

uint64_t net_advance(struct net *net, struct wireguard_time now)
{
	uint64_t next = outer_advance(&net->outer, now.ms), outer6 = outer6_advance(&net->outer6, now.ms);
	uint64_t guest = net_guest6_advance(&net->guest, now.ms), tunnel = wireguard_advance(&net->wireguard, now);
	uint64_t names = net_names_advance(net, now.ms), syslog = net_syslog_advance(net, now.ms);

	next = outer6 < next ? outer6 : next;
	next = names < next ? names : next;
	next = syslog < next ? syslog : next;
	next = guest < next ? guest : next;
	return tunnel < next ? tunnel : next;
}

void net_link(struct net *net)
{
	outer_link(&net->outer);
	outer6_link(&net->outer6);
	for (uint32_t i = 0; i < net->wireguard.nr_peers; i++)
		net_names_hurry(net, i);
}

void net_say_outside(const struct net *net, struct tunnel_outside *said)
{
	memcpy(said->v4, net->outer.address, NET_V4_BYTES);
	memcpy(said->v6, outer6_address(&net->outer6), NET_V6_BYTES);
	if (net->names.is_there)
		memcpy(said->name_server, net->outer.name_server, NET_V4_BYTES);
	else
		memset(said->name_server, 0, NET_V4_BYTES);
}

static void net_describe_peer(const struct net *net, const struct wireguard_peer *peer, struct tunnel_peer_status *status)
{
	memcpy(status->public_key, peer->handshake.peer, TUNNEL_KEY_BYTES);
	net_say_where(&peer->endpoint, &status->where);
	status->is_up = peer->is_up;
	status->handshake_age_ms = peer->nr_handshakes != 0 ? net->wireguard.now.ms - peer->last_handshake_ms : TUNNEL_NO_HANDSHAKE;
	status->nr_handshakes = peer->nr_handshakes;
	status->sent_bytes = peer->sent_bytes;
	status->received_bytes = peer->received_bytes;
}

void net_describe(const struct net *net, struct tunnel_status *status)
{
	*status = (struct tunnel_status){ .port = net->outer.port, .nr_peers = (uint16_t)net->wireguard.nr_peers, .mtu = net->guest.mtu };
	memcpy(status->inside, net->guest.address, NET_V4_BYTES);
	memcpy(status->inside6, net->guest.v6.dhcp.address, NET_V6_BYTES);
	net_say_outside(net, &status->outside);
	for (uint32_t i = 0; i < net->wireguard.nr_peers; i++)
		net_describe_peer(net, &net->wireguard.peers[i], &status->peers[i]);
}

void net_rekey(struct net *net, uint32_t peer)
{
	for (uint32_t i = 0; i < net->wireguard.nr_peers; i++) {
		if (peer == i || peer == TUNNEL_ALL_PEERS)
			(void)wireguard_rekey(&net->wireguard, i);
	}
}

static void net_receive_guest(struct net *net, enum tunnel_tag way, uint8_t *frame, size_t nr_bytes)
{
	size_t packet_bytes = 0;
	const uint8_t *packet = way == TUNNEL_SCRIPT ? net_guest_take_script(&net->guest, frame, nr_bytes, &packet_bytes) :
						       net_guest_receive(&net->guest, frame, nr_bytes, &packet_bytes);

	if (packet != NULL)
		wireguard_transmit(&net->wireguard, packet, packet_bytes);
}

static void net_receive_wire(struct net *net, uint8_t *frame, size_t nr_bytes)
{
	bool is_v6 = nr_bytes >= NET_ETHERNET_BYTES && net_load16(frame + 2 * NET_MAC_BYTES) == NET_ETHERTYPE_V6;
	struct ip_endpoint from = { .address.family = is_v6 ? IP_V6 : IP_V4 };
	struct net_udp udp;

	if (!(is_v6 ? outer6_receive(&net->outer6, frame, nr_bytes, &udp) : outer_receive(&net->outer, frame, nr_bytes, &udp)))
		return;
	if (!is_v6 && udp.to_port != net->outer.port) {
		net_names_receive(net, &udp);
		return;
	}
	memcpy(from.address.bytes, udp.source, is_v6 ? NET_V6_BYTES : NET_V4_BYTES);
	from.port = udp.from_port;
	wireguard_receive(&net->wireguard, &from, udp.payload, udp.nr_bytes);
}

void net_receive(struct net *net, enum tunnel_tag way, uint8_t *frame, size_t nr_bytes)
{
	if (nr_bytes > NET_FRAME_BYTES)
		return;
	if (way == TUNNEL_GUEST || way == TUNNEL_SCRIPT)
		net_receive_guest(net, way, frame, nr_bytes);
	else if (way == TUNNEL_WIRE)
		net_receive_wire(net, frame, nr_bytes);
}
