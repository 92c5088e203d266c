/*
 * service/net_dhcp6.c: see the header. Sections are RFC 8415's. Pure.
 */
#include "service/net_dhcp6.h"

#include "core/string.h"

#define HEADER_BYTES 4 /* type and transaction; an option's code and length */
#define DUID_LL 3
#define DUID_BYTES 10
#define DUID_MOST_BYTES 130 /* 11.1 */
#define IA_BYTES 12 /* IAID, T1, T2: 21.4 */
#define IA_ADDRESS_BYTES 24 /* 21.6 */
#define ASSOCIATIONS_MAXIMUM 4
#define STALE_MAXIMUM 2
#define LEASE_SECONDS 86400
#define T1_SECONDS (LEASE_SECONDS / 2)
#define T2_SECONDS (LEASE_SECONDS / 5 * 4)

enum dhcp6_type {
	DHCP6_SOLICIT = 1,
	DHCP6_ADVERTISE,
	DHCP6_REQUEST,
	DHCP6_CONFIRM,
	DHCP6_RENEW,
	DHCP6_REBIND,
	DHCP6_REPLY,
	DHCP6_RELEASE,
	DHCP6_DECLINE,
	DHCP6_INFORMATION_REQUEST = 11,
};

enum dhcp6_option {
	OPTION_CLIENT = 1,
	OPTION_SERVER = 2,
	OPTION_IA_NA = 3,
	OPTION_IA_ADDRESS = 5,
	OPTION_STATUS = 13,
	OPTION_RAPID_COMMIT = 14,
	OPTION_DNS = 23, /* RFC 3646 */
};

enum dhcp6_status {
	STATUS_SUCCESS,
	STATUS_NO_ADDRESS = 2,
	STATUS_NOT_ON_LINK = 4,
};

struct dhcp6_part {
	const uint8_t *bytes;
	size_t nr_bytes;
};

struct dhcp6_asked {
	enum dhcp6_type type;
	struct dhcp6_part client, server; /* NULL: it has none */
	bool rapid;
	uint32_t nr_associations;
	struct dhcp6_part associations[ASSOCIATIONS_MAXIMUM];
};

/* Takes the next option off the front. False: there is none, or it is cut. */
static bool dhcp6_take(struct dhcp6_part *left, uint32_t *code, struct dhcp6_part *option)
{
	if (left->nr_bytes < HEADER_BYTES || net_load16(left->bytes + 2) > left->nr_bytes - HEADER_BYTES)
		return false;
	*code = net_load16(left->bytes);
	*option = (struct dhcp6_part){ left->bytes + HEADER_BYTES, net_load16(left->bytes + 2) };
	left->bytes += HEADER_BYTES + option->nr_bytes;
	left->nr_bytes -= HEADER_BYTES + option->nr_bytes;
	return true;
}

static bool dhcp6_read(const uint8_t *message, size_t nr_bytes, struct dhcp6_asked *asked)
{
	struct dhcp6_part left = { message + HEADER_BYTES, nr_bytes - HEADER_BYTES }, option;
	uint32_t code;

	*asked = (struct dhcp6_asked){ .type = (enum dhcp6_type)message[0] };
	while (dhcp6_take(&left, &code, &option)) {
		switch (code) {
		case OPTION_CLIENT:
			asked->client = option;
			break;
		case OPTION_SERVER:
			asked->server = option;
			break;
		case OPTION_RAPID_COMMIT:
			asked->rapid = true;
			break;
		case OPTION_IA_NA:
			if (option.nr_bytes < IA_BYTES)
				return false;
			if (asked->nr_associations < ASSOCIATIONS_MAXIMUM)
				asked->associations[asked->nr_associations++] = option;
			break;
		default:
			break;
		}
	}
	return left.nr_bytes == 0 && asked->client.nr_bytes <= DUID_MOST_BYTES;
}

