/*
 * core/watch.h: lists of those who want to hear of something. What is told, and with what subject, is said
 * where a list is declared. Who decides what becomes of something is no watcher: there is one of these.
 */
#ifndef CORE_WATCH_H
#define CORE_WATCH_H

#include "rv/types.h"

/* Owned by who adds it, for good. */
struct watcher {
	void (*notify)(void *subject);
	struct watcher *next; /* the list's */
	bool added;
};

struct watchers {
	struct watcher *first;
};

/* To the end; what is there already stays where it is. Context: boot, one CPU at a time for each list; others
 * may be telling. */
static inline void watch_add(struct watchers *list, struct watcher *watcher)
{
	struct watcher **link = &list->first;

	if (__atomic_exchange_n(&watcher->added, true, __ATOMIC_RELAXED))
		return;
	while (*link != NULL)
		link = &(*link)->next;
	/* Release: who finds it finds it filled in. */
	__atomic_store_n(link, watcher, __ATOMIC_RELEASE);
}

/* Tells each, in the order in which they came. */
static inline void watch_tell(const struct watchers *list, void *subject)
{
	for (const struct watcher *watcher = list->first; watcher != NULL; watcher = watcher->next)
		watcher->notify(subject);
}

#endif
