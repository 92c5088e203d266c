/*
 * core/signal.h: INIT and startup IPIs on their way to a CPU, which takes them before it enters its guest
 * again: a word of bits that any CPU may add to (struct cpu, signals). An INIT wipes out what came before
 * it; a startup IPI counts only for a CPU that waits for one (AMD APM v2 15.27.8, Intel SDM 3 9.4.4.1).
 */
#ifndef CORE_SIGNAL_H
#define CORE_SIGNAL_H

#include "core/cpu.h"
#include "rv/types.h"

#define SIGNAL_VECTOR_MASK UINT32_C(0xff)
#define SIGNAL_INIT UINT32_C(0x100)
#define SIGNAL_STARTUP UINT32_C(0x200) /* with its vector */
#define SIGNAL_LOOK UINT32_C(0x400)    /* for a startup IPI that the CPU itself has sent (vmm/startup.c) */

/* The CPU is to be kicked afterwards (smp_kick()). */
static inline void signal_init(struct cpu *cpu)
{
	__atomic_store_n(&cpu->signals, SIGNAL_INIT, __ATOMIC_SEQ_CST);
}

/* False: the CPU runs, and takes no notice. Of several on their way the first counts. */
static inline bool signal_startup(struct cpu *cpu, uint8_t vector)
{
	uint32_t before = __atomic_load_n(&cpu->signals, __ATOMIC_SEQ_CST);

	do {
		if (before & SIGNAL_STARTUP)
			return true;
		if (!(before & SIGNAL_INIT) && !__atomic_load_n(&cpu->parked, __ATOMIC_SEQ_CST))
			return false;
	} while (!__atomic_compare_exchange_n(&cpu->signals, &before,
					      before | SIGNAL_STARTUP | vector, false,
					      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	return true;
}

/* Likewise to be kicked. What it has sent before an INIT of its own is nothing any more. */
static inline void signal_look(struct cpu *cpu)
{
	(void)__atomic_fetch_or(&cpu->signals, SIGNAL_LOOK, __ATOMIC_SEQ_CST);
}

/* On the CPU itself: all that there is, which is none any more then. */
static inline uint32_t signal_take(struct cpu *cpu)
{
	return __atomic_exchange_n(&cpu->signals, 0, __ATOMIC_SEQ_CST);
}

#endif
