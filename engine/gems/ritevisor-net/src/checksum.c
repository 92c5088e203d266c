/*
 * checksum.c: the Internet checksums of IPv4, TCP, UDP, ICMP and ICMPv6 (RFC 791, 9293 3.1, 768, 792, 4443 2.3).
 */
#include "checksum.h"

#include <stddef.h>

enum { CHECKSUM_WINDOW_BYTES = 1024 };

uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, uint32_t count)
{
	for (uint32_t i = 0; i + 1 < count; i += 2)
		sum += (uint64_t)bytes[i] << 8 | bytes[i + 1];
	if (count & 1)
		sum += (uint64_t)bytes[count - 1] << 8;
	return sum;
}

uint16_t checksum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint16_t checksum_replace(uint16_t checksum, uint16_t before, uint16_t after)
{
	return checksum_fold((uint64_t)(uint16_t)~checksum + (uint16_t)~before + after);
}

uint16_t checksum_ip(const struct packet *packet)
{
	const uint8_t *header = packet->bytes + packet->network;
	uint64_t sum = checksum_add(0, header, 10);
	uint32_t bytes = (header[0] & 15) * 4u, there = packet->there - packet->network;

	return checksum_fold(checksum_add(sum, header + 12, (bytes < there ? bytes : there) - 12));
}

uint32_t checksum_place(const struct packet *packet)
{
	uint32_t offset;

	if (packet->transport == 0)
		return 0;
	switch (packet->protocol) {
	case PACKET_TCP:
		offset = 16;
		break;
	case PACKET_UDP:
		offset = 6;
		break;
	case PACKET_ICMP:
	case PACKET_ICMP6:
		offset = 2;
		break;
	default:
		return 0;
	}
	return packet->end - packet->transport >= offset + 2 ? packet->transport + offset : 0;
}

uint64_t checksum_pseudo_header(const struct packet *packet)
{
	unsigned int bytes = packet->family == 6 ? 16 : 4;
	uint64_t sum = 0;

	if (packet->protocol == PACKET_ICMP) /* has none */
		return 0;
	sum = checksum_add(sum, packet->src.bytes, bytes);
	sum = checksum_add(sum, packet->dst.bytes, bytes);
	return sum + (packet->end - packet->transport) + packet->protocol;
}

int checksum_transport(const struct packet *packet, checksum_read_t read, void *context, uint16_t *checksum)
{
	uint32_t place = checksum_place(packet);
	uint64_t sum = checksum_pseudo_header(packet);
	uint8_t window[CHECKSUM_WINDOW_BYTES];

	for (uint32_t at = packet->transport, part; at < packet->end; at += part) {
		int error;

		part = packet->end - at < sizeof(window) ? packet->end - at : (uint32_t)sizeof(window);
		error = read(context, at, window, part);
		if (error != 0)
			return error;
		for (uint32_t i = place; i < place + 2; i++) {
			if (i >= at && i < at + part)
				window[i - at] = 0;
		}
		sum = checksum_add(sum, window, part);
	}
	*checksum = checksum_fold(sum);
	/* 0 says of UDP that there is none (RFC 768). */
	if (*checksum == 0 && packet->protocol == PACKET_UDP)
		*checksum = 0xffff;
	return 0;
}
