/*
 * core/entropy.h: numbers that nobody guesses, by the CPU.
 */
#ifndef CORE_ENTROPY_H
#define CORE_ENTROPY_H

#include "rv/types.h"

/* 64 bits of the CPU's own generator. False: it has none, or that fails; nothing else is taken in its place. Context:
 * any. */
bool entropy_draw(uint64_t *value);

#endif
