/*
 * vmm/registry.c: chains of access regions, in the order of registration.
 */
#include "vmm/registry.h"

static struct access_region **registry_chain(struct registry *registry,
					     const struct access_region *region)
{
	return region->guard ? &registry->guards : &registry->first;
}

void registry_add(struct registry *registry, struct access_region *region)
{
	struct access_region **link = registry_chain(registry, region);

	while (*link != NULL)
		link = &(*link)->next;
	region->next = NULL;
	/* Release: a walk that finds the region finds it filled in. */
	__atomic_store_n(link, region, __ATOMIC_RELEASE);
}

bool registry_remove(struct registry *registry, struct access_region *region)
{
	for (struct access_region **link = registry_chain(registry, region); *link != NULL;
	     link = &(*link)->next) {
		if (*link == region) {
			__atomic_store_n(link, region->next, __ATOMIC_RELEASE);
			return true;
		}
	}
	return false;
}

static bool registry_chain_covers(const struct access_region *region, uint64_t first, uint64_t last,
				  bool reads)
{
	for (; region != NULL; region = region->next) {
		if (region->first <= last && region->last >= first && !(reads && region->writes_only))
			return true;
	}
	return false;
}

bool registry_covers(const struct registry *registry, uint64_t first, uint64_t last)
{
	return registry_chain_covers(registry->first, first, last, false) ||
	       registry_chain_covers(registry->guards, first, last, false);
}

bool registry_covers_reads(const struct registry *registry, uint64_t first, uint64_t last)
{
	return registry_chain_covers(registry->first, first, last, true) ||
	       registry_chain_covers(registry->guards, first, last, true);
}

bool registry_has_hook(const struct registry *registry, uint64_t first, uint64_t last)
{
	return registry_chain_covers(registry->first, first, last, false);
}
