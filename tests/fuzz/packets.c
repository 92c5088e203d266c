/*
 * tests/fuzz/packets.c: the gem of packets: frames, DNS, filters' texts and programs, changes of frames. What the first
 * byte says is done with the rest.
 */
#include "engine/gems/ritevisor-net/src/checksum.h"
#include "engine/gems/ritevisor-net/src/dns.h"
#include "engine/gems/ritevisor-net/src/edit.h"
#include "engine/gems/ritevisor-net/src/rules.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct filter filter;
static struct connection entries[16 * CONNECTIONS_WAYS];
static struct rules rules;

static void fuzz_dns(const uint8_t *data, uint32_t size)
{
	static struct dns_message message;
	char name[DNS_TEXT_BYTES];

	if (!dns_parse(&message, data, size))
		return;
	for (uint32_t i = 0; i < message.nr_records; i++) {
		const struct dns_record *record = &message.records[i];

		if (dns_name(&message, record->name_at, name) == 0 || strlen(name) >= DNS_TEXT_BYTES)
			abort();
		if (record->data_bytes > size || record->data_at > size - record->data_bytes)
			abort();
		(void)dns_name(&message, record->data_at, name);
	}
}

static int fuzz_read(void *context, uint32_t offset, uint8_t *bytes, uint32_t count)
{
	const struct packet *packet = context;

	if (offset > packet->length || count > packet->length - offset)
		abort();
	memset(bytes, 0, count);
	return 0;
}

/* All that is told of a frame lies in it. */
static void fuzz_check(const struct packet *packet)
{
	if (packet->end > packet->length || packet->network > packet->length || packet->transport > packet->end)
		abort();
	if (packet->payload != 0 && (packet->payload > packet->end || packet->payload > packet->there))
		abort();
}

static void fuzz_frame(const uint8_t *data, uint32_t size)
{
	uint8_t *bytes = malloc(size);
	struct packet packet, inner;
	struct address address = { { 1, 2, 3 } };
	uint16_t checksum;

	memcpy(bytes, data, size);
	packet_parse(&packet, bytes, size, size + data[0], data[0] & 1);
	fuzz_check(&packet);
	if (packet_parse_error(&packet, &inner))
		fuzz_check(&inner);
	(void)rules_judge(&rules, &packet, 1000);
	if (packet.family == 4)
		(void)checksum_ip(&packet);
	if (checksum_place(&packet) != 0 && !packet.is_fragment)
		(void)checksum_transport(&packet, fuzz_read, &packet, &checksum);
	(void)edit_address(bytes, &packet, data[0] & 2, &address, data[0] & 4);
	(void)edit_port(bytes, &packet, data[0] & 8, 80, data[0] & 4);
	(void)edit_vlan(bytes, &packet, 5);
	if (packet.payload != 0)
		(void)edit_end(bytes, &packet, packet.payload + 5);
	free(bytes);
}

/* A text, and behind a NUL a frame that it is run on. */
static void fuzz_text(const uint8_t *data, uint32_t size)
{
	const uint8_t *end = memchr(data, '\0', size);
	uint32_t length = end ? (uint32_t)(end - data) : size, rest = end ? size - length - 1 : 0;
	char error[FILTER_ERROR_BYTES];
	struct packet packet;

	if (!filter_compile(&filter, (const char *)data, length, error)) {
		if (error[0] == '\0' || strlen(error) >= FILTER_ERROR_BYTES)
			abort();
		return;
	}
	packet_parse(&packet, data + size - rest, rest, rest, true);
	(void)filter_run(filter.steps, filter.nr_steps, &packet);
}

/* Any bytes that filter_check() takes for a program. */
static void fuzz_program(const uint8_t *data, uint32_t size)
{
	uint32_t count = size / sizeof(filter.steps[0]);
	struct packet packet;

	if (count > FILTER_STEPS_MAXIMUM)
		count = FILTER_STEPS_MAXIMUM;
	memcpy(filter.steps, data, count * sizeof(filter.steps[0]));
	packet_parse(&packet, data, size, size, false);
	if (filter_check(filter.steps, count))
		(void)filter_run(filter.steps, count, &packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > 70000)
		return 0;
	if (rules.nr_rules == 0) {
		static struct filter all;
		char error[FILTER_ERROR_BYTES];

		connections_init(&rules.connections, entries, 16, 1);
		(void)filter_compile(&all, "udp port 53 or tcp[13] & 2 != 0 or icmp", 39, error);
		rules.rules[rules.nr_rules++] = (struct rule){ .allows = true, .tracks = true, .nr_steps = all.nr_steps, .steps = all.steps };
	}
	switch (data[0] % 4) {
	case 0:
		fuzz_dns(data + 1, (uint32_t)size - 1);
		break;
	case 1:
		fuzz_frame(data + 1, (uint32_t)size - 1);
		break;
	case 2:
		fuzz_text(data + 1, (uint32_t)size - 1);
		break;
	default:
		fuzz_program(data + 1, (uint32_t)size - 1);
		break;
	}
	return 0;
}
