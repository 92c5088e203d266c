/*
 * tests/unit/packets.c: the gem of packets, as far as it needs no engine: headers, addresses, checksums, changes.
 */
#include "engine/gems/ritevisor-net/src/address.h"
#include "engine/gems/ritevisor-net/src/checksum.h"
#include "engine/gems/ritevisor-net/src/edit.h"
#include "tests/unit/unit.h"

enum { FRAME_BYTES = 2048 };

/* A frame as it is in a test: on the heap, so that ASan sees what is read behind it. */
struct frame {
	uint8_t *bytes;
	uint32_t length;
	struct packet packet;
};

static struct frame frame_made(const uint8_t *bytes, uint32_t length)
{
	struct frame frame = { .bytes = malloc(length), .length = length };

	memcpy(frame.bytes, bytes, length);
	packet_parse(&frame.packet, frame.bytes, length, length, true);
	return frame;
}

static void put(uint8_t *at, uint32_t number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
}

/* Sums by the definition, far from how checksum.c does it: one's complement words, one after the other. */
static uint16_t plain_sum(const uint8_t *bytes, uint32_t count, uint16_t sum)
{
	for (uint32_t i = 0; i < count; i += 2) {
		uint32_t more = sum + ((uint32_t)bytes[i] << 8 | (i + 1 < count ? bytes[i + 1] : 0));

		sum = (uint16_t)(more > 0xffff ? more - 0xffff : more);
	}
	return sum;
}

/* The sum over all that a transport's checksum covers, with it: 0xffff where it is right. */
static uint16_t whole_sum(const struct packet *packet)
{
	unsigned int count = packet->family == 6 ? 16 : 4;
	uint8_t rest[4] = { 0, packet->protocol, (uint8_t)((packet->end - packet->transport) >> 8),
			    (uint8_t)(packet->end - packet->transport) };
	uint16_t sum = 0;

	if (packet->protocol != PACKET_ICMP) {
		sum = plain_sum(packet->src.bytes, count, sum);
		sum = plain_sum(packet->dst.bytes, count, sum);
		sum = plain_sum(rest, 4, sum);
	}
	return plain_sum(packet->bytes + packet->transport, packet->end - packet->transport, sum);
}

static int read_frame(void *context, uint32_t offset, uint8_t *bytes, uint32_t count)
{
	const struct frame *frame = context;

	if (offset > frame->length || count > frame->length - offset)
		return -1;
	memcpy(bytes, frame->bytes + offset, count);
	return 0;
}

static void fix(struct frame *frame)
{
	uint32_t place = checksum_place(&frame->packet);
	uint16_t checksum = 0;

	if (frame->packet.family == 4)
		put(frame->bytes + frame->packet.network + 10, checksum_ip(&frame->packet));
	UNIT_EQUAL(checksum_transport(&frame->packet, read_frame, frame, &checksum), 0);
	put(frame->bytes + place, checksum);
}

/* A whole frame of `family` and `protocol` with `payload` bytes behind its header, whose sums are right. */
static struct frame frame_of(uint8_t family, uint8_t protocol, uint32_t payload)
{
	uint8_t bytes[FRAME_BYTES] = { 0x52, 0x55, 0, 0, 2, 2, 0x52, 0x54, 0, 0x12, 0x34, 0x56, family == 6 ? 0x86 : 8,
				       family == 6 ? 0xdd : 0 };
	uint32_t header = protocol == PACKET_TCP ? 20 : 8, at = 14 + (family == 6 ? 40 : 20), end = at + header + payload;
	struct frame frame;

	for (uint32_t i = at; i < end; i++)
		bytes[i] = (uint8_t)unit_random();
	if (family == 6) {
		bytes[14] = 0x60;
		put(bytes + 18, end - at);
		bytes[20] = protocol;
		for (int i = 22; i < 54; i++)
			bytes[i] = (uint8_t)unit_random();
	} else {
		bytes[14] = 0x45;
		put(bytes + 16, end - 14);
		bytes[23] = protocol;
		for (int i = 26; i < 34; i++)
			bytes[i] = (uint8_t)unit_random();
	}
	if (protocol == PACKET_TCP)
		bytes[at + 12] = 0x50;
	if (protocol == PACKET_UDP)
		put(bytes + at + 4, header + payload);
	frame = frame_made(bytes, end);
	fix(&frame);
	return frame;
}

