/*
 * service/sodium_hooks.c: what libsodium's sources expect of the rest of libsodium.
 */
#include "core/string.h"

void sodium_memzero(void *pages, size_t length_bytes);
int sodium_memcmp(const void *a, const void *b, size_t length_bytes);
_Noreturn void sodium_misuse(void);
int sodium_is_zero(const unsigned char *bytes, size_t length_bytes);

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
