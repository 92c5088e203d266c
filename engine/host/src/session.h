/*
 * session.h: one run of an engine against an .events file: what happens to the machine, in order,
 * and what is expected of it. docs/check.md describes the file format.
 */
#ifndef ENGINE_HOST_SESSION_H
#define ENGINE_HOST_SESSION_H

#include "host_hooks.h"

#include <stdbool.h>
#include <stddef.h>

/* Maps struct rv_engine_info, struct rv_event and the scripts at their addresses; without a
 * script the machine is there for tests of gems. Shared with child processes. */
void session_map(void);

/* The engine's own script first, then those that it may require. False: cannot be read. */
bool session_add_script(const char *path);

/* Adds a word to the settings. */
void session_add_setting(const char *word);

/* Reads an .events file (its `setting` and `script` lines act at once). */
bool session_load_events(const char *path);

/* Shows the log on standard output. */
void session_show_log(bool show);

/* RV_SYS_NEXT_EVENT: ends the open event, compares its outcome, plays on. 0 with an event for
 * the engine; ends the process when the file is at its end. */
int64_t session_next_event(void);

/* RV_SYS_EVENT_FETCH and RV_SYS_EVENT_REGISTERS. */
int64_t session_fetch(void);
int64_t session_registers(void);
/* RV_SYS_DATA_READ and RV_SYS_DATA_WRITE. */
int64_t session_resize(uint64_t bytes);
int64_t session_data(uint64_t offset, void *buffer, uint64_t length_bytes, bool write);

/* RV_SYS_LOG */
void session_log(uint32_t level, const char *text, size_t length_bytes);

/* RV_SYS_EXIT, and whatever else ends an engine: compares with the file and ends the process. */
_Noreturn void session_end(int status, const char *reason);

/* RV_SYS_POWERS, and what the engine may do now. */
int64_t session_keep_powers(uint64_t powers);
uint32_t session_powers(void);

/* RV_SYS_POLICY, and whether a policy's hook may not be removed now. */
int64_t session_begin_policy(void);
bool session_keeps(const struct hook *hook);

/* Events and errors so far. */
extern uint64_t session_events, session_errors;

/* Called before an event is delivered and after the engine came back for the next one. */
extern void (*session_on_delivery)(bool begins, const struct rv_event *event);

#endif
