/*
 * idle.h: garbage collection between events, so that hooks rarely have to.
 */
#ifndef RITEVISOR_HOOK_IDLE_H
#define RITEVISOR_HOOK_IDLE_H

#include "engine/engine.h"

/* Above so many objects the collector is to work while the guest runs on. */
extern size_t idle_mark;

/* What a timer event of the collector's own brings as its cookie; no slot of the table has it. */
#define IDLE_COOKIE UINT64_MAX

/* Collects all garbage: when a script's top level has ended and nothing waits yet. */
void idle_prepare(mrb_state *mrb);

/* An event is over and there are more than idle_mark objects: asks for a timer, in whose events
 * idle_tick() collects; or a collection goes on. */
void idle_arm(mrb_state *mrb);

/* One step; ends the timer when the collection is complete. */
void idle_tick(mrb_state *mrb);

#endif