static bool sums_are_right(const struct frame *frame)
{
	const struct packet *packet = &frame->packet;

	if (packet->family == 4 && plain_sum(frame->bytes + packet->network, 20, 0) != 0xffff)
		return false;
	return whole_sum(packet) == 0xffff;
}

static void checksums_are_those_of_the_definition(void)
{
	static const uint8_t protocols[] = { PACKET_TCP, PACKET_UDP, PACKET_ICMP, PACKET_ICMP6 };

	for (uint32_t i = 0; i < 200; i++) {
		uint8_t protocol = protocols[i % 4], family = protocol == PACKET_ICMP ? 4 : protocol == PACKET_ICMP6 ? 6 : i & 8 ? 6 : 4;
		struct frame frame = frame_of(family, protocol, (uint32_t)(unit_random() % 1400));

		UNIT_CHECK(sums_are_right(&frame));
		free(frame.bytes);
	}
}

/* Parsed anew, as what hooks behind see. */
static void parse_again(struct frame *frame)
{
	packet_parse(&frame->packet, frame->bytes, frame->length, frame->length, true);
}

static void changes_keep_checksums(void)
{
	for (uint32_t i = 0; i < 400; i++) {
		uint8_t family = i & 1 ? 6 : 4, protocol = i & 2 ? PACKET_UDP : PACKET_TCP;
		struct frame frame = frame_of(family, protocol, (uint32_t)(unit_random() % 64));
		bool is_dst = i & 4, wrong = i & 8;
		struct address address;
		uint16_t port = (uint16_t)unit_random();

		for (int k = 0; k < 16; k++)
			address.bytes[k] = (uint8_t)unit_random();
		if (wrong) /* and what was wrong stays so */
			frame.bytes[frame.length - 1] ^= 0x10;
		UNIT_CHECK(edit_address(frame.bytes, &frame.packet, is_dst, &address, false));
		parse_again(&frame);
		UNIT_CHECK(edit_port(frame.bytes, &frame.packet, !is_dst, port, false));
		parse_again(&frame);
		UNIT_CHECK(memcmp(is_dst ? &frame.packet.dst : &frame.packet.src, &address, family == 6 ? 16 : 4) == 0);
		UNIT_EQUAL(is_dst ? frame.packet.sport : frame.packet.dport, port);
		UNIT_CHECK(sums_are_right(&frame) != wrong || protocol == PACKET_UDP);
		if (!wrong)
			UNIT_CHECK(sums_are_right(&frame));
		free(frame.bytes);
	}
}

/* The device goes on from a sum of addresses and length, which has to stay that. */
static void a_partial_checksum_stays_one(void)
{
	for (uint32_t i = 0; i < 100; i++) {
		struct frame frame = frame_of(i & 1 ? 6 : 4, i & 2 ? PACKET_UDP : PACKET_TCP, 100);
		uint32_t place = checksum_place(&frame.packet);
		struct address address;
		uint32_t sum;

		put(frame.bytes + place, (uint16_t)~checksum_fold(checksum_pseudo_header(&frame.packet)));
		for (int k = 0; k < 16; k++)
			address.bytes[k] = (uint8_t)unit_random();
		UNIT_CHECK(edit_address(frame.bytes, &frame.packet, i & 4, &address, true));
		parse_again(&frame);
		UNIT_CHECK(edit_port(frame.bytes, &frame.packet, true, 4711, true));
		parse_again(&frame);
		/* What a device does: the sum of all from there on, with what stands there. */
		sum = plain_sum(frame.bytes + frame.packet.transport, frame.packet.end - frame.packet.transport, 0);
		put(frame.bytes + place, ~sum);
		UNIT_CHECK(sums_are_right(&frame));
		free(frame.bytes);
	}
}

