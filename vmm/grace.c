/*
 * vmm/grace.c: two lists: what waits for CPUs to pass through their guests, and what came since that
 * wait began and takes part in the next one. grace_lock guards them.
 */
#include "vmm/grace.h"

#include "core/cpu.h"
#include "core/spinlock.h"
#include "vmm/vcpu.h"

bool grace_wanted;

static struct spinlock grace_lock;
static struct grace *grace_waiting, *grace_fresh;
static uint64_t grace_exits[CPUS_MAXIMUM]; /* of each CPU when the wait began */

/* Exits of a CPU; 0 if none happened yet, so that it cannot be in a walk. */
static uint64_t grace_exits_of(uint32_t index)
{
	const struct vcpu *vcpu = cpu_get(index)->vcpu;

	return vcpu != NULL ? __atomic_load_n(&vcpu->history_next, __ATOMIC_SEQ_CST) : 0;
}

/* In its guest, or parked: in no walk. Of a CPU that has a vCPU. */
static bool grace_is_outside(uint32_t index)
{
	const struct vcpu *vcpu = cpu_get(index)->vcpu;

	return __atomic_load_n(&vcpu->in_guest, __ATOMIC_SEQ_CST) ||
	       __atomic_load_n(&vcpu->parked, __ATOMIC_SEQ_CST);
}

/* Has every CPU been in its guest since the wait began? One that is there now reads what we changed
 * before, when it comes out: run_finish() in vmm/run.h. */
static bool grace_is_over(void)
{
	for (uint32_t i = 0; i < cpus_count; i++) {
		uint64_t exits = grace_exits_of(i);

		if (exits != 0 && exits == grace_exits[i] && !grace_is_outside(i))
			return false;
	}
	return true;
}

void grace_begin(struct grace *grace, void (*end)(struct grace *grace))
{
	grace->end = end;
	spinlock_acquire(&grace_lock);
	grace->next = grace_fresh;
	grace_fresh = grace;
	grace_wanted = true;
	spinlock_release(&grace_lock);
}

void grace_collect(void)
{
	struct grace *ripe = NULL;

	spinlock_acquire(&grace_lock);
	if (grace_waiting == NULL || grace_is_over()) {
		ripe = grace_waiting;
		grace_waiting = grace_fresh;
		grace_fresh = NULL;
		for (uint32_t i = 0; i < cpus_count; i++)
			grace_exits[i] = grace_exits_of(i);
	}
	grace_wanted = grace_waiting != NULL;
	spinlock_release(&grace_lock);
	while (ripe != NULL) {
		struct grace *grace = ripe;

		ripe = grace->next;
		grace->end(grace);
	}
}
