/*
 * core/real_vectors.h: where real mode leads CPUs, in memory that a guest can write: the interrupt vectors, which lie at
 * address 0, and by which an NMI would enter the guest's code while firmware wakes the machine; and the beginnings of pages,
 * at which a startup IPI begins. SeaBIOS starts all CPUs at a page of the guest's, and gives that back while they may not
 * have come yet.
 */
#ifndef CORE_REAL_VECTORS_H
#define CORE_REAL_VECTORS_H

#include "rv/types.h"

/* The vectors that there are now are the firmware's, as far as they lead to its code; all others are to lead to `idle`,
 * a segment and an offset, where there is an IRET. Pages below `end` are the guest's alone; but the first, where the
 * vectors are. Context: boot, before a guest. */
void real_vectors_remember(uint32_t idle, hpa_t end);

/* Those are in force, and a CPU that begins at one of those pages halts until an INIT comes. What there was is kept until it
 * is given back. Context: exit, one CPU runs. */
void real_vectors_take(void);
void real_vectors_give_back(void);

#endif
