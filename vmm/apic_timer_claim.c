/*
 * vmm/apic_timer_claim.c: the registers of the local APICs' timers exit, so that a guest that runs while its timer is
 * on loan meets none of ours in them: an exit ends the loan. Claimed only while a CPU has an alarm, and for a second
 * behind the last: what is claimed and given back has all CPUs exit.
 */
#include "vmm/apic_timer_internal.h"

#include "core/spinlock.h"
#include "core/time.h"
#include "vmm/access.h"
#include "vmm/vcpu.h"

#define CLAIM_MSR(offset) (APIC_X2APIC_MSR + ((offset) >> 4))

bool apic_timer_is_claimed;

/* Guards all below; whoever does not get it leaves it to who has it. */
static struct spinlock claim_lock;
static bool claim_is_registered, claim_is_hopeless;
static uint64_t claim_tsc; /* when it was wanted last */

/* That it exits is all. */
static enum access_result claim_pass(struct access *access, void *context)
{
	(void)access;
	(void)context;
	return ACCESS_PASS;
}

/* Stores to the page exit already where there are several CPUs; timer registers that are written by the short way
 * go the long one (vmm/startup_watch.c). */
static struct access_region claim_page = { .handler = claim_pass, .band = BAND_GUARD, .reads_only = true };
static const struct {
	uint32_t first, last;
} claim_msrs[] = {
	{ MSR_TSC_DEADLINE, MSR_TSC_DEADLINE },
	{ CLAIM_MSR(APIC_LVT_TIMER), CLAIM_MSR(APIC_LVT_TIMER) },
	{ CLAIM_MSR(APIC_TIMER_INITIAL), CLAIM_MSR(APIC_TIMER_CURRENT) },
	{ CLAIM_MSR(APIC_TIMER_DIVIDE), CLAIM_MSR(APIC_TIMER_DIVIDE) },
};
/* Of reads, and of writes. */
static struct access_region claim_msr_regions[2][ARRAY_LENGTH(claim_msrs)];

static bool claim_register_msrs(void)
{
	bool good = true;

	for (size_t i = 0; i < ARRAY_LENGTH(claim_msrs) * 2; i++) {
		struct access_region *region = &claim_msr_regions[i % 2][i / 2];

		*region = (struct access_region){
			.first = claim_msrs[i / 2].first,
			.last = claim_msrs[i / 2].last,
			.handler = claim_pass,
			.band = BAND_GUARD,
		};
		good = good && msr_register(region, i % 2 == 0, i % 2 != 0) == 0;
	}
	return good;
}

static void claim_move_msrs(bool begin)
{
	for (size_t i = 0; i < ARRAY_LENGTH(claim_msrs) * 2; i++)
		msr_move_end(&claim_msr_regions[i % 2][i / 2],
			     begin ? claim_msrs[i / 2].last : claim_msrs[i / 2].first - 1);
}

/* The regions stay in their chains for good. */
static bool claim_register(void)
{
	gpa_t page = msr_read(MSR_APIC_BASE) & APIC_BASE_ADDRESS;

	if (page >= GIB(4) || memory_is_ram(page, PAGE_BYTES))
		return false;
	claim_page.first = page;
	claim_page.last = page | PAGE_MASK;
	return mmio_register(&claim_page) == 0 && claim_register_msrs();
}

/* The page last: with it, all CPUs exit once. */
static bool claim_begin(void)
{
	if (claim_is_registered) {
		claim_move_msrs(true);
		return mmio_move_end(&claim_page, claim_page.first | PAGE_MASK) == 0;
	}
	claim_is_registered = !claim_is_hopeless && claim_register();
	claim_is_hopeless = !claim_is_registered;
	if (claim_is_registered)
		vcpu_intercepts_changed();
	return claim_is_registered;
}

void apic_timer_claim(void)
{
	if (!spinlock_try(&claim_lock))
		return;
	claim_tsc = tsc_read();
	if (!apic_timer_is_claimed && claim_begin())
		__atomic_store_n(&apic_timer_is_claimed, true, __ATOMIC_SEQ_CST);
	spinlock_release(&claim_lock);
}

/* A CPU sees that it is over before it lends once more, or is in its guest, and the move of the page waits for its
 * exit: run_prepare() (vmm/run.h) comes before the loan. */
void apic_timer_give_back(void)
{
	if (!apic_timer_is_claimed || !spinlock_try(&claim_lock))
		return;
	if (apic_timer_is_claimed && tsc_read() - claim_tsc > time_tsc_hz) {
		__atomic_store_n(&apic_timer_is_claimed, false, __ATOMIC_SEQ_CST);
		claim_move_msrs(false);
		(void)mmio_move_end(&claim_page, claim_page.first - 1);
	}
	spinlock_release(&claim_lock);
}

bool apic_timer_claim_covers(struct apic apic)
{
	return __atomic_load_n(&apic_timer_is_claimed, __ATOMIC_SEQ_CST) &&
	       (apic.page == NULL || apic.page == memory_direct(claim_page.first));
}
