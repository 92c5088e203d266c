/*
 * engine/vm/methods.h: what is different for mruby's method tables and method cache.
 * build_config.rb has class.c, and nothing else, include it first, with VM_CLASS.
 *
 * Opening mruby defines 1,400 methods. Three things in class.c made that half of what opening took:
 *   the cache: each definition walks all of it for entries of its name. Hardly anything is called while
 *     opening, so the cache has one entry until engine_main() says otherwise. What that entry holds
 *     stays right: class and name are compared at every lookup.
 *   the hash: names' numbers are neighbours, and mruby's function leaves them so, in tables that are
 *     searched linearly. A multiplication scatters them (Knuth, TAOCP 3, 6.4), in fewer instructions.
 *   the growth: a table is filled to its last slot before it doubles. Growing by four instead leaves
 *     room for short searches.
 */
#ifndef ENGINE_VM_METHODS_H
#define ENGINE_VM_METHODS_H

#include <mruby.h>
#include <mruby/khash.h>
#include <stdint.h>

enum { VM_METHOD_CACHE_WHOLE = MRB_METHOD_CACHE_SIZE - 1 };

extern uint32_t vm_method_cache_mask;

#ifdef VM_CLASS
uint32_t vm_method_cache_mask;

/* class.c takes it as a bound and, less 1, as a mask. */
#undef MRB_METHOD_CACHE_SIZE
#define MRB_METHOD_CACHE_SIZE (vm_method_cache_mask + 1)

#undef kh_int_hash_func
#define kh_int_hash_func(mrb, key) ((khint_t)((uint64_t)(key) * 0x9e3779b97f4a7c15u >> 40))

/* A size that is a power of two: 8, 16, then by four. */
#undef khash_power2
#define khash_power2(v)                                                                            \
	do {                                                                                       \
		int wanted = (int)(v);                                                             \
                                                                                                   \
		for ((v) = wanted > 8 ? 16 : 8; (v) < wanted;)                                     \
			(v) *= 4;                                                                  \
	} while (0)
#endif

#endif
