/*
 * decimal_fast.c - decimal digits of a double by one or three multiplications with a 128-bit
 * power of ten, where that decides; decimal.c and shortest.c have the exact ways for the rest.
 */
#include "decimal_fast.h"

#include "power_of_ten.h"

#include <stdint.h>

/* floor(exponent * log10(2)), for |exponent| up to 1100 */
static int decimal_log10_of_power(int exponent)
{
	return (exponent * 315653) >> 20;
}

/*
 * Eight decimal digits of value (below 10^8), one a byte, the first in the lowest: split in
 * halves three times, all parts at once. The multiplications divide by 100 and by 10.
 */
static uint64_t decimal_eight_digits(uint64_t value)
{
	uint64_t high = value / 10000;
	uint64_t parts = high | (value - high * 10000) << 32;
	uint64_t quotients = (parts * 10486 >> 20) & 0x0000007f0000007fULL;

	parts = quotients | (parts - quotients * 100) << 16;
	quotients = (parts * 103 >> 10) & 0x000f000f000f000fULL;
	return quotients | (parts - quotients * 10) << 8;
}

/* value * 10^exponent, value being 1 to 10^18, without the zeros at its end. */
static void decimal_set(struct decimal *decimal, uint64_t value, int exponent)
{
	uint64_t upper = value / 100000000;
	uint64_t top = upper / 100000000;
	uint64_t digits[3] = {
		decimal_eight_digits(top),
		decimal_eight_digits(upper - top * 100000000),
		decimal_eight_digits(value - upper * 100000000),
	};
	/* room to read a whole 24 digits from the first one that is not 0 */
	char text[48];
	int first = 0;
	int last = 2;

	while (digits[first] == 0)
		first++;
	while (digits[last] == 0)
		last--;
	for (int i = 0; i < 3; i++) {
		uint64_t characters = digits[i] + 0x3030303030303030ULL;

		__builtin_memcpy(text + i * 8, &characters, 8);
	}
	first = first * 8 + __builtin_ctzll(digits[first]) / 8;
	last = last * 8 + 8 - __builtin_clzll(digits[last]) / 8;
	__builtin_memset(text + 24, 0, 24);
	__builtin_memcpy(decimal->digit, text + first, 24);
	decimal->count = last - first;
	decimal->point = 24 - first + exponent;
}

/* An integer and the 64 bits behind its point; the error is below 2 units of fraction. */
struct fixed {
	uint64_t integer;
	uint64_t fraction;
	bool rest;
};

static struct fixed fixed_multiply(uint64_t factor, const struct power_of_ten *power)
{
	struct scaled product;

	scaled_multiply(&product, factor, power);
	return (struct fixed){
		.integer = product.word[2] >> 1,
		.fraction = product.word[2] << 63 | product.word[1] >> 1,
		.rest = (product.word[1] << 63 | product.word[0]) != 0,
	};
}

/* Whether the error could move the value over an integer, or hide that it is one. */
static bool fixed_near_integer(const struct fixed *value)
{
	return value->fraction + 4 < 8;
}

static bool fixed_is_integer(const struct fixed *value)
{
	return value->fraction == 0 && !value->rest;
}

/*
 * In units of 10^k, k chosen so that the interval that reads back as the value is 1 to 10 wide
 * (Giulietti, "The Schubfach way to render doubles", 2020): at most one multiple of ten lies in
 * it, and that is the shortest; else one of the two integers beside the value is.
 */
