/*
 * hook/metric_plan.h: what a hook with RV_FIXED_METRIC takes of an event, made when it is added, so that an event costs
 * little more than loads.
 */
#ifndef HOOK_METRIC_PLAN_H
#define HOOK_METRIC_PLAN_H

#include "rv/abi.h"
#include "rv/metric.h"
#include "rv/types.h"

enum metric_reads {
	METRIC_READS_NUMBER,	/* as it is loaded, which is all that is to be done; the next are about that too */
	METRIC_READS_OPTIONAL,	/* a number; all ones: RV_WORD_NIL */
	METRIC_READS_COMMAND,	/* the bit that stands for a disk command */
	METRIC_READS_DIRECTION, /* likewise: what it does with data */
	METRIC_READS_CONSTANT,	/* nothing is loaded: it follows from the kind */
};

struct metric_word {
	uint64_t mask;	   /* of the eight bytes at the offset */
	uint16_t offset;   /* in struct rv_event */
	uint16_t reads;	   /* enum metric_reads */
	uint32_t constant; /* METRIC_READS_CONSTANT */
};

struct metric_plan {
	uint32_t nr_words;
	uint32_t shape; /* rv_metric_key.shape, if no word is RV_WORD_NIL */
	struct metric_word words[RV_METRIC_WORDS], value;
};

/* Of a specification that fits. Context: any. */
void metric_plan_make(struct metric_plan *plan, const struct rv_hook_spec *spec);
/* Are these what C alone can take of events of that kind? */
bool metric_spec_takes(const struct rv_hook_spec *spec);
/* Does all that it takes lie in the access (hook_event_in_access())? */
bool metric_plan_is_in_access(const struct metric_plan *plan, const struct rv_hook_spec *spec);
/* A word that is no plain number, from what was loaded. */
void metric_plan_read(const struct metric_word *word, uint32_t position, struct rv_metric_key *key);

static inline uint64_t metric_plan_load(const struct metric_word *word, const struct rv_event *event)
{
	uint64_t value;

	__builtin_memcpy(&value, (const char *)event + word->offset, sizeof(value));
	return value & word->mask;
}

#endif
