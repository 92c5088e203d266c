/* service/headers/stdlib.h: for libsodium, where there is no C library: Argon2's memory is of service/arena.h. */
#ifndef SERVICE_STDLIB_H
#define SERVICE_STDLIB_H

#include <stddef.h>

void *malloc(size_t length_bytes);
void free(void *memory);

#endif
