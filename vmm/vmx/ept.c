/*
 * vmm/vmx/ept.c: extended page tables (Intel SDM v3 29.3): guest-physical is host-physical, with the
 * largest pages that fit; what is ours, and pages denied for mediation, are not mapped. ept_lock
 * guards the tables' structure and the copy of the MTRRs.
 *
 * Each leaf holds the memory type that the MTRRs give (vmm/mtrr.c), and lets the guest's PAT have its
 * say (29.3.7.2), so that the effective type is what it would be without us.
 */
#include "vmm/vmx/vmx.h"

#include "core/instructions.h"
#include "core/memory.h"
#include "core/spinlock.h"
#include "rv/errno.h"
#include "vmm/mtrr.h"
#include "vmm/vcpu.h"

#define EPT_ENTRIES 512
#define EPT_RIGHTS UINT64_C(0x7) /* read, write, execute */
#define EPT_WRITE UINT64_C(0x2)
#define EPT_TYPE_SHIFT 3
#define EPT_TYPE_MASK (UINT64_C(7) << EPT_TYPE_SHIFT)
#define EPT_LARGE UINT64_C(0x80)
#define EPT_ADDRESS_MASK UINT64_C(0x000ffffffffff000)
#define EPT_LEVELS 4
#define EPT_ADDRESS_BITS 48
#define MSR_TME_ACTIVATE 0x982u
#define TME_ENABLED UINT64_C(0x2)
#define TME_KEY_BITS_SHIFT 32

static struct spinlock ept_lock;
static struct mtrr_set ept_mtrrs;
static uint64_t *ept_top;

static uint64_t ept_level_bytes(unsigned level)
{
	return PAGE_BYTES << 9 * level;
}

static unsigned ept_index(gpa_t gpa, unsigned level)
{
	return (unsigned)(gpa >> (PAGE_SHIFT + 9 * level)) & (EPT_ENTRIES - 1);
}

static bool ept_level_has_pages(unsigned level)
{
	return level == 0 || (level == 1 && vmx_capabilities.ept_large_pages) ||
	       (level == 2 && vmx_capabilities.ept_gigabyte_pages);
}

static bool ept_is_leaf(uint64_t entry, unsigned level)
{
	return (entry & EPT_RIGHTS) != 0 && (level == 0 || (entry & EPT_LARGE) != 0);
}

static uint64_t ept_leaf(hpa_t hpa, unsigned level, uint8_t type)
{
	return hpa | EPT_RIGHTS | (uint64_t)type << EPT_TYPE_SHIFT | (level > 0 ? EPT_LARGE : 0);
}

/* Maps one page of the level to itself; false if that must be done in smaller ones. */
static bool ept_fill_page(uint64_t *entry, gpa_t gpa, unsigned level)
{
	uint64_t bytes = ept_level_bytes(level);
	uint8_t type;

	if (!ept_level_has_pages(level) || memory_is_reserved(gpa, bytes) ||
	    !mtrr_type(&ept_mtrrs, gpa, bytes, &type))
		return false;
	*entry = ept_leaf(gpa, level, type);
	return true;
}

static uint64_t *ept_table(const uint64_t *entry)
{
	return memory_direct(*entry & EPT_ADDRESS_MASK);
}

/* Fills one entry that covers gpa: a leaf if one fits, else a table whose entries are filled
 * likewise. */
static int ept_fill(uint64_t *entry, gpa_t gpa, unsigned level)
{
	uint64_t *table;

	if (level == 0 && memory_is_reserved(gpa, PAGE_BYTES))
		return 0;
	if (memory_reserved_start <= gpa &&
	    gpa + ept_level_bytes(level) <= memory_reserved_start + memory_reserved_bytes)
		return 0;
	if (ept_fill_page(entry, gpa, level))
		return 0;
	table = memory_allocate_spare_page();
	if (table == NULL)
		return -RV_ENOMEM;
	for (unsigned i = 0; i < EPT_ENTRIES; i++) {
		int error = ept_fill(&table[i], gpa + i * ept_level_bytes(level - 1), level - 1);

		if (error != 0)
			return error;
	}
	*entry = memory_physical(table) | EPT_RIGHTS;
	return 0;
}

