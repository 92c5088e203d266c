/*
 * boot/vpn_option.c: reads the option vpn=.
 */
#include "boot/vpn.h"

#include "boot/vpn_wish.h"
#include "core/string.h"

struct vpn_wish vpn_wish;

static bool vpn_take_word(char *to, size_t to_bytes, const char *text, size_t length)
{
	if (length == 0 || length >= to_bytes || to[0] != '\0')
		return false;
	memcpy(to, text, length);
	return true;
}

static bool vpn_take_field(const char *text, size_t length, const char *name, char to[TUNNEL_WORD_BYTES])
{
	size_t begin = strlen(name);

	return length > begin && strncmp(text, name, begin) == 0 &&
	       vpn_take_word(to, TUNNEL_WORD_BYTES, text + begin, length - begin);
}

static bool vpn_take_roaming(const char *text, size_t length)
{
	static const char name[] = "roaming";

	if (length != sizeof(name) - 1 || strncmp(text, name, length) != 0 || vpn_wish.begin.roams)
		return false;
	vpn_wish.begin.roams = 1;
	return true;
}

static bool vpn_read(const char *text, size_t length)
{
	bool good = true, is_first = true;

	while (good && (length != 0 || is_first)) {
		size_t part = 0;

		while (part < length && text[part] != ',')
			part++;
		good = is_first ? vpn_take_word(vpn_wish.file, sizeof(vpn_wish.file), text, part)
				: vpn_take_field(text, part, "address=", vpn_wish.begin.address) ||
					  vpn_take_field(text, part, "router=", vpn_wish.begin.router) ||
					  vpn_take_field(text, part, "syslog=", vpn_wish.begin.syslog) ||
					  vpn_take_roaming(text, part);
		is_first = false;
		text += part + (part < length);
		length -= part + (part < length);
	}
	return good;
}

bool vpn_option(const char *word, size_t length)
{
	static const char name[] = "vpn=";
	size_t begin = sizeof(name) - 1;

	if (length < begin || strncmp(word, name, begin) != 0)
		return false;
	vpn_wish.is_wrong |= vpn_wish.is_given || !vpn_read(word + begin, length - begin);
	vpn_wish.is_given = true;
	return true;
}

bool vpn_is_wanted(void)
{
	return vpn_wish.is_given;
}
