/*
 * core/spinlock.c: test-and-set with the holder's number as the value.
 */
#include "core/spinlock.h"

#include "core/cpu.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/panic.h"

bool spinlock_try(struct spinlock *lock)
{
	uint32_t free = 0;

	/* Acquire: what the lock guards is read after this succeeds. */
	return __atomic_compare_exchange_n(&lock->holder, &free, cpu_current()->index + 1, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void spinlock_acquire(struct spinlock *lock)
{
	while (!spinlock_try(lock)) {
		if (__atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == cpu_current()->index + 1)
			panic("spinlock taken twice by CPU %u", cpu_current()->index);
		if (panic_is_elsewhere()) /* whoever has it may have stopped */
			cpu_stop();
		cpu_pause();
	}
}

void spinlock_release(struct spinlock *lock)
{
	/* Release: what the lock guards is written before this. */
	__atomic_store_n(&lock->holder, 0, __ATOMIC_RELEASE);
}
