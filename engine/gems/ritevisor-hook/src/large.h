/*
 * large.h: for evaluate.c and event_access.c: Integers of 64 bits and a sign, which are no small ones.
 */
#ifndef RITEVISOR_HOOK_LARGE_H
#define RITEVISOR_HOOK_LARGE_H

#include "engine/vm/bigint.h"

/* Makes an Integer of a pair, if that takes no step of the collector, no memory and no larger arena; else
 * does nothing and returns false. */
bool large_set(mrb_state *mrb, mrb_value *result, bigint_pair_t pair);

/* The low 64 bits of an Integer, if they are all it has (in two's complement when negative). */
bool large_get_low64(mrb_value value, uint64_t *low);

/* A literal of up to 64 bits (mruby's IREP_TT_BIGINT: length, base, digits), as large_set. */
bool large_load(mrb_state *mrb, const char *literal, mrb_value *result);

/* Executes `registers[0] METHOD registers[1]`, or a unary method without arguments, if `method` is one of
 * Integer's own operators: ~ & | ^ << >> + - == < <= > >=. Else, or if large_set fails, does nothing and
 * returns false. */
bool large_send(mrb_state *mrb, mrb_method_t method, mrb_value *registers, unsigned int arguments);

/* As large_send, for the instruction of an operator. */
bool large_operate(mrb_state *mrb, mrb_sym operator, mrb_value *registers);

/* Notes Integer's own methods. */
void large_init(mrb_state *mrb);

#endif
