/*
 * spec.h: what `on` was asked for, checked and turned into what the hypervisor takes.
 */
#ifndef RITEVISOR_HOOK_SPEC_H
#define RITEVISOR_HOOK_SPEC_H

#include "engine/engine.h"

/*
 * Fills *spec but for its cookie, and *base, what Event#offset subtracts. |kind| is a Symbol,
 * |address| nil, an Integer or a Range, |filters| a Hash. Raises ArgumentError, TypeError or
 * RangeError that say what is wrong.
 */
void spec_fill(mrb_state *mrb, mrb_value kind, mrb_value address, mrb_value filters,
	       struct rv_hook_spec *spec, uint64_t *base);

/* A filter, a Symbol, that names several values by an Array, each of which needs a hook of its own;
 * nil if there is none. */
mrb_value spec_named_array(mrb_state *mrb, mrb_value kind, mrb_value filters);

/* spec_kinds.c: raises ArgumentError for a name that is no kind's. */
_Noreturn void spec_raise_kind(mrb_state *mrb, mrb_value name);

/* Appends a name to a list in a String, with commas between. */
void spec_list(mrb_state *mrb, mrb_value text, const char *name, const char *end);

/* Defines Hook.__kinds. */
void spec_init(mrb_state *mrb, struct RClass *hook);

#endif
