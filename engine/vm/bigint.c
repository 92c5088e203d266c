/*
 * engine/vm/bigint.c: arithmetic of Integers beyond 64 bits, in the place of mruby-bigint's bigint.c.
 *
 * That one answers wrongly from 2^63 up: its bit operations take the magnitude for two's complement,
 * division with a Float multiplies, comparisons and hashes forget the type or half of the limbs, and
 * results that have become small stay big. Addresses and MSRs are such numbers, so this is our own.
 * bigint.h says what is promised.
 *
 * Numbers of up to 64 bits and a sign take a short way: they are computed as pairs of limbs
 * (bigint_get_pair), and only an object is allocated, if the result needs one.
 *
 * The functions at the end are what mruby's other files call (mruby/internal.h). A value that is being
 * made is always in an object, never in a bare allocation: any allocation may raise.
 */
#include "vm/bigint.h"

#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/gc.h>
#include <mruby/numeric.h>
#include <mruby/string.h>
#include <string.h>

#include "engine/engine.h"

mrb_static_assert_object_size(struct RBigint);

/* Between the rows of what may take long: the time limit is for us too. */
static void bigint_check_time(mrb_state *mrb)
{
	if (engine_time_is_short)
		mrb_raise(mrb, E_RANGE_ERROR, "the time budget is too short for integers this big");
}

/* A number of so many limbs, at most BIGINT_HERE, which are zero. */
static inline struct RBigint *bigint_new_short(mrb_state *mrb, size_t count)
{
	struct RBigint *big = (struct RBigint *)mrb_obj_alloc(mrb, MRB_TT_BIGINT, mrb->integer_class);

	big->count = (uint32_t)count;
	MRB_SET_FROZEN_FLAG(big);
	return big;
}

/* A number with room for so many limbs, which are zero. */
static struct RBigint *bigint_new(mrb_state *mrb, size_t count)
{
	struct RBigint *big = bigint_new_short(mrb, 0);

	if (count > BIGINT_LIMBS_MAX)
		mrb_raise(mrb, E_RANGE_ERROR, "integer too big");
	if (count > BIGINT_HERE)
		big->elsewhere = (uint64_t *)mrb_calloc(mrb, count, sizeof(uint64_t));
	big->count = (uint32_t)count;
	return big;
}

static uint64_t *bigint_room(struct RBigint *big)
{
	return big->count > BIGINT_HERE ? big->elsewhere : big->here;
}

/* The value of what was computed in a new object: trimmed, and small if it can be. */
static mrb_value bigint_finish(mrb_state *mrb, struct RBigint *big, bool negative)
{
	size_t count = limbs_trim(bigint_room(big), big->count);

	if (big->count > BIGINT_HERE && count <= BIGINT_HERE) {
		uint64_t *limbs = big->elsewhere, here[BIGINT_HERE] = { limbs[0], limbs[1] };

		memcpy(big->here, here, sizeof(here));
		mrb_free(mrb, limbs);
	}
	big->count = (uint32_t)count;
	big->negative = negative;
	if (count == 0)
		return mrb_fixnum_value(0);
	if (count == 1 && big->here[0] <= (uint64_t)INT64_MAX + negative)
		return mrb_int_value(mrb, (mrb_int)(negative ? -big->here[0] : big->here[0]));
	return mrb_obj_value(big);
}

mrb_value bigint_from_pair(mrb_state *mrb, bigint_pair_t pair)
{
	limb_pair_t magnitude = pair < 0 ? -(limb_pair_t)pair : (limb_pair_t)pair;
	struct RBigint *big;

	if (pair == (int64_t)pair)
		return mrb_int_value(mrb, (mrb_int)pair);
	big = bigint_new_short(mrb, magnitude >> LIMB_BITS ? 2 : 1);
	big->negative = pair < 0;
	big->here[0] = (uint64_t)magnitude;
	big->here[1] = (uint64_t)(magnitude >> LIMB_BITS);
	return mrb_obj_value(big);
}

