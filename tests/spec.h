/*
 * tests/spec.h: specifications of hooks, for tests of those who take them.
 */
#ifndef TESTS_SPEC_H
#define TESTS_SPEC_H

#include "rv/kinds.h"

/* The number of a field; one that a kind does not have if it has none of that name. */
static inline uint32_t spec_field(uint32_t kind, const char *name)
{
	return rv_kind_is(kind) ? rv_field_named(&rv_kinds[kind], name) : 0;
}

static inline void spec_add(struct rv_hook_spec *spec, const char *field, uint64_t mask, uint64_t first,
			    uint64_t last)
{
	spec->clauses[spec->nr_clauses++] = (struct rv_clause){
		.field = spec_field(spec->kind, field), .mask = mask, .first = first, .last = last };
}

/* Of hooks that are about these addresses, or this period. */
static inline struct rv_hook_spec spec_of(uint32_t kind, uint64_t first, uint64_t last)
{
	struct rv_hook_spec spec = { .kind = kind };

	if (!rv_kind_is(kind) || rv_kind_field_with(kind, RV_FIELD_ADDRESS) < rv_kinds[kind].nr_fields)
		spec.clauses[spec.nr_clauses++] = (struct rv_clause){
			.field = rv_kind_is(kind) ? rv_kind_field_with(kind, RV_FIELD_ADDRESS) : 0,
			.mask = UINT64_MAX, .first = first, .last = last };
	return spec;
}

#endif
