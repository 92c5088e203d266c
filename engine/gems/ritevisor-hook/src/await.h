/*
 * await.h: the blocks that are to run when the requests that they were given for are done (Event::Request#done).
 */
#ifndef RITEVISOR_HOOK_AWAIT_H
#define RITEVISOR_HOOK_AWAIT_H

#include "table.h"

/* Of the open event, the end of a request: an entry like `hook`, with the block that waited for it in the place of the
 * hook's own. It is there until the next call. NULL: none waits. */
struct hook_entry *await_take(mrb_state *mrb, const struct hook_entry *hook);

void await_init(mrb_state *mrb, struct RClass *hook);

#endif