int bigint_compare(mrb_value x, mrb_value y)
{
	struct bigint_view a, b;
	int order;

	bigint_look(x, &a);
	bigint_look(y, &b);
	if (a.negative != b.negative)
		return a.negative ? -1 : 1;
	order = limbs_compare(a.limbs, a.count, b.limbs, b.count);
	return a.negative ? -order : order;
}

uint64_t bigint_low64(mrb_value value)
{
	struct bigint_view view;
	uint64_t low;

	bigint_look(value, &view);
	low = view.count ? view.limbs[0] : 0;
	return view.negative ? -low : low;
}

size_t bigint_bit_length(mrb_value value)
{
	struct bigint_view view;
	size_t bits;

	bigint_look(value, &view);
	bits = limbs_bit_length(view.limbs, view.count);
	if (view.negative) {	/* of -2^n it is n, as of 2^n - 1 */
		bool power = (view.limbs[view.count - 1] & (view.limbs[view.count - 1] - 1)) == 0;

		for (size_t i = 0; power && i + 1 < view.count; i++)
			power = view.limbs[i] == 0;
		bits -= power;
	}
	return bits;
}

/* Sums and differences ---------------------------------------------------------------------- */

static mrb_value bigint_add_signed(mrb_state *mrb, const struct bigint_view *x,
				   const struct bigint_view *y, bool y_negative)
{
	const struct bigint_view *large = x, *other = y;
	bool negative = x->negative;
	struct RBigint *sum;

	if (limbs_compare(x->limbs, x->count, y->limbs, y->count) < 0) {
		large = y;
		other = x;
		negative = y_negative;
	}
	sum = bigint_new(mrb, large->count + 1);
	if (x->negative == y_negative)
		limbs_add(bigint_room(sum), large->limbs, large->count, other->limbs, other->count);
	else
		limbs_subtract(bigint_room(sum), large->limbs, large->count, other->limbs, other->count);
	return bigint_finish(mrb, sum, negative);
}

mrb_value bigint_add(mrb_state *mrb, mrb_value x, mrb_value y)
{
	struct bigint_view a, b;
	bigint_pair_t p, q;

	if (bigint_get_pair(x, &p) && bigint_get_pair(y, &q))
		return bigint_from_pair(mrb, p + q);
	bigint_look(x, &a);
	bigint_look(y, &b);
	return bigint_add_signed(mrb, &a, &b, b.negative);
}

mrb_value bigint_subtract(mrb_state *mrb, mrb_value x, mrb_value y)
{
	struct bigint_view a, b;
	bigint_pair_t p, q;

	if (bigint_get_pair(x, &p) && bigint_get_pair(y, &q))
		return bigint_from_pair(mrb, p - q);
	bigint_look(x, &a);
	bigint_look(y, &b);
	return bigint_add_signed(mrb, &a, &b, !b.negative);
}

mrb_value bigint_negate(mrb_state *mrb, mrb_value x)
{
	return bigint_subtract(mrb, mrb_fixnum_value(0), x);
}

/* Products and powers ----------------------------------------------------------------------- */

mrb_value bigint_multiply(mrb_state *mrb, mrb_value x, mrb_value y)
{
	struct bigint_view a, b;
	struct RBigint *product;
	uint64_t *limbs;

	bigint_look(x, &a);
	bigint_look(y, &b);
	product = bigint_new(mrb, a.count + b.count);
	limbs = bigint_room(product);
	for (size_t i = 0; i < b.count; i++) {
		limbs[i + a.count] = limbs_add_product(limbs + i, a.limbs, a.count, b.limbs[i]);
		bigint_check_time(mrb);
	}
	return bigint_finish(mrb, product, a.negative != b.negative);
}

