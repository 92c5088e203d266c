/*
 * core/panic.h: what a panic prints beside its message.
 */
#ifndef CORE_PANIC_H
#define CORE_PANIC_H

#include "core/cpu.h"
#include "core/exception.h"
#include "core/watch.h"

/* The CPU that panics; NULL: none does. */
extern struct cpu *panic_cpu;

/* This CPU has to stop: another one panics. */
static inline bool panic_is_elsewhere(void)
{
	struct cpu *cpu = __atomic_load_n(&panic_cpu, __ATOMIC_RELAXED);

	return cpu != NULL && cpu != cpu_current();
}

/* Told behind the backtrace, with NULL: each may print more of what this CPU did. */
extern struct watchers panic_watchers;

/* Erases keys wherever they are, and on this CPU what a section that was amid work with one has in vector registers.
 * Set by crypt/; NULL: there are none. The panic's CPU calls it first, and each that it stops amid such work. */
extern void (*panic_forget)(void);

/* Stops this CPU for good, whatever it was doing: of work with keys nothing is left, in registers or on its stack. */
_Noreturn void panic_stop(void);

/* A panic for an exception of our own: prints its frame and the backtrace from there. */
_Noreturn void panic_exception(const struct exception_frame *frame);

/* core/log.c: a panic may come while the log is held. */
void log_unlock_for_panic(void);

#endif
