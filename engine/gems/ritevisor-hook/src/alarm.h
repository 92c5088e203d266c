/*
 * alarm.h: the soft time limit: a hook that has used three quarters of its budget gets an
 * exception, Hook::BudgetError, so that it alone is lost; the engine is killed later, at the full
 * budget, if that did not help.
 */
#ifndef RITEVISOR_HOOK_ALARM_H
#define RITEVISOR_HOOK_ALARM_H

#include "engine/engine.h"

/* Rung, and not answered by an exception yet. */
extern volatile bool alarm_rings;

/* Asks the hypervisor for it; without effect where it has no such system call. */
void alarm_init(mrb_state *mrb, struct RClass *hook);

/* Makes the virtual machine as it was. */
void alarm_silence(void);

/* Entered, as if called, wherever the engine is interrupted (alarm_entry.S); calls alarm_ring(). */
void alarm_entry(void);
void alarm_ring(void);

#endif
