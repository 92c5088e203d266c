/*
 * service/check.c: what a signature must be to be good. The arithmetic is libsodium's, as minisign's own is.
 */
#include "service/check.h"

#include "blake2.h"
#include "core/string.h"
#include "crypto_sign_ed25519.h"
#include "service/minisign.h"

#define HASH_BYTES 64

_Static_assert(crypto_sign_ed25519_BYTES == MINISIGN_SIGNATURE_BYTES, "libsodium");
_Static_assert(crypto_sign_ed25519_PUBLICKEYBYTES == MINISIGN_PUBLIC_BYTES, "libsodium");

/* What the second signature of a file is of. */
struct check_global {
	uint8_t signature[MINISIGN_SIGNATURE_BYTES];
	uint8_t comment[VERIFY_SIGNATURE_BYTES];
};

static bool check_is_signed(const uint8_t *signature, const void *message, size_t bytes, const struct minisign_key *key)
{
	return crypto_sign_ed25519_verify_detached(signature, message, bytes, key->key) == 0;
}

/* The key of that number. Any that is none makes all of them useless: whoever wrote the configuration meant it. */
static const char *check_find_key(const struct verify_request *request, const uint8_t *id, struct minisign_key *found)
{
	bool any = false;

	if (request->nr_keys == 0 || request->nr_keys > VERIFY_KEYS_MAXIMUM)
		return "the configuration has no key (trusted_key=, control_key=)";
	for (uint32_t i = 0; i < request->nr_keys; i++) {
		struct minisign_key key;
		size_t length = 0;
		const char *why;

		while (length < VERIFY_KEY_BYTES && request->keys[i][length] != '\0')
			length++;
		why = minisign_read_key(request->keys[i], length, &key);
		if (why != NULL)
			return why;
		if (!any && memcmp(key.id, id, sizeof(key.id)) == 0) {
			*found = key;
			any = true;
		}
	}
	return any ? NULL : "it is signed by a key that the configuration does not know";
}

static bool check_text(const struct minisign_signature *signature, const uint8_t *text, size_t bytes,
		       const struct minisign_key *key)
{
	uint8_t hash[HASH_BYTES];

	if (!signature->prehashed)
		return check_is_signed(signature->signature, text, bytes, key);
	return blake2b(hash, text, NULL, sizeof(hash), bytes, 0) == 0 &&
	       check_is_signed(signature->signature, hash, sizeof(hash), key);
}

static bool check_comment(const struct minisign_signature *signature, const struct minisign_key *key)
{
	struct check_global global;

	memcpy(global.signature, signature->signature, sizeof(global.signature));
	memcpy(global.comment, signature->comment, signature->comment_bytes);
	return check_is_signed(signature->global, &global, sizeof(global.signature) + signature->comment_bytes, key);
}

static bool check_name(const struct verify_request *request, const struct minisign_claims *claims)
{
	size_t length = 0;

	while (length < sizeof(request->name) && request->name[length] != '\0')
		length++;
	return length == claims->name_bytes && memcmp(request->name, claims->name, length) == 0;
}

/* Nothing that a file says is believed before both of its signatures are good. */
static const char *check_script(const struct verify_request *request, const uint8_t *text, uint64_t *serial)
{
	struct minisign_signature signature;
	struct minisign_claims claims;
	struct minisign_key key;
	const char *why;

	if (request->signature_bytes == 0)
		return "it has no signature, and the configuration requires one (require_signed)";
	if (request->signature_bytes > sizeof(request->signature))
		return "its signature file is too long";
	why = minisign_read_signature((const char *)request->signature, request->signature_bytes, &signature);
	if (why == NULL)
		why = check_find_key(request, signature.id, &key);
	if (why != NULL)
		return why;
	if (!check_text(&signature, text, request->text_bytes, &key))
		return "its signature is wrong: the script, or the signature, was changed";
	if (!check_comment(&signature, &key))
		return "its signature is wrong: the trusted comment was changed";
	why = minisign_read_claims(signature.comment, signature.comment_bytes, &claims);
	if (why == NULL && !check_name(request, &claims))
		why = "its signature is for a script of another name";
	if (why == NULL && request->now > claims.not_after)
		why = "its signature has expired (not-after)";
	*serial = claims.serial;
	return why;
}

static const char *check_session(const struct verify_request *request)
{
	static const char begin[] = VERIFY_SESSION_TEXT;
	uint8_t message[sizeof(begin) - 1 + VERIFY_NONCE_BYTES];
	struct minisign_key key;
	const char *why;

	if (request->signature_bytes != VERIFY_PROOF_BYTES)
		return "there is no signature";
	why = check_find_key(request, request->signature, &key);
	if (why != NULL)
		return why;
	memcpy(message, begin, sizeof(begin) - 1);
	memcpy(message + sizeof(begin) - 1, request->nonce, VERIFY_NONCE_BYTES);
	return check_is_signed(request->signature + VERIFY_KEY_ID_BYTES, message, sizeof(message), &key)
		       ? NULL
		       : "the signature is wrong";
}

void check_answer(const struct verify_request *request, const uint8_t *text, struct verify_answer *answer)
{
	const char *why = "it is asked for nothing that it knows";
	uint64_t serial = 0;

	memset(answer, 0, sizeof(*answer));
	if (request->work == VERIFY_SCRIPT)
		why = check_script(request, text, &serial);
	else if (request->work == VERIFY_SESSION)
		why = check_session(request);
	if (why != NULL) {
		for (size_t i = 0; why[i] != '\0' && i < sizeof(answer->why) - 1; i++)
			answer->why[i] = why[i];
		return;
	}
	answer->serial = serial;
	answer->verdict = VERIFY_GOOD;
}
