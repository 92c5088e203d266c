/*
 * core/wake.h: a call that the machine may sleep in: what a CPU loses then comes back by core/wake_code.S.
 */
#ifndef CORE_WAKE_H
#define CORE_WAKE_H

#include "rv/types.h"

/* Calls sleep(). False: it returned. True: wake_return() was called instead. Context: exit. */
bool wake_call(void (*sleep)(void));

/* On a stack that reaches wake_stack at most: the caller of wake_call() goes on, on its own. */
_Noreturn void wake_return(void);

/* Where the stack ends that wake_call()'s caller goes on with. What lies below is free once sleep() sleeps. */
extern uint64_t wake_stack;

#endif
