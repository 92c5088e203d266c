/* exit.c - the end of the program: exit handlers, buffers, then the engine's way out. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../include/engine_hooks.h"

#define EXIT_HANDLERS_MAX	32
/* what a shell reports for a program that SIGABRT ended */
#define EXIT_ABORTED		134

static void (*exit_handler[EXIT_HANDLERS_MAX])(void);
static unsigned int exit_handlers;

int atexit(void (*handler)(void))
{
	if (exit_handlers == EXIT_HANDLERS_MAX)
		return -1;
	exit_handler[exit_handlers++] = handler;
	return 0;
}

_Noreturn void exit(int status)
{
	while (exit_handlers > 0)
		exit_handler[--exit_handlers]();
	fflush(NULL);
	engine_exit(status);
}

_Noreturn void _Exit(int status)
{
	engine_exit(status);
}

_Noreturn void _exit(int status)
{
	engine_exit(status);
}

_Noreturn void abort(void)
{
	fflush(NULL);
	engine_exit(EXIT_ABORTED);
}

_Noreturn void __assert_fail(const char *condition, const char *file, int line,
			     const char *function)
{
	fprintf(stderr, "%s:%d: %s: assertion failed: %s\n", file, line, function, condition);
	abort();
}
