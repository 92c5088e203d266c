/*
 * tests/unit/registry.c: a chain of regions is in the order of bands, and within one of registration, whoever
 * comes and goes when; and who sees what of it.
 */
#include "vmm/registry.h"

#include "unit.h"

#define NR_REGIONS 40

static struct registry registry;
static struct access_region regions[NR_REGIONS];
static unsigned added[NR_REGIONS]; /* when; 0: not there */
static unsigned seen[NR_REGIONS], nr_seen;

static enum access_result note(struct access *access, void *context)
{
	(void)access;
	seen[nr_seen++] = (unsigned)((struct access_region *)context - regions);
	return ACCESS_PASS;
}

static void walk(uint64_t address, bool direct)
{
	struct access access = {.address = address, .width_bytes = 1, .direct = direct};

	nr_seen = 0;
	UNIT_EQUAL(registry_walk(&registry, address, address, &access), ACCESS_PASS);
}

/* All that cover the address and that see such an access, each behind those that come before it. */
static void check_walk(uint64_t address, bool direct)
{
	unsigned expected = 0;

	walk(address, direct);
	for (unsigned i = 0; i < NR_REGIONS; i++)
		expected += added[i] != 0 && regions[i].first <= address && address <= regions[i].last &&
			    !(direct && regions[i].band == BAND_HOOK);
	UNIT_EQUAL(nr_seen, expected);
	for (unsigned i = 1; i < nr_seen; i++) {
		const struct access_region *before = &regions[seen[i - 1]], *after = &regions[seen[i]];

		UNIT_CHECK(before->band <= after->band);
		UNIT_CHECK(before->band < after->band || added[seen[i - 1]] < added[seen[i]]);
	}
}

static bool has_hook(uint64_t address)
{
	for (unsigned i = 0; i < NR_REGIONS; i++) {
		if (added[i] != 0 && regions[i].band == BAND_HOOK && regions[i].first <= address &&
		    address <= regions[i].last)
			return true;
	}
	return false;
}

static void test_bands(void)
{
	for (unsigned round = 1; round < 20000; round++) {
		unsigned i = (unsigned)(unit_random() % NR_REGIONS);
		uint64_t address = unit_random() % 16;

		if (added[i] != 0) {
			UNIT_CHECK(registry_remove(&registry, &regions[i]));
			UNIT_CHECK(!registry_remove(&registry, &regions[i]));
			added[i] = 0;
		} else {
			regions[i] = (struct access_region){.first = address, .last = address + unit_random() % 4,
							    .handler = note, .context = &regions[i],
							    .band = (uint8_t)(unit_random() % 3)};
			registry_add(&registry, &regions[i]);
			added[i] = round;
		}
		address = unit_random() % 20;
		check_walk(address, false);
		check_walk(address, true);
		UNIT_EQUAL(registry_has_hook(&registry, address, address), has_hook(address));
	}
}

/* What reads want of a page, and what stores there may go round. */
static void test_directions(void)
{
	struct access_region writes = { .first = 100, .last = 109, .handler = note, .context = &regions[0], .band = BAND_GUARD,
					.writes_only = true };
	struct access_region reads = writes, both = writes;

	reads.writes_only = both.writes_only = false;
	reads.reads_only = true;
	registry_add(&registry, &writes);
	UNIT_CHECK(registry_covers(&registry, 105, 105) && !registry_covers_reads(&registry, 105, 105));
	registry_add(&registry, &reads);
	UNIT_CHECK(registry_covers_reads(&registry, 105, 105) && !registry_covers_both(&registry, 105, 105));
	registry_add(&registry, &both);
	UNIT_CHECK(registry_covers_both(&registry, 105, 105) && !registry_covers_both(&registry, 110, 110));
	UNIT_CHECK(registry_remove(&registry, &writes) && registry_remove(&registry, &reads) &&
		   registry_remove(&registry, &both));
}

int main(void)
{
	unit_run("registry bands", test_bands);
	unit_run("registry directions", test_directions);
	return unit_failed;
}
