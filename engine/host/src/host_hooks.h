/*
 * host_hooks.h: the simulated hypervisor's hooks: the table and the registries. Filters, sources and what
 * verdicts do are the hypervisor's own (hook/).
 */
#ifndef ENGINE_HOST_HOOKS_H
#define ENGINE_HOST_HOOKS_H

#include "hook/hook.h"

enum { HOST_HOOKS_MAXIMUM = 256 };

/* As RV_SYS_HOOK_ADD and RV_SYS_HOOK_REMOVE. */
int64_t host_hook_add(const struct rv_hook_spec *spec);
int64_t host_hook_remove(uint64_t number);

/* What the engine counts. */
struct metrics *host_metrics(void);

/* NULL: there is none of that number. */
struct hook *host_hook_get(uint32_t number);
unsigned int host_hook_count(void);

/* An event of the guest begins: hooks that come from here on are not for it. */
void host_hook_begin(void);

/* The next hook, after `after` (NULL: the first), that wants the event of that kind; NULL: none. `after` may
 * be removed meanwhile. */
struct hook *host_hook_next(const struct hook *after, uint32_t kind, struct event_origin *origin);

/* Where the BAR is that it follows; 0: it follows none. */
uint64_t host_hook_base(const struct hook *hook);

#endif
