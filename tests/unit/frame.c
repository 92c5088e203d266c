/*
 * tests/unit/frame.c: headers of frames: what is said of each kind, and that of cut, looping and random ones nothing is
 * read that is not there (ASan watches: each frame is in a block of just its size).
 */
#include "mediator/net/frame.h"

#include "rv/net.h"
#include "unit.h"

static struct frame frame;

/* Parses the hexadecimal text, blanks left out, as a frame of `length` bytes (0: of so many). */
static void parse_of(const char *text, uint32_t length)
{
	uint8_t *bytes = malloc(strlen(text) / 2 + 1), *exact;
	uint32_t count = 0;
	unsigned byte;

	for (; *text != '\0'; text++) {
		if (*text == ' ')
			continue;
		sscanf(text, "%2x", &byte);
		bytes[count++] = (uint8_t)byte;
		text++;
	}
	exact = malloc(count != 0 ? count : 1);
	memcpy(exact, bytes, count);
	memset(&frame, 0xa5, sizeof(frame));
	frame_parse(&frame, exact, count, length != 0 ? length : count);
	free(exact);
	free(bytes);
}

#define MACS "525500000202 525400123456 "
#define IPV4(protocol, part) "4500 0028 1234 " part " 40 " protocol " 0000 0a00020f 0a000202 "
#define TCP "9c40 0019 00000001 00000002 5018 2000 0000 0000 "

static void test_ipv4(void)
{
	parse_of(MACS "0800" IPV4("06", "4000") TCP "6869", 0);
	UNIT_EQUAL(frame.ethertype, RV_ETHERTYPE_IPV4);
	UNIT_EQUAL(frame.protocol, RV_PROTOCOL_TCP);
	UNIT_EQUAL(frame.src, 0x0a00020f);
	UNIT_EQUAL(frame.dst, 0x0a000202);
	UNIT_EQUAL(frame.src_low | frame.dst_low, 0);
	UNIT_EQUAL(frame.sport, 40000);
	UNIT_EQUAL(frame.dport, 25);
	UNIT_EQUAL(frame.vlan, RV_NET_NONE);
	UNIT_EQUAL(frame.network_at, 14);
	UNIT_EQUAL(frame.transport_at, 34);
	UNIT_EQUAL(frame.payload_at, 54);
	UNIT_EQUAL(frame.length_bytes, 56);
	UNIT_CHECK(!frame.is_fragment);
	/* Options: the header is longer. */
	parse_of(MACS "0800 4600 002c 1234 4000 40 11 0000 0a00020f 0a000202 01010101 0035 1000 0008 0000", 0);
	UNIT_EQUAL(frame.sport, 53);
	UNIT_EQUAL(frame.dport, 4096);
	UNIT_EQUAL(frame.transport_at, 38);
	parse_of(MACS "0800" IPV4("01", "0000") "0800 1234 0001 0001 00", 0);
	UNIT_EQUAL(frame.protocol, RV_PROTOCOL_ICMP);
	UNIT_EQUAL(frame.sport, RV_NET_NONE);
	UNIT_EQUAL(frame.payload_at, 42);
	/* It is another version, or its header is too short for one. */
	parse_of(MACS "0800 65" "00 0028 1234 4000 40 06 0000 0a00020f 0a000202" TCP, 0);
	UNIT_EQUAL(frame.protocol, RV_NET_NONE);
	parse_of(MACS "0800 44" "00 0028 1234 4000 40 06 0000 0a00020f 0a000202" TCP, 0);
	UNIT_EQUAL(frame.sport, RV_NET_NONE);
}

static void test_fragments(void)
{
	parse_of(MACS "0800" IPV4("06", "2000") TCP, 0);
	UNIT_CHECK(frame.is_fragment);
	UNIT_EQUAL(frame.dport, 25);
	parse_of(MACS "0800" IPV4("06", "2003") TCP, 0);
	UNIT_CHECK(frame.is_fragment);
	UNIT_EQUAL(frame.protocol, RV_PROTOCOL_TCP);
	UNIT_EQUAL(frame.dport, RV_NET_NONE);
	UNIT_EQUAL(frame.transport_at, 0);
	UNIT_EQUAL(frame.payload_at, 34);
}

#define IPV6(next) "86dd 60000000 0020 " next " 40 20010db8000000010000000000000002 fe80000000000000 0000000000000001 "