/* Puts a table in the place of a larger page, or of nothing. False: no memory. */
static bool ept_split(uint64_t *entry, unsigned level)
{
	uint64_t *table = memory_allocate_spare_page();
	uint64_t flags = *entry & PAGE_MASK & ~(level == 1 ? EPT_LARGE : 0);
	hpa_t base = *entry & EPT_ADDRESS_MASK;

	if (table == NULL)
		return false;
	for (unsigned i = 0; (*entry & EPT_RIGHTS) != 0 && i < EPT_ENTRIES; i++)
		table[i] = (base + i * ept_level_bytes(level - 1)) | flags;
	/* One store: a walk on another CPU sees the page or the table. */
	__atomic_store_n(entry, memory_physical(table) | EPT_RIGHTS, __ATOMIC_RELEASE);
	return true;
}

/* The entry of `level` for gpa, with larger pages on the way split. NULL: no memory. */
static uint64_t *ept_slot(gpa_t gpa, unsigned level)
{
	uint64_t *entry = &ept_top[ept_index(gpa, EPT_LEVELS - 1)];

	for (unsigned at = EPT_LEVELS - 1; at > level; at--) {
		bool table = (*entry & EPT_RIGHTS) != 0 && !ept_is_leaf(*entry, at);

		if (!table && !ept_split(entry, at))
			return NULL;
		entry = &ept_table(entry)[ept_index(gpa, at - 1)];
	}
	return entry;
}

/* What four levels reach (29.3.2), without the bits that name a key (MKTME, IA32_TME_ACTIVATE 35:32): with these, the
 * same memory would answer at several addresses. The keys are the firmware's for good: vmm/msr_guard.c. */
static unsigned ept_address_bits(void)
{
	unsigned bits = cpuid_query(0x80000008, 0).eax & 0xff;
	uint64_t activate;

	if ((cpuid_query(7, 0).ecx & CPUID_STRUCTURED_ECX_TME) &&
	    msr_read_safe(MSR_TME_ACTIVATE, &activate) && (activate & TME_ENABLED))
		bits -= activate >> TME_KEY_BITS_SHIFT & 0xf;
	return bits < EPT_ADDRESS_BITS ? bits : EPT_ADDRESS_BITS;
}

int ept_init(void)
{
	uint64_t end = memory_end < GIB(4) ? GIB(4) : align_up(memory_end, GIB(1));
	int error = 0;

	vcpu_nested_limit = UINT64_C(1) << ept_address_bits();
	mtrr_read(&ept_mtrrs, 0, 0);
	ept_top = memory_allocate_page();
	if (ept_top == NULL)
		return -RV_ENOMEM;
	for (gpa_t gpa = 0; gpa < end && error == 0; gpa += GIB(1)) {
		uint64_t *entry = ept_slot(gpa, 2);

		error = entry == NULL ? -RV_ENOMEM : ept_fill(entry, gpa, 2);
	}
	return error;
}

uint64_t ept_pointer(void)
{
	return memory_physical(ept_top) | vmx_capabilities.ept_pointer_flags;
}

bool ept_map_on_demand(gpa_t gpa)
{
	uint64_t *entry;
	bool mapped = false;

	if (gpa >= vcpu_nested_limit || gpa < memory_end || gpa < GIB(4))
		return false;
	spinlock_acquire(&ept_lock);
	entry = ept_slot(gpa, 2);
	if (entry != NULL && (*entry & EPT_RIGHTS) == 0)
		mapped = ept_fill(entry, align_down(gpa, GIB(1)), 2) == 0;
	spinlock_release(&ept_lock);
	return mapped;
}

/* Writes the 4 KiB entry of a page: a mapping to hpa with these of the rights. */
static int ept_set_page(gpa_t gpa, uint64_t rights, hpa_t hpa)
{
	uint64_t *entry;
	uint8_t type;
	int error = 0;

	if (gpa >= vcpu_nested_limit)
		return -RV_ERANGE;
	ept_map_on_demand(gpa);
	spinlock_acquire(&ept_lock);
	entry = ept_slot(gpa, 0);
	(void)mtrr_type(&ept_mtrrs, hpa, PAGE_BYTES, &type); /* a page of 4 KiB has one type */
	if (entry == NULL)
		error = -RV_ENOMEM;
	else
		__atomic_store_n(entry,
				 rights != 0 ? ept_leaf(hpa, 0, type) & (rights | ~EPT_RIGHTS) : 0,
				 __ATOMIC_RELEASE);
	spinlock_release(&ept_lock);
	return error;
}

