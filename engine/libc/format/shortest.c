/*
 * shortest.c - the fewest decimal digits that identify a double.
 *
 * Steele and White's free-format algorithm ("How to print floating-point numbers accurately",
 * 1990): value = numerator / denominator, and below and above are the distances to the
 * neighbours' midpoints on the same scale. Digits are produced until what remains is inside
 * the interval that reads back as the value; its ends belong to it when the significand is even.
 */
#include "decimal.h"

#include "../softfloat/double_bits.h"
#include "bignum.h"
#include "decimal_fast.h"

#include <stdint.h>

struct shortest {
	struct bignum numerator;
	struct bignum denominator;
	struct bignum above;
	struct bignum below;
	bool narrow_below;
	bool ends_included;
};

/* Half the distance to a neighbour is half a unit, but a quarter below a power of two. */
static void shortest_start(struct shortest *state, uint64_t significand, int exponent)
{
	unsigned int extra = state->narrow_below ? 2 : 1;

	bignum_set(&state->numerator, significand);
	bignum_set(&state->denominator, 1);
	bignum_set(&state->below, 1);
	if (exponent >= 0) {
		bignum_shift_left(&state->numerator, (unsigned int)exponent + extra);
		bignum_shift_left(&state->denominator, extra);
		bignum_shift_left(&state->below, (unsigned int)exponent);
	} else {
		bignum_shift_left(&state->numerator, extra);
		bignum_shift_left(&state->denominator, (unsigned int)-exponent + extra);
	}
	bignum_copy(&state->above, &state->below);
	if (state->narrow_below)
		bignum_shift_left(&state->above, 1);
}

/* Whether numerator + above reaches the denominator: one more, or rounding up, is due. */
static bool shortest_high(const struct shortest *state)
{
	struct bignum sum;
	int order;

	bignum_copy(&sum, &state->numerator);
	bignum_add(&sum, &state->above);
	order = bignum_compare(&sum, &state->denominator);
	return order > 0 || (order == 0 && state->ends_included);
}

static bool shortest_low(const struct shortest *state)
{
	int order = bignum_compare(&state->numerator, &state->below);

	return order < 0 || (order == 0 && state->ends_included);
}

static void shortest_times_ten(struct shortest *state)
{
	bignum_multiply_add(&state->numerator, 10, 0);
	bignum_multiply_add(&state->below, 10, 0);
	bignum_multiply_add(&state->above, 10, 0);
}

/* Scale so that the first digit comes next; returns the decimal point's place. */
static int shortest_scale(struct shortest *state, int binary_exponent)
{
	/* floor(log10(2^n)) for |n| < 1100, at most one below the place sought */
	int point = (binary_exponent * 315653) >> 20;

	if (point >= 0) {
		bignum_multiply_power_of_ten(&state->denominator, (unsigned int)point);
	} else {
		bignum_multiply_power_of_ten(&state->numerator, (unsigned int)-point);
		bignum_multiply_power_of_ten(&state->below, (unsigned int)-point);
		bignum_multiply_power_of_ten(&state->above, (unsigned int)-point);
	}
	while (shortest_high(state)) {
		bignum_multiply_add(&state->denominator, 10, 0);
		point++;
	}
	return point;
}

static unsigned int shortest_next_digit(struct shortest *state)
{
	unsigned int digit = 0;

	shortest_times_ten(state);
	while (bignum_compare(&state->numerator, &state->denominator) >= 0) {
		bignum_subtract(&state->numerator, &state->denominator);
		digit++;
	}
	return digit;
}

/* Twice the rest against the denominator; a tie goes to the even digit. */
static bool shortest_round_up(struct shortest *state, unsigned int digit)
{
	int order;

	bignum_shift_left(&state->numerator, 1);
	order = bignum_compare(&state->numerator, &state->denominator);
	return order > 0 || (order == 0 && (digit & 1) != 0);
}

static void shortest_exact(struct decimal *decimal, uint64_t significand, int exponent,
			   bool narrow_below)
{
	struct shortest state;
	unsigned int digit;
	bool low;
	bool high;

	state.narrow_below = narrow_below;
	state.ends_included = (significand & 1) == 0;
	shortest_start(&state, significand, exponent);
	decimal->count = 0;
	decimal->point = shortest_scale(&state, exponent + 63 - __builtin_clzll(significand));
	do {
		digit = shortest_next_digit(&state);
		low = shortest_low(&state);
		high = shortest_high(&state);
		decimal->digit[decimal->count++] = (char)('0' + digit);
	} while (!low && !high);
	/* Digit 9 is never rounded up: the earlier digit would have ended the loop. */
	if (high && (!low || shortest_round_up(&state, digit)))
		decimal->digit[decimal->count - 1]++;
}

void decimal_shortest(struct decimal *decimal, double value)
{
	uint64_t bits = double_to_bits(value);
	int field = (int)(bits >> 52) & 0x7ff;
	uint64_t fraction = bits & 0x000fffffffffffffULL;
	uint64_t significand = field == 0 ? fraction : fraction | 0x0010000000000000ULL;
	int exponent = (field == 0 ? 1 : field) - 1075;
	bool narrow_below = fraction == 0 && field > 1;

	decimal->count = 0;
	decimal->point = 1;
	if (significand == 0)
		return;
	if (!decimal_fast_shortest(decimal, significand, exponent, narrow_below))
		shortest_exact(decimal, significand, exponent, narrow_below);
}
