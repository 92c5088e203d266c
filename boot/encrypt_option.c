/*
 * boot/encrypt_option.c: reads encrypt=. Pure code.
 */
#include "boot/encrypt.h"

#include "boot/encrypt_wish.h"
#include "core/string.h"

struct encrypt_wish encrypt_wishes[CIPHER_VOLUMES_MAXIMUM];
unsigned encrypt_nr_wishes;
char encrypt_wrong[ENCRYPT_WRONG_BYTES];

static int encrypt_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* With %XX for bytes that a boot line cannot have. */
static bool encrypt_serial(struct encrypt_wish *wish, const char *text, size_t length)
{
	size_t at = 0;

	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (c == '%') {
			int high = i + 2 < length ? encrypt_digit(text[i + 1]) : -1;
			int low = i + 2 < length ? encrypt_digit(text[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (c == '\0' || at == sizeof(wish->volume.serial) - 1)
			return false;
		wish->volume.serial[at++] = c;
	}
	return at != 0;
}

static bool encrypt_disk(struct encrypt_wish *wish, const char *text, size_t length)
{
	size_t serial = length;
	uint64_t namespace = 1;

	for (size_t i = 0; i < length; i++)
		serial = text[i] == '/' ? i : serial;
	if (serial != length && (!string_to_number(text + serial + 1, length - serial - 1, &namespace) || namespace == 0 ||
				 namespace > RV_NVME_NAMESPACES))
		return false;
	wish->volume.namespace = (uint32_t)namespace;
	return encrypt_serial(wish, text, serial);
}

static bool encrypt_name(char *to, const char *text, size_t length)
{
	if (length == 0 || length >= RV_SCRIPT_NAME_BYTES || to[0] != '\0')
		return false;
	memcpy(to, text, length);
	to[length] = '\0';
	return true;
}

/* Is it that field? Then *value is what stands behind it. */
static bool encrypt_is(const char *field, size_t length, const char *name, const char **value)
{
	size_t begin = strlen(name);

	*value = field + begin;
	return length >= begin && strncmp(field, name, begin) == 0;
}

static bool encrypt_field(struct encrypt_wish *wish, const char *field, size_t length)
{
	const char *end = field + length, *value;

	if (encrypt_is(field, length, "header=", &value))
		return encrypt_name(wish->header, value, (size_t)(end - value));
	if (encrypt_is(field, length, "plain=", &value))
		return encrypt_name(wish->plain, value, (size_t)(end - value));
	if (encrypt_is(field, length, "key=", &value))
		return encrypt_name(wish->key, value, (size_t)(end - value));
	if (encrypt_is(field, length, "sealed=", &value))
		return encrypt_name(wish->sealed, value, (size_t)(end - value));
	if (encrypt_is(field, length, "first=", &value))
		return string_to_number(value, (size_t)(end - value), &wish->volume.first_sector);
	if (encrypt_is(field, length, "sectors=", &value))
		return string_to_number(value, (size_t)(end - value), &wish->volume.sectors) && wish->volume.sectors != 0;
	if (encrypt_is(field, length, "discard=pass", &value))
		return wish->volume.passes_discards = value == end;
	return false;
}

static bool encrypt_read(struct encrypt_wish *wish, const char *text, size_t length)
{
	bool good = true, is_first = true;

	wish->volume.sectors = UINT64_MAX;
	while (good && (length != 0 || is_first)) {
		size_t part = 0;

		while (part < length && text[part] != ',')
			part++;
		good = is_first ? encrypt_disk(wish, text, part) : encrypt_field(wish, text, part);
		is_first = false;
		text += part + (part < length);
		length -= part + (part < length);
	}
	wish->is_in_front = wish->plain[0] == '\0' && (wish->header[0] == '\0' || strcmp(wish->header, ENCRYPT_IN_FRONT) == 0);
	if (wish->is_in_front)
		wish->header[0] = '\0';
	/* Where the range is such a header says itself. */
	return good && !(wish->header[0] != '\0' && wish->plain[0] != '\0') &&
	       !(wish->sealed[0] != '\0' && (wish->plain[0] != '\0' || wish->key[0] != '\0')) &&
	       !(wish->is_in_front && (wish->volume.first_sector != 0 || wish->volume.sectors != UINT64_MAX));
}

bool encrypt_option(const char *word, size_t length)
{
	static const char name[] = "encrypt=";
	const size_t begin = sizeof(name) - 1;

	if (length < begin || strncmp(word, name, begin) != 0)
		return false;
	if (encrypt_nr_wishes != CIPHER_VOLUMES_MAXIMUM &&
	    encrypt_read(&encrypt_wishes[encrypt_nr_wishes], word + begin, length - begin)) {
		encrypt_nr_wishes++;
		return true;
	}
	if (length > sizeof(encrypt_wrong) - 1)
		length = sizeof(encrypt_wrong) - 1;
	memcpy(encrypt_wrong, word, length);
	encrypt_wrong[length] = '\0';
	return true;
}

bool encrypt_is_wanted(void)
{
	return encrypt_nr_wishes != 0 || encrypt_wrong[0] != '\0';
}
