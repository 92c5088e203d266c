/*
 * words.h: lines of an .events file as words and numbers.
 */
#ifndef ENGINE_HOST_WORDS_H
#define ENGINE_HOST_WORDS_H

#include <stdbool.h>
#include <stdint.h>

enum { WORDS_MAXIMUM = 32, WORDS_LINE_BYTES = 512 };

struct words {
	char line[WORDS_LINE_BYTES];	/* the words point into it */
	char rest[WORDS_LINE_BYTES];	/* all after the first word, as written */
	char *word[WORDS_MAXIMUM];
	int count;	/* WORDS_MAXIMUM: perhaps more */
};

/* Splits at blanks; "#" at the start of a word begins a comment. False: it is too long. */
bool words_split(struct words *words, const char *line);

/* A number in C's notation; false if the word is none. */
bool words_number(const char *word, uint64_t *number);

/* "00:03.0" as bus << 8 | device << 3 | function. */
bool words_slot(const char *word, uint16_t *bdf);

#endif
