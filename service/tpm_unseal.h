/*
 * service/tpm_unseal.h: has a TPM 2.0 unseal a key (service/tpm_sealed.h), in a session whose salt nobody on the bus
 * knows: the key comes encrypted, and both sides' words are authenticated. The key that it is sealed under is checked by
 * its name, so that no other TPM, and nobody between, can play it. Answers are of a hostile hand. Pure code: how bytes
 * reach the TPM is the caller's.
 */
#ifndef SERVICE_TPM_UNSEAL_H
#define SERVICE_TPM_UNSEAL_H

#include "service/tpm_sealed.h"

#define TPM_COMMAND_BYTES 1024 /* of commands and answers, at most: every TPM takes that much */
#define TPM_SECRET_BYTES 128   /* what can be sealed, at most */
#define TPM_ENTROPY_BYTES 64
#define TPM_WHY_BYTES 200

struct tpm_link {
	/* Sends a command and waits for its answer; *answer_bytes is the room, and what came. False: it failed. */
	bool (*submit)(void *context, const uint8_t *command, size_t command_bytes, uint8_t *answer, size_t *answer_bytes);
	void *context;
};

struct tpm_secret {
	uint8_t bytes[TPM_SECRET_BYTES]; /* the caller's to wipe */
	size_t nr_bytes;
};

enum tpm_result {
	TPM_GOOD,
	TPM_CHANGED,   /* a PCR is not what it was; the TPM was not asked for the key */
	TPM_NEEDS_PIN, /* everything else being right */
	TPM_WRONG_PIN,
	TPM_REFUSED,   /* by the TPM, or it is another */
	TPM_BAD_ANSWER, /* none, or one that cannot be, or was changed on its way */
};

/* What the TPM knows of a PIN: 32 hexadecimal digits of HMAC-SHA-256 by the salt. It is not stretched, since nobody can try
 * PINs without the TPM, which counts. */
#define TPM_PIN_BYTES 32
void tpm_make_pin(const struct tpm_sealed *sealed, const void *typed, size_t typed_bytes, uint8_t pin[TPM_PIN_BYTES]);

struct tpm_question {
	const struct tpm_sealed *sealed;
	const uint8_t *entropy; /* TPM_ENTROPY_BYTES that nobody can guess, for this question only */
	const uint8_t *pin;	/* TPM_PIN_BYTES of tpm_make_pin(); NULL: none */
};

/* `why`, TPM_WHY_BYTES, says what is wrong unless it is good. What was loaded into the TPM is taken out again. */
enum tpm_result tpm_unseal(const struct tpm_link *link, const struct tpm_question *question, struct tpm_secret *secret, char *why);

/* A PCR of the bank of SHA-256. False: it cannot be had. */
bool tpm_read_pcr(const struct tpm_link *link, unsigned number, uint8_t value[TPM_HASH_BYTES]);

#endif
