/*
 * decimal.h - the exact decimal expansion of a double, and its shortest representation.
 */
#ifndef ENGINE_LIBC_DECIMAL_H
#define ENGINE_LIBC_DECIMAL_H

#include <stdbool.h>

/* 309 digits before the point, 1074 after it; room for a carry and one whole last chunk. */
#define DECIMAL_DIGITS_MAX 1410

/*
 * The value 0.d1 d2 d3 ... * 10^point, d1 not 0, digits as characters; zero has count 0 and
 * point 1. Digits beyond count are zeros.
 */
struct decimal {
	int point;
	int count;
	char digit[DECIMAL_DIGITS_MAX];
};

/* value is finite; its sign is ignored. At most count significant digits (at least 1). */
void decimal_round_significant(struct decimal *decimal, double value, int count);

/* At most places digits after the point (0 or more). */
void decimal_round_places(struct decimal *decimal, double value, int places);

/* The fewest digits that read back as value, the nearest to it among those. */
void decimal_shortest(struct decimal *decimal, double value);

#endif
