/*
 * vmm/signal.h: INIT and startup IPIs on their way to a CPU, which takes them before it enters its guest
 * again: a word of bits that any CPU may add to (struct vcpu, signals). An INIT wipes out what came before
 * it; a startup IPI counts only for a CPU that waits for one (AMD APM v2 15.27.8, Intel SDM 3 9.4.4.1).
 */
#ifndef VMM_SIGNAL_H
#define VMM_SIGNAL_H

#include "vmm/vcpu.h"

#define SIGNAL_VECTOR_MASK UINT32_C(0xff)
#define SIGNAL_INIT UINT32_C(0x100)
#define SIGNAL_STARTUP UINT32_C(0x200) /* with its vector */
#define SIGNAL_LOOK UINT32_C(0x400)    /* for a startup IPI that the CPU itself has sent (vmm/startup.c) */
#define SIGNAL_SLEEP UINT32_C(0x800)   /* the guest has asked for suspend to RAM */

/* The CPU is to be kicked afterwards (kick_one()). */
static inline void signal_init(struct vcpu *vcpu)
{
	__atomic_store_n(&vcpu->signals, SIGNAL_INIT, __ATOMIC_SEQ_CST);
}

/* False: the CPU runs, and takes no notice. Of several on their way the first counts. */
static inline bool signal_startup(struct vcpu *vcpu, uint8_t vector)
{
	uint32_t before = __atomic_load_n(&vcpu->signals, __ATOMIC_SEQ_CST);

	do {
		if (before & SIGNAL_STARTUP)
			return true;
		if (!(before & SIGNAL_INIT) && !__atomic_load_n(&vcpu->parked, __ATOMIC_SEQ_CST))
			return false;
	} while (!__atomic_compare_exchange_n(&vcpu->signals, &before,
					      before | SIGNAL_STARTUP | vector, false,
					      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	return true;
}

/* Likewise to be kicked. What it has sent before an INIT of its own is nothing any more. */
static inline void signal_look(struct vcpu *vcpu)
{
	(void)__atomic_fetch_or(&vcpu->signals, SIGNAL_LOOK, __ATOMIC_SEQ_CST);
}

/* On the CPU itself, which is in an exit: it sleeps (vmm/suspend.h) before it enters its guest again. */
static inline void signal_sleep(struct vcpu *vcpu)
{
	(void)__atomic_fetch_or(&vcpu->signals, SIGNAL_SLEEP, __ATOMIC_SEQ_CST);
}

/* On the CPU itself: all that there is, which is none any more then. */
static inline uint32_t signal_take(struct vcpu *vcpu)
{
	return __atomic_exchange_n(&vcpu->signals, 0, __ATOMIC_SEQ_CST);
}

#endif