bool decimal_fast_shortest(struct decimal *decimal, uint64_t significand, int exponent,
			   bool narrow_below)
{
	/* for a power of two the interval is only three quarters of a unit: log10(3/4) less */
	int k = narrow_below ? (exponent * 315653 - 131237) >> 20 : decimal_log10_of_power(exponent);
	bool even = (significand & 1) == 0;
	struct power_of_ten power;
	struct fixed value;
	struct fixed low;
	struct fixed high;
	uint64_t candidate;
	unsigned int shift;
	bool below;
	bool above;

	power_of_ten(&power, -k);
	/* The unit, 2^exponent, is now 1 to 10: the product's point goes to bit 129. */
	shift = (unsigned int)(127 + exponent + power.exponent);
	value = fixed_multiply(significand << 2 << shift, &power);
	low = fixed_multiply(((significand << 2) - (narrow_below ? 1 : 2)) << shift, &power);
	high = fixed_multiply(((significand << 2) + 2) << shift, &power);
	if (!power.exact && (fixed_near_integer(&value) || fixed_near_integer(&low)
			     || fixed_near_integer(&high)
			     || fixed_near_integer(&(struct fixed){
					.fraction = value.fraction ^ 1ULL << 63 })))
		return false;
	/* The smallest and the largest integer inside. */
	if (!fixed_is_integer(&low) || !even)
		low.integer++;
	if (fixed_is_integer(&high) && !even)
		high.integer--;
	candidate = value.integer / 10 * 10;
	if (candidate >= low.integer) {
		decimal_set(decimal, candidate, k);
		return true;
	}
	if (candidate + 10 <= high.integer) {
		decimal_set(decimal, candidate + 10, k);
		return true;
	}
	below = value.integer >= low.integer;
	above = value.integer + 1 <= high.integer;
	candidate = value.integer;
	if (below && above) {
		bool half = value.fraction == 1ULL << 63 && !value.rest;

		candidate += half ? candidate & 1 : value.fraction >> 63;
	} else if (above) {
		candidate++;
	}
	decimal_set(decimal, candidate, k);
	return true;
}

/* The value as an integer in units of 10^-places, rounded; false if that cannot be decided. */
static bool decimal_fast_integer(uint64_t *integer, uint64_t significand, int exponent, int places)
{
	unsigned int lead = (unsigned int)__builtin_clzll(significand);
	struct power_of_ten power;
	struct scaled product;
	bool exact;
	int drop;
	uint64_t fraction;
	uint64_t half;

	power_of_ten(&power, places);
	exact = scaled_multiply(&product, significand << lead, &power);
	/* The highest word's bits below the point. */
	drop = -(exponent - (int)lead + power.exponent) - 128;
	if (drop < 1 || drop > 63)
		return false;
	half = 1ULL << (drop - 1);
	fraction = product.word[2] & (half * 2 - 1);
	*integer = product.word[2] >> drop;
	/* An error in word[1] must not reach the bits that decide. */
	if (!exact && product.word[1] + 8 < 16
	    && (fraction == half || fraction == half - 1 || fraction == half * 2 - 1
		|| fraction == 0))
		return false;
	if (fraction > half || (fraction == half && ((product.word[1] | product.word[0]) != 0
						     || (*integer & 1) != 0)))
		(*integer)++;
	return true;
}

bool decimal_fast_significant(struct decimal *decimal, uint64_t significand, int exponent,
			      int count)
{
	/* the place of the first digit, or one less */
	int lead = decimal_log10_of_power(exponent + 63 - __builtin_clzll(significand));
	uint64_t limit = 1;
	uint64_t integer;

	if (count > 17)
		return false;
	for (int i = 0; i < count; i++)
		limit *= 10;
	if (!decimal_fast_integer(&integer, significand, exponent, count - 1 - lead))
		return false;
	if (integer >= limit) {
		lead++;
		if (!decimal_fast_integer(&integer, significand, exponent, count - 1 - lead))
			return false;
	}
	decimal_set(decimal, integer, lead - count + 1);
	return true;
}

bool decimal_fast_places(struct decimal *decimal, uint64_t significand, int exponent, int places)
{
	int lead = decimal_log10_of_power(exponent + 63 - __builtin_clzll(significand));
	uint64_t integer;

	/* 17 digits at most, and at least one */
	if (lead + places > 15 || lead + places < 0
	    || !decimal_fast_integer(&integer, significand, exponent, places))
		return false;
	decimal_set(decimal, integer, -places);
	return true;
}
