/*
 * boot/boot_unsealed.h: which headers have a key that nobody has to type. Pure code, which the UEFI loader has too.
 */
#ifndef BOOT_BOOT_UNSEALED_H
#define BOOT_BOOT_UNSEALED_H

#include "boot/boot_info.h"

/* Has a TPM, or a card, given the key of the header of that name? */
bool boot_has_unsealed(const struct boot_info *info, const char *header);

/* Do options name a header that only a person can unlock? */
bool boot_lacks_unsealed(const struct boot_info *info, const char *options);

#endif
