/*
 * core/real_vectors.h: the interrupt vectors of real mode, which lie at address 0, in memory that a guest can write. What
 * it has put there is what an NMI would enter while firmware wakes the machine.
 */
#ifndef CORE_REAL_VECTORS_H
#define CORE_REAL_VECTORS_H

#include "rv/types.h"

/* The vectors that there are now are the firmware's, as far as they lead to its code; all others are to lead to `idle`,
 * a segment and an offset, where there is an IRET. Context: boot, before a guest. */
void real_vectors_remember(uint32_t idle);

/* Those are in force, and the guest's are kept, until they are given back. Context: exit, one CPU runs. */
void real_vectors_take(void);
void real_vectors_give_back(void);

#endif
