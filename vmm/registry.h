/*
 * vmm/registry.h: a chain of access regions, shared by the registries of the access kinds. Each of
 * these has a lock for changes of its chain and of the intercepts that follow from it. Walks take
 * none, so what belongs to a region that was taken out is freed by way of vmm/grace.h.
 */
#ifndef VMM_REGISTRY_H
#define VMM_REGISTRY_H

#include "vmm/access.h"

struct registry {
	struct access_region *first; /* hooks, mediators, guards */
	struct access_region *ours;  /* the first that is no hook */
};

/* Appends to its band; it must not be in a chain. */
void registry_add(struct registry *registry, struct access_region *region);
/* Takes out, leaving region->next for a walk in progress. False if it was not there. */
bool registry_remove(struct registry *registry, struct access_region *region);
/* Does any region touch [first, last]? Any that wants reads? Any hook? */
bool registry_covers(const struct registry *registry, uint64_t first, uint64_t last);
bool registry_covers_reads(const struct registry *registry, uint64_t first, uint64_t last);
/* Any that wants reads, and stores too? */
bool registry_covers_both(const struct registry *registry, uint64_t first, uint64_t last);
/* Any that is kept? */
bool registry_keeps(const struct registry *registry, uint64_t first, uint64_t last);
bool registry_has_hook(const struct registry *registry, uint64_t first, uint64_t last);
/* Any guard with another handler? */
bool registry_has_guard_but(const struct registry *registry, uint64_t first, uint64_t last,
			    access_handler handler);

/* Those among the regions that touch [first, last] that are no hooks. */
enum access_result registry_walk_ours(const struct registry *registry, uint64_t first, uint64_t last,
				      struct access *access);

/* Walks the regions that touch [first, last], or those that are no hooks if it is a direct access, or once one
 * says ACCESS_ACCEPT; ACCESS_DONE as soon as one says so. */
static inline enum access_result registry_walk(const struct registry *registry, uint64_t first,
					       uint64_t last, struct access *access)
{
	const struct access_region *region = access->direct ? registry->ours : registry->first;

	/* `next` is read after the handler: it may have registered or unregistered regions. */
	for (; region != NULL; region = region->next) {
		enum access_result result;

		if (region->first > last || region->last < first)
			continue;
		result = region->handler(access, region->context);
		if (result != ACCESS_PASS)
			return result == ACCESS_DONE ? result : registry_walk_ours(registry, first, last, access);
	}
	return ACCESS_PASS;
}

#endif
