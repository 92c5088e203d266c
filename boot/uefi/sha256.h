/*
 * boot/uefi/sha256.h: SHA-256, FIPS 180-4. Pure code.
 */
#ifndef BOOT_UEFI_SHA256_H
#define BOOT_UEFI_SHA256_H

#include "rv/types.h"

#define SHA256_BYTES 32

void sha256(const void *data, size_t length_bytes, uint8_t digest[SHA256_BYTES]);

#endif
