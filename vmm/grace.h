/*
 * vmm/grace.h: freeing what another CPU may still be looking at.
 *
 * Chains (of access regions, of what they belong to) are changed under a lock and walked without
 * one. What is taken out of a chain is freed when every CPU has been in its guest since: a walk
 * begins behind an exit and ends before the next entry, so none that has met it can be left. Until
 * then it keeps its `next`, by which such a walk goes on.
 */
#ifndef VMM_GRACE_H
#define VMM_GRACE_H

#include "rv/types.h"

/* Inside of what is to be freed. */
struct grace {
	struct grace *next;
	void (*end)(struct grace *grace);
};

/* There is something to free: grace_collect() should be called now and then. */
extern bool grace_wanted;

/* Calls end(), which frees, when nobody can hold the object any more. It is out of its chain already.
 * Context: boot, exit; any lock may be held. */
void grace_begin(struct grace *grace, void (*end)(struct grace *grace));

/* Calls end() for what is ripe. Context: boot, exit; without locks. */
void grace_collect(void);

#endif
