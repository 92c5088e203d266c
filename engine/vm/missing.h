/*
 * engine/vm/missing.h: keyword arguments on their way to method_missing. build_config.rb has vm.c, and
 * nothing else, include it first.
 *
 * prepare_missing() in vm.c puts the packed arguments where the keywords stand before it has moved
 * those (no other arguments), or takes the keywords from where they do not stand (a packed Array).
 */
#ifndef ENGINE_VM_MISSING_H
#define ENGINE_VM_MISSING_H

#include <mruby.h>
#include <mruby/proc.h>

enum { MISSING_PACKED = 15 };	/* CALL_MAXARGS of vm.c */

static mrb_method_t missing_prepare_mruby(mrb_state *mrb, mrb_callinfo *frame, mrb_value receiver,
					  mrb_sym name, mrb_value block, mrb_bool is_super);

static mrb_method_t missing_prepare(mrb_state *mrb, mrb_callinfo *frame, mrb_value receiver,
				    mrb_sym name, mrb_value block, mrb_bool is_super)
{
	mrb_bool has_keywords = frame->nk != 0;
	mrb_value keywords = mrb_nil_value();
	mrb_method_t method;

	if (has_keywords) {
		keywords = frame->stack[1 + (frame->n == MISSING_PACKED ? 1 : frame->n)];
		mrb_gc_protect(mrb, keywords);
	}
	method = missing_prepare_mruby(mrb, frame, receiver, name, block, is_super);
	if (has_keywords)
		frame->stack[2] = keywords;
	return method;
}

/* A definition's first argument is a type, a call's is mrb: so both are told apart. */
#define prepare_missing(first, ...) MISSING_##first, __VA_ARGS__)
#define MISSING_mrb_state missing_prepare_mruby(mrb_state
#define MISSING_mrb missing_prepare(mrb

#endif