mrb_value bigint_power(mrb_state *mrb, mrb_value x, uint64_t exponent)
{
	mrb_value power = mrb_fixnum_value(1);
	int arena = mrb_gc_arena_save(mrb);

	for (;;) {
		if (exponent & 1)
			power = bigint_multiply(mrb, power, x);
		exponent >>= 1;
		if (exponent == 0)
			return power;
		x = bigint_multiply(mrb, x, x);
		mrb_gc_arena_restore(mrb, arena);
		mrb_gc_protect(mrb, x);
		mrb_gc_protect(mrb, power);
	}
}

/* Quotients --------------------------------------------------------------------------------- */

/* |x| / |y| where x has no fewer limbs than y, and y two or more. */
static void bigint_divide_long(mrb_state *mrb, const struct bigint_view *x,
			       const struct bigint_view *y, struct RBigint *quotient,
			       struct RBigint *remainder)
{
	unsigned int shift = (unsigned int)__builtin_clzll(y->limbs[y->count - 1]);
	struct RBigint *scratch = bigint_new(mrb, x->count + 1 + y->count);
	uint64_t *dividend = bigint_room(scratch), *divisor = dividend + x->count + 1;

	dividend[x->count] = limbs_shift_left(dividend, x->limbs, x->count, shift);
	limbs_shift_left(divisor, y->limbs, y->count, shift);
	for (size_t i = x->count + 1 - y->count; i-- > 0;) {
		bigint_room(quotient)[i] = limbs_divide_step(dividend + i, divisor, y->count);
		bigint_check_time(mrb);
	}
	limbs_shift_right(bigint_room(remainder), dividend, y->count, shift);
}

/* Towards zero. */
static void bigint_divide_magnitudes(mrb_state *mrb, const struct bigint_view *x,
				     const struct bigint_view *y, mrb_value *quotient,
				     mrb_value *remainder)
{
	struct RBigint *q = bigint_new(mrb, x->count - y->count + 1), *r = bigint_new(mrb, y->count);

	if (y->count == 1)
		bigint_room(r)[0] = limbs_divide_small(bigint_room(q), x->limbs, x->count, y->limbs[0]);
	else
		bigint_divide_long(mrb, x, y, q, r);
	*quotient = bigint_finish(mrb, q, x->negative != y->negative);
	*remainder = bigint_finish(mrb, r, x->negative);
}

void bigint_divide(mrb_state *mrb, mrb_value x, mrb_value y, bool floor, mrb_value *quotient,
		   mrb_value *remainder)
{
	mrb_value q = mrb_fixnum_value(0), r = x;
	struct bigint_view a, b;

	bigint_look(x, &a);
	bigint_look(y, &b);
	if (limbs_compare(a.limbs, a.count, b.limbs, b.count) >= 0)
		bigint_divide_magnitudes(mrb, &a, &b, &q, &r);
	if (floor && a.negative != b.negative && !(mrb_integer_p(r) && mrb_integer(r) == 0)) {
		if (quotient)
			q = bigint_subtract(mrb, q, mrb_fixnum_value(1));
		if (remainder)
			r = bigint_add(mrb, r, y);
	}
	if (quotient)
		*quotient = q;
	if (remainder)
		*remainder = r;
}

/* Bits -------------------------------------------------------------------------------------- */

enum bigint_bits { BIGINT_AND, BIGINT_OR, BIGINT_XOR };

static uint64_t bigint_combine(enum bigint_bits operator, uint64_t x, uint64_t y)
{
	switch (operator) {
	case BIGINT_AND:
		return x & y;
	case BIGINT_OR:
		return x | y;
	default:
		return x ^ y;
	}
}

/* Limb by limb in two's complement: that of a negative number is ~(magnitude - 1). */
struct bigint_complement {
	const struct bigint_view *view;
	size_t next;
	uint64_t borrow;
};

static uint64_t bigint_next_limb(struct bigint_complement *complement)
{
	const struct bigint_view *view = complement->view;
	uint64_t limb = complement->next < view->count ? view->limbs[complement->next] : 0, less;

	complement->next++;
	if (!view->negative)
		return limb;
	less = limb - complement->borrow;
	complement->borrow = less > limb;
	return ~less;
}

