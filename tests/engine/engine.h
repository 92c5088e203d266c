/*
 * tests/engine/engine.h: what the files of the test engine share.
 */
#ifndef TESTS_ENGINE_ENGINE_H
#define TESTS_ENGINE_ENGINE_H

#include "rv/abi.h"
#include "rv/errno.h"
#include "rv/types.h"

#define ENGINE_HOOKS_MAXIMUM 64

/* start.S: these check the registers, too. */
int64_t system_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
void next_event(void);

/* What a hook, or the top level, does. */
struct action {
	char name[16];
	uint64_t argument;
};

static inline struct rv_event *engine_event(void)
{
	return (struct rv_event *)RV_ENGINE_EVENT_ADDRESS;
}

static inline const struct rv_engine_info *engine_info(void)
{
	return (const struct rv_engine_info *)RV_ENGINE_INFO_ADDRESS;
}

/* engine.c: text to the log; %s and %x only. */
void engine_print(const char *format, const char *text, uint64_t number);
bool engine_equal(const char *a, const char *b);
/* Prints "engine: ok NAME" or "engine: not ok NAME: got". */
void engine_expect(const char *name, int64_t got, int64_t wanted);

/* action.c */
void action_perform(const struct action *action);

/* check.c: every system call, with right and with wrong arguments. */
void check_system_calls(void);

/* fuzz.c: random system calls with random arguments. */
void fuzz_system_calls(uint64_t count, uint64_t seed);

#endif