static void dhcp6_write_duid(const struct dhcp6_server *server, uint8_t *duid)
{
	net_store16(duid, DUID_LL);
	net_store16(duid + 2, 1); /* Ethernet */
	memcpy(duid + 4, server->mac, NET_MAC_BYTES);
}

/* 16: who has to say which server is meant, and who must not. */
static bool dhcp6_is_for_us(const struct dhcp6_server *server, const struct dhcp6_asked *asked)
{
	uint8_t duid[DUID_BYTES];
	bool ours;

	dhcp6_write_duid(server, duid);
	ours = asked->server.nr_bytes == DUID_BYTES && memcmp(asked->server.bytes, duid, DUID_BYTES) == 0;
	switch (asked->type) {
	case DHCP6_SOLICIT:
	case DHCP6_CONFIRM:
	case DHCP6_REBIND:
		return asked->client.bytes != NULL && asked->server.bytes == NULL;
	case DHCP6_REQUEST:
	case DHCP6_RENEW:
	case DHCP6_RELEASE:
	case DHCP6_DECLINE:
		return asked->client.bytes != NULL && ours;
	case DHCP6_INFORMATION_REQUEST:
		return asked->nr_associations == 0 && (ours || asked->server.bytes == NULL);
	default:
		return false;
	}
}

struct dhcp6_writer {
	uint8_t *bytes;
	size_t at;
};

/* Returns where its content begins, which is zeros. */
static uint8_t *dhcp6_put(struct dhcp6_writer *writer, enum dhcp6_option option, size_t nr_bytes)
{
	uint8_t *to = writer->bytes + writer->at;

	net_store16(to, option);
	net_store16(to + 2, (uint32_t)nr_bytes);
	memset(to + HEADER_BYTES, 0, nr_bytes);
	writer->at += HEADER_BYTES + nr_bytes;
	return to + HEADER_BYTES;
}

static void dhcp6_put_status(struct dhcp6_writer *writer, enum dhcp6_status status)
{
	net_store16(dhcp6_put(writer, OPTION_STATUS, 2), status);
}

static void dhcp6_put_address(struct dhcp6_writer *writer, const uint8_t *address, uint32_t seconds)
{
	uint8_t *content = dhcp6_put(writer, OPTION_IA_ADDRESS, IA_ADDRESS_BYTES);

	memcpy(content, address, NET_V6_BYTES);
	net_store32(content + 16, seconds);
	net_store32(content + 20, seconds);
}

/* Takes the next address off the front of what an association has. */
static const uint8_t *dhcp6_take_address(struct dhcp6_part *left)
{
	struct dhcp6_part option;
	uint32_t code;

	while (dhcp6_take(left, &code, &option)) {
		if (code == OPTION_IA_ADDRESS && option.nr_bytes >= IA_ADDRESS_BYTES)
			return option.bytes;
	}
	return NULL;
}

static struct dhcp6_part dhcp6_content(const struct dhcp6_part *association)
{
	return (struct dhcp6_part){ association->bytes + IA_BYTES, association->nr_bytes - IA_BYTES };
}

/* The address; and those that the client has and should not, with no time left (18.3.4). */
static void dhcp6_put_association(struct dhcp6_writer *writer, const struct dhcp6_server *server,
				  const struct dhcp6_part *association, bool is_first)
{
	struct dhcp6_part left = dhcp6_content(association);
	size_t begin = writer->at;
	uint8_t *content = dhcp6_put(writer, OPTION_IA_NA, IA_BYTES);
	const uint8_t *address;
	unsigned nr_stale = 0;

	memcpy(content, association->bytes, 4);
	if (is_first) {
		net_store32(content + 4, T1_SECONDS);
		net_store32(content + 8, T2_SECONDS);
		dhcp6_put_address(writer, server->address, LEASE_SECONDS);
	} else {
		dhcp6_put_status(writer, STATUS_NO_ADDRESS);
	}
	while (is_first && nr_stale < STALE_MAXIMUM && (address = dhcp6_take_address(&left)) != NULL) {
		if (!net_is_same6(address, server->address)) {
			dhcp6_put_address(writer, address, 0);
			nr_stale++;
		}
	}
	net_store16(writer->bytes + begin + 2, (uint32_t)(writer->at - begin - HEADER_BYTES));
}

