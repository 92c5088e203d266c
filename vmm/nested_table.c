/*
 * vmm/nested_table.c: owns the nested page tables. nested_lock guards their structure, and what the
 * back end's encode() goes by.
 */
#include "vmm/nested_table.h"

#include "core/memory.h"
#include "core/spinlock.h"
#include "core/x86.h"
#include "rv/errno.h"
#include "vmm/vcpu.h"

#define NESTED_ENTRIES 512
#define NESTED_LEVELS 4
#define NESTED_ADDRESS_BITS 48 /* what four levels reach */

static struct spinlock nested_lock;
static const struct nested_format *nested_format;
static uint64_t *nested_top;

static uint64_t nested_level_bytes(unsigned level)
{
	return PAGE_BYTES << 9 * level;
}

static unsigned nested_index(gpa_t gpa, unsigned level)
{
	return (unsigned)(gpa >> (PAGE_SHIFT + 9 * level)) & (NESTED_ENTRIES - 1);
}

static bool nested_is_there(uint64_t entry)
{
	return (entry & nested_format->rights) != 0;
}

static bool nested_is_table(uint64_t entry, unsigned level)
{
	return nested_is_there(entry) && level > 0 && (entry & PAGING_LARGE) == 0;
}

static uint64_t *nested_table(uint64_t entry)
{
	return memory_direct(entry & PAGING_ADDRESS_MASK);
}

static uint64_t nested_table_entry(const uint64_t *table)
{
	return memory_physical(table) | nested_format->rights;
}

/* The entry of one page that maps all of [gpa, gpa + its bytes); false: there is none. */
static bool nested_encode(gpa_t gpa, unsigned level, uint64_t *entry)
{
	return !memory_is_reserved(gpa, nested_level_bytes(level)) && nested_format->encode(gpa, level, entry);
}

/* Fills one entry that covers gpa: a page if one fits, else a table whose entries are filled likewise. */
static int nested_fill(uint64_t *entry, gpa_t gpa, unsigned level)
{
	uint64_t *table;

	if (memory_reserved_start <= gpa &&
	    gpa + nested_level_bytes(level) <= memory_reserved_start + memory_reserved_bytes)
		return 0;
	if (level == 0 && memory_is_reserved(gpa, PAGE_BYTES))
		return 0;
	if (nested_encode(gpa, level, entry))
		return 0;
	table = memory_allocate_spare_page();
	if (table == NULL)
		return -RV_ENOMEM;
	for (unsigned i = 0; i < NESTED_ENTRIES; i++) {
		int error = nested_fill(&table[i], gpa + i * nested_level_bytes(level - 1), level - 1);

		if (error != 0)
			return error;
	}
	*entry = nested_table_entry(table);
	return 0;
}

/* Puts a table in the place of a larger page, or of nothing. False: no memory. */
static bool nested_split(uint64_t *entry, unsigned level)
{
	uint64_t *table = memory_allocate_spare_page();
	uint64_t first = level == 1 ? *entry & ~PAGING_LARGE : *entry;

	if (table == NULL)
		return false;
	for (unsigned i = 0; nested_is_there(*entry) && i < NESTED_ENTRIES; i++)
		table[i] = first + i * nested_level_bytes(level - 1);
	/* One store: a walk on another CPU sees the page or the table. */
	__atomic_store_n(entry, nested_table_entry(table), __ATOMIC_RELEASE);
	return true;
}

/* The entry of `level` for gpa, with larger pages on the way split. NULL: no memory. */
static uint64_t *nested_slot(gpa_t gpa, unsigned level)
{
	uint64_t *entry = &nested_top[nested_index(gpa, NESTED_LEVELS - 1)];

	for (unsigned at = NESTED_LEVELS - 1; at > level; at--) {
		if (!nested_is_table(*entry, at) && !nested_split(entry, at))
			return NULL;
		entry = &nested_table(*entry)[nested_index(gpa, at - 1)];
	}
	return entry;
}

/* The entry that maps gpa, or does not, and its level; never below `least`. */
static uint64_t *nested_find(gpa_t gpa, unsigned least, unsigned *level)
{
	uint64_t *entry = &nested_top[nested_index(gpa, NESTED_LEVELS - 1)];

	*level = NESTED_LEVELS - 1;
	while (*level > least && nested_is_table(*entry, *level)) {
		(*level)--;
		entry = &nested_table(*entry)[nested_index(gpa, *level)];
	}
	return entry;
}

int nested_create(const struct nested_format *format, unsigned address_bits)
{
	uint64_t end = memory_end < GIB(4) ? GIB(4) : align_up(memory_end, GIB(1));
	int error = 0;

	nested_format = format;
	vcpu_nested_limit =
		UINT64_C(1) << (address_bits < NESTED_ADDRESS_BITS ? address_bits : NESTED_ADDRESS_BITS);
	nested_top = memory_allocate_page();
	if (nested_top == NULL)
		return -RV_ENOMEM;
	for (gpa_t gpa = 0; gpa < end && error == 0; gpa += GIB(1)) {
		uint64_t *entry = nested_slot(gpa, 2);

		error = entry == NULL ? -RV_ENOMEM : nested_fill(entry, gpa, 2);
	}
	return error;
}

