/*
 * keys.c: Array and Hash as keys: hash, eql? and ==, in C.
 *
 * mruby has these in Ruby, with a block for each: a hook that counts in a Hash by [port, width] made a
 * dozen objects of garbage for each look-up. What an element's own class has redefined is called.
 */
#include "internal.h"

#include <mruby/array.h>
#include <mruby/hash.h>
#include <mruby/internal.h>
#include <mruby/presym.h>
#include <mruby/string.h>

/* Containers in containers that are followed without a call of a method: of those mruby counts the
 * levels, and raises SystemStackError long before the stack is full. */
enum { KEYS_DEPTH = 4 };
enum { KEYS_SEED = 12347, KEYS_FACTOR = 31 };

static mrb_value keys_array_hash(mrb_state *mrb, mrb_value self);
static mrb_value keys_array_eql(mrb_state *mrb, mrb_value self);
static mrb_value keys_array_equal(mrb_state *mrb, mrb_value self);
static uint32_t keys_hash_array(mrb_state *mrb, mrb_value array, int depth);

static uint32_t keys_mix(uint32_t hash, uint32_t more)
{
	return (hash ^ more) * KEYS_FACTOR + (hash >> 16);
}

static uint32_t keys_hash_value(mrb_state *mrb, mrb_value value, int depth)
{
	mrb_value hash;
	mrb_int number;

	switch (mrb_type(value)) {
	case MRB_TT_STRING:
		return mrb_str_hash(mrb, value);
	case MRB_TT_SYMBOL:
		return keys_mix(MRB_TT_SYMBOL, mrb_symbol(value));
	case MRB_TT_INTEGER:
		number = mrb_integer(value);
		return mrb_byte_hash((const uint8_t *)&number, sizeof(number));
	case MRB_TT_ARRAY:
		if (depth > 0 && mrb_func_basic_p(mrb, value, MRB_SYM(hash), keys_array_hash))
			return keys_hash_array(mrb, value, depth - 1);
		break;
	default:
		break;
	}
	hash = mrb_funcall_argv(mrb, value, MRB_SYM(hash), 0, NULL);
	if (!mrb_integer_p(hash))
		mrb_raise(mrb, E_TYPE_ERROR, "hash is no small Integer");
	return (uint32_t)mrb_integer(hash);
}

/* Elements are looked up anew each time: a method may have changed the array. */
static uint32_t keys_hash_array(mrb_state *mrb, mrb_value array, int depth)
{
	uint32_t hash = KEYS_SEED;

	for (mrb_int i = 0; i < RARRAY_LEN(array); i++)
		hash = keys_mix(hash, keys_hash_value(mrb, RARRAY_PTR(array)[i], depth));
	return hash;
}

static mrb_value keys_array_hash(mrb_state *mrb, mrb_value self)
{
	return mrb_int_value(mrb, keys_hash_array(mrb, self, KEYS_DEPTH));
}

typedef mrb_bool keys_compare_t(mrb_state *mrb, mrb_value x, mrb_value y);

/* How elements are compared: by eql? or by ==. */
struct keys_comparison {
	keys_compare_t *values;
	mrb_sym name;
	mrb_func_t arrays;
};

static const struct keys_comparison keys_eql = { mrb_eql, MRB_SYM_Q(eql), keys_array_eql };
static const struct keys_comparison keys_equal = { mrb_equal, MRB_OPSYM(eq), keys_array_equal };

static bool keys_compare_arrays(mrb_state *mrb, const struct keys_comparison *by, mrb_value x,
				mrb_value y, int depth)
{
	if (RARRAY_LEN(x) != RARRAY_LEN(y))
		return false;
	for (mrb_int i = 0; i < RARRAY_LEN(x) && i < RARRAY_LEN(y); i++) {
		mrb_value a = RARRAY_PTR(x)[i], b = RARRAY_PTR(y)[i];
		bool nested = depth > 0 && mrb_array_p(a) && mrb_array_p(b) &&
			      mrb_func_basic_p(mrb, a, by->name, by->arrays);

		if (mrb_obj_eq(mrb, a, b))
			continue;
		if (!(nested ? keys_compare_arrays(mrb, by, a, b, depth - 1) : by->values(mrb, a, b)))
			return false;
	}
	return RARRAY_LEN(x) == RARRAY_LEN(y);
}

