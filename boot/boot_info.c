/*
 * boot/boot_info.c: see the header.
 */
#include "boot/boot_info.h"

#include "core/string.h"

const struct boot_module *boot_find_file(const char *name)
{
	for (size_t i = 0; i < boot_info.nr_modules; i++) {
		if (boot_info.modules[i].kind == BOOT_MODULE_FILE && strcmp(boot_info.modules[i].name, name) == 0)
			return &boot_info.modules[i];
	}
	return NULL;
}