static void test_ipv6(void)
{
	parse_of(MACS IPV6("11") "0035 1000 0008 0000 00", 0);
	UNIT_EQUAL(frame.protocol, RV_PROTOCOL_UDP);
	UNIT_EQUAL(frame.src, 0x20010db800000001);
	UNIT_EQUAL(frame.src_low, 2);
	UNIT_EQUAL(frame.dst, 0xfe80000000000000);
	UNIT_EQUAL(frame.dst_low, 1);
	UNIT_EQUAL(frame.sport, 53);
	UNIT_EQUAL(frame.payload_at, 62);
	/* Hop by hop of 16 bytes, authentication of 12, destination of 8, then TCP. */
	parse_of(MACS IPV6("00") "33 01 000000000000 0000000000000000 3c 01 0000 00000000 00000000 06 00 000000000000" TCP, 0);
	UNIT_EQUAL(frame.protocol, RV_PROTOCOL_TCP);
	UNIT_EQUAL(frame.dport, 25);
	UNIT_EQUAL(frame.transport_at, 54 + 16 + 12 + 8);
	/* The first fragment, and the second. */
	parse_of(MACS IPV6("2c") "06 00 0001 00000001" TCP, 0);
	UNIT_CHECK(frame.is_fragment);
	UNIT_EQUAL(frame.dport, 25);
	parse_of(MACS IPV6("2c") "06 00 0008 00000001" TCP, 0);
	UNIT_CHECK(frame.is_fragment);
	UNIT_EQUAL(frame.protocol, RV_PROTOCOL_TCP);
	UNIT_EQUAL(frame.dport, RV_NET_NONE);
	UNIT_EQUAL(frame.payload_at, 62);
	/* Headers that go on for ever, and one that reaches beyond the end. */
	parse_of(MACS IPV6("00") "00 00 000000000000 00 00 000000000000 00 00 000000000000 00 00 000000000000", 0);
	UNIT_EQUAL(frame.protocol, 0);
	UNIT_EQUAL(frame.transport_at, 0);
	parse_of(MACS IPV6("3c") "06 ff 000000000000" TCP, 0);
	UNIT_EQUAL(frame.protocol, RV_PROTOCOL_TCP);
	UNIT_EQUAL(frame.dport, RV_NET_NONE);
}

static void test_others(void)
{
	parse_of(MACS "8100 2005 0800" IPV4("06", "4000") TCP, 0);
	UNIT_EQUAL(frame.vlan, 5);
	UNIT_EQUAL(frame.ethertype, RV_ETHERTYPE_IPV4);
	UNIT_EQUAL(frame.dport, 25);
	UNIT_EQUAL(frame.network_at, 18);
	parse_of(MACS "88a8 0007 8100 0008 0800" IPV4("06", "4000") TCP, 0);
	UNIT_EQUAL(frame.vlan, 7);
	UNIT_EQUAL(frame.dport, 25);
	parse_of(MACS "88a8 0007 8100 0008 8100 0009 0800", 0);
	UNIT_EQUAL(frame.ethertype, 0x8100);
	parse_of(MACS "0806 0001 0800 06 04 0001 525400123456 0a00020f 000000000000 0a000202", 0);
	UNIT_EQUAL(frame.ethertype, RV_ETHERTYPE_ARP);
	UNIT_EQUAL(frame.src, 0x0a00020f);
	UNIT_EQUAL(frame.dst, 0x0a000202);
	UNIT_EQUAL(frame.protocol, RV_NET_NONE);
	parse_of(MACS "88cc 0207", 0);
	UNIT_EQUAL(frame.ethertype, 0x88cc);
	UNIT_EQUAL(frame.src, RV_NET_NO_ADDRESS);
	parse_of("5255", 0);
	UNIT_EQUAL(frame.ethertype, RV_NET_NONE);
	parse_of("", 0);
	UNIT_EQUAL(frame.ethertype, RV_NET_NONE);
	parse_of(MACS "0800" IPV4("06", "4000") TCP, 65000);
	UNIT_EQUAL(frame.length_bytes, 65000);
}

/* Each at every length: what is said lies within. */
static void test_cut(void)
{
	static const uint8_t kinds[][2] = { { 0x08, 0x00 }, { 0x86, 0xdd }, { 0x08, 0x06 }, { 0x81, 0x00 } };

	for (unsigned round = 0; round < 200000 && unit_why[0] == '\0'; round++) {
		uint32_t count = (uint32_t)(unit_random() % 140);
		uint8_t *bytes = malloc(count != 0 ? count : 1);

		for (uint32_t i = 0; i < count; i++)
			bytes[i] = (uint8_t)unit_random();
		if (count >= 15) {
			memcpy(bytes + 12, kinds[unit_random() % 4], 2);
			bytes[14] = (uint8_t)(unit_random() % 2 ? 0x45 : 0x60);
		}
		if (count >= 24 && unit_random() % 2)
			bytes[20] = bytes[23] = (uint8_t[]){ 0, 6, 17, 43, 44, 51, 60, 58 }[unit_random() % 8];
		memset(&frame, 0xa5, sizeof(frame));
		frame_parse(&frame, bytes, count, count);
		UNIT_CHECK(frame.network_at <= count && frame.transport_at <= count && frame.payload_at <= count);
		UNIT_CHECK(frame.sport == RV_NET_NONE || (frame.sport <= 0xffff && frame.dport <= 0xffff));
		UNIT_CHECK(frame.sport == RV_NET_NONE || frame.transport_at != 0);
		free(bytes);
	}
}

int main(void)
{
	unit_run("frame-ipv4", test_ipv4);
	unit_run("frame-fragments", test_fragments);
	unit_run("frame-ipv6", test_ipv6);
	unit_run("frame-others", test_others);
	unit_run("frame-cut", test_cut);
	return unit_failed;
}
