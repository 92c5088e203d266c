/*
 * hook/metric_plan.c: what hooks with RV_FIXED_METRIC take of events. No lock: a plan is made before its hook is known to
 * anybody, and stays as it is.
 */
#include "hook/metric_plan.h"

#include "rv/metric_key.h"

bool metric_spec_takes(const struct rv_hook_spec *spec)
{
	const struct rv_kind *kind = &rv_kinds[spec->kind];

	if (spec->nr_metric_keys > RV_METRIC_WORDS ||
	    (spec->metric_value != RV_METRIC_ONE && !rv_metric_adds(kind, spec->metric_value)))
		return false;
	for (uint32_t i = 0; i < spec->nr_metric_keys; i++) {
		if (!rv_metric_takes(kind, spec->metric_keys[i]))
			return false;
	}
	return true;
}

static struct metric_word plan_constant(uint32_t name)
{
	/* What is loaded does not count, but has to lie within what there is of an access. */
	return (struct metric_word){ .offset = offsetof(struct rv_event, width_bytes), .reads = METRIC_READS_CONSTANT,
				     .constant = name };
}

static struct metric_word plan_field(const struct rv_field *field, enum metric_reads reads)
{
	return (struct metric_word){ .mask = rv_field_ones(field), .offset = field->offset, .reads = (uint16_t)reads };
}

static struct metric_word plan_direction(const struct rv_kind *kind)
{
	uint32_t command = rv_kind_command(kind);

	if (command < kind->nr_fields)
		return plan_field(&kind->fields[command], METRIC_READS_DIRECTION);
	if (rv_kind_is_packet(kind))
		return plan_constant(kind == &rv_kinds[RV_EVENT_NET_TX] ? RV_WORD_TX : RV_WORD_RX);
	return plan_constant((kind->flags & RV_KIND_WRITE) != 0 ? RV_DISK_COMMAND_WRITE : RV_DISK_COMMAND_READ);
}

static struct metric_word plan_word(const struct rv_kind *kind, uint32_t part, enum rv_word_type *type)
{
	const struct rv_field *field;

	*type = RV_WORD_NAME;
	if (part == RV_METRIC_OF_KIND)
		return plan_constant(RV_WORD_KIND + (uint32_t)(kind - rv_kinds));
	if (part == RV_METRIC_OF_DIRECTION)
		return plan_direction(kind);
	field = &kind->fields[part];
	if ((field->flags & RV_FIELD_COMMAND) != 0)
		return plan_field(field, METRIC_READS_COMMAND);
	*type = (field->flags & RV_FIELD_DISK) != 0 ? RV_WORD_DISK :
		(field->flags & RV_FIELD_NIC) != 0 ? RV_WORD_NIC : RV_WORD_NUMBER;
	return plan_field(field, (field->flags & RV_FIELD_OPTIONAL) != 0 ? METRIC_READS_OPTIONAL : METRIC_READS_NUMBER);
}

void metric_plan_make(struct metric_plan *plan, const struct rv_hook_spec *spec)
{
	const struct rv_kind *kind = &rv_kinds[spec->kind];

	*plan = (struct metric_plan){ .nr_words = spec->nr_metric_keys, .shape = spec->nr_metric_keys };
	for (uint32_t i = 0; i < spec->nr_metric_keys; i++) {
		enum rv_word_type type;

		plan->words[i] = plan_word(kind, spec->metric_keys[i], &type);
		plan->shape |= RV_SHAPE_OF(type, i);
	}
	if (spec->metric_value != RV_METRIC_ONE)
		plan->value = plan_field(&kind->fields[spec->metric_value], METRIC_READS_NUMBER);
}

/* As HOOK_SAME_DISTANCE() has it. */
static bool plan_is_in_access(const struct metric_word *word)
{
	return word->offset == offsetof(struct rv_event, width_bytes) ||
	       word->offset == offsetof(struct rv_event, address) || word->offset == offsetof(struct rv_event, value);
}

bool metric_plan_is_in_access(const struct metric_plan *plan, const struct rv_hook_spec *spec)
{
	for (uint32_t i = 0; i < plan->nr_words; i++) {
		if (!plan_is_in_access(&plan->words[i]))
			return false;
	}
	return spec->metric_value == RV_METRIC_ONE || plan_is_in_access(&plan->value);
}

/* What scripts see of it likewise: Event::OfDisk#direction. */
static uint32_t plan_disk_direction(uint32_t command)
{
	switch (command) {
	case RV_DISK_COMMAND_READ:
		return RV_DISK_COMMAND_READ;
	case RV_DISK_COMMAND_WRITE:
	case RV_DISK_COMMAND_WRITE_ZEROES:
	case RV_DISK_COMMAND_DISCARD:
		return RV_DISK_COMMAND_WRITE;
	default:
		return RV_WORD_NONE;
	}
}

static uint32_t plan_command(uint64_t bit)
{
	uint32_t command = bit != 0 ? (uint32_t)__builtin_ctzll(bit) : RV_DISK_COMMAND_UNKNOWN;

	return command < RV_DISK_COMMAND_COUNT ? command : RV_DISK_COMMAND_UNKNOWN;
}

void metric_plan_read(const struct metric_word *word, uint32_t position, struct rv_metric_key *key)
{
	uint64_t *value = &key->words[position];

	switch (word->reads) {
	case METRIC_READS_OPTIONAL:
		if (*value != word->mask)
			return;
		*value = 0;
		key->shape = (key->shape & ~RV_SHAPE_OF(15, position)) | RV_SHAPE_OF(RV_WORD_NIL, position);
		return;
	case METRIC_READS_COMMAND:
		*value = plan_command(*value);
		return;
	case METRIC_READS_DIRECTION:
		*value = plan_disk_direction(plan_command(*value));
		return;
	default:
		*value = word->constant;
	}
}
