/*
 * service/base64.c: see the header.
 */
#include "service/base64.h"

/* -1: none of the alphabet's. */
static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decode(const char *text, size_t length, uint8_t *bytes, size_t nr_bytes)
{
	size_t at = 0, digits = (nr_bytes * 8 + 5) / 6;
	uint32_t bits = 0, nr_bits = 0;

	if (length != (nr_bytes + 2) / 3 * 4)
		return false;
	for (size_t i = 0; i < length; i++) {
		int value = base64_value(text[i]);

		if (i >= digits) {
			if (text[i] != '=')
				return false;
			continue;
		}
		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		nr_bits += 6;
		if (nr_bits >= 8) {
			nr_bits -= 8;
			bytes[at++] = (uint8_t)(bits >> nr_bits);
			bits &= (1u << nr_bits) - 1;
		}
	}
	return bits == 0; /* what is left over: there is one way to write each number */
}

size_t base64_bytes(const char *text, size_t length)
{
	size_t padding = 0;

	if (length == 0 || length % 4 != 0)
		return 0;
	while (padding < 2 && text[length - 1 - padding] == '=')
		padding++;
	return length / 4 * 3 - padding;
}
