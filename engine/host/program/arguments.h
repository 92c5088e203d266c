/*
 * arguments.h: the command line that both host programs take.
 */
#ifndef ENGINE_HOST_ARGUMENTS_H
#define ENGINE_HOST_ARGUMENTS_H

#include <stdbool.h>

struct arguments {
	const char *events;	/* --events FILE */
	const char *engine;	/* --engine FILE (an ELF) */
	bool measure;		/* --measure */
	bool verbose;		/* --verbose */
};

/* Loads scripts, settings and events into the session. Prints what is wrong and exits if it
 * cannot. */
struct arguments arguments_take(int argc, char **argv);

#endif
