/*
 * tests/unit/wire.c: the wire: frames cut, doubled, damaged and flooded, readers that do not read; what is lost is
 * counted.
 */
#include "tests/fuzz/wire.c"

#include "unit.h"

#define RANDOM_INPUTS 400
#define RANDOM_BYTES 600

static void test_frame(void)
{
	uint8_t payload[WIRE_PAYLOAD_MAXIMUM], frame[WIRE_FRAME_MAXIMUM];
	struct wire_parser parser = { .used = 0 };
	enum wire_event event = WIRE_NOTHING;
	size_t bytes;

	UNIT_EQUAL(wire_crc("123456789", 9), 0xcbf43926);
	for (size_t length = WIRE_PAYLOAD_MINIMUM; length <= sizeof(payload); length += 199) {
		for (size_t i = 0; i < length; i++)
			payload[i] = length % 2 ? (uint8_t)(i * 7) : (uint8_t)1;
		bytes = wire_encode(payload, length, frame);
		UNIT_EQUAL(bytes <= sizeof(frame), true);
		UNIT_EQUAL(memchr(frame + 1, 0, bytes - 2) == NULL, true);
		for (size_t i = 0; i < bytes; i++)
			event = wire_parse(&parser, frame[i]);
		UNIT_EQUAL(event, WIRE_FRAME);
		UNIT_EQUAL(parser.used, length);
		UNIT_EQUAL(memcmp(parser.bytes, payload, length), 0);
	}
}

/* The answer was lost: the question comes again, and is not asked twice. */
static void test_again(void)
{
	uint8_t frame[WIRE_FRAME_MAXIMUM];
	size_t bytes = make_frame(frame, ++last_number, CONTROL_BEGIN, 100, 0);
	uint64_t performed = nr_performed, answers = nr_answers;

	put(frame, bytes);
	settle();
	put(frame, bytes);
	settle();
	UNIT_EQUAL(nr_performed - performed, 1);
	UNIT_EQUAL(nr_answers - answers, 2);
	UNIT_EQUAL(answered_result, (int64_t)nr_performed);
}

/* A frame that ends in the middle: lost, and told of; the next one is understood. */
static void test_cut(void)
{
	uint8_t frame[WIRE_FRAME_MAXIMUM];
	size_t bytes = make_frame(frame, ++last_number, CONTROL_HELLO, 500, 3);
	uint64_t losses = wire_count_losses(), performed = nr_performed;

	put(frame, bytes / 2);
	put(frame, bytes);
	settle();
	UNIT_EQUAL(wire_count_losses() - losses, 1);
	UNIT_EQUAL(nr_performed - performed, 1);
	put(frame, bytes / 2);
	pause_line();
	put("help\r", 5);
	settle();
	UNIT_EQUAL(wire_count_losses() - losses, 2);
}

static void test_flood(void)
{
	uint64_t losses = wire_count_losses(), performed = nr_performed;

	for (unsigned i = 0; i < 1000; i++)
		put("lots of text ", 13);
	put("\r", 1);
	settle();
	UNIT_EQUAL(wire_count_losses() - losses, 1);
	UNIT_EQUAL(nr_performed, performed);
}

/* Nobody reads: what comes meanwhile stays where it is, the answer is given up at last, and counted. */
static void test_reader_is_away(void)
{
	uint8_t frame[WIRE_FRAME_MAXIMUM];
	size_t bytes = make_frame(frame, ++last_number, CONTROL_HELLO, 4000, 7);
	uint64_t losses = wire_count_losses(), performed = nr_performed, first = last_number;

	reader_is_away = true;
	put(frame, bytes);
	bytes = make_frame(frame, ++last_number, CONTROL_HELLO, 4000, 7);
	put(frame, bytes);
	turns(100);
	UNIT_EQUAL(nr_performed - performed, 1);
	UNIT_EQUAL(line_end - line_begin, bytes);
	pause_line();
	UNIT_EQUAL(wire_count_losses() - losses, 1);
	settle();
	UNIT_EQUAL(answered != first, true);
	speak_clearly();
}

static void test_random(void)
{
	static uint8_t bytes[RANDOM_BYTES];

	for (unsigned round = 0; round < RANDOM_INPUTS; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)(unit_random() >> 56);
		UNIT_EQUAL(LLVMFuzzerTestOneInput(bytes, sizeof(bytes)), 0);
	}
}

int main(void)
{
	unit_run("wire_frame", test_frame);
	unit_run("wire_again", test_again);
	unit_run("wire_cut", test_cut);
	unit_run("wire_flood", test_flood);
	unit_run("wire_reader_is_away", test_reader_is_away);
	unit_run("wire_random", test_random);
	return unit_failed;
}
