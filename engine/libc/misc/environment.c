/* environment.c - errno, and an environment without variables. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

static int environment_errno;

int *__errno_location(void)
{
	return &environment_errno;
}

/* musl's own name for it */
int *___errno_location(void) __attribute__((alias("__errno_location")));

char *getenv(const char *name)
{
	(void)name;
	return NULL;
}
