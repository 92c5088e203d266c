/*
 * vmm/flight.h: an access that nobody settled, on its way to the hardware.
 *
 * Between a walk of a registry that ended without a handler and the access itself, another CPU may move a device
 * (a BAR) to where the access goes: it would reach the device past who follows it. So it is marked while it goes
 * on, and goes on only if nobody has moved since before its walk; and who moves waits, between the registration
 * and the move, for those that are marked. Sequentially consistent on both sides: one of the two sees the other.
 */
#ifndef VMM_FLIGHT_H
#define VMM_FLIGHT_H

#include "vmm/vcpu.h"

/* How often in a row somebody may move amid a walk, before the access finds nobody at all. */
#define FLIGHT_ROUNDS_MAXIMUM 16

/* Moves since the start; vmm/flight.c's. */
extern uint64_t flight_moves;

/* Before the walk: what flight_begin() is told. Moves that the walk itself makes, in a handler, do not count: the
 * access comes behind them, and no handler is to be called twice for them. */
static inline uint64_t flight_look(const struct vcpu *vcpu)
{
	return __atomic_load_n(&flight_moves, __ATOMIC_SEQ_CST) - vcpu->moves;
}

/* After it. True: the access may be performed, with flight_end() right behind it. False: walk again.
 * Context: exit, on this vCPU's CPU. */
static inline bool flight_begin(struct vcpu *vcpu, uint64_t seen)
{
	__atomic_store_n(&vcpu->in_flight, true, __ATOMIC_SEQ_CST);
	if (flight_look(vcpu) == seen)
		return true;
	__atomic_store_n(&vcpu->in_flight, false, __ATOMIC_RELEASE);
	return false;
}

static inline void flight_end(struct vcpu *vcpu)
{
	__atomic_store_n(&vcpu->in_flight, false, __ATOMIC_RELEASE);
}

/* Somebody is registered where a device is about to be: returns when no other CPU performs an access for which
 * he was not asked, and none begins one. That takes as long as one access of the hardware. Context: boot, exit;
 * any lock may be held. */
void flight_move(void);

#endif
