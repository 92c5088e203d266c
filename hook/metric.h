/*
 * hook/metric.h: the metrics of one owner of hooks (rv/metric.h). They are the hypervisor's memory, which no engine can
 * reach: what is in them is as it was put there, whatever became of the engine.
 */
#ifndef HOOK_METRIC_H
#define HOOK_METRIC_H

#include "core/spinlock.h"
#include "rv/metric.h"
#include "rv/types.h"

struct hook;
struct metric;
struct rv_event;

struct metrics {
	struct spinlock lock; /* innermost; guards all of it */
	unsigned nr;
	struct metric *metrics[RV_METRICS_MAXIMUM];
	/* A zeroed page, or NULL. Whoever has these says how many there may be. Under the lock. */
	void *(*take_page)(struct metrics *metrics);
};

/* The number of a new one; -RV_EINVAL, -RV_ENOSPC, -RV_ENOMEM. This and the next: the specification, or key, is a copy, and
 * not trusted. Context of all: any, without locks that come behind. */
int metric_create(struct metrics *metrics, const struct rv_metric_spec *spec);
/* 0; -RV_ENOENT; -RV_EINVAL; -RV_ENOMEM: there is no room, which is counted. */
int metric_add(struct metrics *metrics, uint64_t number, const struct rv_metric_key *key, uint64_t value);
/* An event of a hook with RV_FIXED_METRIC; it may be where one would be (hook_event_in_access()). */
void metric_sink(struct hook *hook, const struct rv_event *event);
/* Copies up to `room` entries from a position on. How many; -RV_ENOENT: there is no such metric. */
int metric_read(struct metrics *metrics, uint64_t number, uint64_t position, struct rv_metric_entry *entries, unsigned room,
		uint64_t *lost);
/* What it was made with. -RV_ENOENT. */
int metric_describe(struct metrics *metrics, uint64_t number, struct rv_metric_spec *spec);
int metric_clear(struct metrics *metrics, uint64_t number);
bool metric_is(struct metrics *metrics, uint64_t number);
/* They are no more: gives each page back. */
void metric_end(struct metrics *metrics, void (*give_page)(struct metrics *metrics, void *page));

#endif
