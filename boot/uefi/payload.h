/*
 * boot/uefi/payload.h: which files the loader takes. A list of names and SHA-256 sums stands in the
 * loader's section .payload, where tools put it before the loader is signed; so a signature over the
 * loader covers what it loads.
 *
 * With a list, nothing is taken but what it names. Without one all is, unless Secure Boot is on: then
 * nothing is.
 */
#ifndef BOOT_UEFI_PAYLOAD_H
#define BOOT_UEFI_PAYLOAD_H

#include "rv/types.h"

/* Bytes of the section, all of them for the text: lines of 64 hexadecimal digits, a space, a name as
 * ritevisor.conf gives it (with slashes). Behind it zeros. */
#define PAYLOAD_BYTES 16384

bool payload_has_list(void);

/* May this file be used? */
bool payload_is_good(const char *name, const void *data, size_t length_bytes, bool secure_boot);

/* The same with any list. Pure code. */
bool payload_matches(const char *list, size_t list_bytes, const char *name, const void *data,
		     size_t length_bytes);

#endif
