/*
 * vmm/kick.h: how CPUs are made to leave their guests, or woken, to look at what others have for them: by an NMI,
 * which is ours as long as the vCPU is marked as kicked.
 */
#ifndef VMM_KICK_H
#define VMM_KICK_H

#include "vmm/vcpu.h"

/* Context: boot, before a CPU may sleep in kick_sleep(). */
void kick_init(void);

/* Makes every other CPU that runs its guest exit, and returns when each has. Any lock may be held: a
 * CPU that waits for it is not in its guest, and is not waited for. Context: boot, exit. */
void kick_others(void);

/* Makes one CPU that runs its guest, or sleeps in kick_sleep(), look at what it has to do; does not wait.
 * To be called after that was written. Context: exit, any CPU. */
void kick_one(struct vcpu *vcpu);

/* Until another CPU's kick_one() or any other NMI; returns at once if vcpu->signals is not 0, also if that
 * is set at the last moment. Context: exit, NMIs let in, on this vCPU's CPU. */
void kick_sleep(const struct vcpu *vcpu);

/* The host took an NMI: what it was for. True: another CPU's kick. Context: exit, on this vCPU's CPU. */
bool kick_take_nmi(struct vcpu *vcpu);

#endif