static void udp_without_a_checksum_keeps_none(void)
{
	struct frame frame = frame_of(4, PACKET_UDP, 10);
	struct address address = { { 1, 2, 3, 4 } };

	put(frame.bytes + checksum_place(&frame.packet), 0);
	UNIT_CHECK(edit_address(frame.bytes, &frame.packet, true, &address, false));
	UNIT_CHECK(edit_port(frame.bytes, &frame.packet, true, 1, false));
	UNIT_EQUAL(packet_number(frame.bytes + checksum_place(&frame.packet), 2), 0);
	free(frame.bytes);
}

static void ends_are_told_in_headers(void)
{
	for (int family = 4; family <= 6; family += 2) {
		struct frame frame = frame_of((uint8_t)family, PACKET_UDP, 100);

		UNIT_CHECK(edit_end(frame.bytes, &frame.packet, frame.length - 40));
		parse_again(&frame);
		UNIT_EQUAL(frame.packet.end, frame.length - 40);
		UNIT_EQUAL(packet_number(frame.bytes + frame.packet.transport + 4, 2), 68);
		UNIT_CHECK(!edit_end(frame.bytes, &frame.packet, frame.packet.transport - 1));
		free(frame.bytes);
	}
}

/* 802.1Q in 802.1ad, with a fragment header, and padding behind. */
static void headers_are_found(void)
{
	static const uint8_t bytes[] = {
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x88, 0xa8, 0x20, 5, 0x81, 0, 0, 7, 0x86, 0xdd,
		0x60, 0, 0, 0, 0, 32, 0, 64, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
		44, 0, 1, 4, 0, 0, 0, 0, 17, 0, 0, 1, 0xde, 0xad, 0xbe, 0xef,
		0x12, 0x34, 0, 53, 0, 16, 0, 0, 'p', 'a', 'y', 'l', 'o', 'a', 'd', '!', 9, 9, 9 };
	struct frame frame = frame_made(bytes, sizeof(bytes));
	const struct packet *packet = &frame.packet;
	char text[ADDRESS_TEXT_BYTES];

	UNIT_EQUAL(packet->vlan, 5);
	UNIT_EQUAL(packet->ethertype, PACKET_ETHERTYPE_IP6);
	UNIT_EQUAL(packet->network, 22);
	UNIT_EQUAL(packet->protocol, PACKET_UDP);
	UNIT_CHECK(packet->is_fragment && !packet->is_later);
	UNIT_EQUAL(packet->fragment, 0xdeadbeef);
	UNIT_EQUAL(packet->sport, 0x1234);
	UNIT_EQUAL(packet->dport, 53);
	UNIT_EQUAL(packet->payload, 86);
	UNIT_EQUAL(packet->end, 94);
	address_write(&packet->src, 6, text);
	UNIT_CHECK(strcmp(text, "2001:db8::1") == 0);
	UNIT_CHECK(edit_vlan(frame.bytes, packet, 4095));
	UNIT_EQUAL(packet_number(frame.bytes + 14, 2), 0x2fff);
	free(frame.bytes);
}

/* Extension headers without end. */
static void extensions_are_bounded(void)
{
	uint8_t bytes[FRAME_BYTES] = { [12] = 0x86, [13] = 0xdd, [14] = 0x60, [20] = 60 };
	struct frame frame;

	put(bytes + 18, 1900);
	for (int i = 54; i < FRAME_BYTES; i += 8)
		bytes[i] = 60;
	frame = frame_made(bytes, 1954);
	UNIT_EQUAL(frame.packet.protocol, 60);
	UNIT_CHECK(!frame.packet.has_ports);
	free(frame.bytes);
}

static void cut_frames_have_what_is_there(void)
{
	struct frame whole = frame_of(4, PACKET_TCP, 50);

	for (uint32_t length = 0; length < whole.length; length++) {
		struct frame frame = frame_made(whole.bytes, length);

		UNIT_CHECK(frame.packet.family == (length >= 34 ? 4 : 0));
		UNIT_CHECK(frame.packet.has_ports == (length >= 38));
		UNIT_CHECK(frame.packet.payload == (length >= 54 ? 54 : 0));
		free(frame.bytes);
	}
	free(whole.bytes);
}

