/*
 * access.h: one access of the simulated guest on its way through the hooks to the device.
 */
#ifndef ENGINE_HOST_ACCESS_H
#define ENGINE_HOST_ACCESS_H

#include "rv/abi.h"

#include <stdbool.h>

struct access {
	struct rv_event event;	/* the truth; what the engine sees is a copy */
	bool hooked;		/* a hook saw it */
	bool fetched;		/* a read: the device or a hook has answered */
	bool dropped;		/* a write that vanishes */
	bool fault;		/* #GP */
	bool failed;		/* a hook's block raised */
};

/* Performs a read on the device. False: #GP. */
bool access_fetch(struct access *access);

/* What becomes of it once all hooks have seen it. */
void access_finish(struct access *access);

/* Applies a verdict. False: no further hook sees the access. */
bool access_resolve(struct access *access, uint32_t verdict, const struct rv_event *answer);

/* The outcome in words, as an .events file spells it. */
void access_describe(const struct access *access, char *text, size_t bytes);

#endif
