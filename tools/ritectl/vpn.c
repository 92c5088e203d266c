/*
 * vpn.c: how the tunnel is (docs/vpn.md), and new keys for it.
 */
#include "ritectl.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define VPN_LOOK_NANOSECONDS 200000000
#define VPN_LOOKS_A_SECOND 5
#define VPN_ENDPOINT_BYTES (INET6_ADDRSTRLEN + sizeof("[]:65535"))
#define VPN_KEY_TEXT_BYTES 45

static void vpn_look(struct tunnel_status *status)
{
	int64_t result = call(CONTROL_VPN, 0);

	if (result == -RV_ENOENT)
		fail(STATUS_SCRIPT, "there is no VPN: Ritevisor was booted without the option vpn=");
	if (result != 0)
		fail(STATUS_NONE, "%s", call_error(result));
	if (message->data_bytes != sizeof(*status))
		fail(STATUS_NONE, "an answer without meaning");
	memcpy(status, message->data, sizeof(*status));
	if (status->nr_peers > TUNNEL_PEERS_MAXIMUM)
		fail(STATUS_NONE, "an answer without meaning");
}

/* NULL: there is none. */
static const char *vpn_address(const uint8_t *address, int family, char text[INET6_ADDRSTRLEN])
{
	static const uint8_t none[NET_V6_BYTES];

	if (memcmp(address, none, family == AF_INET6 ? NET_V6_BYTES : NET_V4_BYTES) == 0)
		return NULL;
	return inet_ntop(family, address, text, INET6_ADDRSTRLEN);
}

static const char *vpn_endpoint(const struct tunnel_peer *where, char text[VPN_ENDPOINT_BYTES])
{
	bool is_v6 = where->family == 6;
	char address[INET6_ADDRSTRLEN];

	if (vpn_address(where->address, is_v6 ? AF_INET6 : AF_INET, address) == NULL)
		return "nowhere";
	snprintf(text, VPN_ENDPOINT_BYTES, is_v6 ? "[%s]:%u" : "%s:%u", address, where->port);
	return text;
}

/* What there is of both; "none": nothing. */
static void vpn_print_addresses(const char *name, const uint8_t *address, const uint8_t *address6)
{
	char text[INET6_ADDRSTRLEN], text6[INET6_ADDRSTRLEN];
	const char *v4 = vpn_address(address, AF_INET, text), *v6 = vpn_address(address6, AF_INET6, text6);

	fprintf(settings.output, "%s %s%s%s, ", name, v4 != NULL ? v4 : v6 != NULL ? v6 : "none", v4 != NULL && v6 != NULL ? " and " : "",
		v4 != NULL && v6 != NULL ? v6 : "");
}

static void vpn_print_json_address(const char *name, const uint8_t *address, int family)
{
	char text[INET6_ADDRSTRLEN];

	if (vpn_address(address, family, text) != NULL)
		fprintf(settings.output, "\"%s\":\"%s\",", name, text);
	else
		fprintf(settings.output, "\"%s\":null,", name);
}

/* As wg shows it. */
static const char *vpn_key(const uint8_t *key, char text[VPN_KEY_TEXT_BYTES])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t padded[TUNNEL_KEY_BYTES + 1] = { 0 };

	memcpy(padded, key, TUNNEL_KEY_BYTES);
	for (unsigned i = 0, at = 0; i < sizeof(padded); i += 3) {
		uint32_t three = (uint32_t)padded[i] << 16 | (uint32_t)padded[i + 1] << 8 | padded[i + 2];

		for (unsigned shift = 24; shift != 0; shift -= 6)
			text[at++] = digits[three >> (shift - 6) & 63];
	}
	text[VPN_KEY_TEXT_BYTES - 2] = '=';
	text[VPN_KEY_TEXT_BYTES - 1] = '\0';
	return text;
}

static const char *vpn_state(const struct tunnel_status *status, unsigned peer)
{
	return !status->runs ? "dead" : status->peers[peer].is_up ? "up" : "down";
}

static void vpn_print_text(const struct tunnel_status *status)
{
	char endpoint[VPN_ENDPOINT_BYTES], key[VPN_KEY_TEXT_BYTES];

	fprintf(settings.output, "the network service %s; ", status->runs ? "runs" : "is dead, and will be started again");
	vpn_print_addresses("inside", status->inside, status->inside6);
	vpn_print_addresses("outside", status->outside.v4, status->outside.v6);
	fprintf(settings.output, "port %u\n", status->port);
	for (unsigned i = 0; i < status->nr_peers; i++) {
		const struct tunnel_peer_status *peer = &status->peers[i];

		fprintf(settings.output, "peer %u %s %s", i, vpn_state(status, i), vpn_endpoint(&peer->where, endpoint));
		if (peer->handshake_age_ms == TUNNEL_NO_HANDSHAKE)
			fputs(", no handshake yet", settings.output);
		else
			fprintf(settings.output, ", handshake %" PRIu64 " %" PRIu64 " s ago", peer->nr_handshakes,
				peer->handshake_age_ms / 1000);
		fprintf(settings.output, ", sent %" PRIu64 " bytes, received %" PRIu64 ", key %s\n", peer->sent_bytes,
			peer->received_bytes, vpn_key(peer->public_key, key));
	}
}