static void errors_tell_what_they_are_about(void)
{
	uint8_t bytes[FRAME_BYTES];
	struct frame inner = frame_of(4, PACKET_UDP, 10), frame = frame_of(4, PACKET_ICMP, 28);
	struct packet found;

	memcpy(bytes, frame.bytes, frame.length);
	bytes[34] = 3;
	memcpy(bytes + 42, inner.bytes + 14, 28);
	free(frame.bytes);
	frame = frame_made(bytes, 70);
	UNIT_CHECK(packet_parse_error(&frame.packet, &found));
	UNIT_EQUAL(found.sport, inner.packet.sport);
	UNIT_CHECK(memcmp(&found.dst, &inner.packet.dst, sizeof(found.dst)) == 0);
	frame.bytes[34] = 8;
	UNIT_CHECK(!packet_parse_error(&frame.packet, &found));
	free(frame.bytes);
	free(inner.bytes);
}

static void addresses_are_read_and_written(void)
{
	static const struct {
		const char *text, *written;
		unsigned int family, bits;
	} good[] = {
		{ "10.0.0.1", "10.0.0.1", 4, 32 }, { "10.1.2.3/8", "10.0.0.0", 4, 8 }, { "255.255.255.255", "255.255.255.255", 4, 32 },
		{ "0.0.0.0/0", "0.0.0.0", 4, 0 }, { "::", "::", 6, 128 }, { "::1", "::1", 6, 128 }, { "1::", "1::", 6, 128 },
		{ "2001:DB8::/32", "2001:db8::", 6, 32 }, { "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", 6, 128 },
		{ "1:0:0:2:0:0:0:3", "1:0:0:2::3", 6, 128 }, { "::ffff:1.2.3.4", "::ffff:102:304", 6, 128 },
		{ "fe80::1:0:0:1", "fe80::1:0:0:1", 6, 128 }, { "1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7", 6, 128 },
		{ "2001:db8:ffff::1/35", "2001:db8:e000::", 6, 35 }, { "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", 6, 128 },
	};
	static const char *const bad[] = { "", "1", "10.0.0", "10.0.0.256", "10.0.0.1.", "10.0.0.1/33", "10.0.0.1/", "1.2.3.4/8 ", "01234.1.1.1",
		":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "::g", "1:2:3:4:5:6:7:8::", "::1/129", "1:", ":1",
		"::1.2.3", "1.2.3.4::", "::1.2.3.4:5", "fe80::1%eth0", "1:2:3:4:5:6:7:1.2.3.4", "10.0.0.-1", "/8" };
	struct network network;
	char text[ADDRESS_TEXT_BYTES];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!address_read(good[i].text, strlen(good[i].text), &network)) {
			unit_fail("%s is not read", good[i].text);
			continue;
		}
		address_write(&network.address, network.family, text);
		if (strcmp(text, good[i].written) != 0 || network.family != good[i].family || network.bits != good[i].bits)
			unit_fail("%s became %s/%u", good[i].text, text, network.bits);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (address_read(bad[i], strlen(bad[i]), &network))
			unit_fail("%s is read", bad[i]);
	}
}

int main(void)
{
	unit_run("checksums are those of the definition", checksums_are_those_of_the_definition);
	unit_run("changes keep checksums", changes_keep_checksums);
	unit_run("a partial checksum stays one", a_partial_checksum_stays_one);
	unit_run("UDP without a checksum keeps none", udp_without_a_checksum_keeps_none);
	unit_run("ends are told in headers", ends_are_told_in_headers);
	unit_run("headers are found", headers_are_found);
	unit_run("extensions are bounded", extensions_are_bounded);
	unit_run("cut frames have what is there", cut_frames_have_what_is_there);
	unit_run("errors tell what they are about", errors_tell_what_they_are_about);
	unit_run("addresses are read and written", addresses_are_read_and_written);
	return unit_failed;
}
