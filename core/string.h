/*
 * core/string.h: memory and string functions, with the C library's contracts where the names match.
 */
#ifndef CORE_STRING_H
#define CORE_STRING_H

#include "rv/types.h"

void *memcpy(void *restrict to, const void *restrict from, size_t length_bytes);
void *memmove(void *to, const void *from, size_t length_bytes);
void *memset(void *to, int value, size_t length_bytes);
int memcmp(const void *a, const void *b, size_t length_bytes);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t length_bytes);

/* Zeros over what is secret, which the compiler may not leave out though nobody reads it. */
static inline void memory_wipe(void *secret, size_t length_bytes)
{
	memset(secret, 0, length_bytes);
	__asm__ volatile("" ::"r"(secret) : "memory");
}

/* Copies as much as fits and always ends with NUL; returns the length of `from`. */
size_t string_copy(char *to, const char *from, size_t to_bytes);

/* Decimal, or hexadecimal after 0x; false if it is no number or does not fit. */
bool string_to_number(const char *text, size_t length_bytes, uint64_t *value);

/* The same with K, M or G behind it, if it is of so many units. */
bool string_to_size(const char *text, size_t length_bytes, uint64_t *value);

#endif
