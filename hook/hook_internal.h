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

/* hook_filter.c: the parts of the filter that need more than a few instructions. */
bool hook_filter_cpuid(const struct hook *hook, const struct access *access);
bool hook_filter_pci(const struct hook *hook, const struct access *access);
/* Asks the hardware, once a function. */
bool hook_filter_identity(const struct hook *hook, const struct access *access);

/* Does the hook want this access (of its kind and within its region already), but for its
 * hook_filter_identity()? Without the lock. */
static inline bool hook_filter_accepts(const struct hook *hook, const struct access *access)
{
	const struct rv_hook_request *request = &hook->request;

	if (access->write != hook->write)
		return false;
	/* Widths are powers of two, so a width is its own bit in the mask. */
	if (request->width_mask != 0 && (request->width_mask & access->width_bytes) == 0)
		return false;
	if (request->value_mask != 0 &&
	    (access->value & request->value_mask) != request->value_match)
		return false;
	if (access->kind == ACCESS_PCI)
		return hook_filter_pci(hook, access);
	if (access->kind == ACCESS_CPUID)
		return hook_filter_cpuid(hook, access);
	return true;
}

/* hook_deliver.c: the handler of all regions; context is the hook. */
enum access_result hook_handle_access(struct access *access, void *context);

/* hook.c */
extern struct spinlock hook_table_lock;

/* hook_shutdown.c; under hook_table_lock */
int hook_shutdown_link(void);
void hook_shutdown_unlink(void);

/* hook_timer.c; under hook_table_lock */
void hook_timer_link(struct hook *hook);
void hook_timer_unlink(struct hook *hook);

#endif
