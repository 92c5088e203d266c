/*
 * engine/vm/bigint_convert.c: big Integers from Floats and text, and back.
 */
#include "vm/bigint_internal.h"

/* Floats ------------------------------------------------------------------------------------ */

/* The upper 64 bits are enough for a Float's 53 and its rounding, when the last of them tells whether
 * anything was below. */
mrb_float bigint_to_float(mrb_value value)
{
	struct bigint_view view;
	uint64_t top;
	size_t bits, below = 0;
	mrb_float result;

	bigint_look(value, &view);
	bits = limbs_bit_length(view.limbs, view.count);
	if (bits == 0)
		return 0;
	top = view.limbs[view.count - 1];
	if (bits > LIMB_BITS) {
		unsigned int shift = (unsigned int)((below = bits - LIMB_BITS) % LIMB_BITS);
		size_t first = below / LIMB_BITS;
		bool rest = shift && view.limbs[first] << (LIMB_BITS - shift);

		top = view.limbs[first] >> shift;
		if (shift)
			top |= view.limbs[first + 1] << (LIMB_BITS - shift);
		for (size_t i = 0; i < first && !rest; i++)
			rest = view.limbs[i] != 0;
		top |= rest;
	}
	result = below > 1024 ? INFINITY : ldexp((mrb_float)top, (int)below);
	return view.negative ? -result : result;
}

enum { FLOAT_MANTISSA_BITS = 52, FLOAT_BIAS = 1075, FLOAT_LIMBS = 17 };

/* The magnitude of a finite Float without its fraction. Returns whether there was one. */
static bool bigint_float_limbs(mrb_float x, uint64_t limbs[FLOAT_LIMBS])
{
	uint64_t image, mantissa;
	int exponent;

	memcpy(&image, &x, sizeof(image));
	mantissa = image & ((1ull << FLOAT_MANTISSA_BITS) - 1);
	exponent = (int)(image >> FLOAT_MANTISSA_BITS & 0x7ff) - FLOAT_BIAS;
	memset(limbs, 0, FLOAT_LIMBS * sizeof(limbs[0]));
	if (exponent == -FLOAT_BIAS)	/* zero or subnormal */
		return mantissa != 0;
	mantissa |= 1ull << FLOAT_MANTISSA_BITS;
	if (exponent < -FLOAT_MANTISSA_BITS)
		return true;
	if (exponent < 0) {
		limbs[0] = mantissa >> -exponent;
		return limbs[0] << -exponent != mantissa;
	}
	limbs[exponent / LIMB_BITS] = mantissa << exponent % LIMB_BITS;
	if (exponent % LIMB_BITS)
		limbs[exponent / LIMB_BITS + 1] = mantissa >> (LIMB_BITS - exponent % LIMB_BITS);
	return false;
}

int bigint_compare_float(mrb_value x, mrb_float y)
{
	uint64_t limbs[FLOAT_LIMBS];
	struct bigint_view view;
	bool fraction;
	int order;

	if (isnan(y))
		return BIGINT_UNORDERED;
	if (isinf(y))
		return y > 0 ? -1 : 1;
	bigint_look(x, &view);
	fraction = bigint_float_limbs(y, limbs);
	if (view.negative != (y < 0)) {
		if (view.count == 0 && y == 0)
			return 0;
		return view.negative ? -1 : view.count == 0 || y < 0 ? 1 : -1;
	}
	order = limbs_compare(view.limbs, view.count, limbs, limbs_trim(limbs, FLOAT_LIMBS));
	if (order == 0 && fraction)
		order = -1;
	return view.negative ? -order : order;
}

mrb_value mrb_bint_new_float(mrb_state *mrb, mrb_float x)
{
	struct RBigint *big;
	uint64_t limbs[FLOAT_LIMBS];
	size_t count;

	mrb_check_num_exact(mrb, x);
	bigint_float_limbs(x, limbs);
	count = limbs_trim(limbs, FLOAT_LIMBS);
	big = bigint_new(mrb, count);
	memcpy(bigint_room(big), limbs, count * sizeof(limbs[0]));
	return bigint_finish(mrb, big, x < 0);
}

