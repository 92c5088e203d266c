/*
 * control/wire_frame.h: what goes over a wire: frames of tools, and lines of humans. `ritectl` and the hypervisor
 * share it; it calls nobody.
 *
 * A frame is 0x00, COBS(payload, CRC-32 of it, little-endian), 0x00: no 0x00 within. What is between frames is text,
 * of which a line ends by CR or LF. A 0x00 that ends no good frame begins one: so whoever has lost bytes is in step
 * again at the second 0x00 that follows.
 *
 * A payload is struct wire_head and as much of struct control_message as has a meaning. The answer has the number of
 * the question. A question that comes again gets the same answer again, and is not asked twice.
 */
#ifndef CONTROL_WIRE_FRAME_H
#define CONTROL_WIRE_FRAME_H

#include "control/control_abi.h"

struct wire_head {
	uint64_t number; /* of the question, which the one before did not have; not 0 */
	int64_t result;	 /* of an answer: as RAX of a hypercall; of a question: 0 */
};
_Static_assert(sizeof(struct wire_head) == 16, "ABI");

#define WIRE_CRC_BYTES 4
#define WIRE_PAYLOAD_MAXIMUM (sizeof(struct wire_head) + CONTROL_BYTES_MAXIMUM)
#define WIRE_PAYLOAD_MINIMUM (sizeof(struct wire_head) + CONTROL_HEADER_BYTES)
/* One byte more in 254, one at the front, and the two zeros. */
#define WIRE_FRAME_MAXIMUM (WIRE_PAYLOAD_MAXIMUM + WIRE_CRC_BYTES + (WIRE_PAYLOAD_MAXIMUM + WIRE_CRC_BYTES) / 254 + 4)
#define WIRE_LINE_MAXIMUM 120

/* Writes a frame, of at most WIRE_FRAME_MAXIMUM bytes; payload_bytes up to WIRE_PAYLOAD_MAXIMUM. Returns its bytes. */
size_t wire_encode(const void *payload, size_t payload_bytes, uint8_t *frame);

uint32_t wire_crc(const void *bytes, size_t length_bytes);

enum wire_event {
	WIRE_NOTHING,
	WIRE_FRAME, /* bytes[0..used) are a payload, of at least WIRE_PAYLOAD_MINIMUM, until the next byte */
	WIRE_LINE,  /* ... are a line, and bytes[used] is NUL */
	WIRE_LOST,  /* what was no frame, or too long a line */
};

/* Zero at first. */
struct wire_parser {
	uint8_t bytes[WIRE_PAYLOAD_MAXIMUM + WIRE_CRC_BYTES];
	size_t used;
	bool in_frame;
	bool is_over;	  /* what is in `bytes` was told of */
	bool is_bad;	  /* it is too long, or no text */
	bool is_zero_due; /* before the next block */
	uint8_t block;	  /* how many of it are to come; in_frame: 0: a code is next */
	bool has_begun;	  /* in_frame: there was a code */
};

enum wire_event wire_parse(struct wire_parser *parser, uint8_t byte);

/* Nothing has come for long: what has begun is not waited for. WIRE_LOST: something had. */
enum wire_event wire_parse_silence(struct wire_parser *parser);

#endif
