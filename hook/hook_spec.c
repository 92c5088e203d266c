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
	    clause->first > clause->last || clause->last > field->last)
		return false;
	if (field->flags & RV_FIELD_ADDRESS)
		return clause->mask == UINT64_MAX && clause->first >= field->first;
	return true;
}

static bool hook_clause_is_address(const struct rv_hook_spec *spec, const struct rv_clause *clause)
{
	return (rv_kinds[spec->kind].fields[clause->field].flags & RV_FIELD_ADDRESS) != 0;
}

/* Exceptions come behind all else, one after the other, and are about accesses alone. */
static bool hook_exceptions_fit(const struct rv_hook_spec *spec)
{
	uint32_t last = 0;

	for (uint32_t i = 0; i < spec->nr_clauses; i++) {
		uint32_t except = spec->clauses[i].except;

		if (except != last && except != last + 1)
			return false;
		last = except;
	}
	return last == 0 || !rv_kind_has(spec->kind, RV_KIND_PLAIN);
}

/* Says where, and only once: NULL if no clause does. */
static const struct rv_clause *hook_spec_where(const struct rv_hook_spec *spec)
{
	for (uint32_t i = 0; i < spec->nr_clauses; i++) {
		if (spec->clauses[i].except == 0 && hook_clause_is_address(spec, &spec->clauses[i]))
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
		addresses += spec->clauses[i].except == 0 && hook_clause_is_address(spec, &spec->clauses[i]);
	}
	if (!hook_exceptions_fit(spec))
		return false;
	return addresses == 1 || (addresses == 0 && !needs_address);
}

/* Events tell addresses as they are, so that an exception cannot count from a BAR. */
static bool hook_follows_fit(const struct rv_hook_spec *spec)
{
	bool of_bar = spec->follows != 0 && (spec->follows >> 16 & 0x7fff) != RV_FOLLOWS_CONFIGURATION;

	for (uint32_t i = 0; of_bar && i < spec->nr_clauses; i++) {
		if (spec->clauses[i].except != 0 && hook_clause_is_address(spec, &spec->clauses[i]))
			return false;
	}
	return (spec->follows == 0 || rv_kind_has(spec->kind, RV_KIND_FOLLOWS));
}

static bool hook_fixed_fits(const struct rv_hook_spec *spec)
{
	if (spec->fixed == RV_FIXED_NONE)
		return true;
	return spec->fixed < RV_FIXED_COUNT && spec->observe == 0 && !rv_kind_has(spec->kind, RV_KIND_PLAIN) &&
	       (spec->fixed != RV_FIXED_ISOLATE || spec->kind == RV_EVENT_PCI_CONFIG_WRITE) &&
	       (spec->fixed != RV_FIXED_METRIC || metric_spec_takes(spec));
}

int hook_spec_check(const struct rv_hook_spec *spec)
{
	if (!rv_kind_is(spec->kind) || spec->on_error > RV_ON_ERROR_DISABLE || spec->observe > 1 ||
	    spec->budget_us > RV_BUDGET_US_MAXIMUM || !hook_clauses_fit(spec) || !hook_follows_fit(spec) ||
	    !hook_fixed_fits(spec))
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

static struct hook_clause hook_prepare_clause(const struct rv_kind *kind, const struct rv_clause *clause)
{
	const struct rv_field *field = &kind->fields[clause->field];

	return (struct hook_clause){
		.offset = field->offset,
		.other = field->flags & RV_FIELD_EITHER ? (uint16_t)(field->offset + field->bytes) : 0,
		.mask = clause->mask & rv_field_ones(field),
		.first = clause->first,
		.span = clause->last - clause->first,
		.except = (uint16_t)clause->except,
		.whole = (field->flags & RV_FIELD_ADDRESS) && !(kind->flags & RV_KIND_NUMBERS),
	};
}

/* Behind `to`: those that are looked up, or those that are not. Returns the end. */
static struct hook_clause *hook_add_clauses(struct hook *hook, struct hook_clause *to, bool looked_up)
{
	const struct rv_kind *kind = &rv_kinds[hook->spec.kind];

	for (uint32_t i = 0; i < hook->spec.nr_clauses; i++) {
		const struct rv_clause *clause = &hook->spec.clauses[i];
		uint32_t flags = kind->fields[clause->field].flags;

		if (clause->except == 0 && !(flags & RV_FIELD_ADDRESS) &&
		    ((flags & RV_FIELD_LOOKED_UP) != 0) == looked_up)
			*to++ = hook_prepare_clause(kind, clause);
	}
	return to;
}

static struct hook_clause *hook_add_exceptions(struct hook *hook, struct hook_clause *to)
{
	const struct rv_kind *kind = &rv_kinds[hook->spec.kind];

	for (uint32_t i = 0; i < hook->spec.nr_clauses; i++) {
		const struct rv_clause *clause = &hook->spec.clauses[i];

		if (clause->except == 0)
			continue;
		*to++ = hook_prepare_clause(kind, clause);
		hook->exceptions_look_up |= (kind->fields[clause->field].flags & RV_FIELD_LOOKED_UP) != 0;
	}
	return to;
}

void hook_prepare_clauses(struct hook *hook)
{
	struct hook_clause *end = hook_add_clauses(hook, hook->clauses, false);

	hook_spec_range(&hook->spec, &hook->first, &hook->last);
	hook->direct_end = end;
	end = hook_add_clauses(hook, end, true);
	hook->clauses_end = end;
	hook->exceptions_end = hook_add_exceptions(hook, end);
	hook->in_place = hook->source->in_place && hook->exceptions_end == end;
	if (hook->spec.fixed == RV_FIXED_METRIC) {
		metric_plan_make(&hook->metric_plan, &hook->spec);
		hook->metric_in_place = hook->source->in_place && metric_plan_is_in_access(&hook->metric_plan, &hook->spec);
	}
}
