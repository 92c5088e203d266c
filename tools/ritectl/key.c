/*
 * key.c: who knows a key: minisign's file of a secret key, and the answer to a nonce by it (auth=key).
 */
#include "ritectl.h"

#include <errno.h>
#include <string.h>

#include "crypto_sign_ed25519.h"
#include "service/base64.h"
#include "service/minisign.h"
#include "service/verify.h"

#define LINE_BYTES 1024
#define SECRET_BYTES 158
/* Where things stand in it: "Ed", how it is encrypted, what of, and 48 bytes about that, then the key's number, the
 * key and a sum. */
#define SECRET_KIND 0
#define SECRET_CIPHER 2
#define SECRET_ID 54
#define SECRET_KEY (SECRET_ID + MINISIGN_ID_BYTES)

void sodium_memzero(void *pages, size_t length_bytes);

static uint8_t key_id[MINISIGN_ID_BYTES], key_secret[crypto_sign_ed25519_SECRETKEYBYTES];
static bool key_is_there;

/* The second line of a file. */
static size_t key_read_line(const char *path, char line[LINE_BYTES])
{
	FILE *file = fopen(path, "r");

	if (file == NULL)
		fail(STATUS_USAGE, "%s: %s", path, strerror(errno));
	if (fgets(line, LINE_BYTES, file) == NULL || fgets(line, LINE_BYTES, file) == NULL)
		line[0] = '\0';
	fclose(file);
	return strcspn(line, "\r\n");
}

/* Does it fit the public key beside it? A file that is damaged makes signatures that tell others its secret. */
static bool key_is_whole(void)
{
	static const unsigned char text[] = "whole?";
	unsigned char signature[crypto_sign_ed25519_BYTES];

	return crypto_sign_ed25519_detached(signature, NULL, text, sizeof(text), key_secret) == 0 &&
	       crypto_sign_ed25519_verify_detached(signature, text, sizeof(text),
						   key_secret + sizeof(key_secret) - MINISIGN_PUBLIC_BYTES) == 0;
}

void key_open(const char *path)
{
	uint8_t bytes[SECRET_BYTES];
	char line[LINE_BYTES];

	if (!base64_decode(line, key_read_line(path, line), bytes, sizeof(bytes)) ||
	    memcmp(bytes + SECRET_KIND, "Ed", 2) != 0)
		fail(STATUS_USAGE, "%s: it is no secret key of minisign (minisign -G -W)", path);
	if (bytes[SECRET_CIPHER] != 0 || bytes[SECRET_CIPHER + 1] != 0)
		fail(STATUS_USAGE, "%s: the key has a password: make a copy without one (minisign -C -W)", path);
	memcpy(key_id, bytes + SECRET_ID, sizeof(key_id));
	memcpy(key_secret, bytes + SECRET_KEY, sizeof(key_secret));
	sodium_memzero(bytes, sizeof(bytes));
	sodium_memzero(line, sizeof(line));
	if (!key_is_whole())
		fail(STATUS_USAGE, "%s: the key is damaged", path);
	key_is_there = true;
}

int64_t key_answer(void)
{
	static const char begin[] = VERIFY_SESSION_TEXT;
	uint8_t text[sizeof(begin) - 1 + VERIFY_NONCE_BYTES];
	int64_t result;

	if (!key_is_there)
		fail(STATUS_NONE, "not allowed: a key is asked for: --key FILE");
	result = call(CONTROL_CHALLENGE, 0);
	if (result != 0 || message->data_bytes != VERIFY_NONCE_BYTES)
		return result != 0 ? result : -EPROTO;
	memcpy(text, begin, sizeof(begin) - 1);
	memcpy(text + sizeof(begin) - 1, message->data, VERIFY_NONCE_BYTES);
	memcpy(message->data, key_id, sizeof(key_id));
	(void)crypto_sign_ed25519_detached(message->data + sizeof(key_id), NULL, text, sizeof(text), key_secret);
	message->argument[0] = 0;
	return call(CONTROL_OPEN, VERIFY_PROOF_BYTES);
}
