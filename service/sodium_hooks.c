/*
 * service/sodium_hooks.c: what libsodium's sources expect of the rest of libsodium.
 */
#include "core/string.h"

void sodium_memzero(void *pages, size_t length_bytes);
int sodium_memcmp(const void *a, const void *b, size_t length_bytes);
_Noreturn void sodium_misuse(void);
int sodium_is_zero(const unsigned char *bytes, size_t length_bytes);
void randombytes_buf(void *bytes, size_t length_bytes);
int encode_string(char *text, size_t text_bytes, void *context, int type);
int decode_string(void *context, const char *text, int type);

/* For the compiler it is not in vain: ritectl's key is erased by it. */
void sodium_memzero(void *pages, size_t length_bytes)
{
	memset(pages, 0, length_bytes);
	__asm__ volatile("" ::"r"(pages) : "memory");
}

/* Of signatures, which are no secrets. */
int sodium_memcmp(const void *a, const void *b, size_t length_bytes)
{
	return memcmp(a, b, length_bytes) != 0 ? -1 : 0;
}

_Noreturn void sodium_misuse(void)
{
	__builtin_trap();
}

/* 1: all bytes are 0. */
int sodium_is_zero(const unsigned char *bytes, size_t length_bytes)
{
	unsigned char all = 0;

	for (size_t i = 0; i < length_bytes; i++)
		all |= bytes[i];
	return all == 0;
}

/* Of functions that nobody calls: makers of keys, and Argon2's hashes as text. */
void randombytes_buf(void *bytes, size_t length_bytes)
{
	(void)bytes;
	(void)length_bytes;
	sodium_misuse();
}

int encode_string(char *text, size_t text_bytes, void *context, int type)
{
	(void)text;
	(void)text_bytes;
	(void)context;
	(void)type;
	sodium_misuse();
}

int decode_string(void *context, const char *text, int type)
{
	(void)context;
	(void)text;
	(void)type;
	sodium_misuse();
}
