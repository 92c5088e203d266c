/*
 * vmm/interrupt_watch.c: counts those who want EXIT_INTERRUPT, a CPU's by itself.
 */
#include "vmm/interrupt_watch.h"

#include "vmm/vcpu.h"

struct watchers interrupt_watchers;

static uint8_t interrupt_wishes[CPUS_MAXIMUM];

void interrupt_want(struct vcpu *vcpu, struct interrupt_wish *wish, bool want)
{
	uint32_t cpu = vcpu->cpu->index;
	bool before = interrupt_wishes[cpu] != 0;

	if (wish->wanted[cpu] == want)
		return;
	wish->wanted[cpu] = want;
	interrupt_wishes[cpu] = (uint8_t)(interrupt_wishes[cpu] + (want ? 1 : -1));
	vcpu->interrupts_wanted = interrupt_wishes[cpu] != 0;
	if (vcpu->interrupts_wanted != before)
		vcpu_ops->want_interrupts(vcpu, vcpu->interrupts_wanted);
}
