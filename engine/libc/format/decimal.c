/*
 * decimal.c - the decimal expansion of a double to any number of digits, rounded to nearest
 * even on the exact value.
 *
 * The integral part is divided, the fraction multiplied by 10^19, so each step yields 19 digits.
 */
#include "decimal.h"

#include "../softfloat/double_bits.h"
#include "bignum.h"
#include "decimal_fast.h"

#include <stdint.h>

#define CHUNK_DIGITS	19
#define CHUNK_BASE	10000000000000000000ULL

/* value = significand * 2^exponent */
static uint64_t decimal_split(double value, int *exponent)
{
	uint64_t bits = double_to_bits(value);
	int field = (int)(bits >> 52) & 0x7ff;
	uint64_t fraction = bits & 0x000fffffffffffffULL;

	*exponent = (field == 0 ? 1 : field) - 1075;
	return field == 0 ? fraction : fraction | 0x0010000000000000ULL;
}

/* Append the digits of chunk, all 19 of them, but no zeros before the first digit. */
static void decimal_append(struct decimal *decimal, uint64_t chunk)
{
	char text[CHUNK_DIGITS];
	int first = 0;

	for (int i = CHUNK_DIGITS; i-- > 0; chunk /= 10)
		text[i] = (char)('0' + chunk % 10);
	if (decimal->count == 0) {
		while (first < CHUNK_DIGITS && text[first] == '0')
			first++;
		decimal->point -= first;
	}
	while (first < CHUNK_DIGITS)
		decimal->digit[decimal->count++] = text[first++];
}

static void decimal_integral(struct decimal *decimal, uint64_t significand, unsigned int shift)
{
	uint64_t chunk[20];
	int chunks = 0;
	struct bignum integral;

	bignum_set(&integral, significand);
	bignum_shift_left(&integral, shift);
	while (integral.count > 0)
		chunk[chunks++] = bignum_divide_word(&integral, CHUNK_BASE);
	decimal->point = chunks * CHUNK_DIGITS;
	while (chunks > 0)
		decimal_append(decimal, chunk[--chunks]);
}

/* Whether the digits wanted are there: significant ones, or places after the point. */
static bool decimal_has(const struct decimal *decimal, int significant, int places)
{
	if (significant > 0)
		return decimal->count > significant;
	return decimal->count > decimal->point + places;
}

/*
 * A fraction below 1: number / 2^bits. With the binary point at a word boundary, multiplying
 * by 10^19 pushes the next digits into the word above it.
 */
static bool decimal_fraction(struct decimal *decimal, uint64_t fraction, unsigned int bits,
			     int significant, int places)
{
	unsigned int words = (bits + 63) / 64;
	struct bignum number;
	int produced = 0;

	bignum_set(&number, fraction);
	bignum_shift_left(&number, words * 64 - bits);
	while (number.count > 0) {
		uint64_t chunk = 0;

		if (decimal_has(decimal, significant, places))
			return true;
		/* Nothing significant yet, and beyond the last place wanted: it all rounds off. */
		if (significant == 0 && decimal->count == 0 && produced > places)
			return true;
		bignum_multiply_add(&number, CHUNK_BASE, 0);
		if (number.count > words) {
			chunk = number.word[words];
			number.count = words;
			while (number.count > 0 && number.word[number.count - 1] == 0)
				number.count--;
		}
		decimal_append(decimal, chunk);
		produced += CHUNK_DIGITS;
	}
	return false;
}

static void decimal_set_zero(struct decimal *decimal)
{
	decimal->count = 0;
	decimal->point = 1;
}

static void decimal_trim(struct decimal *decimal)
{
	while (decimal->count > 0 && decimal->digit[decimal->count - 1] == '0')
		decimal->count--;
	if (decimal->count == 0)
		decimal_set_zero(decimal);
}

/* Cut to count digits; more tells that the exact value goes on after the digits held. */
static void decimal_cut(struct decimal *decimal, int count, bool more)
{
	int cut = decimal->count;
	bool up;

	if (count >= cut)
		return;
	if (count < 0) {
		decimal->count = 0;
		return;
	}
	while (cut > count + 1 && decimal->digit[cut - 1] == '0')
		cut--;
	up = decimal->digit[count] > '5' || (decimal->digit[count] == '5'
		&& (more || cut > count + 1
		    || (count > 0 && (decimal->digit[count - 1] & 1) != 0)));
	decimal->count = count;
	if (!up)
		return;
	while (decimal->count > 0 && decimal->digit[decimal->count - 1] == '9')
		decimal->count--;
	if (decimal->count == 0) {
		decimal->digit[decimal->count++] = '1';
		decimal->point++;
	} else {
		decimal->digit[decimal->count - 1]++;
	}
}

static bool decimal_expand(struct decimal *decimal, uint64_t significand, int exponent,
			   int significant, int places)
{
	uint64_t fraction = significand;

	decimal->count = 0;
	decimal->point = 0;
	if (exponent >= 0) {
		decimal_integral(decimal, significand, (unsigned int)exponent);
		return false;
	}
	if (exponent > -53) {
		decimal_integral(decimal, significand >> -exponent, 0);
		fraction = significand & ((1ULL << -exponent) - 1);
	}
	return decimal_fraction(decimal, fraction, (unsigned int)-exponent, significant, places);
}

void decimal_round_significant(struct decimal *decimal, double value, int count)
{
	int exponent;
	uint64_t significand = decimal_split(value, &exponent);

	if (significand == 0) {
		decimal_set_zero(decimal);
	} else if (!decimal_fast_significant(decimal, significand, exponent, count)) {
		decimal_cut(decimal, count,
			    decimal_expand(decimal, significand, exponent, count, 0));
		decimal_trim(decimal);
	}
}

void decimal_round_places(struct decimal *decimal, double value, int places)
{
	int exponent;
	uint64_t significand = decimal_split(value, &exponent);
	bool more;

	if (significand == 0) {
		decimal_set_zero(decimal);
	} else if (!decimal_fast_places(decimal, significand, exponent, places)) {
		more = decimal_expand(decimal, significand, exponent, 0, places);
		decimal_cut(decimal, decimal->point + places, more);
		decimal_trim(decimal);
	}
}
