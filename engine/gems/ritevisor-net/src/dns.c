/*
 * dns.c: takes messages of the domain name system apart (RFC 1035 4.1).
 */
#include "dns.h"
#include "packet.h"

#include <stdio.h>

static uint32_t dns_number(const struct dns_message *message, uint32_t at, unsigned int count)
{
	return packet_number(message->bytes + at, count);
}

static bool dns_has(const struct dns_message *message, uint32_t at, uint32_t count)
{
	return at <= message->length && count <= message->length - at;
}

/* A name that is being read. */
struct dns_reader {
	uint32_t at, end;	/* end: where it ends, 0 while no pointer was followed */
	uint32_t limit;		/* a pointer has to lead before this: so none leads in a circle (RFC 1035 4.1.4) */
	uint32_t bytes;		/* of labels so far */
};

/* Follows a pointer, if there is one. False: it leads nowhere. */
static bool dns_follow(const struct dns_message *message, struct dns_reader *reader)
{
	while (dns_has(message, reader->at, 2) && message->bytes[reader->at] >= 0xc0) {
		uint32_t target = dns_number(message, reader->at, 2) & 0x3fff;

		if (reader->end == 0)
			reader->end = reader->at + 2;
		if (target >= reader->limit)
			return false;
		reader->at = reader->limit = target;
	}
	return dns_has(message, reader->at, 1) && message->bytes[reader->at] < 64;
}

/* text NULL: nobody wants to know. */
static size_t dns_write_label(const uint8_t *label, uint32_t count, char *text, size_t used)
{
	for (uint32_t i = 0; i < count; i++) {
		if (label[i] <= ' ' || label[i] >= 127)
			used += (size_t)snprintf(text + used, DNS_TEXT_BYTES - used, "\\%03u", label[i]);
		else if (label[i] == '.' || label[i] == '\\')
			used += (size_t)snprintf(text + used, DNS_TEXT_BYTES - used, "\\%c", label[i]);
		else
			text[used++] = (char)label[i];
	}
	return used;
}

uint32_t dns_name(const struct dns_message *message, uint32_t at, char text[DNS_TEXT_BYTES])
{
	struct dns_reader reader = { .at = at, .limit = at };
	size_t used = 0;

	for (;;) {
		uint32_t count;

		if (!dns_follow(message, &reader))
			return 0;
		count = message->bytes[reader.at];
		reader.bytes += count + 1;
		if (reader.bytes > DNS_NAME_BYTES || !dns_has(message, reader.at + 1, count))
			return 0;
		if (count == 0)
			break;
		if (used > 0)
			text[used++] = '.';
		used = dns_write_label(message->bytes + reader.at + 1, count, text, used);
		reader.at += 1 + count;
	}
	if (used == 0)
		text[used++] = '.';
	text[used] = '\0';
	return reader.end != 0 ? reader.end : reader.at + 1;
}

/* Returns where the record ends; 0: it is none. */
static uint32_t dns_parse_record(struct dns_message *message, uint8_t section, uint32_t at)
{
	struct dns_record record = { .section = section, .name_at = at };
	char text[DNS_TEXT_BYTES];

	at = dns_name(message, at, text);
	if (at == 0 || !dns_has(message, at, 4))
		return 0;
	record.type = (uint16_t)dns_number(message, at, 2);
	record.class = (uint16_t)dns_number(message, at + 2, 2);
	at += 4;
	if (section != DNS_QUESTION) {
		if (!dns_has(message, at, 6))
			return 0;
		record.ttl = dns_number(message, at, 4);
		record.data_bytes = dns_number(message, at + 4, 2);
		record.data_at = at + 6;
		if (!dns_has(message, record.data_at, record.data_bytes))
			return 0;
		at = record.data_at + record.data_bytes;
	}
	message->records[message->nr_records++] = record;
	return at;
}

bool dns_parse(struct dns_message *message, const uint8_t *bytes, uint32_t length)
{
	uint32_t at = 12;

	message->bytes = bytes;
	message->length = length;
	message->nr_records = 0;
	message->is_cut = false;
	if (length < 12)
		return false;
	message->id = (uint16_t)dns_number(message, 0, 2);
	message->flags = (uint16_t)dns_number(message, 2, 2);
	for (uint8_t section = 0; section < DNS_SECTIONS; section++) {
		uint32_t count = dns_number(message, 4 + 2u * section, 2);

		for (; count > 0; count--) {
			if (message->nr_records == DNS_RECORDS_MAXIMUM) {
				message->is_cut = true;
				return true;
			}
			at = dns_parse_record(message, section, at);
			if (at == 0)
				return false;
		}
	}
	return true;
}
