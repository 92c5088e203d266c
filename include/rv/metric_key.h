/*
 * include/rv/metric_key.h: what keys of metrics are made of: which properties of an event C alone can take, and what
 * stands for a name, which whoever prints it needs (rv_word_name()).
 */
#ifndef RV_METRIC_KEY_H
#define RV_METRIC_KEY_H

#include "rv/disk.h"
#include "rv/kinds.h"
#include "rv/metric.h"

/* Names are words of a key of the type RV_WORD_NAME: commands of disks by their numbers, kinds of events behind
 * RV_WORD_KIND, and these. The directions :read and :write are the commands' names. */
#define RV_WORD_KIND 0x100u
#define RV_WORD_NONE 0x200u
#define RV_WORD_TX 0x201u
#define RV_WORD_RX 0x202u
#define RV_WORD_COUNT 0x203u /* no name */

/* NULL: there is none such. */
static inline const char *rv_word_name(uint64_t word)
{
	static const char *const others[] = { "none", "tx", "rx" };

	if (word < RV_DISK_COMMAND_COUNT)
		return rv_disk_command_name((uint32_t)word);
	if (word >= RV_WORD_NONE && word < RV_WORD_COUNT)
		return others[word - RV_WORD_NONE];
	/* A word is 64 bits, which the guest may have chosen. */
	if (word < RV_WORD_KIND || word >= RV_WORD_NONE || !rv_kind_is((uint32_t)(word - RV_WORD_KIND)))
		return NULL;
	return rv_kinds[word - RV_WORD_KIND].name;
}

/* RV_WORD_COUNT: nothing stands for it. */
static inline uint32_t rv_word_named(const char *name)
{
	uint32_t word = 0;

	while (word < RV_WORD_COUNT) {
		const char *known = rv_word_name(word);

		if (known != NULL && rv_name_is(known, name))
			break;
		/* There are gaps. */
		word = word + 1 == RV_DISK_COMMAND_COUNT ? RV_WORD_KIND + RV_EVENT_NONE + 1
		       : word + 1 == RV_WORD_KIND + RV_EVENT_KIND_COUNT ? RV_WORD_NONE : word + 1;
	}
	return word;
}

/* A word of a type in one number, as scripts' objects tell it: `__word`. */
static inline uint64_t rv_word_pack(enum rv_word_type type, uint32_t number)
{
	return (uint64_t)number * RV_WORD_TYPE_COUNT + type;
}

/* What a hook's metric has as a part of its key: the number of a field, or one of these, which follow from the kind, or
 * from what is asked of a disk. */
#define RV_METRIC_OF_KIND 0x100u
#define RV_METRIC_OF_DIRECTION 0x101u

static inline uint32_t rv_metric_key_named(const struct rv_kind *kind, const char *name)
{
	if (rv_name_is(name, "kind"))
		return RV_METRIC_OF_KIND;
	if (rv_name_is(name, "direction"))
		return RV_METRIC_OF_DIRECTION;
	return rv_field_named(kind, name);
}

static inline bool rv_kind_is_packet(const struct rv_kind *kind)
{
	return kind == &rv_kinds[RV_EVENT_NET_TX] || kind == &rv_kinds[RV_EVENT_NET_RX];
}

/* The number of the field that says which command; nr_fields if there is none. */
static inline uint32_t rv_kind_command(const struct rv_kind *kind)
{
	return rv_kind_field_with((uint32_t)(kind - rv_kinds), RV_FIELD_COMMAND);
}

/* Is it known without asking anybody, and all that scripts see? */
static inline bool rv_metric_sees(const struct rv_kind *kind, uint32_t field)
{
	uint32_t never = RV_FIELD_LOOKED_UP | RV_FIELD_HIDDEN | RV_FIELD_PERIOD | RV_FIELD_TEXT;

	return field < kind->nr_fields && (kind->fields[field].flags & RV_FIELD_READER) != 0 &&
	       (kind->fields[field].flags & never) == 0 &&
	       ((kind->fields[field].flags & RV_FIELD_LAZY) == 0 || (kind->flags & RV_KIND_WRITE) != 0);
}

/* Can C alone make that a part of a key? */
static inline bool rv_metric_takes(const struct rv_kind *kind, uint32_t part)
{
	if (part == RV_METRIC_OF_KIND)
		return true;
	if (part == RV_METRIC_OF_DIRECTION)
		return (kind->flags & (RV_KIND_REQUEST | RV_KIND_PLAIN)) == 0 || rv_kind_is_packet(kind) ||
		       rv_kind_command(kind) < kind->nr_fields;
	return rv_metric_sees(kind, part);
}

/* Can C alone add it? A number, then. */
static inline bool rv_metric_adds(const struct rv_kind *kind, uint32_t field)
{
	uint32_t never = RV_FIELD_OPTIONAL | RV_FIELD_DISK | RV_FIELD_COMMAND | RV_FIELD_NIC;

	return rv_metric_sees(kind, field) && (kind->fields[field].flags & never) == 0;
}

#endif
