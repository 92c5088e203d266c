/*
 * service/card_sealed.c: see the header.
 */
#include "service/card_sealed.h"

#include "core/string.h"
#include "service/key_token.h"

#define SEALED_VERSION 1
#define SEALED_UNCOMPRESSED 4 /* a point: SEC 1, 2.3.3 */

static const struct {
	uint8_t algorithm;
	size_t question_bytes, answer_bytes;
} sealed_sizes[] = {
	{ CARD_RSA_2048, 256, 256 },
	{ CARD_P_256, 65, 32 },
	{ CARD_P_384, 97, 48 },
};

static bool sealed_parse(struct card_sealed *sealed, size_t nr_bytes)
{
	struct tpm_in in = { sealed->bytes, nr_bytes, false };
	size_t wanted_bytes = 0;

	if (tpm_get(&in, 1) != SEALED_VERSION)
		return false;
	sealed->algorithm = (uint8_t)tpm_get(&in, 1);
	for (size_t i = 0; i < ARRAY_LENGTH(sealed_sizes); i++) {
		if (sealed_sizes[i].algorithm != sealed->algorithm)
			continue;
		wanted_bytes = sealed_sizes[i].question_bytes;
		sealed->answer_bytes = sealed_sizes[i].answer_bytes;
	}
	if (!key_token_take_text(&in, sealed->day, sizeof(sealed->day)) ||
	    !key_token_take_text(&in, sealed->name, sizeof(sealed->name)))
		return false;
	sealed->certificate_hash = tpm_get_bytes(&in, TPM_HASH_BYTES);
	sealed->check = tpm_get_bytes(&in, TPM_HASH_BYTES);
	sealed->question = tpm_get_sized(&in, &sealed->question_bytes);
	return !in.bad && in.left_bytes == 0 && wanted_bytes != 0 && sealed->question_bytes == wanted_bytes &&
	       (sealed->algorithm == CARD_RSA_2048 || sealed->question[0] == SEALED_UNCOMPRESSED);
}

bool card_sealed_next(const uint8_t *header, size_t header_bytes, size_t *at, struct card_sealed *sealed)
{
	size_t nr_bytes;

	do {
		memset(sealed, 0, sizeof(*sealed));
		if (!key_token_next(header, header_bytes, at, CARD_SEALED_MARK, sealed->bytes, sizeof(sealed->bytes), &nr_bytes))
			return false;
	} while (!sealed_parse(sealed, nr_bytes));
	return true;
}

/* HKDF (RFC 5869) with SHA-256, one block of it: what both sides know of the question is in it. */
static void sealed_derive(const uint8_t extracted[TPM_HASH_BYTES], const char *purpose, uint8_t derived[TPM_HASH_BYTES])
{
	static const uint8_t counter = 1;
	const struct tpm_piece pieces[] = { { purpose, strlen(purpose) }, { &counter, 1 } };

	tpm_hmac(extracted, TPM_HASH_BYTES, pieces, ARRAY_LENGTH(pieces), derived);
}

bool card_sealed_open(const struct card_sealed *sealed, const uint8_t *answer, uint8_t secret[CARD_SECRET_BYTES])
{
	const struct tpm_piece pieces[] = { { answer, sealed->answer_bytes }, { sealed->question, sealed->question_bytes } };
	uint8_t extracted[TPM_HASH_BYTES], check[TPM_HASH_BYTES];
	bool is_right;

	tpm_hmac(sealed->certificate_hash, TPM_HASH_BYTES, pieces, ARRAY_LENGTH(pieces), extracted);
	sealed_derive(extracted, "ritevisor-piv check", check);
	is_right = tpm_is_same(check, sealed->check, sizeof(check));
	if (is_right)
		sealed_derive(extracted, "ritevisor-piv key", secret);
	memory_wipe(extracted, sizeof(extracted));
	memory_wipe(check, sizeof(check));
	return is_right;
}
