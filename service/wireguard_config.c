/*
 * service/wireguard_config.c: reads a file of wg-quick's, line by line.
 */
#include "service/wireguard_config.h"

#include "core/log.h"
#include "core/string.h"
#include "service/base64.h"

#define KEY_SHOWN_BYTES 24 /* of an unknown key in an error */
#define NO_SECTION 0
#define INTERFACE 1
#define PEER 2

struct config_text {
	const char *at;
	size_t length;
};

struct config_reader {
	struct wireguard_config *config;
	char *why;
	uint32_t line;
	unsigned section;
	struct config_text key;
	struct wireguard_peer_config *peer;
	uint32_t nr_interfaces;
	uint64_t seen; /* keys of the section that may stand there once, by their number */
};

typedef bool (*config_take_t)(struct config_reader *reader, struct config_text value);

struct config_key {
	const char *name;
	unsigned section;
	bool many;
	config_take_t take; /* NULL: it is refused */
	const char *words;  /* what its value has to be; of what is refused, why */
};

static bool config_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct config_text config_trim(struct config_text text)
{
	while (text.length != 0 && config_is_blank(*text.at)) {
		text.at++;
		text.length--;
	}
	while (text.length != 0 && config_is_blank(text.at[text.length - 1]))
		text.length--;
	return text;
}

/* Whether it is that word, whatever the letters' case, as wg takes it. */
static bool config_is(struct config_text text, const char *word)
{
	if (text.length != strlen(word))
		return false;
	for (size_t i = 0; i < text.length; i++) {
		char one = text.at[i], other = word[i];

		one |= one >= 'A' && one <= 'Z' ? 0x20 : 0;
		other |= other >= 'A' && other <= 'Z' ? 0x20 : 0;
		if (one != other)
			return false;
	}
	return true;
}

/* Takes what stands before the first such character off the text; false: the text was at its end. */
static bool config_next(struct config_text *text, char separator, struct config_text *part)
{
	size_t length = 0;

	if (text->at == NULL)
		return false;
	while (length < text->length && text->at[length] != separator)
		length++;
	*part = config_trim((struct config_text){ text->at, length });
	if (length == text->length) {
		*text = (struct config_text){ NULL, 0 };
	} else {
		text->at += length + 1;
		text->length -= length + 1;
	}
	return true;
}

static bool config_number(struct config_text text, uint32_t maximum, uint32_t *number)
{
	uint64_t value;

	if (text.length == 0 || !string_to_number(text.at, text.length, &value) || value > maximum)
		return false;
	*number = (uint32_t)value;
	return true;
}

static bool config_wireguard_key(struct config_text value, uint8_t *key)
{
	return base64_decode(value.at, value.length, key, WIREGUARD_KEY_BYTES);
}

static bool config_private_key(struct config_reader *reader, struct config_text value)
{
	return config_wireguard_key(value, reader->config->private_key) &&
	       !wireguard_is_zero(reader->config->private_key, WIREGUARD_KEY_BYTES);
}

static bool config_listen_port(struct config_reader *reader, struct config_text value)
{
	uint32_t number;

	if (!config_number(value, UINT16_MAX, &number))
		return false;
	reader->config->listen_port = (uint16_t)number;
	return true;
}

static bool config_mtu(struct config_reader *reader, struct config_text value)
{
	return config_number(value, WIREGUARD_MTU_MAXIMUM, &reader->config->mtu) &&
	       reader->config->mtu >= WIREGUARD_MTU_MINIMUM;
}

static bool config_address(struct config_reader *reader, struct config_text value)
{
	struct wireguard_config *config = reader->config;
	struct config_text part;

	while (config_next(&value, ',', &part)) {
		if (config->nr_addresses == ARRAY_LENGTH(config->addresses) ||
		    !ip_read_network(part.at, part.length, &config->addresses[config->nr_addresses]))
			return false;
		config->nr_addresses++;
	}
	return true;
}

static bool config_dns(struct config_reader *reader, struct config_text value)
{
	struct wireguard_config *config = reader->config;
	struct config_text part;

	while (config_next(&value, ',', &part)) {
		if (config->nr_dns == ARRAY_LENGTH(config->dns) ||
		    !ip_read_address(part.at, part.length, &config->dns[config->nr_dns]))
			return false;
		config->nr_dns++;
	}
	return true;
}

static bool config_public_key(struct config_reader *reader, struct config_text value)
{
	struct wireguard_config *config = reader->config;

	if (!config_wireguard_key(value, reader->peer->public_key) ||
	    wireguard_is_zero(reader->peer->public_key, WIREGUARD_KEY_BYTES))
		return false;
	for (uint32_t i = 0; i + 1 < config->nr_peers; i++) {
		if (memcmp(config->peers[i].public_key, reader->peer->public_key, WIREGUARD_KEY_BYTES) == 0)
			return false;
	}
	return true;
}