int ept_deny_page(gpa_t gpa)
{
	return ept_set_page(gpa, 0, align_down(gpa, PAGE_BYTES));
}

/* The entry that maps gpa, or does not, and its level; never below `least`. */
static uint64_t *ept_find(gpa_t gpa, unsigned least, unsigned *level)
{
	uint64_t *entry = &ept_top[ept_index(gpa, EPT_LEVELS - 1)];

	*level = EPT_LEVELS - 1;
	while (*level > least && (*entry & EPT_RIGHTS) != 0 && !ept_is_leaf(*entry, *level)) {
		(*level)--;
		entry = &ept_table(entry)[ept_index(gpa, *level)];
	}
	return entry;
}

static bool ept_is_in_large_page(gpa_t gpa)
{
	unsigned level;
	bool large;

	spinlock_acquire(&ept_lock);
	large = gpa < vcpu_nested_limit && (*ept_find(gpa, 0, &level) & EPT_RIGHTS) != 0 && level > 0;
	spinlock_release(&ept_lock);
	return large;
}

/* Does a table of that level's entries say what this one entry above it does? */
static bool ept_is_uniform(const uint64_t *table, uint64_t above, unsigned level)
{
	uint64_t first = level > 0 ? above : above & ~EPT_LARGE;

	for (unsigned i = 0; i < EPT_ENTRIES; i++) {
		if (table[i] != first + i * ept_level_bytes(level))
			return false;
	}
	return true;
}

void *ept_merge(gpa_t gpa, unsigned level)
{
	uint64_t *entry, *table = NULL, merged;
	unsigned found;

	gpa = align_down(gpa, ept_level_bytes(level));
	spinlock_acquire(&ept_lock);
	entry = ept_find(gpa, level, &found);
	if (found == level && (*entry & EPT_RIGHTS) != 0 && !ept_is_leaf(*entry, level) &&
	    ept_fill_page(&merged, gpa, level) &&
	    ept_is_uniform(ept_table(entry), merged, level - 1)) {
		table = ept_table(entry);
		__atomic_store_n(entry, merged, __ATOMIC_RELEASE);
	}
	spinlock_release(&ept_lock);
	return table;
}

int ept_restore_page(gpa_t gpa)
{
	if (memory_is_reserved(gpa, 1))
		return -RV_EPERM;
	gpa = align_down(gpa, PAGE_BYTES);
	if (ept_is_in_large_page(gpa))
		return 0; /* nothing was ever taken from it */
	return ept_set_page(gpa, EPT_RIGHTS, gpa);
}

int ept_protect_page(gpa_t gpa)
{
	return ept_set_page(gpa, EPT_RIGHTS & ~EPT_WRITE, align_down(gpa, PAGE_BYTES));
}

/* Also for a page of ours, in whose place the guest may see another. */
int ept_move_page(gpa_t gpa, hpa_t to)
{
	return ept_set_page(gpa, EPT_RIGHTS, to);
}

static void ept_update_entry(uint64_t *entry, unsigned level)
{
	uint8_t type;

	if ((*entry & EPT_RIGHTS) == 0)
		return;
	if (ept_is_leaf(*entry, level)) {
		if (mtrr_type(&ept_mtrrs, *entry & EPT_ADDRESS_MASK, ept_level_bytes(level), &type)) {
			uint64_t value = (*entry & ~EPT_TYPE_MASK) |
					 (uint64_t)type << EPT_TYPE_SHIFT;

			__atomic_store_n(entry, value, __ATOMIC_RELEASE);
			return;
		}
		/* Without memory it keeps the type it has: wrong types are slow, not unsafe. */
		if (!ept_split(entry, level))
			return;
	}
	for (unsigned i = 0; i < EPT_ENTRIES; i++)
		ept_update_entry(&ept_table(entry)[i], level - 1);
}

void ept_update_types(void)
{
	spinlock_acquire(&ept_lock);
	mtrr_read(&ept_mtrrs, 0, 0);
	for (unsigned i = 0; i < EPT_ENTRIES; i++)
		ept_update_entry(&ept_top[i], EPT_LEVELS - 1);
	spinlock_release(&ept_lock);
}