static mrb_value keys_array(mrb_state *mrb, const struct keys_comparison *by, mrb_value self)
{
	mrb_value other = mrb_get_arg1(mrb);

	if (mrb_obj_eq(mrb, self, other))
		return mrb_true_value();
	return mrb_bool_value(mrb_array_p(other) &&
			      keys_compare_arrays(mrb, by, self, other, KEYS_DEPTH));
}

static mrb_value keys_array_eql(mrb_state *mrb, mrb_value self)
{
	return keys_array(mrb, &keys_eql, self);
}

static mrb_value keys_array_equal(mrb_state *mrb, mrb_value self)
{
	return keys_array(mrb, &keys_equal, self);
}

/* The order of the pairs does not matter, as it does not for ==. Keys are listed first, here and below:
 * a method of one of them may change the hash. */
static mrb_value keys_hash_hash(mrb_state *mrb, mrb_value self)
{
	mrb_value keys = mrb_hash_keys(mrb, self);
	uint32_t sum = (uint32_t)RARRAY_LEN(keys);

	for (mrb_int i = 0; i < RARRAY_LEN(keys); i++) {
		mrb_value key = RARRAY_PTR(keys)[i];
		mrb_value value = mrb_hash_fetch(mrb, self, key, mrb_nil_value());

		sum += keys_mix(keys_hash_value(mrb, key, KEYS_DEPTH),
				keys_hash_value(mrb, value, KEYS_DEPTH));
	}
	return mrb_int_value(mrb, sum);
}

static bool keys_compare_hashes(mrb_state *mrb, const struct keys_comparison *by, mrb_value x,
				mrb_value y)
{
	mrb_value keys = mrb_hash_keys(mrb, x);

	for (mrb_int i = 0; i < RARRAY_LEN(keys); i++) {
		mrb_value key = RARRAY_PTR(keys)[i];
		mrb_value a = mrb_hash_fetch(mrb, x, key, mrb_undef_value());
		mrb_value b = mrb_hash_fetch(mrb, y, key, mrb_undef_value());

		if (mrb_undef_p(a) || mrb_undef_p(b))
			return false;
		if (!mrb_obj_eq(mrb, a, b) && !by->values(mrb, a, b))
			return false;
	}
	return true;
}

static mrb_value keys_hash(mrb_state *mrb, const struct keys_comparison *by, mrb_value self)
{
	mrb_value other = mrb_get_arg1(mrb);

	if (mrb_obj_eq(mrb, self, other))
		return mrb_true_value();
	return mrb_bool_value(mrb_hash_p(other) && mrb_hash_size(mrb, self) == mrb_hash_size(mrb, other) &&
			      keys_compare_hashes(mrb, by, self, other));
}

static mrb_value keys_hash_eql(mrb_state *mrb, mrb_value self)
{
	return keys_hash(mrb, &keys_eql, self);
}

static mrb_value keys_hash_equal(mrb_state *mrb, mrb_value self)
{
	return keys_hash(mrb, &keys_equal, self);
}

void keys_init(mrb_state *mrb)
{
	struct RClass *array = mrb->array_class, *hash = mrb->hash_class;

	mrb_define_method_id(mrb, array, MRB_SYM(hash), keys_array_hash, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, array, MRB_SYM_Q(eql), keys_array_eql, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, array, MRB_OPSYM(eq), keys_array_equal, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, hash, MRB_SYM(hash), keys_hash_hash, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, hash, MRB_SYM_Q(eql), keys_hash_eql, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, hash, MRB_OPSYM(eq), keys_hash_equal, MRB_ARGS_REQ(1));
}