static mrb_value bigint_bits_long(mrb_state *mrb, enum bigint_bits operator,
				  const struct bigint_view *x, const struct bigint_view *y)
{
	struct bigint_complement a = { x, 0, 1 }, b = { y, 0, 1 };
	bool negative = bigint_combine(operator, x->negative, y->negative);
	size_t count = (x->count > y->count ? x->count : y->count) + 1;
	struct RBigint *result = bigint_new(mrb, count);
	uint64_t *limbs = bigint_room(result), carry = negative;

	for (size_t i = 0; i < count; i++) {
		uint64_t limb = bigint_combine(operator, bigint_next_limb(&a), bigint_next_limb(&b));

		limbs[i] = negative ? ~limb + carry : limb;
		carry = carry && limbs[i] == 0;
	}
	return bigint_finish(mrb, result, negative);
}

static mrb_value bigint_bits_of(mrb_state *mrb, enum bigint_bits operator, mrb_value x, mrb_value y)
{
	struct bigint_view a, b;

	bigint_look(x, &a);
	bigint_look(y, &b);
	return bigint_bits_long(mrb, operator, &a, &b);
}

mrb_value bigint_shift_left(mrb_state *mrb, mrb_value x, uint64_t bits)
{
	struct bigint_view view;
	struct RBigint *shifted;
	uint64_t *limbs;

	bigint_look(x, &view);
	if (view.count == 0 || bits == 0)
		return x;
	if (bits / LIMB_BITS > BIGINT_LIMBS_MAX)
		mrb_raise(mrb, E_RANGE_ERROR, "shift width too big");
	shifted = bigint_new(mrb, view.count + bits / LIMB_BITS + 1);
	limbs = bigint_room(shifted) + bits / LIMB_BITS;
	limbs[view.count] = limbs_shift_left(limbs, view.limbs, view.count, bits % LIMB_BITS);
	return bigint_finish(mrb, shifted, view.negative);
}

/* Rounds towards negative infinity. */
mrb_value bigint_shift_right(mrb_state *mrb, mrb_value x, uint64_t bits)
{
	size_t away = bits / LIMB_BITS;
	bool round_up = false;
	struct bigint_view view;
	struct RBigint *shifted;
	mrb_value result;

	bigint_look(x, &view);
	if (bits == 0)
		return x;
	if (away >= view.count)
		return mrb_fixnum_value(view.negative ? -1 : 0);
	if (view.negative) {
		for (size_t i = 0; i < away && !round_up; i++)
			round_up = view.limbs[i] != 0;
		round_up = round_up || (view.limbs[away] & ((1ull << bits % LIMB_BITS) - 1));
	}
	shifted = bigint_new(mrb, view.count - away);
	limbs_shift_right(bigint_room(shifted), view.limbs + away, view.count - away, bits % LIMB_BITS);
	result = bigint_finish(mrb, shifted, view.negative);
	return round_up ? bigint_subtract(mrb, result, mrb_fixnum_value(1)) : result;
}

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

/* mruby's interface: operands of any type ---------------------------------------------------- */

static _Noreturn void bigint_refuse(mrb_state *mrb, mrb_value y)
{
	mrb_raisef(mrb, E_TYPE_ERROR, "%Y can't be coerced into Integer", y);
}

mrb_value mrb_bint_new_int(mrb_state *mrb, mrb_int x)
{
	return mrb_int_value(mrb, x);
}

mrb_value mrb_bint_new_uint64(mrb_state *mrb, uint64_t x)
{
	return bigint_from_pair(mrb, (bigint_pair_t)x);
}

mrb_value mrb_as_bint(mrb_state *mrb, mrb_value x)
{
	return mrb_bigint_p(x) ? x : mrb_int_value(mrb, mrb_as_int(mrb, x));
}

mrb_int mrb_bint_as_int(mrb_state *mrb, mrb_value x)
{
	if (mrb_bigint_p(x))
		mrb_raise(mrb, E_RANGE_ERROR, "integer out of range");
	return mrb_integer(x);
}

