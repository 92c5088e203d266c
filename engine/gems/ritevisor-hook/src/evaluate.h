/*
 * evaluate.h: the short way through a hook's block.
 */
#ifndef RITEVISOR_HOOK_EVALUATE_H
#define RITEVISOR_HOOK_EVALUATE_H

#include "table.h"

/*
 * Executes the block whose frame is the current one, as far as its instructions are simple ones.
 * Returns NULL if the block has returned (its frame is still there), else the first instruction
 * that mrb_vm_exec() has to execute, in whose place nothing was done yet. Raises NameError.
 */
const mrb_code *evaluate(mrb_state *mrb, const struct hook_entry *entry, mrb_value *registers);

/* Notes mruby's own methods of Integer: before a script can replace them. */
void evaluate_init(mrb_state *mrb);

#endif
