/*
 * boot/uefi/payload.c: the list of files in the loader, and the comparison with it.
 */
#include "boot/uefi/payload.h"

#include "rv/sha256.h"
#include "core/string.h"

#define DIGITS (2 * SHA256_BYTES)

/* volatile: tools replace what the compiler sees. */
__attribute__((section(".payload"), used)) static const volatile char payload_list[PAYLOAD_BYTES] =
	{ 0 };

static char payload_digit(unsigned value)
{
	return (char)(value < 10 ? '0' + value : 'a' + value - 10);
}

static bool payload_sum_is(const char *digits, const uint8_t digest[SHA256_BYTES])
{
	for (unsigned i = 0; i < SHA256_BYTES; i++) {
		if (digits[2 * i] != payload_digit(digest[i] >> 4) ||
		    digits[2 * i + 1] != payload_digit(digest[i] & 0xf))
			return false;
	}
	return true;
}

/* Both separators are one. */
static bool payload_name_is(const char *listed, size_t length, const char *name)
{
	for (size_t i = 0; i < length; i++) {
		if (listed[i] != (name[i] == '\\' ? '/' : name[i]) || name[i] == '\0')
			return false;
	}
	return name[length] == '\0';
}

bool payload_matches(const char *list, size_t list_bytes, const char *name, const void *data,
		     size_t length_bytes)
{
	uint8_t digest[SHA256_BYTES];
	size_t at = 0;

	sha256(data, length_bytes, digest);
	while (at < list_bytes && list[at] != '\0') {
		size_t end = at;

		while (end < list_bytes && list[end] != '\n' && list[end] != '\0')
			end++;
		if (end - at > DIGITS + 1 && list[at + DIGITS] == ' ' &&
		    payload_name_is(list + at + DIGITS + 1, end - at - DIGITS - 1, name))
			return payload_sum_is(list + at, digest);
		at = end + 1;
	}
	return false;
}

bool payload_has_list(void)
{
	return payload_list[0] != '\0';
}

bool payload_is_good(const char *name, const void *data, size_t length_bytes, bool secure_boot)
{
	if (!payload_has_list())
		return !secure_boot;
	return payload_matches((const char *)payload_list, sizeof(payload_list), name, data,
			       length_bytes);
}
