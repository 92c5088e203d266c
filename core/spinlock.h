/*
 * core/spinlock.h: a lock that remembers its holder, so that taking it twice panics instead of
 * hanging. CPL 0 runs with interrupts off, and NMI handlers take no lock, so there is no irq variant.
 */
#ifndef CORE_SPINLOCK_H
#define CORE_SPINLOCK_H

#include "rv/types.h"

struct spinlock {
	uint32_t holder; /* CPU index + 1, 0 when free */
};

void spinlock_acquire(struct spinlock *lock);
bool spinlock_try(struct spinlock *lock);
void spinlock_release(struct spinlock *lock);

#endif