mrb_float mrb_bint_as_float(mrb_state *mrb, mrb_value x)
{
	return bigint_to_float(x);
}

/* Text -------------------------------------------------------------------------------------- */

/* The largest power of a base that a limb holds, and its exponent. */
static uint64_t bigint_chunk(uint64_t base, unsigned int *digits)
{
	uint64_t power = base;

	for (*digits = 1; power <= UINT64_MAX / base; ++*digits)
		power *= base;
	return power;
}

static int bigint_digit(char character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	if (character >= 'a' && character <= 'z')
		return character - 'a' + 10;
	if (character >= 'A' && character <= 'Z')
		return character - 'A' + 10;
	return -1;
}

/* Digits, underscores, and the + that the compiler leaves in a literal; a negative base means a negative
 * number. */
mrb_value mrb_bint_new_str(mrb_state *mrb, const char *text, mrb_int length, mrb_int base)
{
	uint64_t radix = (uint64_t)(base < 0 ? -base : base), value = 0, power = 1, limit;
	struct RBigint *big;
	size_t used = 0;
	unsigned int digits;

	mrb_assert(2 <= radix && radix <= 36);
	limit = bigint_chunk(radix, &digits);
	/* 6 bits a digit are enough for base 36. */
	big = bigint_new(mrb, (size_t)length * 6 / LIMB_BITS + 1);
	for (mrb_int i = 0; i <= length; i++) {
		if (i == length || power == limit) {
			uint64_t beyond = limbs_multiply_small(bigint_room(big), bigint_room(big), used,
							       power, value);

			if (beyond)
				bigint_room(big)[used++] = beyond;
			value = 0;
			power = 1;
			bigint_check_time(mrb);
		}
		if (i < length && text[i] != '_' && text[i] != '+') {
			value = value * radix + (uint64_t)bigint_digit(text[i]);
			power *= radix;
		}
	}
	return bigint_finish(mrb, big, base < 0);
}

/* Writes the digits from the end; `limbs` is used up. Returns the first. */
static char *bigint_write(mrb_state *mrb, char *end, uint64_t *limbs, size_t count, uint64_t base)
{
	unsigned int digits;
	uint64_t power = bigint_chunk(base, &digits);

	while (count > 0) {
		uint64_t rest = limbs_divide_small(limbs, limbs, count, power);

		count = limbs_trim(limbs, count);
		for (unsigned int i = 0; count > 0 ? i < digits : rest > 0; i++) {
			*--end = mrb_digitmap[rest % base];
			rest /= base;
		}
		bigint_check_time(mrb);
	}
	return end;
}

mrb_value mrb_bint_to_s(mrb_state *mrb, mrb_value x, mrb_int base)
{
	struct bigint_view view;
	struct RBigint *scratch;
	mrb_value text;
	size_t room;
	char *first, *end;

	if (base < 2 || base > 36)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "invalid radix %i", base);
	bigint_look(x, &view);
	if (view.count == 0)
		return mrb_str_new_lit(mrb, "0");
	scratch = bigint_new(mrb, view.count);
	memcpy(bigint_room(scratch), view.limbs, view.count * sizeof(uint64_t));
	/* Each digit stands for at least that many bits. */
	room = limbs_bit_length(view.limbs, view.count) / (31 - (unsigned int)__builtin_clz((unsigned int)base)) + 2;
	text = mrb_str_new(mrb, NULL, (mrb_int)room);
	end = RSTRING_PTR(text) + room;
	first = bigint_write(mrb, end, bigint_room(scratch), view.count, (uint64_t)base);
	if (view.negative)
		*--first = '-';
	memmove(RSTRING_PTR(text), first, (size_t)(end - first));
	text = mrb_str_resize(mrb, text, (mrb_int)(end - first));
	RSTR_SET_ASCII_FLAG(mrb_str_ptr(text));
	return text;
}