hpa_t nested_root(void)
{
	return memory_physical(nested_top);
}

bool nested_map_on_demand(gpa_t gpa)
{
	uint64_t *entry;
	bool mapped = false;

	if (gpa >= vcpu_nested_limit || gpa < memory_end || gpa < GIB(4))
		return false;
	spinlock_acquire(&nested_lock);
	entry = nested_slot(gpa, 2);
	if (entry != NULL && !nested_is_there(*entry))
		mapped = nested_fill(entry, align_down(gpa, GIB(1)), 2) == 0;
	spinlock_release(&nested_lock);
	return mapped;
}

/* Writes the 4 KiB entry of a page: a mapping to the page of hpa with these of the rights. */
static int nested_set_page(gpa_t gpa, uint64_t rights, hpa_t hpa)
{
	uint64_t *entry, value = 0;
	int error = 0;

	if (gpa >= vcpu_nested_limit)
		return -RV_ERANGE;
	nested_map_on_demand(gpa);
	spinlock_acquire(&nested_lock);
	entry = nested_slot(gpa, 0);
	if (rights != 0 && nested_format->encode(align_down(hpa, PAGE_BYTES), 0, &value))
		value &= rights | ~nested_format->rights;
	if (entry == NULL)
		error = -RV_ENOMEM;
	else
		__atomic_store_n(entry, value, __ATOMIC_RELEASE);
	spinlock_release(&nested_lock);
	return error;
}

int nested_deny_page(gpa_t gpa)
{
	return nested_set_page(gpa, 0, gpa);
}

int nested_protect_page(gpa_t gpa)
{
	return nested_set_page(gpa, nested_format->rights & ~nested_format->write, gpa);
}

int nested_move_page(gpa_t gpa, hpa_t to)
{
	return nested_set_page(gpa, nested_format->rights, to);
}

static bool nested_is_in_large_page(gpa_t gpa)
{
	unsigned level;
	bool large;

	spinlock_acquire(&nested_lock);
	large = gpa < vcpu_nested_limit && nested_is_there(*nested_find(gpa, 0, &level)) && level > 0;
	spinlock_release(&nested_lock);
	return large;
}

int nested_restore_page(gpa_t gpa)
{
	if (memory_is_reserved(gpa, 1))
		return -RV_EPERM;
	if (nested_is_in_large_page(gpa))
		return 0; /* nothing was ever taken from it */
	return nested_set_page(gpa, nested_format->rights, gpa);
}

/* Does a table of that level's entries say what this one entry above it does? */
static bool nested_is_uniform(const uint64_t *table, uint64_t above, unsigned level)
{
	uint64_t first = level > 0 ? above : above & ~PAGING_LARGE;

	for (unsigned i = 0; i < NESTED_ENTRIES; i++) {
		if ((table[i] & ~nested_format->noted) != first + i * nested_level_bytes(level))
			return false;
	}
	return true;
}

void *nested_merge(gpa_t gpa, unsigned level)
{
	uint64_t *entry, *table = NULL, merged;
	unsigned found;

	gpa = align_down(gpa, nested_level_bytes(level));
	spinlock_acquire(&nested_lock);
	entry = nested_find(gpa, level, &found);
	if (found == level && nested_is_table(*entry, level) && nested_encode(gpa, level, &merged) &&
	    nested_is_uniform(nested_table(*entry), merged, level - 1)) {
		table = nested_table(*entry);
		__atomic_store_n(entry, merged, __ATOMIC_RELEASE);
	}
	spinlock_release(&nested_lock);
	return table;
}

static void nested_encode_again(uint64_t *entry, unsigned level)
{
	uint64_t fresh, rights = nested_format->rights;

	if (!nested_is_there(*entry))
		return;
	if (!nested_is_table(*entry, level)) {
		if (nested_format->encode(*entry & PAGING_ADDRESS_MASK, level, &fresh)) {
			fresh = (fresh & ~rights) | (*entry & rights);
			__atomic_store_n(entry, fresh, __ATOMIC_RELEASE);
			return;
		}
		if (!nested_split(entry, level))
			return;
	}
	for (unsigned i = 0; i < NESTED_ENTRIES; i++)
		nested_encode_again(&nested_table(*entry)[i], level - 1);
}

void nested_change(void (*change)(void))
{
	spinlock_acquire(&nested_lock);
	change();
	for (unsigned i = 0; i < NESTED_ENTRIES; i++)
		nested_encode_again(&nested_top[i], NESTED_LEVELS - 1);
	spinlock_release(&nested_lock);
}
