/*
 * boot/guest_stub.h: the page of 16-bit code that a BIOS guest starts from.
 */
#ifndef BOOT_GUEST_STUB_H
#define BOOT_GUEST_STUB_H

#include "boot/e820.h"
#include "rv/types.h"

/* Takes a page from the top of conventional memory (BIOS data area 40:13), so that INT 12h and the
 * map both leave it out, and returns its address; 0 if there is no room. `map` is normalised and is
 * changed: the page becomes reserved. Context: boot, direct map present. */
hpa_t low_page_take(struct e820_entry *map, size_t *nr_map, size_t map_maximum);

/* Fills the page: the boot drive, and if `hide` the map as INT 15h answers it, with the interrupt
 * vector pointed here. False if the map is longer than the page holds. */
bool guest_stub_install(hpa_t page, const struct e820_entry *map, size_t nr_map, uint8_t drive,
			bool hide);

/* Leaves long mode and boots the drive without us. */
_Noreturn void guest_stub_run_native(hpa_t page);

#endif
