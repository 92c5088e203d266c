/*
 * engine/vm/tables.h: what is different for mruby's tables by name: of methods (class.c), and of constants,
 * variables and globals (variable.c). They are searched linearly, from where a function of the name's number
 * says. Two things made that search long, and its length a matter of luck: a gem more renumbers all names,
 * and a constant of a script's took 35 instructions in one build and 490 in the next.
 *   The hash: names' numbers are neighbours, and mruby's function leaves them so. A multiplication scatters
 *     them (Knuth, TAOCP 3, 6.4), in fewer instructions.
 *   The growth: a table is filled to its last slot before it doubles. Growing by four instead leaves
 *     room for short searches.
 */
#ifndef ENGINE_VM_TABLES_H
#define ENGINE_VM_TABLES_H

#include <mruby/khash.h>
#include <stdint.h>

#undef kh_int_hash_func
#define kh_int_hash_func(mrb, key) ((khint_t)((uint64_t)(key) * 0x9e3779b97f4a7c15u >> 40))

/* A size that is a power of two: 4, 8, 16, then by four. */
#undef khash_power2
#define khash_power2(v)                                                                            \
	do {                                                                                       \
		int wanted = (int)(v);                                                             \
                                                                                                   \
		for ((v) = wanted > 8 ? 16 : wanted > 4 ? 8 : 4; (v) < wanted;)                    \
			(v) *= 4;                                                                  \
	} while (0)

#endif
