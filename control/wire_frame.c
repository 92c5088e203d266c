/*
 * control/wire_frame.c: frames and lines, byte by byte.
 */
#include "control/wire_frame.h"

#define WIRE_CRC_POLYNOMIAL 0xedb88320u /* IEEE 802.3's, reflected */
#define WIRE_BLOCK_MAXIMUM 0xff		/* a code of a block without a zero behind it */

uint32_t wire_crc(const void *bytes, size_t length_bytes)
{
	const uint8_t *at = bytes;
	uint32_t crc = ~0u;

	for (size_t i = 0; i < length_bytes; i++) {
		crc ^= at[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? WIRE_CRC_POLYNOMIAL : 0);
	}
	return ~crc;
}

struct wire_encoder {
	uint8_t *frame;
	size_t used, code_at;
};

static void wire_end_block(struct wire_encoder *encoder)
{
	encoder->frame[encoder->code_at] = (uint8_t)(encoder->used - encoder->code_at);
	encoder->code_at = encoder->used++;
}

static void wire_encode_byte(struct wire_encoder *encoder, uint8_t byte)
{
	if (byte != 0)
		encoder->frame[encoder->used++] = byte;
	if (byte == 0 || encoder->used - encoder->code_at == WIRE_BLOCK_MAXIMUM)
		wire_end_block(encoder);
}

size_t wire_encode(const void *payload, size_t payload_bytes, uint8_t *frame)
{
	struct wire_encoder encoder = { .frame = frame, .used = 2, .code_at = 1 };
	const uint8_t *at = payload;
	uint32_t crc = wire_crc(payload, payload_bytes);

	frame[0] = 0;
	for (size_t i = 0; i < payload_bytes; i++)
		wire_encode_byte(&encoder, at[i]);
	for (unsigned i = 0; i < WIRE_CRC_BYTES; i++)
		wire_encode_byte(&encoder, (uint8_t)(crc >> 8 * i));
	frame[encoder.code_at] = (uint8_t)(encoder.used - encoder.code_at);
	frame[encoder.used++] = 0;
	return encoder.used;
}

/* Forgets what there was. */
static void wire_begin(struct wire_parser *parser, bool in_frame)
{
	parser->used = 0;
	parser->in_frame = in_frame;
	parser->is_over = parser->is_bad = parser->is_zero_due = parser->has_begun = false;
	parser->block = 0;
}

static void wire_put(struct wire_parser *parser, uint8_t byte)
{
	if (parser->used < sizeof(parser->bytes))
		parser->bytes[parser->used++] = byte;
	else
		parser->is_bad = true;
}

static bool wire_frame_is_good(struct wire_parser *parser)
{
	uint32_t crc = 0;

	if (parser->is_bad || parser->block != 0 || parser->used < WIRE_PAYLOAD_MINIMUM + WIRE_CRC_BYTES)
		return false;
	parser->used -= WIRE_CRC_BYTES;
	for (unsigned i = 0; i < WIRE_CRC_BYTES; i++)
		crc |= (uint32_t)parser->bytes[parser->used + i] << 8 * i;
	return crc == wire_crc(parser->bytes, parser->used);
}

/* 0x00: the end of a frame, or the beginning of one. */
static enum wire_event wire_parse_zero(struct wire_parser *parser)
{
	bool had_text = !parser->in_frame && parser->used != 0;

	if (parser->in_frame && parser->has_begun && wire_frame_is_good(parser)) {
		parser->in_frame = false;
		parser->is_over = true;
		return WIRE_FRAME;
	}
	had_text |= parser->in_frame && parser->has_begun;
	wire_begin(parser, true);
	return had_text ? WIRE_LOST : WIRE_NOTHING;
}

static void wire_parse_coded(struct wire_parser *parser, uint8_t byte)
{
	if (parser->block == 0) {
		if (parser->is_zero_due)
			wire_put(parser, 0);
		parser->block = (uint8_t)(byte - 1);
		parser->is_zero_due = byte != WIRE_BLOCK_MAXIMUM;
		parser->has_begun = true;
		return;
	}
	parser->block--;
	wire_put(parser, byte);
}

static enum wire_event wire_end_line(struct wire_parser *parser)
{
	if (parser->used == 0)
		return WIRE_NOTHING;
	if (parser->is_bad) {
		wire_begin(parser, false);
		return WIRE_LOST;
	}
	parser->bytes[parser->used] = '\0';
	parser->is_over = true;
	return WIRE_LINE;
}

static enum wire_event wire_parse_text(struct wire_parser *parser, uint8_t byte)
{
	if (byte == '\r' || byte == '\n')
		return wire_end_line(parser);
	if (byte == '\b' || byte == 0x7f) {
		parser->used -= parser->used != 0;
		return WIRE_NOTHING;
	}
	if (byte < ' ' || byte > '~' || parser->used == WIRE_LINE_MAXIMUM)
		parser->is_bad = true;
	if (parser->used < WIRE_LINE_MAXIMUM)
		parser->bytes[parser->used++] = byte;
	return WIRE_NOTHING;
}

enum wire_event wire_parse(struct wire_parser *parser, uint8_t byte)
{
	if (parser->is_over)
		wire_begin(parser, false);
	if (byte == 0)
		return wire_parse_zero(parser);
	if (!parser->in_frame)
		return wire_parse_text(parser, byte);
	wire_parse_coded(parser, byte);
	return WIRE_NOTHING;
}

enum wire_event wire_parse_silence(struct wire_parser *parser)
{
	bool had_frame = parser->in_frame && parser->has_begun;

	/* A human may think about the rest of a line. */
	if (parser->in_frame)
		wire_begin(parser, false);
	return had_frame ? WIRE_LOST : WIRE_NOTHING;
}
