/*
 * request.h: what `on` was asked for, checked and turned into what the hypervisor takes.
 */
#ifndef RITEVISOR_HOOK_REQUEST_H
#define RITEVISOR_HOOK_REQUEST_H

#include "engine/engine.h"

/*
 * Fills *request but for its cookie, and *base, what Event#offset subtracts. |kind| is a Symbol,
 * |address| nil, an Integer or a Range, |filters| a Hash. Raises ArgumentError, TypeError or
 * RangeError that say what is wrong; calls no Ruby before it does.
 */
void request_fill(mrb_state *mrb, mrb_value kind, mrb_value address, mrb_value filters,
		  struct rv_hook_request *request, uint64_t *base);

/* The filter, a Symbol, that names an address by an Array of them; nil if there is none. */
mrb_value request_named_array(mrb_state *mrb, mrb_value filters);

/* Defines Hook.__kinds. */
void request_init(mrb_state *mrb, struct RClass *hook);

#endif
