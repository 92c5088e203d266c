/*
 * service/tpm_sealed.c: see the header.
 */
#include "service/tpm_sealed.h"

#include "core/string.h"
#include "service/tpm_wire.h"

#define SEALED_VERSION 1
#define SEALED_FLAG_PIN 1u
#define NOT_A_DIGIT 16u

static unsigned sealed_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10u : NOT_A_DIGIT;
}

/* Returns the number of bytes: up to what is no digit, or no more than have room. */
static size_t sealed_decode(const uint8_t *digits, size_t nr, uint8_t *bytes, size_t room)
{
	size_t nr_bytes = 0;

	while (nr_bytes < room && nr - 2 * nr_bytes >= 2) {
		unsigned high = sealed_digit(digits[2 * nr_bytes]), low = sealed_digit(digits[2 * nr_bytes + 1]);

		if (high == NOT_A_DIGIT || low == NOT_A_DIGIT)
			break;
		bytes[nr_bytes++] = (uint8_t)(high << 4 | low);
	}
	return nr_bytes;
}

static bool sealed_take_day(struct tpm_in *in, struct tpm_sealed *sealed)
{
	size_t nr_bytes;
	const uint8_t *day = tpm_get_sized(in, &nr_bytes);

	if (nr_bytes >= sizeof(sealed->day))
		return false;
	for (size_t i = 0; i < nr_bytes; i++) {
		if (day[i] < ' ' || day[i] > '~')
			return false;
		sealed->day[i] = (char)day[i];
	}
	return true;
}

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
	if ((flags & ~SEALED_FLAG_PIN) != 0 || !sealed_take_day(&in, sealed))
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

/* LUKS2 on-disk format 1.1.1, 2.1: of the binary header the size of a copy is at 8. */
size_t tpm_sealed_searched_bytes(const uint8_t *header, size_t header_bytes)
{
	uint64_t bytes = 0;

	for (unsigned i = 8; i < 16 && header_bytes >= 16; i++)
		bytes = bytes << 8 | header[i];
	return bytes < header_bytes ? (size_t)bytes : header_bytes;
}

bool tpm_sealed_next(const uint8_t *header, size_t header_bytes, size_t *at, struct tpm_sealed *sealed)
{
	static const char mark[] = TPM_SEALED_MARK;
	size_t mark_bytes = sizeof(mark) - 1;

	while (*at < header_bytes && header_bytes - *at >= mark_bytes) {
		size_t here = *at;

		*at = here + 1;
		if (header[here] != (uint8_t)mark[0] || memcmp(header + here, mark, mark_bytes) != 0)
			continue;
		*at = here + mark_bytes;
		memset(sealed, 0, sizeof(*sealed));
		if (sealed_parse(sealed, sealed_decode(header + *at, header_bytes - *at, sealed->bytes, sizeof(sealed->bytes))))
			return true;
	}
	return false;
}
