/*
 * hook/hook_internal.h: what the files of hook/ share among themselves.
 */
#ifndef HOOK_HOOK_INTERNAL_H
#define HOOK_HOOK_INTERNAL_H

#include "hook/hook.h"

/* hook_request.c: 0 or -RV_EINVAL. */
int hook_request_check(const struct rv_hook_request *request);
/* The addresses, in the registry's units, that a hook has to register for. */
void hook_request_range(const struct rv_hook_request *request, uint64_t *first, uint64_t *last);

/* hook_filter.c: does the hook want this access? Of its kind and within its region already. */
bool hook_filter_accepts(const struct hook *hook, const struct access *access);

/* hook_deliver.c: the handler of all regions; context is the hook. */
enum access_result hook_handle_access(struct access *access, void *context);

/* hook.c: unlinks what was removed, and frees what the call before unlinked. At most once a handler
 * call. */
void hook_reap(void);
extern bool hook_reap_wanted;
extern unsigned hook_depth; /* events open now */

/* hook_timer.c */
void hook_timer_link(struct hook *hook);
void hook_timer_unlink(struct hook *hook);

#endif
