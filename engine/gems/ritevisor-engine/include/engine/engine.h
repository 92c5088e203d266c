/*
 * engine/engine.h: what our gems share: numbers of 64 bits as Ruby values, errors of system calls
 * as exceptions, the log, and the way out.
 *
 * An engine is one program with one thread and one mrb_state; nothing here needs a lock.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <mruby.h>

#include "engine/syscall.h"

/* Exit statuses of an engine. */
enum engine_status {
	ENGINE_STATUS_OK = 0,
	ENGINE_STATUS_SCRIPT = 1,	/* the script raised at its top level, or said exit(1) */
	ENGINE_STATUS_SYNTAX = 2,	/* it does not compile */
	ENGINE_STATUS_MEMORY = 3,	/* the heap quota does not hold even mruby itself */
};

/* An unsigned 64-bit number as an Integer, always positive. Allocates only from 2^63 up. */
mrb_value engine_from_u64(mrb_state *mrb, uint64_t value);

/* The low 64 bits of an Integer (two's complement when negative). TypeError if it is none;
 * RangeError if it does not fit 64 bits. */
uint64_t engine_to_u64(mrb_state *mrb, mrb_value integer);

/* As engine_to_u64, but refuses what is above maximum: RangeError names `what`. */
uint64_t engine_to_unsigned(mrb_state *mrb, mrb_value integer, uint64_t maximum, const char *what);

/* Raises AccessError for a negative result of a system call; `what` and address say which access. */
_Noreturn void engine_raise(mrb_state *mrb, const char *what, uint64_t address, int64_t result);

/* Raises if the result is negative, else returns it. */
static inline int64_t engine_check(mrb_state *mrb, const char *what, uint64_t address,
				   int64_t result)
{
	if (result < 0)
		engine_raise(mrb, what, address, result);
	return result;
}

/* Writes text of any length to the log, in pieces that the hypervisor takes. */
void engine_log(uint32_t level, const char *text, size_t length_bytes);

/* Logs a C string. */
void engine_log_string(uint32_t level, const char *text);

/* Logs class, message and backtrace of an exception as errors, after `context` ("hook #3: "...).
 * Never raises: a message that cannot be made is replaced. */
void engine_report(mrb_state *mrb, const char *context, mrb_value exception);

/* A gem that is opened when a script first names one of its constants, or has a hook of an event whose name begins like
 * this: what opens_at in its mrbgem.rake says. */
struct engine_part {
	const char *const *constants;	/* the last is NULL */
	const char *const *events;	/* how their names begin; the last is NULL */
	void (*open)(mrb_state *mrb);	/* what it defines in C */
	const struct RProc *ruby;	/* its mrblib */
};

/* From now on; the part stays where it is. */
void engine_defer(mrb_state *mrb, const struct engine_part *part);

/* Opens what has this constant, if it is not open. Returns whether something was opened; raises what that raises.
 * Context: a method in C, whose frame lies above its caller's registers. */
bool engine_open_constant(mrb_state *mrb, mrb_sym constant);

/* The same by the name of an event, a group of them, or a word. */
void engine_open_event(mrb_state *mrb, mrb_sym event);

/* A script by name, with or without ".rb"; NULL if none was loaded under it. */
const struct rv_script *engine_find_script(const char *name, size_t length_bytes);

/* Compiles and runs a script at top level. Logs syntax errors with file, line and column.
 * Returns false then, and leaves mrb->exc set when the script raised. */
bool engine_run_script(mrb_state *mrb, const struct rv_script *script, enum engine_status *status);

/* Runs the at_exit blocks, newest first, then ends the engine. */
_Noreturn void engine_exit_cleanly(mrb_state *mrb, int status);

/* Runs the at_exit blocks, newest first; each runs once. */
bool engine_run_at_exit(mrb_state *mrb);

/* True if any at_exit block waits. */
bool engine_has_at_exit(mrb_state *mrb);

/* What mrb_open_allocf takes. */
void *engine_allocate(mrb_state *mrb, void *old, size_t bytes, void *user);

/* Sets the reserve aside that makes NoMemoryError survivable; after an error, takes it back. */
void engine_memory_prepare(void);
void engine_memory_recover(mrb_state *mrb);

/* Runs the event loop (gem ritevisor-hook). Returns false at once if no hook is on. */
bool engine_run_hooks(mrb_state *mrb);

/* The open event, if `self` is its object; else raises EventError: it is over (gem ritevisor-hook). */
struct rv_event *engine_event_open(mrb_state *mrb, mrb_value self);

/* Gives the classes of requests' events the methods of their fields, which the gem ritevisor-request does when it is
 * opened. */
void engine_request_fields(mrb_state *mrb);

/* Three quarters of the time budget are used and the alarm rings (gem ritevisor-hook): C code that
 * takes long looks at it now and then, and raises. */
extern volatile bool engine_time_is_short;

/* What the garbage collector cost: steps inside of hooks and of the top level, and steps in the
 * engine's own time; the longest of each in TSC cycles. */
struct engine_pauses {
	uint64_t steps, longest_cycles;
	uint64_t idle_steps, longest_idle_cycles;
};

void engine_pauses(struct engine_pauses *copy);
void engine_pauses_reset(void);

/* Around the opening of mruby, which makes hardly any garbage: nothing is collected in between, nor for
 * the next 4,096 objects. */
void engine_collect_begin_opening(void);
void engine_collect_end_opening(mrb_state *mrb);

/* One step of the collector, counted as idle. */
void engine_collect_idle(mrb_state *mrb);

/* So many bytes were allocated: the collector keeps pace with these too. */
void engine_collect_allocated(mrb_state *mrb, size_t bytes);

/* An event is over: what was put off so that it had no second step may go on in the next one. */
void engine_collect_event_ended(mrb_state *mrb);

/* Whether a collection was completed since this was asked last. */
bool engine_collection_completed(void);

/* The TSC, and a seed for Random from RDSEED, RDRAND or the TSC's jitter. */
uint64_t engine_tsc(void);
uint64_t engine_random_seed(void);

#endif
