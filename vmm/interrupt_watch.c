/*
 * vmm/interrupt_watch.c: counts those who want EXIT_INTERRUPT, a CPU's by itself.
 */
#include "vmm/interrupt_watch.h"

#include "vmm/vcpu.h"

struct watchers interrupt_watchers;
struct watchers interrupt_taken_watchers;

static uint8_t interrupt_wishes[CPUS_MAXIMUM];
static uint32_t interrupt_wishes_everywhere;

void interrupt_settle(struct vcpu *vcpu)
{
	bool want = interrupt_wishes[vcpu->cpu->index] != 0 ||
		    __atomic_load_n(&interrupt_wishes_everywhere, __ATOMIC_ACQUIRE) != 0;

	if (vcpu->interrupts_wanted == want)
		return;
	vcpu->interrupts_wanted = want;
	vcpu_ops->want_interrupts(vcpu, want);
}

void interrupt_want(struct vcpu *vcpu, struct interrupt_wish *wish, bool want)
{
	uint32_t cpu = vcpu->cpu->index;

	if (wish->wanted[cpu] == want)
		return;
	wish->wanted[cpu] = want;
	interrupt_wishes[cpu] = (uint8_t)(interrupt_wishes[cpu] + (want ? 1 : -1));
	interrupt_settle(vcpu);
}

void interrupt_want_everywhere(bool want)
{
	__atomic_fetch_add(&interrupt_wishes_everywhere, want ? 1u : ~0u, __ATOMIC_ACQ_REL);
	vcpu_intercepts_changed();
}
