/*
 * vmm/svm/npt.c: nested page tables (AMD APM v2 15.25): guest-physical is host-physical, with the
 * largest pages that fit; what is ours, and pages denied for mediation, are not mapped. npt_lock
 * guards the tables' structure.
 *
 * User rights are set everywhere: nested walks are user accesses (15.25.5). Memory types come from
 * the guest's PAT and the MTRRs (15.25.8), so a page must not span two types: below 4 GiB, where
 * RAM and devices mix, 2 MiB is the largest page, below 2 MiB it is 4 KiB.
 */
#include "vmm/svm/svm.h"

#include "core/instructions.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/spinlock.h"
#include "rv/errno.h"

#define NPT_ENTRIES 512
#define NPT_LEAF (PAGING_PRESENT | PAGING_WRITABLE | PAGING_USER)
#define NPT_TABLE NPT_LEAF
#define NPT_NOTED UINT64_C(0x60) /* accessed, dirty */
#define NPT_LEVELS 4
#define NPT_ADDRESS_BITS 48
#define CPUID_ENCRYPTION 0x8000001fu
#define CPUID_ENCRYPTION_SME 1u

static struct spinlock npt_lock;
static uint64_t *npt_top;
static bool npt_gigabyte_pages;

static uint64_t npt_level_bytes(unsigned level)
{
	return PAGE_BYTES << 9 * level;
}

static unsigned npt_index(gpa_t gpa, unsigned level)
{
	return (unsigned)(gpa >> (PAGE_SHIFT + 9 * level)) & (NPT_ENTRIES - 1);
}

/* May one page of this level map [gpa, gpa + size)? */
static bool npt_page_fits(gpa_t gpa, unsigned level)
{
	uint64_t bytes = npt_level_bytes(level);

	if (level == 0)
		return true;
	if (level > 2 || (level == 2 && (!npt_gigabyte_pages || gpa < GIB(4))))
		return false;
	if (level == 1 && gpa < MIB(2))
		return false;
	if (memory_is_reserved(gpa, bytes))
		return false;
	/* The end of RAM: the page behind it may be of another type. */
	return memory_end <= gpa || memory_end >= gpa + bytes || level == 1;
}

static uint64_t *npt_table(uint64_t *entry)
{
	return memory_direct(*entry & PAGING_ADDRESS_MASK);
}

/* Fills one entry that covers gpa: a leaf if one fits, else a table whose entries are filled
 * likewise. */
static int npt_fill(uint64_t *entry, gpa_t gpa, unsigned level)
{
	uint64_t *table;

	if (level == 0 && memory_is_reserved(gpa, PAGE_BYTES))
		return 0;
	if (memory_reserved_start <= gpa &&
	    gpa + npt_level_bytes(level) <= memory_reserved_start + memory_reserved_bytes)
		return 0;
	if (npt_page_fits(gpa, level)) {
		*entry = gpa | NPT_LEAF | (level > 0 ? PAGING_LARGE : 0);
		return 0;
	}
	table = memory_allocate_spare_page();
	if (table == NULL)
		return -RV_ENOMEM;
	for (unsigned i = 0; i < NPT_ENTRIES; i++) {
		int error = npt_fill(&table[i], gpa + i * npt_level_bytes(level - 1), level - 1);

		if (error != 0)
			return error;
	}
	*entry = memory_physical(table) | NPT_TABLE;
	return 0;
}

/* The entry of `level` for gpa, with larger pages on the way split. NULL: no memory. */
static uint64_t *npt_slot(gpa_t gpa, unsigned level)
{
	uint64_t *entry = &npt_top[npt_index(gpa, NPT_LEVELS - 1)];

	for (unsigned at = NPT_LEVELS - 1; at > level; at--) {
		if (!(*entry & PAGING_PRESENT) || (at < NPT_LEVELS - 1 && (*entry & PAGING_LARGE))) {
			uint64_t *table = memory_allocate_spare_page();
			gpa_t base = align_down(gpa, npt_level_bytes(at));

			if (table == NULL)
				return NULL;
			for (unsigned i = 0; (*entry & PAGING_PRESENT) && i < NPT_ENTRIES; i++)
				table[i] = (base + i * npt_level_bytes(at - 1)) | NPT_LEAF |
					   (at > 1 ? PAGING_LARGE : 0);
			/* One store: a walk on another CPU sees the page or the table. */
			__atomic_store_n(entry, memory_physical(table) | NPT_TABLE, __ATOMIC_RELEASE);
		}
		entry = &npt_table(entry)[npt_index(gpa, at - 1)];
	}
	return entry;
}

/* The entry that maps gpa, or does not, and its level; never below `least`. */
static uint64_t *npt_find(gpa_t gpa, unsigned least, unsigned *level)
{
	uint64_t *entry = &npt_top[npt_index(gpa, NPT_LEVELS - 1)];

	*level = NPT_LEVELS - 1;
	while (*level > least && (*entry & PAGING_PRESENT) &&
	       (*level == NPT_LEVELS - 1 || !(*entry & PAGING_LARGE))) {
		(*level)--;
		entry = &npt_table(entry)[npt_index(gpa, *level)];
	}
	return entry;
}

/* What four levels reach, without the bit that encrypts and those that SME takes for itself (APM v2 7.10.1):
 * with it, the same memory would answer at two addresses. Whether SME is on is the firmware's for good:
 * vmm/msr_guard.c. */