uint64_t mrb_bint_as_uint64(mrb_state *mrb, mrb_value x)
{
	struct bigint_view view;

	bigint_look(x, &view);
	if (view.negative || view.count > 1)
		mrb_raise(mrb, E_RANGE_ERROR, "integer out of range");
	return view.count ? view.limbs[0] : 0;
}

typedef mrb_value (*bigint_operator_t)(mrb_state *mrb, mrb_value x, mrb_value y);

/* x is no Float, y is neither Integer nor Float. mruby's Rationals are pairs of 64-bit integers. */
static mrb_value bigint_mixed(mrb_state *mrb, mrb_value x, mrb_value y, bigint_operator_t rational,
			      bigint_operator_t complex)
{
	if (mrb_type(y) == MRB_TT_COMPLEX)
		return complex(mrb, mrb_complex_new(mrb, bigint_to_float(x), 0), y);
	if (mrb_type(y) == MRB_TT_RATIONAL)
		return rational(mrb, mrb_rational_new(mrb, mrb_bint_as_int(mrb, x), 1), y);
	bigint_refuse(mrb, y);
}

mrb_value mrb_bint_add(mrb_state *mrb, mrb_value x, mrb_value y)
{
	if (bigint_is_integer(y))
		return bigint_add(mrb, x, y);
	if (mrb_float_p(y))
		return mrb_float_value(mrb, bigint_to_float(x) + mrb_float(y));
	return bigint_mixed(mrb, x, y, mrb_rational_add, mrb_complex_add);
}

mrb_value mrb_bint_sub(mrb_state *mrb, mrb_value x, mrb_value y)
{
	if (bigint_is_integer(y))
		return bigint_subtract(mrb, x, y);
	if (mrb_float_p(y))
		return mrb_float_value(mrb, bigint_to_float(x) - mrb_float(y));
	return bigint_mixed(mrb, x, y, mrb_rational_sub, mrb_complex_sub);
}

mrb_value mrb_bint_mul(mrb_state *mrb, mrb_value x, mrb_value y)
{
	if (bigint_is_integer(y))
		return bigint_multiply(mrb, x, y);
	if (mrb_float_p(y))
		return mrb_float_value(mrb, bigint_to_float(x) * mrb_float(y));
	return bigint_mixed(mrb, x, y, mrb_rational_mul, mrb_complex_mul);
}

static void bigint_check_divisor(mrb_state *mrb, mrb_value y)
{
	if (!bigint_is_integer(y))
		bigint_refuse(mrb, y);
	if (mrb_integer_p(y) && mrb_integer(y) == 0)
		mrb_int_zerodiv(mrb);
}

mrb_value mrb_bint_div(mrb_state *mrb, mrb_value x, mrb_value y)
{
	mrb_value quotient;

	if (mrb_float_p(y))
		return mrb_float_value(mrb, mrb_div_float(bigint_to_float(x), mrb_float(y)));
	if (!bigint_is_integer(y))
		return bigint_mixed(mrb, x, y, mrb_rational_div, mrb_complex_div);
	bigint_check_divisor(mrb, y);
	bigint_divide(mrb, x, y, true, &quotient, NULL);
	return quotient;
}

/* The Floats' modulo is the gem ritevisor-integer's. */
mrb_value mrb_bint_mod(mrb_state *mrb, mrb_value x, mrb_value y)
{
	mrb_value remainder;

	bigint_check_divisor(mrb, y);
	bigint_divide(mrb, x, y, true, NULL, &remainder);
	return remainder;
}

mrb_value mrb_bint_rem(mrb_state *mrb, mrb_value x, mrb_value y)
{
	mrb_value remainder;

	bigint_check_divisor(mrb, y);
	bigint_divide(mrb, x, y, false, NULL, &remainder);
	return remainder;
}

mrb_value mrb_bint_divmod(mrb_state *mrb, mrb_value x, mrb_value y)
{
	mrb_value quotient, remainder;

	bigint_check_divisor(mrb, y);
	bigint_divide(mrb, x, y, true, &quotient, &remainder);
	return mrb_assoc_new(mrb, quotient, remainder);
}

