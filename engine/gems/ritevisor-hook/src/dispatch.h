/*
 * dispatch.h: the loop that fetches events.
 */
#ifndef RITEVISOR_HOOK_DISPATCH_H
#define RITEVISOR_HOOK_DISPATCH_H

#include "table.h"

/* So many errors of one hook are logged one by one; later ones when their number is 2^n. */
enum { DISPATCH_ERRORS_IN_FULL = 8 };

/* Finds out how an entry's block can be entered: fills start and arity. */
void dispatch_prepare(struct hook_entry *entry);

void dispatch_init(mrb_state *mrb, struct RClass *hook);

#endif
