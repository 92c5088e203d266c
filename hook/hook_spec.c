/*
 * hook/hook_spec.c: says whether the specification of a hook has a meaning, and prepares its clauses.
 * Pure functions; the specification comes from a script engine, so nothing in it is trusted.
 */
#include "hook/hook_internal.h"

#include "rv/errno.h"
#include "rv/kinds.h"

static bool hook_clause_fits(const struct rv_kind *kind, const struct rv_clause *clause)
{
	const struct rv_field *field = &kind->fields[clause->field];

	if (clause->field >= kind->nr_fields || !(field->flags & RV_FIELD_FILTER) ||
	    clause->reserved != 0 || clause->first > clause->last || clause->last > field->last)
		return false;
	if (field->flags & RV_FIELD_ADDRESS)
		return clause->mask == UINT64_MAX && clause->first >= field->first;
	return true;
}

/* Says where, and only once: NULL if no clause does. */
static const struct rv_clause *hook_spec_where(const struct rv_hook_spec *spec)
{
	for (uint32_t i = 0; i < spec->nr_clauses; i++) {
		if (rv_kinds[spec->kind].fields[spec->clauses[i].field].flags & RV_FIELD_ADDRESS)
			return &spec->clauses[i];
	}
	return NULL;
}

static bool hook_clauses_fit(const struct rv_hook_spec *spec)
{
	const struct rv_kind *kind = &rv_kinds[spec->kind];
	unsigned addresses = 0;
	bool needs_address = (kind->flags & RV_KIND_MEMORY) ||
			     rv_kind_field_with(spec->kind, RV_FIELD_PERIOD) < kind->nr_fields;

	if (spec->nr_clauses > RV_CLAUSES_MAXIMUM)
		return false;
	for (uint32_t i = 0; i < spec->nr_clauses; i++) {
		if (!hook_clause_fits(kind, &spec->clauses[i]))
			return false;
		addresses += (kind->fields[spec->clauses[i].field].flags & RV_FIELD_ADDRESS) != 0;
	}
	return addresses == 1 || (addresses == 0 && !needs_address);
}

int hook_spec_check(const struct rv_hook_spec *spec)
{
	if (!rv_kind_is(spec->kind) || spec->on_error > RV_ON_ERROR_DISABLE || spec->observe > 1 ||
	    spec->budget_us > RV_BUDGET_US_MAXIMUM || !hook_clauses_fit(spec))
		return -RV_EINVAL;
	return 0;
}

void hook_spec_range(const struct rv_hook_spec *spec, uint64_t *first, uint64_t *last)
{
	const struct rv_kind *kind = &rv_kinds[spec->kind];
	const struct rv_clause *clause = hook_spec_where(spec);
	uint32_t field = rv_kind_field_with(spec->kind, RV_FIELD_ADDRESS);

	*first = clause != NULL ? clause->first : 0;
	*last = clause != NULL ? clause->last : field < kind->nr_fields ? kind->fields[field].last : 0;
}

/* Behind `to`: those that are looked up, or those that are not. Returns the end. */
static struct hook_clause *hook_add_clauses(struct hook *hook, struct hook_clause *to, bool looked_up)
{
	const struct rv_field *fields = rv_kinds[hook->spec.kind].fields;

	for (uint32_t i = 0; i < hook->spec.nr_clauses; i++) {
		const struct rv_clause *clause = &hook->spec.clauses[i];
		const struct rv_field *field = &fields[clause->field];

		if ((field->flags & RV_FIELD_ADDRESS) ||
		    ((field->flags & RV_FIELD_LOOKED_UP) != 0) != looked_up)
			continue;
		*to++ = (struct hook_clause){
			.offset = field->offset,
			.mask = clause->mask & rv_field_ones(field),
			.first = clause->first,
			.span = clause->last - clause->first,
		};
	}
	return to;
}

void hook_prepare_clauses(struct hook *hook)
{
	struct hook_clause *end = hook_add_clauses(hook, hook->clauses, false);

	hook_spec_range(&hook->spec, &hook->first, &hook->last);
	hook->in_place = hook->source->in_place;
	hook->direct_end = end;
	hook->clauses_end = hook_add_clauses(hook, end, true);
}
