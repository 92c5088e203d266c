/*
 * boot/uefi/card.h: keys of disks by a smart card in a USB reader that firmware has a driver for (service/card.h).
 */
#ifndef BOOT_UEFI_CARD_H
#define BOOT_UEFI_CARD_H

#include "boot/boot_info.h"
#include "boot/uefi/efi.h"

/* If a LUKS2 header has keys for cards: asks for a card's PIN, with the boot line's keyboard, and has the card that is there
 * by then open one. False: none has, or nobody typed. Says what is wrong, on the screen. A card that was used has lost its
 * power afterwards, so that nobody behind us can go on where it was told the PIN. */
bool card_unlock(struct efi_system_table *system, const char *options, const char *name, const uint8_t *header,
		 size_t header_bytes, struct boot_unsealed *unsealed);

#endif
