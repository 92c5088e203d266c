/*
 * boot/uefi/tcg2.h: the part of the TCG EFI Protocol Specification (family 2.0, 00.13) that the loader uses, and
 * EFI_RNG_PROTOCOL (UEFI 37.5).
 */
#ifndef BOOT_UEFI_TCG2_H
#define BOOT_UEFI_TCG2_H

#include "boot/uefi/efi.h"

#define EFI_GUID_TCG2                                                                          \
	{ 0x607f766c, 0x7455, 0x42be, { 0x93, 0x0b, 0xe4, 0xd7, 0x6d, 0xb2, 0x72, 0x0f } }
#define EFI_GUID_RNG                                                                           \
	{ 0x3152bca5, 0xeade, 0x433d, { 0x86, 0x2e, 0xc0, 0x1c, 0xdc, 0x29, 0x1f, 0x44 } }

#define TCG2_EVENT_VERSION 1
#define TCG2_EVENT_IPL 0x0du /* EV_IPL, of boot programs: PC Client Platform Firmware Profile, 10.4.1 */

/* 6.6.3: no padding */
struct efi_tcg2_event {
	uint32_t event_bytes; /* all of it */
	uint32_t header_bytes; /* from here to what is behind `type` */
	uint16_t version;
	uint32_t pcr, type;
	uint8_t text[128];
} __attribute__((packed));
#define TCG2_EVENT_HEADER_BYTES (offsetof(struct efi_tcg2_event, text) - offsetof(struct efi_tcg2_event, header_bytes))
_Static_assert(TCG2_EVENT_HEADER_BYTES == 14, "EFI_TCG2_EVENT_HEADER");

#define TCG2_EVENT_LOG_2 2u /* with all banks */
#define TCG2_BANK_SHA256 2u

/* 6.4.3 */
struct efi_tcg2_capability {
	uint8_t size, structure_version[2], protocol_version[2];
	uint32_t hashes, logs;
	bool is_present;
	uint16_t command_bytes, answer_bytes;
	uint32_t manufacturer, nr_banks, active_banks;
};
_Static_assert(sizeof(struct efi_tcg2_capability) == 36, "EFI_TCG2_BOOT_SERVICE_CAPABILITY");

struct efi_tcg2 {
	efi_status(EFI_API *get_capability)(struct efi_tcg2 *self, struct efi_tcg2_capability *capability);
	efi_status(EFI_API *get_event_log)(struct efi_tcg2 *self, uint32_t format, uint64_t *start, uint64_t *last_entry,
					   bool *truncated);
	efi_status(EFI_API *hash_log_extend_event)(struct efi_tcg2 *self, uint64_t flags, uint64_t data, uint64_t data_bytes,
						   struct efi_tcg2_event *event);
	efi_status(EFI_API *submit_command)(struct efi_tcg2 *self, uint32_t input_bytes, const uint8_t *input,
					    uint32_t output_bytes, uint8_t *output);
};

struct efi_rng {
	void *get_info;
	efi_status(EFI_API *get_rng)(struct efi_rng *self, const struct efi_guid *algorithm, uint64_t bytes, uint8_t *value);
};

#endif
