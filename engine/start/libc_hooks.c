/*
 * libc_hooks.c: what our C library asks of the program below it (engine_hooks.h): system calls.
 */
#include <engine_hooks.h>

#include "engine/engine.h"

enum { NANOSECONDS = 1000000000 };

void engine_write(int stream, const char *text, size_t length_bytes)
{
	(void)stream;
	engine_log(RV_LOG_PLAIN, text, length_bytes);
}

void *engine_heap_grow(size_t bytes)
{
	int64_t address = sys_heap_grow(bytes);

	return address > 0 ? (void *)(uintptr_t)address : NULL;
}

_Noreturn void engine_exit(int status)
{
	sys_exit(status);
}

/* TSC ticks as nanoseconds; the seconds apart, so that nothing overflows. */
static int64_t libc_nanoseconds(uint64_t ticks)
{
	uint64_t hz = engine_info()->tsc_hz;

	if (hz == 0)
		return 0;
	return (int64_t)(ticks / hz * NANOSECONDS + ticks % hz * NANOSECONDS / hz);
}

int64_t engine_time_ns(void)
{
	const struct rv_engine_info *info = engine_info();

	return info->boot_unix_seconds * NANOSECONDS +
	       libc_nanoseconds(engine_tsc() - info->boot_tsc);
}

int64_t engine_uptime_ns(void)
{
	static uint64_t first_tsc;

	if (!first_tsc)
		first_tsc = engine_tsc();
	return libc_nanoseconds(engine_tsc() - first_tsc);
}
