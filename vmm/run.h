/*
 * vmm/run.h: what every pass of the run loop does around the guest, for the back ends whose loop it
 * is inlined into.
 */
#ifndef VMM_RUN_H
#define VMM_RUN_H

#include "vmm/interrupt_watch.h"
#include "vmm/pio_exit.h"
#include "vmm/startup.h"
#include "vmm/vcpu.h"

/* Counts the changes of intercepts and nested tables. */
extern uint64_t vcpu_generation;

/* Injects what is pending for the guest. */
void vcpu_before_entry(struct vcpu *vcpu);

static inline void run_prepare(struct vcpu *vcpu)
{
	if (vcpu->has_pending | vcpu->nmi_pending)
		vcpu_before_entry(vcpu);
	/* Whoever changes an intercept, or signals, sees in_guest, or we see what changed:
	 * kick_others(). */
	__atomic_store_n(&vcpu->in_guest, true, __ATOMIC_SEQ_CST);
	if (__builtin_expect(__atomic_load_n(&vcpu->signals, __ATOMIC_SEQ_CST) != 0, 0))
		startup_take_signals(vcpu);
	if (vcpu->generation != __atomic_load_n(&vcpu_generation, __ATOMIC_SEQ_CST)) {
		vcpu->generation = __atomic_load_n(&vcpu_generation, __ATOMIC_SEQ_CST);
		vcpu_ops->nested_flush(vcpu);
		interrupt_settle(vcpu);
	}
}

static inline void run_finish(struct vcpu *vcpu, void (*handle)(struct vcpu *vcpu))
{
	struct vcpu_history *entry = &vcpu->history[vcpu->history_next++ % VCPU_HISTORY];

	/* Sequentially consistent, and after the exit is counted: vmm/grace.c takes a CPU that is in its
	 * guest, or has counted one more, for one that sees every change of a chain made before. */
	__atomic_store_n(&vcpu->in_guest, false, __ATOMIC_SEQ_CST);
	vcpu->exits_by_kind[vcpu->exit.kind]++;
	entry->kind = vcpu->exit.kind;
	entry->rip = vcpu->rip;
	/* What scripts hook most does not go through the general dispatch. */
	if (vcpu->exit.kind == EXIT_PORT)
		pio_handle_exit(vcpu);
	else
		handle(vcpu);
}

#endif
