/*
 * engine_hooks.h - what the program must give this C library: its only way out.
 *
 * None of them may be missing at link time; the library calls nothing else that it does not
 * define itself.
 */
#ifndef ENGINE_HOOKS_H
#define ENGINE_HOOKS_H

#include <stddef.h>
#include <stdint.h>

/* Write len_bytes of text to the log. stream is 1 (stdout) or 2 (stderr). */
void engine_write(int stream, const char *text, size_t len_bytes);

/*
 * Give bytes (a multiple of 4096) more memory for the heap, zeroed or not. Successive calls
 * should return adjacent memory, rising; memory that is not adjacent is used too, but never
 * joined. Returns NULL when the quota is reached: malloc then returns NULL.
 */
void *engine_heap_grow(size_t bytes);

/* End the program, at once and for good. status 134 stands for abort(). */
_Noreturn void engine_exit(int status);

/* Nanoseconds since 1970-01-01 UTC, and since the engine started. */
int64_t engine_time_ns(void);
int64_t engine_uptime_ns(void);

#endif
