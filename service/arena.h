/*
 * service/arena.h: memory for one question: of a range that was lent, from its front on; what is freed is not used
 * again before arena_reset(). libsodium's Argon2 takes its memory here.
 */
#ifndef SERVICE_ARENA_H
#define SERVICE_ARENA_H

#include "rv/types.h"

void arena_begin(void *memory, uint64_t length_bytes);

/* Aligned to 64; not zeroed. NULL: there is too little. */
void *arena_allocate(size_t length_bytes);
void arena_free(void *memory);

uint64_t arena_bytes_left(void);
/* Where it stands; and back to there. */
uint64_t arena_mark(void);
void arena_reset(uint64_t mark);

#endif