/* -2 if they cannot be compared. */
mrb_int mrb_bint_cmp(mrb_state *mrb, mrb_value x, mrb_value y)
{
	int order;

	if (bigint_is_integer(y))
		return bigint_compare(x, y);
	if (!mrb_float_p(y))
		return -2;
	order = bigint_compare_float(x, mrb_float(y));
	return order == BIGINT_UNORDERED ? -2 : order;
}

static mrb_value bigint_bits_mixed(mrb_state *mrb, enum bigint_bits operator, mrb_value x, mrb_value y)
{
	if (!bigint_is_integer(y))
		bigint_refuse(mrb, y);
	return bigint_bits_of(mrb, operator, x, y);
}

mrb_value mrb_bint_and(mrb_state *mrb, mrb_value x, mrb_value y)
{
	bigint_pair_t p, q;

	if (bigint_get_pair(x, &p) && bigint_get_pair(y, &q))
		return bigint_from_pair(mrb, p & q);
	return bigint_bits_mixed(mrb, BIGINT_AND, x, y);
}

mrb_value mrb_bint_or(mrb_state *mrb, mrb_value x, mrb_value y)
{
	bigint_pair_t p, q;

	if (bigint_get_pair(x, &p) && bigint_get_pair(y, &q))
		return bigint_from_pair(mrb, p | q);
	return bigint_bits_mixed(mrb, BIGINT_OR, x, y);
}

mrb_value mrb_bint_xor(mrb_state *mrb, mrb_value x, mrb_value y)
{
	bigint_pair_t p, q;

	if (bigint_get_pair(x, &p) && bigint_get_pair(y, &q))
		return bigint_from_pair(mrb, p ^ q);
	return bigint_bits_mixed(mrb, BIGINT_XOR, x, y);
}

mrb_value mrb_bint_rev(mrb_state *mrb, mrb_value x)
{
	return bigint_subtract(mrb, mrb_fixnum_value(-1), x);
}

mrb_value mrb_bint_lshift(mrb_state *mrb, mrb_value x, mrb_int width)
{
	return width < 0 ? bigint_shift_right(mrb, x, -(uint64_t)width)
			 : bigint_shift_left(mrb, x, (uint64_t)width);
}

mrb_value mrb_bint_rshift(mrb_state *mrb, mrb_value x, mrb_int width)
{
	return width < 0 ? bigint_shift_left(mrb, x, -(uint64_t)width)
			 : bigint_shift_right(mrb, x, (uint64_t)width);
}

/* A power whose result would have more bits than we allow: what CRuby says of such. */
static mrb_value bigint_power_too_big(mrb_state *mrb, mrb_value x, mrb_float exponent)
{
	return mrb_float_value(mrb, pow(bigint_to_float(x), exponent));
}

mrb_value mrb_bint_pow(mrb_state *mrb, mrb_value x, mrb_value y)
{
	if (mrb_float_p(y))
		return mrb_float_value(mrb, pow(bigint_to_float(x), mrb_float(y)));
	if (!bigint_is_integer(y))
		bigint_refuse(mrb, y);
	if (mrb_integer_p(x) && mrb_integer(x) >= -1 && mrb_integer(x) <= 1) {
		if (mrb_integer(x) != 0)
			return bigint_is_odd(y) ? x : mrb_fixnum_value(1);
		if (!bigint_is_negative(y))
			return mrb_fixnum_value(mrb_integer_p(y) && mrb_integer(y) == 0);
	}
	if (bigint_is_negative(y) || mrb_bigint_p(y))
		return bigint_power_too_big(mrb, x, bigint_to_float(y));
	if ((uint64_t)mrb_integer(y) > (uint64_t)BIGINT_LIMBS_MAX * LIMB_BITS / bigint_bit_length(x))
		mrb_raise(mrb, E_RANGE_ERROR, "integer too big");
	return bigint_power(mrb, x, (uint64_t)mrb_integer(y));
}

