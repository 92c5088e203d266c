/*
 * boot/boot_unsealed.c: see the header.
 */
#include "boot/boot_unsealed.h"

#include "core/string.h"

bool boot_has_unsealed(const struct boot_info *info, const char *header)
{
	for (size_t i = 0; i < info->nr_unsealed; i++) {
		if (strcmp(info->unsealed[i].header, header) == 0)
			return true;
	}
	return false;
}

bool boot_lacks_unsealed(const struct boot_info *info, const char *options)
{
	char header[RV_SCRIPT_NAME_BYTES];

	while (passphrase_next_header(&options, header, sizeof(header))) {
		if (!boot_has_unsealed(info, header))
			return true;
	}
	return false;
}
