/*
 * include/rv/metric.h: what is counted for scripts: tables of numbers by key, which the hypervisor keeps for an engine, so
 * that they can be read while it runs, and written to without it (RV_FIXED_METRIC).
 */
#ifndef RV_METRIC_H
#define RV_METRIC_H

#include "rv/types.h"

#define RV_METRICS_MAXIMUM 16 /* an engine */
#define RV_METRIC_ENTRIES_MAXIMUM 4096 /* a metric */
#define RV_METRIC_NAME_BYTES 32
#define RV_METRIC_UNIT_BYTES 8
#define RV_METRIC_WORDS 5 /* of a key */
#define RV_METRIC_TEXT_BYTES (8 * RV_METRIC_WORDS)

enum rv_metric_kind {
	RV_METRIC_COUNTER, /* a key has the sum of what was added */
	RV_METRIC_TABLE,   /* a key has the last that was given */
	RV_METRIC_LOG2,	   /* a key has how many numbers there were in each power of two: bucket 0: 0, 1: 1, 2: 2 to 3, ... */
	RV_METRIC_LINEAR,  /* the same in steps: bucket n: from n * step on */
	RV_METRIC_KIND_COUNT,
};

struct rv_metric_spec {
	char name[RV_METRIC_NAME_BYTES]; /* with a NUL, as the next */
	char unit[RV_METRIC_UNIT_BYTES]; /* for who reads it */
	uint32_t kind;			 /* enum rv_metric_kind */
	uint32_t reserved;
	uint64_t step;			 /* of RV_METRIC_LINEAR: 1 or more */
	uint64_t reserved_too;
};
_Static_assert(sizeof(struct rv_metric_spec) == 64, "ABI");

/* What a word of a key is. */
enum rv_word_type {
	RV_WORD_NUMBER,
	RV_WORD_NIL,  /* 0: the event has none */
	RV_WORD_NAME, /* rv/metric_key.h */
	RV_WORD_DISK, /* the number of a disk (rv/disk.h) */
	RV_WORD_NIC,  /* of a network card */
	RV_WORD_TYPE_COUNT,
};

/* A key is a text, or some words. */
struct rv_metric_key {
	uint64_t words[RV_METRIC_WORDS]; /* zeros behind it */
	uint32_t shape;			 /* how many there are, and what each is; RV_METRIC_IS_TEXT: a text, zeros behind it */
	int32_t bucket;			 /* of histograms, which what adds to one need not say */
};
#define RV_METRIC_IS_TEXT UINT32_MAX
#define RV_SHAPE_BITS 4u /* the count, and then a type each */
#define RV_SHAPE_WORDS(shape) ((shape) & 15u)
#define RV_SHAPE_TYPE(shape, word) ((shape) >> RV_SHAPE_BITS * ((word) + 1u) & 15u)
#define RV_SHAPE_OF(type, word) ((uint32_t)(type) << RV_SHAPE_BITS * ((word) + 1u))

struct rv_metric_entry {
	struct rv_metric_key key;
	uint64_t value;
	uint32_t next; /* the hypervisor's own */
	uint32_t reserved;
};
_Static_assert(sizeof(struct rv_metric_entry) == 64, "ABI");

/* What RV_SYS_METRIC_NEXT tells. */
struct rv_metric_facts {
	uint64_t lost; /* for which there was no room */
	struct rv_metric_entry entry;
};

#endif
