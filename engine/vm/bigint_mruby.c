/*
 * engine/vm/bigint_mruby.c: what mruby's other files call (mruby/internal.h): operands of any type.
 */
#include "vm/bigint_internal.h"

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