/* 18.3.3: are all the client's addresses the one that there is? False, too, if it has none. */
static bool dhcp6_has_address(const struct dhcp6_asked *asked, const struct dhcp6_server *server, bool *is_right)
{
	bool any = false;

	*is_right = true;
	for (uint32_t i = 0; i < asked->nr_associations; i++) {
		struct dhcp6_part left = dhcp6_content(&asked->associations[i]);
		const uint8_t *address;

		while ((address = dhcp6_take_address(&left)) != NULL) {
			any = true;
			*is_right = *is_right && net_is_same6(address, server->address);
		}
	}
	return any;
}

static void dhcp6_put_answer(struct dhcp6_writer *writer, const struct dhcp6_server *server, const struct dhcp6_asked *asked,
			     bool is_right)
{
	switch (asked->type) {
	case DHCP6_CONFIRM:
		dhcp6_put_status(writer, is_right ? STATUS_SUCCESS : STATUS_NOT_ON_LINK);
		return;
	case DHCP6_RELEASE:
	case DHCP6_DECLINE:
		dhcp6_put_status(writer, STATUS_SUCCESS);
		return;
	default:
		break;
	}
	if (writer->bytes[0] == DHCP6_REPLY && asked->type == DHCP6_SOLICIT)
		(void)dhcp6_put(writer, OPTION_RAPID_COMMIT, 0);
	for (uint32_t i = 0; i < asked->nr_associations; i++)
		dhcp6_put_association(writer, server, &asked->associations[i], i == 0);
	if (server->nr_dns != 0)
		memcpy(dhcp6_put(writer, OPTION_DNS, server->nr_dns * NET_V6_BYTES), server->dns, server->nr_dns * NET_V6_BYTES);
}

/* What the client and we are known by, the addresses and the servers. */
_Static_assert(DHCP6_MOST_BYTES >= HEADER_BYTES + HEADER_BYTES + DUID_MOST_BYTES + HEADER_BYTES + DUID_BYTES + HEADER_BYTES +
	       ASSOCIATIONS_MAXIMUM * (HEADER_BYTES + IA_BYTES + HEADER_BYTES + 2) +
	       (1 + STALE_MAXIMUM) * (HEADER_BYTES + IA_ADDRESS_BYTES) + HEADER_BYTES + DHCP6_DNS_MAXIMUM * NET_V6_BYTES,
	       "an answer has room");

size_t dhcp6_answer(const struct dhcp6_server *server, const uint8_t *message, size_t nr_bytes, uint8_t *answer)
{
	struct dhcp6_writer writer = { answer, HEADER_BYTES };
	struct dhcp6_asked asked;
	bool is_right;

	if (nr_bytes < HEADER_BYTES || !dhcp6_read(message, nr_bytes, &asked) || !dhcp6_is_for_us(server, &asked))
		return 0;
	if (!dhcp6_has_address(&asked, server, &is_right) && asked.type == DHCP6_CONFIRM)
		return 0;
	answer[0] = asked.type == DHCP6_SOLICIT && !asked.rapid ? DHCP6_ADVERTISE : DHCP6_REPLY;
	memcpy(answer + 1, message + 1, 3);
	if (asked.client.bytes != NULL)
		memcpy(dhcp6_put(&writer, OPTION_CLIENT, asked.client.nr_bytes), asked.client.bytes, asked.client.nr_bytes);
	dhcp6_write_duid(server, dhcp6_put(&writer, OPTION_SERVER, DUID_BYTES));
	dhcp6_put_answer(&writer, server, &asked, is_right);
	return writer.at;
}
