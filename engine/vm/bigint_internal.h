/*
 * engine/vm/bigint_internal.h: what the files of big Integers share: how a value is made.
 */
#ifndef ENGINE_VM_BIGINT_INTERNAL_H
#define ENGINE_VM_BIGINT_INTERNAL_H

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
static inline void bigint_check_time(mrb_state *mrb)
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
static inline struct RBigint *bigint_new(mrb_state *mrb, size_t count)
{
	struct RBigint *big = bigint_new_short(mrb, 0);

	if (count > BIGINT_LIMBS_MAX)
		mrb_raise(mrb, E_RANGE_ERROR, "integer too big");
	if (count > BIGINT_HERE)
		big->elsewhere = (uint64_t *)mrb_calloc(mrb, count, sizeof(uint64_t));
	big->count = (uint32_t)count;
	return big;
}

static inline uint64_t *bigint_room(struct RBigint *big)
{
	return big->count > BIGINT_HERE ? big->elsewhere : big->here;
}

/* The value of what was computed in a new object: trimmed, and small if it can be. */
static inline mrb_value bigint_finish(mrb_state *mrb, struct RBigint *big, bool negative)
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

enum bigint_bits { BIGINT_AND, BIGINT_OR, BIGINT_XOR };

/* Of two Integers of any size. */
mrb_value bigint_bits_of(mrb_state *mrb, enum bigint_bits operator, mrb_value x, mrb_value y);

#endif
