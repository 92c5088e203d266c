/*
 * service/tpm_sealed.h: keys that a TPM has sealed, as they stand in a LUKS2 header: a token of the type ritevisor-tpm2
 * (`ritevisor disk add-key --tpm2`) whose text has TPM_SEALED_MARK and behind it, in hexadecimal digits:
 *
 *	u8	version, 1
 *	u8	flags: 1: a PIN is needed
 *	u16, text	the day on which it was sealed
 *	u16, bytes	the name of the key that it is sealed under (TPM2B_NAME)
 *	u8	how many PCRs; of each u8 its number, and 32 bytes: its value then
 *	u16, bytes	TPM2B_PRIVATE
 *	u16, bytes	TPM2B_PUBLIC
 *	u16, bytes	the PIN's salt; of size 0 without one
 *
 * What a TPM makes of it opens a slot, or does not. All of it is of a hostile hand. Pure code.
 */
#ifndef SERVICE_TPM_SEALED_H
#define SERVICE_TPM_SEALED_H

#include "service/tpm_crypto.h"

#define TPM_SEALED_MARK "ritevisor-tpm2:"
#define TPM_SEALED_BYTES 1024
#define TPM_SEALED_PCRS 8
#define TPM_SEALED_DAY_BYTES 16
#define TPM_NAME_BYTES 34 /* of SHA-256: its number, and a digest */
#define TPM_PCRS 24

struct tpm_sealed {
	uint8_t bytes[TPM_SEALED_BYTES];
	bool needs_pin;
	char day[TPM_SEALED_DAY_BYTES]; /* printable */
	uint8_t parent_name[TPM_NAME_BYTES];
	struct {
		uint8_t number; /* below TPM_PCRS, ascending */
		uint8_t value[TPM_HASH_BYTES];
	} pcrs[TPM_SEALED_PCRS];
	unsigned nr_pcrs; /* 1 at least */
	/* Within `bytes`. */
	const uint8_t *private_part, *public_part, *salt;
	size_t private_bytes, public_bytes, salt_bytes;
};

/* The next of a header from *at on, which goes behind it; false: there is none. Those that are damaged are passed over. */
bool tpm_sealed_next(const uint8_t *header, size_t header_bytes, size_t *at, struct tpm_sealed *sealed);

#endif