static unsigned npt_address_bits(void)
{
	unsigned bits = cpuid_query(0x80000008, 0).eax & 0xff;
	struct cpuid_result encryption = { 0 };
	uint64_t config;

	if (cpuid_query(0x80000000, 0).eax >= CPUID_ENCRYPTION)
		encryption = cpuid_query(CPUID_ENCRYPTION, 0);
	if ((encryption.eax & CPUID_ENCRYPTION_SME) && msr_read_safe(MSR_SYSCFG, &config) &&
	    (config & SYSCFG_ENCRYPTION)) {
		bits -= encryption.ebx >> 6 & 0x3f;
		if (bits > (encryption.ebx & 0x3f))
			bits = encryption.ebx & 0x3f;
	}
	return bits < NPT_ADDRESS_BITS ? bits : NPT_ADDRESS_BITS;
}

int npt_init(void)
{
	uint64_t end = memory_end < GIB(4) ? GIB(4) : align_up(memory_end, GIB(1));
	int error = 0;

	npt_gigabyte_pages = (cpuid_query(0x80000001, 0).edx >> 26) & 1;
	vcpu_nested_limit = UINT64_C(1) << npt_address_bits();
	npt_top = memory_allocate_page();
	if (npt_top == NULL)
		return -RV_ENOMEM;
	for (gpa_t gpa = 0; gpa < end && error == 0; gpa += GIB(1)) {
		uint64_t *entry = npt_slot(gpa, 2);

		error = entry == NULL ? -RV_ENOMEM : npt_fill(entry, gpa, 2);
	}
	return error;
}

hpa_t npt_root(void)
{
	return memory_physical(npt_top);
}

/* Needs the host's EFER.NXE (APM v2 15.25.5). */
hpa_t npt_data_root(uint64_t *page)
{
	for (unsigned i = 0; i < NPT_ENTRIES; i++) {
		uint64_t entry = __atomic_load_n(&npt_top[i], __ATOMIC_ACQUIRE);

		page[i] = entry & PAGING_PRESENT ? entry | PAGING_NO_EXECUTE : 0;
	}
	return memory_physical(page);
}

bool npt_map_on_demand(gpa_t gpa)
{
	uint64_t *entry;
	bool mapped = false;

	if (gpa >= vcpu_nested_limit || gpa < memory_end || gpa < GIB(4))
		return false;
	spinlock_acquire(&npt_lock);
	entry = npt_slot(gpa, 2);
	if (entry != NULL && !(*entry & PAGING_PRESENT))
		mapped = npt_fill(entry, align_down(gpa, GIB(1)), 2) == 0;
	spinlock_release(&npt_lock);
	return mapped;
}

/* Writes the 4 KiB entry of a page; 0 takes it out. */
static int npt_set_page(gpa_t gpa, uint64_t value)
{
	uint64_t *entry;
	int error = 0;

	if (gpa >= vcpu_nested_limit)
		return -RV_ERANGE;
	npt_map_on_demand(gpa);
	spinlock_acquire(&npt_lock);
	entry = npt_slot(gpa, 0);
	if (entry == NULL)
		error = -RV_ENOMEM;
	else
		__atomic_store_n(entry, value, __ATOMIC_RELEASE);
	spinlock_release(&npt_lock);
	return error;
}

int npt_deny_page(gpa_t gpa)
{
	return npt_set_page(gpa, 0);
}

static bool npt_is_in_large_page(gpa_t gpa)
{
	unsigned level;
	bool large;

	spinlock_acquire(&npt_lock);
	large = gpa < vcpu_nested_limit && (*npt_find(gpa, 0, &level) & PAGING_PRESENT) && level > 0;
	spinlock_release(&npt_lock);
	return large;
}

/* Does a table of that level's entries say what one entry above it could? The CPU notes accesses. */
static bool npt_is_uniform(const uint64_t *table, gpa_t base, unsigned level)
{
	uint64_t flags = NPT_LEAF | (level > 0 ? PAGING_LARGE : 0);

	for (unsigned i = 0; i < NPT_ENTRIES; i++) {
		if ((table[i] & ~NPT_NOTED) != ((base + i * npt_level_bytes(level)) | flags))
			return false;
	}
	return true;
}

void *npt_merge(gpa_t gpa, unsigned level)
{
	uint64_t *entry, *table = NULL;
	unsigned found;

	gpa = align_down(gpa, npt_level_bytes(level));
	spinlock_acquire(&npt_lock);
	entry = npt_find(gpa, level, &found);
	if (found == level && (*entry & PAGING_PRESENT) && !(*entry & PAGING_LARGE) &&
	    npt_page_fits(gpa, level) && npt_is_uniform(npt_table(entry), gpa, level - 1)) {
		table = npt_table(entry);
		__atomic_store_n(entry, gpa | NPT_LEAF | PAGING_LARGE, __ATOMIC_RELEASE);
	}
	spinlock_release(&npt_lock);
	return table;
}

int npt_protect_page(gpa_t gpa)
{
	return npt_set_page(gpa, align_down(gpa, PAGE_BYTES) | (NPT_LEAF & ~PAGING_WRITABLE));
}

int npt_restore_page(gpa_t gpa)
{
	if (memory_is_reserved(gpa, 1))
		return -RV_EPERM;
	gpa = align_down(gpa, PAGE_BYTES);
	if (npt_is_in_large_page(gpa))
		return 0; /* nothing was ever taken from it */
	return npt_set_page(gpa, gpa | NPT_LEAF);
}

/* Also for a page of ours, in whose place the guest may see another. */
int npt_move_page(gpa_t gpa, hpa_t to)
{
	return npt_set_page(gpa, to | NPT_LEAF);
}
