/*
 * host_hooks.h: the simulated hypervisor's table of hooks: the same filters as hook/, over struct
 * rv_hook_request alone.
 */
#ifndef ENGINE_HOST_HOOKS_H
#define ENGINE_HOST_HOOKS_H

#include "rv/abi.h"

enum { HOST_HOOKS_MAXIMUM = 256 };

struct host_hook {
	struct rv_hook_request request;
	uint64_t sequence;
	bool used;
};

int64_t host_hook_add(const struct rv_hook_request *request);
int64_t host_hook_remove(uint64_t number);
struct host_hook *host_hook_get(uint32_t number);
unsigned int host_hook_count(void);

/* The first hook from `number` on that wants the event; -1: none. */
int host_hook_match(uint32_t number, const struct rv_event *event);

#endif
