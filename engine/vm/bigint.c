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
 * What mruby's other files call (mruby/internal.h) is in bigint_mruby.c, Floats and text are in
 * bigint_convert.c. A value that is being made is always in an object, never in a bare allocation: any
 * allocation may raise.
 */
#include "vm/bigint_internal.h"

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

mrb_value bigint_bits_of(mrb_state *mrb, enum bigint_bits operator, mrb_value x, mrb_value y)
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
