/*
 * vmm/registry.c: chains of access regions, sorted by band, and within one by the order of registration.
 */
#include "vmm/registry.h"

/* Release, in this and the next two: a walk that finds a region finds it filled in. */
static void registry_set(struct access_region **link, struct access_region *region)
{
	__atomic_store_n(link, region, __ATOMIC_RELEASE);
}

/* Behind all of its band and of those before. */
void registry_add(struct registry *registry, struct access_region *region)
{
	struct access_region **link = &registry->first;

	while (*link != NULL && (*link)->band <= region->band)
		link = &(*link)->next;
	region->next = *link;
	registry_set(link, region);
	if (region->band != BAND_HOOK && registry->ours == region->next)
		registry_set(&registry->ours, region);
}

bool registry_remove(struct registry *registry, struct access_region *region)
{
	for (struct access_region **link = &registry->first; *link != NULL; link = &(*link)->next) {
		if (*link == region) {
			if (registry->ours == region)
				registry_set(&registry->ours, region->next);
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

bool registry_covers_both(const struct registry *registry, uint64_t first, uint64_t last)
{
	const struct access_region *region = registry->first;

	for (; region != NULL; region = region->next) {
		if (region->first <= last && region->last >= first && !region->writes_only && !region->reads_only)
			return true;
	}
	return false;
}

bool registry_keeps(const struct registry *registry, uint64_t first, uint64_t last)
{
	const struct access_region *region = registry->first;

	for (; region != NULL; region = region->next) {
		if (region->is_kept && region->first <= last && region->last >= first)
			return true;
	}
	return false;
}

bool registry_has_hook(const struct registry *registry, uint64_t first, uint64_t last)
{
	return registry_covers_before(registry, registry->ours, first, last, false);
}

bool registry_has_guard_but(const struct registry *registry, uint64_t first, uint64_t last,
			    access_handler handler)
{
	const struct access_region *region = registry->ours;

	for (; region != NULL; region = region->next) {
		if (region->band == BAND_GUARD && region->first <= last && region->last >= first && region->handler != handler)
			return true;
	}
	return false;
}

enum access_result registry_walk_ours(const struct registry *registry, uint64_t first, uint64_t last,
				      struct access *access)
{
	for (const struct access_region *region = registry->ours; region != NULL; region = region->next) {
		if (region->first <= last && region->last >= first &&
		    region->handler(access, region->context) == ACCESS_DONE)
			return ACCESS_DONE;
	}
	return ACCESS_PASS;
}