static bool config_preshared_key(struct config_reader *reader, struct config_text value)
{
	return config_wireguard_key(value, reader->peer->preshared_key);
}

/* An empty list is one of no networks, as in wg. */
static bool config_allowed(struct config_reader *reader, struct config_text value)
{
	struct wireguard_config *config = reader->config;
	struct config_text part;

	while (value.length != 0 && config_next(&value, ',', &part)) {
		struct wireguard_allowed *allowed = &config->allowed[config->nr_allowed];

		if (config->nr_allowed == ARRAY_LENGTH(config->allowed) ||
		    !ip_read_network(part.at, part.length, &allowed->network))
			return false;
		ip_mask(&allowed->network);
		allowed->peer = config->nr_peers - 1;
		for (uint32_t i = 0; i < config->nr_allowed; i++) {
			if (config->allowed[i].network.prefix == allowed->network.prefix &&
			    ip_is_same(&config->allowed[i].network.address, &allowed->network.address))
				return false;
		}
		config->nr_allowed++;
	}
	return true;
}

static bool config_is_host_name(struct config_text text)
{
	if (text.length == 0 || text.length >= WIREGUARD_NAME_BYTES)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		char c = text.at[i], lower = (char)(c | 0x20);

		if (!((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'))
			return false;
	}
	return true;
}

/* ADDRESS:PORT, [ADDRESS]:PORT or NAME:PORT. */
static bool config_endpoint(struct config_reader *reader, struct config_text value)
{
	struct ip_endpoint *endpoint = &reader->peer->endpoint;
	struct config_text host = value;
	uint32_t port;

	while (host.length != 0 && host.at[host.length - 1] != ':')
		host.length--;
	if (host.length == 0 ||
	    !config_number((struct config_text){ value.at + host.length, value.length - host.length }, UINT16_MAX, &port) ||
	    port == 0)
		return false;
	host.length--;
	endpoint->port = (uint16_t)port;
	if (host.length >= 2 && host.at[0] == '[' && host.at[host.length - 1] == ']')
		return ip_read_address(host.at + 1, host.length - 2, &endpoint->address) && endpoint->address.family == IP_V6;
	if (ip_read_address(host.at, host.length, &endpoint->address))
		return endpoint->address.family == IP_V4;
	endpoint->address = (struct ip_address){ .family = IP_NONE };
	if (!config_is_host_name(host))
		return false;
	memcpy(reader->peer->endpoint_name, host.at, host.length);
	reader->peer->endpoint_name[host.length] = '\0';
	return true;
}

static bool config_keepalive(struct config_reader *reader, struct config_text value)
{
	uint32_t seconds = 0;

	if (!config_is(value, "off") && !config_number(value, UINT16_MAX, &seconds))
		return false;
	reader->peer->keepalive_seconds = (uint16_t)seconds;
	return true;
}

static const char config_command[] = "there is no shell that could run commands";
static const char config_routes[] = "all packets go through the tunnel, so that there are no other routes";

static const struct config_key config_keys[] = {
	{ "PrivateKey", INTERFACE, false, config_private_key, "32 bytes as base64" },
	{ "ListenPort", INTERFACE, false, config_listen_port, "a number up to 65535" },
	{ "MTU", INTERFACE, false, config_mtu, "a number from 576 to 1920" },
	{ "Address", INTERFACE, true, config_address, "addresses with or without /PREFIX, at most 8" },
	{ "DNS", INTERFACE, true, config_dns, "addresses, at most 8" },
	{ "PreUp", INTERFACE, true, NULL, config_command },
	{ "PostUp", INTERFACE, true, NULL, config_command },
	{ "PreDown", INTERFACE, true, NULL, config_command },
	{ "PostDown", INTERFACE, true, NULL, config_command },
	{ "Table", INTERFACE, false, NULL, config_routes },
	{ "FwMark", INTERFACE, false, NULL, config_routes },
	{ "SaveConfig", INTERFACE, false, NULL, "the file is only read" },
	{ "PublicKey", PEER, false, config_public_key, "32 bytes as base64, of no other peer" },
	{ "PresharedKey", PEER, false, config_preshared_key, "32 bytes as base64" },
	{ "AllowedIPs", PEER, true, config_allowed, "networks as ADDRESS/PREFIX, each once, at most 64 in all" },
	{ "Endpoint", PEER, false, config_endpoint, "ADDRESS:PORT, [ADDRESS]:PORT or NAME:PORT" },
	{ "PersistentKeepalive", PEER, false, config_keepalive, "seconds up to 65535, or off" },
};
_Static_assert(ARRAY_LENGTH(config_keys) <= 64, "struct config_reader.seen");

static bool config_fail(struct config_reader *reader, const char *words)
{
	print_format(reader->why, WIREGUARD_WHY_BYTES, "line %u: %s", reader->line, words);
	return false;
}

/* An error about the key of this line, whose letters may be anything. */
static bool config_fail_key(struct config_reader *reader, const char *middle, const char *words)
{
	char name[KEY_SHOWN_BYTES + 1];
	size_t length = reader->key.length < KEY_SHOWN_BYTES ? reader->key.length : KEY_SHOWN_BYTES;

	for (size_t i = 0; i < length; i++)
		name[i] = reader->key.at[i] > ' ' && reader->key.at[i] <= '~' ? reader->key.at[i] : '?';
	name[length] = '\0';
	print_format(reader->why, WIREGUARD_WHY_BYTES, "line %u: %s: %s%s", reader->line, name, middle, words);
	return false;
}

/* What a section that ends must have. */
static bool config_end_section(struct config_reader *reader)
{
	if (reader->section == PEER && wireguard_is_zero(reader->peer->public_key, WIREGUARD_KEY_BYTES)) {
		reader->line = reader->peer->line;
		return config_fail(reader, "this [Peer] has no PublicKey");
	}
	return true;
}

static bool config_begin_section(struct config_reader *reader, struct config_text name)
{
	struct wireguard_config *config = reader->config;

	if (!config_end_section(reader))
		return false;
	reader->seen = 0;
	if (config_is(name, "[Interface]")) {
		reader->section = INTERFACE;
		return reader->nr_interfaces++ == 0 || config_fail(reader, "there is a second [Interface]");
	}
	if (!config_is(name, "[Peer]"))
		return config_fail(reader, "a section is [Interface] or [Peer]");
	if (config->nr_peers == ARRAY_LENGTH(config->peers))
		return config_fail(reader, "there are more than 8 peers");
	reader->section = PEER;
	reader->peer = &config->peers[config->nr_peers++];
	reader->peer->line = reader->line;
	return true;
}

static bool config_take_line(struct config_reader *reader, struct config_text value)
{
	for (size_t i = 0; i < ARRAY_LENGTH(config_keys); i++) {
		const struct config_key *key = &config_keys[i];

		if (!config_is(reader->key, key->name))
			continue;
		if (reader->section != key->section)
			return config_fail_key(reader, "it belongs to ", key->section == PEER ? "[Peer]" : "[Interface]");
		if (key->take == NULL)
			return config_fail_key(reader, "", key->words);
		if (!key->many && (reader->seen >> i & 1) != 0)
			return config_fail_key(reader, "it stands there twice", "");
		reader->seen |= UINT64_C(1) << i;
		return key->take(reader, value) || config_fail_key(reader, "it is not ", key->words);
	}
	return config_fail_key(reader, "there is no such key", "");
}

static bool config_read_line(struct config_reader *reader, struct config_text line)
{
	struct config_text rest = line;

	config_next(&rest, '#', &line); /* what is behind is a comment */
	if (line.length == 0)
		return true;
	if (line.at[0] == '[')
		return config_begin_section(reader, line);
	rest = line;
	config_next(&rest, '=', &reader->key);
	if (rest.at == NULL)
		return config_fail(reader, "it is no section and has no =");
	if (reader->section == NO_SECTION)
		return config_fail_key(reader, "it stands before any section", "");
	return config_take_line(reader, config_trim(rest));
}

bool wireguard_read_config(const char *text, size_t nr_bytes, struct wireguard_config *config, char *why)
{
	struct config_reader reader = { .config = config, .why = why };
	struct config_text rest = { text, nr_bytes }, line;

	*config = (struct wireguard_config){ .mtu = WIREGUARD_MTU_DEFAULT };
	why[0] = '\0';
	while (config_next(&rest, '\n', &line)) {
		reader.line++;
		if (!config_read_line(&reader, line))
			return false;
	}
	if (!config_end_section(&reader))
		return false;
	if (wireguard_is_zero(config->private_key, WIREGUARD_KEY_BYTES))
		return config_fail(&reader, reader.nr_interfaces == 0 ? "there is no [Interface]" : "[Interface] has no PrivateKey");
	if (config->nr_peers == 0)
		return config_fail(&reader, "there is no [Peer]");
	return true;
}
