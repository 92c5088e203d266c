/*
 * service/tpm_sealed.c: see the header.
 */
#include "service/tpm_sealed.h"

#include "core/string.h"
#include "service/key_token.h"

#define SEALED_VERSION 1
#define SEALED_FLAG_PIN 1u
static bool sealed_take_pcrs(struct tpm_in *in, struct tpm_sealed *sealed)
{
	unsigned before = 0;

	sealed->nr_pcrs = (unsigned)tpm_get(in, 1);
	if (sealed->nr_pcrs == 0 || sealed->nr_pcrs > TPM_SEALED_PCRS)
		return false;
	for (unsigned i = 0; i < sealed->nr_pcrs; i++) {
		uint8_t number = (uint8_t)tpm_get(in, 1);
		const uint8_t *value = tpm_get_bytes(in, TPM_HASH_BYTES);

		if (value == NULL || number >= TPM_PCRS || (i != 0 && number <= before))
			return false;
		before = number;
		sealed->pcrs[i].number = number;
		memcpy(sealed->pcrs[i].value, value, TPM_HASH_BYTES);
	}
	return true;
}

static bool sealed_parse(struct tpm_sealed *sealed, size_t nr_bytes)
{
	struct tpm_in in = { sealed->bytes, nr_bytes, false };
	const uint8_t *name;
	size_t name_bytes;
	unsigned flags;

	if (tpm_get(&in, 1) != SEALED_VERSION)
		return false;
	flags = (unsigned)tpm_get(&in, 1);
	sealed->needs_pin = (flags & SEALED_FLAG_PIN) != 0;
	if ((flags & ~SEALED_FLAG_PIN) != 0 || !key_token_take_text(&in, sealed->day, sizeof(sealed->day)))
		return false;
	name = tpm_get_sized(&in, &name_bytes);
	if (name == NULL || name_bytes != TPM_NAME_BYTES)
		return false;
	memcpy(sealed->parent_name, name, TPM_NAME_BYTES);
	if (!sealed_take_pcrs(&in, sealed))
		return false;
	sealed->private_part = tpm_get_sized(&in, &sealed->private_bytes);
	sealed->public_part = tpm_get_sized(&in, &sealed->public_bytes);
	sealed->salt = tpm_get_sized(&in, &sealed->salt_bytes);
	return !in.bad && in.left_bytes == 0 && sealed->private_bytes != 0 && sealed->public_bytes != 0 &&
	       (sealed->salt_bytes != 0) == sealed->needs_pin;
}

bool tpm_sealed_next(const uint8_t *header, size_t header_bytes, size_t *at, struct tpm_sealed *sealed)
{
	size_t nr_bytes;

	do {
		memset(sealed, 0, sizeof(*sealed));
		if (!key_token_next(header, header_bytes, at, TPM_SEALED_MARK, sealed->bytes, sizeof(sealed->bytes), &nr_bytes))
			return false;
	} while (!sealed_parse(sealed, nr_bytes));
	return true;
}
