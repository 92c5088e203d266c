/*
 * engine/vm/methods.h: what is different for mruby's method cache; for its tables of methods see tables.h.
 * build_config.rb has class.c, and nothing else, include it first, with VM_CLASS.
 *
 * Opening mruby defines 1,400 methods, and each definition walks all of the cache for entries of its name.
 * Hardly anything is called while opening, so the cache has one entry until engine_main() says otherwise.
 * What that entry holds stays right: class and name are compared at every lookup.
 *
 * And every call of a method looks into the cache, in the function that also searches the tables, and so
 * saves and restores registers for that. Here the look is a function of its own.
 */
#ifndef ENGINE_VM_METHODS_H
#define ENGINE_VM_METHODS_H

#include <mruby.h>
#include <mruby/class.h>
#include <mruby/internal.h>
#include <stdint.h>

enum { VM_METHOD_CACHE_WHOLE = MRB_METHOD_CACHE_SIZE - 1 };

extern uint32_t vm_method_cache_mask;

#ifdef VM_CLASS
uint32_t vm_method_cache_mask;

/* class.c takes it as a bound and, less 1, as a mask. */
#undef MRB_METHOD_CACHE_SIZE
#define MRB_METHOD_CACHE_SIZE (vm_method_cache_mask + 1)

#include "tables.h"

/* class.c's: looks as well, searches, and keeps in the cache what it found. */
mrb_method_t vm_search_method(mrb_state *mrb, struct RClass *class, struct RClass **owner, mrb_sym name);

mrb_method_t mrb_vm_find_method(mrb_state *mrb, struct RClass *class, struct RClass **owner, mrb_sym name)
{
	uint32_t at = kh_int_hash_func(mrb, (intptr_t)class ^ name) & vm_method_cache_mask;
	const struct mrb_cache_entry *entry = &mrb->cache[at];

	if (entry->c != class || entry->mid != name)
		return vm_search_method(mrb, class, owner, name);
	*owner = entry->c0;
	return entry->m;
}

#define mrb_vm_find_method vm_search_method
#endif

#endif
