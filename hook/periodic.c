/*
 * hook/periodic.c: counts the users of EXIT_INTERRUPT, one set of bits a CPU.
 */
#include "hook/periodic.h"

#include "core/cpu.h"
#include "vmm/vcpu.h"

static uint8_t periodic_users[CPUS_MAXIMUM];

void periodic_want(struct vcpu *vcpu, enum periodic_user user, bool want)
{
	uint8_t *users = &periodic_users[vcpu->cpu->index];
	bool before = *users != 0;

	*users = (uint8_t)(want ? *users | user : *users & ~user);
	if ((*users != 0) == before)
		return;
	vcpu->periodic_wanted = *users != 0;
	vcpu_ops->want_interrupts(vcpu, vcpu->periodic_wanted);
}
