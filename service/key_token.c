/*
 * service/key_token.c: see the header.
 */
#include "service/key_token.h"

#include "core/string.h"

#define NOT_A_DIGIT 16u

static unsigned token_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10u : NOT_A_DIGIT;
}

static size_t token_decode(const uint8_t *digits, size_t nr, uint8_t *bytes, size_t room_bytes)
{
	size_t nr_bytes = 0;

	while (nr_bytes < room_bytes && nr - 2 * nr_bytes >= 2) {
		unsigned high = token_digit(digits[2 * nr_bytes]), low = token_digit(digits[2 * nr_bytes + 1]);

		if (high == NOT_A_DIGIT || low == NOT_A_DIGIT)
			break;
		bytes[nr_bytes++] = (uint8_t)(high << 4 | low);
	}
	return nr_bytes;
}

/* LUKS2 on-disk format 1.1.1, 2.1: of the binary header the size of a copy is at 8. */
size_t key_token_searched_bytes(const uint8_t *header, size_t header_bytes)
{
	uint64_t bytes = 0;

	for (unsigned i = 8; i < 16 && header_bytes >= 16; i++)
		bytes = bytes << 8 | header[i];
	return bytes < header_bytes ? (size_t)bytes : header_bytes;
}

bool key_token_next(const uint8_t *header, size_t header_bytes, size_t *at, const char *mark, uint8_t *bytes, size_t room_bytes,
		    size_t *nr_bytes)
{
	size_t mark_bytes = strlen(mark);

	for (; *at < header_bytes && header_bytes - *at >= mark_bytes; (*at)++) {
		if (header[*at] != (uint8_t)mark[0] || memcmp(header + *at, mark, mark_bytes) != 0)
			continue;
		*at += mark_bytes;
		*nr_bytes = token_decode(header + *at, header_bytes - *at, bytes, room_bytes);
		return true;
	}
	return false;
}

bool key_token_take_text(struct tpm_in *in, char *text, size_t room_bytes)
{
	size_t nr_bytes;
	const uint8_t *bytes = tpm_get_sized(in, &nr_bytes);

	if (nr_bytes >= room_bytes)
		return false;
	for (size_t i = 0; i < nr_bytes; i++) {
		if (bytes[i] < ' ' || bytes[i] > '~')
			return false;
		text[i] = (char)bytes[i];
	}
	text[nr_bytes] = '\0';
	return true;
}
