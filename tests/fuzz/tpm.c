/*
 * tests/fuzz/tpm.c: any bytes as what a TPM answers, one answer behind the other, and as a header with sealed keys: what is
 * read lies within them, and no key comes out. The seeds are what swtpm answers (tests/unit/tpm.c writes them: TPM_SEED).
 */
#include "input.h"
#include "service/tpm_unseal.h"

#define MARK_BYTES (sizeof(TPM_SEALED_MARK) - 1)

static struct {
	const uint8_t *bytes;
	size_t left_bytes;
	struct tpm_sealed *sealed;
} answers;

/* The storage key that comes is the one that is wanted, so that what is behind it is reached. */
static void trust_parent(const uint8_t *answer, size_t bytes)
{
	struct tpm_piece area;

	if (bytes < 20)
		return;
	area = (struct tpm_piece){ answer + 20, (size_t)answer[18] << 8 | answer[19] };
	if (area.nr_bytes <= bytes - 20)
		tpm_hash(&area, 1, answers.sealed->parent_name + 2);
}

static bool submit(void *context, const uint8_t *command, size_t command_bytes, uint8_t *answer, size_t *answer_bytes)
{
	size_t bytes;

	(void)context;
	FUZZ_MUST(command_bytes >= 10 && command_bytes <= TPM_COMMAND_BYTES);
	FUZZ_MUST(((size_t)command[4] << 8 | command[5]) == command_bytes);
	if (answers.left_bytes < 2)
		return false;
	bytes = (size_t)answers.bytes[0] << 8 | answers.bytes[1];
	answers.bytes += 2;
	answers.left_bytes -= 2;
	if (bytes > answers.left_bytes)
		bytes = answers.left_bytes;
	if (bytes > *answer_bytes)
		bytes = *answer_bytes;
	memcpy(answer, answers.bytes, bytes);
	answers.bytes += bytes;
	answers.left_bytes -= bytes;
	*answer_bytes = bytes;
	if (command[8] == 0x01 && command[9] == 0x31)
		trust_parent(answer, bytes);
	return true;
}

static void look(const uint8_t *header, size_t bytes)
{
	static struct tpm_sealed sealed;
	size_t at = 0, before = 0;

	while (tpm_sealed_next(header, bytes, &at, &sealed)) {
		FUZZ_MUST(at > before && at <= bytes);
		before = at;
		FUZZ_MUST(sealed.nr_pcrs != 0 && sealed.nr_pcrs <= TPM_SEALED_PCRS && strlen(sealed.day) < sizeof(sealed.day));
		FUZZ_MUST(sealed.private_part >= sealed.bytes && sealed.public_part + sealed.public_bytes <= sealed.bytes + sizeof(sealed.bytes));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes)
{
	static const struct tpm_link link = { .submit = submit };
	static const uint8_t parts[64], pin[TPM_HASH_BYTES];
	uint8_t entropy[TPM_ENTROPY_BYTES];
	struct tpm_sealed sealed = { .nr_pcrs = 1, .pcrs[0].number = 12, .private_part = parts, .private_bytes = 64, .public_part = parts, .public_bytes = 32 };
	struct tpm_question question = { .sealed = &sealed, .entropy = entropy };
	struct tpm_secret secret;
	char why[TPM_WHY_BYTES];
	uint8_t *exact;

	if (length_bytes < 2)
		return 0;
	exact = malloc(length_bytes);
	memcpy(exact, data + 1, length_bytes - 1);
	if (data[0] % 4 == 0) {
		look(exact, length_bytes - 1);
	} else {
		memset(entropy, 7, sizeof(entropy));
		memset(why, 0x5a, sizeof(why));
		sealed.parent_name[1] = 0xb;
		sealed.needs_pin = data[0] % 4 == 1;
		question.pin = sealed.needs_pin && data[0] % 8 == 1 ? pin : NULL;
		/* First the public part of what is sealed, whose name the TPM has to say. */
		answers.bytes = exact + 1;
		answers.left_bytes = length_bytes - 2;
		sealed.public_part = answers.bytes;
		sealed.public_bytes = exact[0] < answers.left_bytes ? exact[0] : answers.left_bytes;
		answers.bytes += sealed.public_bytes;
		answers.left_bytes -= sealed.public_bytes;
		answers.sealed = &sealed;
		FUZZ_MUST(tpm_unseal(&link, &question, &secret, why) != TPM_GOOD);
		FUZZ_MUST(memchr(why, 0, sizeof(why)) != NULL && why[0] != '\0');
	}
	free(exact);
	return 0;
}
