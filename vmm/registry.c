/*
 * vmm/registry.c: chains of access regions, in the order of registration.
 */
#include "vmm/registry.h"

/* Release, in this and the next two: a walk that finds a region finds it filled in. */
static void registry_set(struct access_region **link, struct access_region *region)
{
	__atomic_store_n(link, region, __ATOMIC_RELEASE);
}

/* A hook goes where the guards begin, a guard to the end. */
void registry_add(struct registry *registry, struct access_region *region)
{
	struct access_region **link = &registry->first, *before = region->guard ? NULL : registry->guards;

	while (*link != before)
		link = &(*link)->next;
	region->next = before;
	registry_set(link, region);
	if (region->guard && registry->guards == NULL)
		registry_set(&registry->guards, region);
}

bool registry_remove(struct registry *registry, struct access_region *region)
{
	for (struct access_region **link = &registry->first; *link != NULL; link = &(*link)->next) {
		if (*link == region) {
			if (registry->guards == region)
				registry_set(&registry->guards, region->next);
			registry_set(link, region->next);
			return true;
		}
	}
	return false;
}

/* Does one of the regions before `end` touch [first, last]? */
static bool registry_covers_before(const struct registry *registry, const struct access_region *end,
				   uint64_t first, uint64_t last, bool reads)
{
	const struct access_region *region = registry->first;

	for (; region != end; region = region->next) {
		if (region->first <= last && region->last >= first && !(reads && region->writes_only))
			return true;
	}
	return false;
}

bool registry_covers(const struct registry *registry, uint64_t first, uint64_t last)
{
	return registry_covers_before(registry, NULL, first, last, false);
}

bool registry_covers_reads(const struct registry *registry, uint64_t first, uint64_t last)
{
	return registry_covers_before(registry, NULL, first, last, true);
}

bool registry_has_hook(const struct registry *registry, uint64_t first, uint64_t last)
{
	return registry_covers_before(registry, registry->guards, first, last, false);
}

bool registry_has_guard_but(const struct registry *registry, uint64_t first, uint64_t last,
			    access_handler handler)
{
	const struct access_region *region = registry->guards;

	for (; region != NULL; region = region->next) {
		if (region->guard && region->first <= last && region->last >= first && region->handler != handler)
			return true;
	}
	return false;
}