/* x ** exponent % modulus, with the sign of the modulus. */
mrb_value mrb_bint_powm(mrb_state *mrb, mrb_value x, mrb_value exponent, mrb_value modulus)
{
	int arena = mrb_gc_arena_save(mrb);
	mrb_value power = mrb_fixnum_value(1);
	struct bigint_view bits;
	size_t count;

	bigint_check_divisor(mrb, modulus);
	if (bigint_is_negative(exponent))
		mrb_raise(mrb, E_RANGE_ERROR, "Integer#pow() 1st argument cannot be negative when 2nd argument specified");
	bigint_look(exponent, &bits);
	count = limbs_bit_length(bits.limbs, bits.count);
	bigint_divide(mrb, power, modulus, true, NULL, &power);
	bigint_divide(mrb, x, modulus, true, NULL, &x);
	for (size_t i = 0; i < count; i++) {
		if (limbs_bit(bits.limbs, bits.count, i))
			bigint_divide(mrb, bigint_multiply(mrb, power, x), modulus, true, NULL, &power);
		bigint_divide(mrb, bigint_multiply(mrb, x, x), modulus, true, NULL, &x);
		mrb_gc_arena_restore(mrb, arena);
		mrb_gc_protect(mrb, x);
		mrb_gc_protect(mrb, power);
		bigint_check_time(mrb);
	}
	return power;
}

/* Results of mrb_bint_add_d() and mrb_bint_sub_d() need not be big for our functions. */
mrb_value mrb_bint_add_d(mrb_state *mrb, mrb_value x, mrb_value y)
{
	return mrb_bint_add(mrb, x, y);
}

mrb_value mrb_bint_sub_d(mrb_state *mrb, mrb_value x, mrb_value y)
{
	return mrb_bint_sub(mrb, x, y);
}

mrb_value mrb_bint_add_ii(mrb_state *mrb, mrb_int x, mrb_int y)
{
	return bigint_from_pair(mrb, (bigint_pair_t)x + y);
}

mrb_value mrb_bint_sub_ii(mrb_state *mrb, mrb_int x, mrb_int y)
{
	return bigint_from_pair(mrb, (bigint_pair_t)x - y);
}

mrb_value mrb_bint_mul_ii(mrb_state *mrb, mrb_int x, mrb_int y)
{
	return bigint_from_pair(mrb, (bigint_pair_t)x * y);
}

void mrb_gc_free_bint(mrb_state *mrb, struct RBasic *object)
{
	struct RBigint *big = (struct RBigint *)object;

	if (big->count > BIGINT_HERE)
		mrb_free(mrb, big->elsewhere);
}

/* `copy` is new, without limbs. */
void mrb_bint_copy(mrb_state *mrb, mrb_value copy, mrb_value from)
{
	struct RBigint *big = bigint_of(copy);
	const struct RBigint *other = bigint_of(from);

	if (other->count > BIGINT_HERE) {
		uint64_t *limbs = (uint64_t *)mrb_malloc(mrb, other->count * sizeof(uint64_t));

		memcpy(limbs, other->elsewhere, other->count * sizeof(uint64_t));
		big->elsewhere = limbs;
	} else {
		memcpy(big->here, other->here, sizeof(big->here));
	}
	big->count = other->count;
	big->negative = other->negative;
}

size_t mrb_bint_memsize(mrb_value x)
{
	const struct RBigint *big = bigint_of(x);

	return big->count > BIGINT_HERE ? big->count * sizeof(uint64_t) : 0;
}

mrb_value mrb_bint_hash(mrb_state *mrb, mrb_value x)
{
	const struct RBigint *big = bigint_of(x);
	uint32_t hash = mrb_byte_hash((const uint8_t *)bigint_limbs(big), big->count * sizeof(uint64_t));

	return mrb_int_value(mrb, (mrb_int)(big->negative ? ~hash : hash));
}
