/*
 * tests/fuzz/minisign.c: any bytes as a signature file, a key and a trusted comment: what is read lies within them, and
 * nothing is good.
 */
#include "input.h"
#include "service/check.h"
#include "service/minisign.h"

static void fuzz_signature(const char *text, size_t bytes)
{
	struct minisign_signature signature;

	if (minisign_read_signature(text, bytes, &signature) != NULL)
		return;
	FUZZ_MUST(signature.comment >= text && signature.comment_bytes <= bytes &&
		  (size_t)(signature.comment - text) <= bytes - signature.comment_bytes);
}

static void fuzz_claims(const char *text, size_t bytes)
{
	struct minisign_claims claims;

	if (minisign_read_claims(text, bytes, &claims) != NULL)
		return;
	FUZZ_MUST(claims.name >= text && claims.name_bytes <= bytes &&
		  (size_t)(claims.name - text) <= bytes - claims.name_bytes);
	FUZZ_MUST(claims.not_after >= 0);
}

static void fuzz_check(const uint8_t *bytes, size_t length_bytes)
{
	static const char key[] = "RWQ1MQ2sEogtVcf54B9KJFT4sBu/muynhY0wTa/AlRFkjEQTXYxM10zd";
	static struct verify_request request;
	struct verify_answer answer;

	request.work = VERIFY_SCRIPT;
	request.nr_keys = 1;
	memcpy(request.keys[0], key, sizeof(key));
	request.signature_bytes = (uint32_t)length_bytes;
	if (length_bytes <= sizeof(request.signature))
		memcpy(request.signature, bytes, length_bytes);
	check_answer(&request, bytes, &answer);
	FUZZ_MUST(answer.verdict != VERIFY_GOOD && memchr(answer.why, 0, sizeof(answer.why)) != NULL && answer.why[0] != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes)
{
	char *text = malloc(length_bytes + 1); /* just so long: ASan sees what is read behind it */
	struct minisign_key key;

	if (text == NULL)
		return 0;
	if (length_bytes != 0)
		memcpy(text, data, length_bytes);
	text = realloc(text, length_bytes != 0 ? length_bytes : 1);
	fuzz_signature(text, length_bytes);
	fuzz_claims(text, length_bytes);
	(void)minisign_read_key(text, length_bytes, &key);
	fuzz_check((const uint8_t *)text, length_bytes);
	free(text);
	return 0;
}
