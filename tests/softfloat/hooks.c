/* hooks.c - what the engine's C library asks of its program, for host tests. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

/* The prefix of engine_libc.h comes before the names of engine_hooks.h. */
void engine_engine_write(int stream, const char *text, size_t len_bytes);
void *engine_engine_heap_grow(size_t bytes);
_Noreturn void engine_engine_exit(int status);
int64_t engine_engine_time_ns(void);
int64_t engine_engine_uptime_ns(void);

void engine_engine_write(int stream, const char *text, size_t len_bytes)
{
	fwrite(text, 1, len_bytes, stream == 1 ? stdout : stderr);
}

void *engine_engine_heap_grow(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

_Noreturn void engine_engine_exit(int status)
{
	fflush(NULL);
	_Exit(status);
}

int64_t engine_engine_time_ns(void)
{
	return time(NULL) * 1000000000L;
}

int64_t engine_engine_uptime_ns(void)
{
	return clock() * 1000L;
}