static void vpn_print_json(const struct tunnel_status *status)
{
	char endpoint[VPN_ENDPOINT_BYTES], key[VPN_KEY_TEXT_BYTES];

	fprintf(settings.output, "{\"type\":\"vpn\",\"data\":{\"runs\":%s,", status->runs ? "true" : "false");
	vpn_print_json_address("inside", status->inside, AF_INET);
	vpn_print_json_address("inside6", status->inside6, AF_INET6);
	vpn_print_json_address("outside", status->outside.v4, AF_INET);
	vpn_print_json_address("outside6", status->outside.v6, AF_INET6);
	fprintf(settings.output, "\"port\":%u,\"peers\":[", status->port);
	for (unsigned i = 0; i < status->nr_peers; i++) {
		const struct tunnel_peer_status *peer = &status->peers[i];

		fprintf(settings.output, "%s{\"state\":\"%s\",\"endpoint\":\"%s\",\"key\":\"%s\",\"handshakes\":%" PRIu64 ",",
			i != 0 ? "," : "", vpn_state(status, i), vpn_endpoint(&peer->where, endpoint),
			vpn_key(peer->public_key, key), peer->nr_handshakes);
		if (peer->handshake_age_ms == TUNNEL_NO_HANDSHAKE)
			fputs("\"handshake_age_ms\":null,", settings.output);
		else
			fprintf(settings.output, "\"handshake_age_ms\":%" PRIu64 ",", peer->handshake_age_ms);
		fprintf(settings.output, "\"sent\":%" PRIu64 ",\"received\":%" PRIu64 "}", peer->sent_bytes, peer->received_bytes);
	}
	fputs("]}}\n", settings.output);
}

int show_vpn(void)
{
	struct tunnel_status status;

	vpn_look(&status);
	if (settings.json)
		vpn_print_json(&status);
	else
		vpn_print_text(&status);
	output_flush();
	call_close();
	return STATUS_OK;
}

static void vpn_ask(uint32_t peer)
{
	int64_t result;

	message->argument[0] = peer;
	result = call(CONTROL_VPN_REKEY, 0);
	if (result == -RV_ENOENT)
		fail(STATUS_SCRIPT, "there is no such peer");
	if (result != 0)
		fail(STATUS_NONE, "%s", call_error(result));
}

/* Has a peer other keys than then? A service that was started again has counted anew. */
static bool vpn_has_new_keys(const struct tunnel_status *before, const struct tunnel_status *now, unsigned peer)
{
	return now->runs && now->peers[peer].nr_handshakes != 0 &&
	       now->peers[peer].nr_handshakes != before->peers[peer].nr_handshakes;
}

/* The first that is wanted and has none; -1: all have. */
static int vpn_find_old(const struct tunnel_status *before, const struct tunnel_status *now, uint32_t peer)
{
	for (unsigned i = 0; i < before->nr_peers; i++) {
		if ((peer == i || peer == TUNNEL_ALL_PEERS) && !vpn_has_new_keys(before, now, i))
			return (int)i;
	}
	return -1;
}

/* Asks again while there are none: a peer is asked every few seconds at most. */
int vpn_rekey(const char *number)
{
	const struct timespec pause = { .tv_nsec = VPN_LOOK_NANOSECONDS };
	unsigned looks = settings.timeout_s * VPN_LOOKS_A_SECOND;
	struct tunnel_status before, now;
	uint32_t peer = TUNNEL_ALL_PEERS;
	char *end = NULL;
	int old = 0;

	if (number != NULL)
		peer = (uint32_t)strtoul(number, &end, 10);
	vpn_look(&before);
	if (number != NULL && (*number == '\0' || *end != '\0' || peer >= before.nr_peers))
		fail(STATUS_USAGE, "%s: peers have numbers from 0 on: ritectl vpn", number);
	for (unsigned i = 0; i < looks && old >= 0; i++) {
		if (i % VPN_LOOKS_A_SECOND == 0)
			vpn_ask(peer);
		nanosleep(&pause, NULL);
		vpn_look(&now);
		old = vpn_find_old(&before, &now, peer);
	}
	if (old >= 0)
		fail(STATUS_TIMEOUT, "peer %d does not answer: its keys are as they were", old);
	if (!settings.quiet)
		fprintf(stderr, "ritectl: there are new keys\n");
	call_close();
	return STATUS_OK;
}
