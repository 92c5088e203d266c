/*
 * core/string.c: the memory and string functions that the compiler and the decoder expect.
 */
#include "core/string.h"

void *memcpy(void *restrict to, const void *restrict from, size_t length_bytes)
{
	void *result = to;
	size_t words = length_bytes / 8;

	length_bytes %= 8;
	__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words)::"memory");
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length_bytes)::"memory");
	return result;
}

void *memmove(void *to, const void *from, size_t length_bytes)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	if (t == f || length_bytes == 0)
		return to;
	if (t < f || t >= f + length_bytes)
		return memcpy(to, from, length_bytes);
	while (length_bytes-- > 0)
		t[length_bytes] = f[length_bytes];
	return to;
}

void *memset(void *to, int value, size_t length_bytes)
{
	void *result = to;
	uint64_t word = (uint8_t)value * UINT64_C(0x0101010101010101);
	size_t words = length_bytes / 8;

	length_bytes %= 8;
	__asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(word) : "memory");
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(length_bytes) : "a"(word) : "memory");
	return result;
}

int memcmp(const void *a, const void *b, size_t length_bytes)
{
	const uint8_t *x = a, *y = b;

	for (size_t i = 0; i < length_bytes; i++) {
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	}
	return 0;
}

size_t strlen(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0')
		length++;
	return length;
}

int strcmp(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return (uint8_t)*a - (uint8_t)*b;
}

int strncmp(const char *a, const char *b, size_t length_bytes)
{
	for (size_t i = 0; i < length_bytes; i++) {
		if (a[i] != b[i])
			return (uint8_t)a[i] - (uint8_t)b[i];
		if (a[i] == '\0')
			break;
	}
	return 0;
}

size_t string_copy(char *to, const char *from, size_t to_bytes)
{
	size_t length = strlen(from);

	if (to_bytes != 0) {
		size_t copied = length < to_bytes ? length : to_bytes - 1;

		memcpy(to, from, copied);
		to[copied] = '\0';
	}
	return length;
}

bool string_to_number(const char *text, size_t length_bytes, uint64_t *value)
{
	uint64_t result = 0;
	unsigned base = 10;
	size_t i = 0;

	if (length_bytes > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		i = 2;
	}
	if (i == length_bytes)
		return false;
	for (; i < length_bytes; i++) {
		char c = text[i];
		unsigned digit = c >= '0' && c <= '9'	? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
				 : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
							: 16;

		if (digit >= base || result > (~UINT64_C(0) - digit) / base)
			return false;
		result = result * base + digit;
	}
	*value = result;
	return true;
}

bool string_to_size(const char *text, size_t length_bytes, uint64_t *value)
{
	char unit = length_bytes != 0 ? text[length_bytes - 1] : '\0';
	unsigned shift = unit == 'K' ? 10 : unit == 'M' ? 20 : unit == 'G' ? 30 : 0;

	if (!string_to_number(text, length_bytes - (shift != 0), value) || *value > ~UINT64_C(0) >> shift)
		return false;
	*value <<= shift;
	return true;
}
