/*
 * service/net_dhcp.c: see the header. Pure.
 */
#include "service/net_dhcp.h"

#include "core/string.h"
#include "service/net_packet.h"

#define FLAG_BROADCAST 0x8000u
#define AT_OPTIONS 240 /* behind the cookie */

enum dhcp_option {
	OPTION_PAD = 0,
	OPTION_MASK = 1,
	OPTION_ROUTER = 3,
	OPTION_DNS = 6,
	OPTION_MTU = 26,
	OPTION_REQUESTED = 50,
	OPTION_LEASE = 51,
	OPTION_TYPE = 53,
	OPTION_SERVER = 54,
	OPTION_WANTED = 55,
	OPTION_END = 255,
};

static const uint8_t dhcp_cookie[] = { 99, 130, 83, 99 };

static void dhcp_read_option(struct dhcp_message *message, uint8_t option, const uint8_t *value, size_t nr_bytes)
{
	static const struct {
		uint8_t option;
		size_t offset;
	} addresses[] = {
		{ OPTION_MASK, offsetof(struct dhcp_message, mask) },
		{ OPTION_ROUTER, offsetof(struct dhcp_message, router) },
		{ OPTION_DNS, offsetof(struct dhcp_message, dns) },
		{ OPTION_REQUESTED, offsetof(struct dhcp_message, requested) },
		{ OPTION_SERVER, offsetof(struct dhcp_message, server) },
	};

	if (option == OPTION_TYPE && nr_bytes == 1 && value[0] <= DHCP_INFORM)
		message->type = (enum dhcp_type)value[0];
	if (option == OPTION_LEASE && nr_bytes == 4)
		message->lease_seconds = net_load32(value);
	for (unsigned i = 0; i < ARRAY_LENGTH(addresses); i++) {
		if (addresses[i].option == option && nr_bytes >= NET_V4_BYTES) /* of routers and name servers the first */
			memcpy((uint8_t *)message + addresses[i].offset, value, NET_V4_BYTES);
	}
}

bool dhcp_read(const uint8_t *payload, size_t nr_bytes, struct dhcp_message *message)
{
	static const uint8_t ethernet[] = { 1, NET_MAC_BYTES };
	size_t at = AT_OPTIONS;

	*message = (struct dhcp_message){ 0 };
	if (nr_bytes < AT_OPTIONS || (payload[0] != 1 && payload[0] != 2) ||
	    memcmp(payload + 1, ethernet, sizeof(ethernet)) != 0 ||
	    memcmp(payload + AT_OPTIONS - sizeof(dhcp_cookie), dhcp_cookie, sizeof(dhcp_cookie)) != 0)
		return false;
	message->is_reply = payload[0] == 2;
	message->transaction = net_load32(payload + 4);
	message->wants_broadcast = (net_load16(payload + 10) & FLAG_BROADCAST) != 0;
	memcpy(message->client, payload + 12, NET_V4_BYTES);
	memcpy(message->yours, payload + 16, NET_V4_BYTES);
	memcpy(message->mac, payload + 28, NET_MAC_BYTES);
	while (at < nr_bytes && payload[at] != OPTION_END) {
		uint8_t option = payload[at++];

		if (option == OPTION_PAD)
			continue;
		if (at == nr_bytes || payload[at] > nr_bytes - at - 1)
			return false;
		dhcp_read_option(message, option, payload + at + 1, payload[at]);
		at += 1u + payload[at];
	}
	return message->type != DHCP_NONE;
}

struct dhcp_writer {
	uint8_t *payload;
	size_t at;
};

static void dhcp_put(struct dhcp_writer *writer, enum dhcp_option option, const void *value, size_t nr_bytes)
{
	uint8_t *to = writer->payload + writer->at;

	to[0] = (uint8_t)option;
	to[1] = (uint8_t)nr_bytes;
	memcpy(to + 2, value, nr_bytes);
	writer->at += 2 + nr_bytes;
}

static void dhcp_put_address(struct dhcp_writer *writer, enum dhcp_option option, const uint8_t *address)
{
	if (!net_is_none(address))
		dhcp_put(writer, option, address, NET_V4_BYTES);
}

static void dhcp_put_options(struct dhcp_writer *writer, const struct dhcp_message *message)
{
	static const uint8_t wanted[] = { OPTION_MASK, OPTION_ROUTER, OPTION_DNS, OPTION_LEASE, OPTION_SERVER };
	uint8_t type = (uint8_t)message->type, number[4];

	dhcp_put(writer, OPTION_TYPE, &type, 1);
	dhcp_put_address(writer, OPTION_REQUESTED, message->requested);
	dhcp_put_address(writer, OPTION_SERVER, message->server);
	dhcp_put_address(writer, OPTION_MASK, message->mask);
	dhcp_put_address(writer, OPTION_ROUTER, message->router);
	if (message->nr_dns != 0)
		dhcp_put(writer, OPTION_DNS, message->dns, message->nr_dns * NET_V4_BYTES);
	net_store32(number, message->lease_seconds);
	if (message->lease_seconds != 0)
		dhcp_put(writer, OPTION_LEASE, number, 4);
	net_store16(number, message->mtu);
	if (message->mtu != 0)
		dhcp_put(writer, OPTION_MTU, number, 2);
	if (!message->is_reply)
		dhcp_put(writer, OPTION_WANTED, wanted, sizeof(wanted));
	writer->payload[writer->at++] = OPTION_END;
}

size_t dhcp_write(uint8_t *payload, const struct dhcp_message *message)
{
	struct dhcp_writer writer = { payload, AT_OPTIONS };

	memset(payload, 0, DHCP_MOST_BYTES);
	payload[0] = message->is_reply ? 2 : 1;
	payload[1] = 1;
	payload[2] = NET_MAC_BYTES;
	net_store32(payload + 4, message->transaction);
	net_store16(payload + 10, message->wants_broadcast ? FLAG_BROADCAST : 0);
	memcpy(payload + 12, message->client, NET_V4_BYTES);
	memcpy(payload + 16, message->yours, NET_V4_BYTES);
	memcpy(payload + 28, message->mac, NET_MAC_BYTES);
	memcpy(payload + AT_OPTIONS - sizeof(dhcp_cookie), dhcp_cookie, sizeof(dhcp_cookie));
	dhcp_put_options(&writer, message);
	return writer.at < DHCP_LEAST_BYTES ? DHCP_LEAST_BYTES : writer.at;
}
