/*
 * engine/vm/pack.c: mruby-pack's pack.c, included whole and unchanged, for unsigned numbers of 64 bits:
 * it refuses to pack and to unpack "Q" from 2^63 up.
 */
#include <mruby.h>
#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/internal.h>
#include <mruby/numeric.h>
#include <mruby/string.h>
#include <mruby/variable.h>

#include "vm/bigint.h"

/* Integers are packed by their low bits; but those that say their own length must fit. */
static mrb_value pack_integer(mrb_state *mrb, mrb_value value, mrb_bool whole)
{
	value = mrb_ensure_integer_type(mrb, value);
	if (whole || !mrb_bigint_p(value))
		return mrb_ensure_int_type(mrb, value);
	return mrb_fixnum_value((mrb_int)bigint_low64(value));
}

#define mrb_ensure_int_type(mrb, value)                                                            \
	pack_integer(mrb, value, dir == PACK_DIR_BER || dir == PACK_DIR_UTF8)
/* What is unpacked, is compared with MRB_INT_MAX and then made a value of. */
#define mrb_int_value(mrb, n)                                                                      \
	((flags & PACK_FLAG_SIGNED) ? mrb_fixnum_value(n) : mrb_bint_new_uint64(mrb, (uint64_t)(n)))
#undef MRB_INT_MAX
#define MRB_INT_MAX UINT64_MAX

/* "w" shifts such numbers into the sign. */
#ifdef __clang__
#pragma clang attribute push(__attribute__((no_sanitize("shift"))), apply_to = function)
#endif
#include "mrbgems/mruby-pack/src/pack.c"
#ifdef __clang__
#pragma clang attribute pop
#endif
