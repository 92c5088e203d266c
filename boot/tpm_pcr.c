/*
 * boot/tpm_pcr.c: see the header. All numbers are big-endian.
 */
#include "boot/tpm_pcr.h"

#include "core/string.h"

#define PCRS 24
#define ANSWER_BYTES 128

/* TPM_ST_SESSIONS, the size, TPM_CC_PCR_Extend, the PCR; a password that is empty; how many digests. */
static const uint8_t extend_command[] = { 0x80, 0x02, 0, 0, 0, 0, 0, 0, 0x01, 0x82, 0, 0, 0, 0,
					  0, 0, 0, 9, 0x40, 0, 0, 0x09, 0, 0, 0, 0, 0,
					  0, 0, 0, 0 };
#define COMMAND_SIZE 4 /* its lower half */
#define EXTEND_BYTES_MAXIMUM (sizeof(extend_command) + TPM_BANKS_MAXIMUM * (2 + TPM_DIGEST_BYTES))
#define EXTEND_COUNT 30
#define EXTEND_PCR 13
/* The size, no error, no parameters, and of the password nothing to say; its attributes may come back as they like. */
static const uint8_t extend_answer[] = { 0x80, 0x02, 0, 0, 0, 19, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
#define EXTEND_ANSWER_BYTES 19

/* TPM_ST_NO_SESSIONS, TPM_CC_PCR_Read; one selection: SHA-256, three bytes of bits. */
static const uint8_t read_command[] = { 0x80, 0x01, 0, 0, 0, 20, 0, 0, 0x01, 0x7e, 0, 0, 0, 1, 0, 0x0b, 3 };
#define SELECT_BYTES 3
#define READ_COUNTER 10 /* how often they have changed: 4 bytes */
#define READ_SELECTION 14
#define READ_VALUES 24
#define READ_VALUE 30
#define READ_ANSWER_BYTES (READ_VALUE + TPM_SHA256_BYTES)
static const uint8_t read_answer[] = { 0x80, 0x01, 0, 0, 0, READ_ANSWER_BYTES, 0, 0, 0, 0 };
static const uint8_t read_values[] = { 0, 0, 0, 1, 0, TPM_SHA256_BYTES };

bool tpm_pcr_extend(const struct tpm_pcr_link *link, unsigned number, const struct tpm_digests *digests)
{
	uint8_t command[EXTEND_BYTES_MAXIMUM], answer[ANSWER_BYTES];
	size_t at = sizeof(extend_command), bytes = sizeof(answer);

	if (number >= PCRS)
		return false;
	memcpy(command, extend_command, sizeof(extend_command));
	command[EXTEND_PCR] = (uint8_t)number;
	for (unsigned i = 0; i < digests->nr; i++) {
		const struct tpm_bank *bank = &digests->banks[i];

		if (!tpm_bank_is_known(bank))
			continue;
		command[EXTEND_COUNT]++;
		command[at++] = (uint8_t)(bank->algorithm >> 8);
		command[at++] = (uint8_t)bank->algorithm;
		memcpy(command + at, digests->values[i], bank->digest_bytes);
		at += bank->digest_bytes;
	}
	command[COMMAND_SIZE] = (uint8_t)(at >> 8);
	command[COMMAND_SIZE + 1] = (uint8_t)at;
	return link->submit(link->context, command, at, answer, &bytes) && bytes == EXTEND_ANSWER_BYTES &&
	       memcmp(answer, extend_answer, sizeof(extend_answer)) == 0;
}

bool tpm_pcr_read(const struct tpm_pcr_link *link, unsigned number, uint8_t value[TPM_SHA256_BYTES])
{
	uint8_t command[sizeof(read_command) + SELECT_BYTES], answer[ANSWER_BYTES];
	size_t bytes = sizeof(answer);

	_Static_assert(sizeof(command) == 20, "its own size");
	if (number >= PCRS)
		return false;
	memcpy(command, read_command, sizeof(read_command));
	for (unsigned i = 0; i < SELECT_BYTES; i++)
		command[sizeof(read_command) + i] = (uint8_t)(1u << number >> 8 * i);
	if (!link->submit(link->context, command, sizeof(command), answer, &bytes) || bytes != READ_ANSWER_BYTES ||
	    memcmp(answer, read_answer, sizeof(read_answer)) != 0 ||
	    memcmp(answer + READ_SELECTION, command + READ_COUNTER, READ_VALUES - READ_SELECTION) != 0 ||
	    memcmp(answer + READ_VALUES, read_values, sizeof(read_values)) != 0)
		return false;
	memcpy(value, answer + READ_VALUE, TPM_SHA256_BYTES);
	return true;
}
