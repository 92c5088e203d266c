/*
 * tests/unit/ept.c: memory types: what the extended page tables say for each page against what the
 * MTRRs say (Intel SDM v3 12.11.4), computed here register by register and page by page.
 */
#include "vmm/vmx/vmx.h"

#include "core/instructions.h"
#include "core/memory.h"
#include "core/spinlock.h"
#include "rv/errno.h"
#include "unit.h"
#include "vmm/mtrr.h"
#include "vmm/nested_table.h"
#include "vmm/vcpu.h"

enum { UNCACHED = 0, WRITE_COMBINING = 1, WRITE_THROUGH = 4, WRITE_PROTECTED = 5, WRITE_BACK = 6 };
enum { VARIABLE_COUNT = 8, ADDRESS_BITS = 36, TYPE_SHIFT = 3, PAGES_LARGE = 0x80, RIGHTS = 7 };
#define IGNORE_PAT UINT64_C(0x40)
#define DEFAULT_ENABLED UINT64_C(0x800)
#define DEFAULT_FIXED UINT64_C(0x400)
#define MASK_VALID UINT64_C(0x800)
#define ADDRESS_MASK UINT64_C(0x000ffffffffff000)
#define RAM_END GIB(6)

/* The machine ---------------------------------------------------------------------------------- */

uint8_t *fake_memory;
hpa_t memory_reserved_start = MIB(34) + 3 * PAGE_BYTES;
uint64_t memory_reserved_bytes = MIB(4);
uint64_t memory_end = RAM_END;
hpa_t vcpu_nested_limit;
struct vmx_capabilities vmx_capabilities;
static unsigned pages_used;

static unsigned address_bits = ADDRESS_BITS;
static bool encrypts;
static uint64_t encryption; /* IA32_TME_ACTIVATE */

static bool mtrr_exist;
static uint64_t mtrr_default, mtrr_base[VARIABLE_COUNT], mtrr_mask[VARIABLE_COUNT];
static uint64_t mtrr_fixed_64k, mtrr_fixed_16k[2], mtrr_fixed_4k[8];

void spinlock_acquire(struct spinlock *lock)
{
	UNIT_EQUAL(lock->holder++, 0);
}

void spinlock_release(struct spinlock *lock)
{
	UNIT_EQUAL(--lock->holder, 0);
}

void *memory_allocate_page(void)
{
	if (pages_used == FAKE_MEMORY_BYTES / PAGE_BYTES)
		return NULL;
	return memset(fake_memory + pages_used++ * PAGE_BYTES, 0, PAGE_BYTES);
}

void *memory_allocate_spare_page(void)
{
	return memory_allocate_page();
}

struct cpuid_result cpuid_query(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	if (leaf == 1)
		return (struct cpuid_result){ .edx = mtrr_exist ? 1u << 12 : 0 };
	if (leaf == 7)
		return (struct cpuid_result){ .ecx = encrypts ? 1u << 13 : 0 };
	return (struct cpuid_result){ .eax = address_bits };
}

bool msr_read_safe(uint32_t msr, uint64_t *value)
{
	UNIT_EQUAL(msr, 0x982);
	*value = encryption;
	return encrypts;
}

uint64_t msr_read(uint32_t msr)
{
	if (!mtrr_exist)
		unit_fail("MSR %#x read on a CPU without MTRRs", msr);
	switch (msr) {
	case MSR_MTRR_CAPABILITIES:
		return VARIABLE_COUNT | 1 << 8;
	case MSR_MTRR_DEFAULT:
		return mtrr_default;
	case MSR_MTRR_FIXED_64K:
		return mtrr_fixed_64k;
	case MSR_MTRR_FIXED_16K:
	case MSR_MTRR_FIXED_16K + 1:
		return mtrr_fixed_16k[msr - MSR_MTRR_FIXED_16K];
	default:
		if (msr >= MSR_MTRR_FIXED_4K && msr < MSR_MTRR_FIXED_4K + 8)
			return mtrr_fixed_4k[msr - MSR_MTRR_FIXED_4K];
		if (msr < MSR_MTRR_BASE(0) || msr >= MSR_MTRR_BASE(VARIABLE_COUNT))
			unit_fail("MSR %#x read", msr);
		return (msr & 1 ? mtrr_mask : mtrr_base)[(msr - MSR_MTRR_BASE(0)) / 2];
	}
}

/* What is right ---------------------------------------------------------------------------------- */

static unsigned fixed_type(uint64_t address)
{
	uint64_t value = mtrr_fixed_4k[(address - 0xc0000) / 0x8000 & 7];
	unsigned byte = (address & 0x7fff) / 0x1000;

	if (address < 0x80000) {
		value = mtrr_fixed_64k;
		byte = (unsigned)(address / 0x10000);
	} else if (address < 0xc0000) {
		value = mtrr_fixed_16k[(address - 0x80000) / 0x20000];
		byte = (address & 0x1ffff) / 0x4000;
	}
	return value >> 8 * byte & 0xff;
}

/* The type of a page, as a CPU computes it. */
static unsigned right_type(uint64_t address)
{
	bool seen[8] = { false };
	unsigned count = 0, last = mtrr_default & 0xff;

	if (!mtrr_exist)
		return WRITE_BACK;
	if (!(mtrr_default & DEFAULT_ENABLED))
		return UNCACHED;
	if (address < MIB(1) && (mtrr_default & DEFAULT_FIXED))
		return fixed_type(address);
	for (unsigned i = 0; i < VARIABLE_COUNT; i++) {
		uint64_t mask = mtrr_mask[i] & ADDRESS_MASK;

		if (!(mtrr_mask[i] & MASK_VALID) || (address & mask) != (mtrr_base[i] & mask))
			continue;
		last = mtrr_base[i] & 7;
		count += !seen[last];
		seen[last] = true;
	}
	if (count <= 1)
		return last;
	return count == 2 && seen[WRITE_THROUGH] && seen[WRITE_BACK] ? WRITE_THROUGH : UNCACHED;
}

/* The leaf that maps an address; 0 if none does. */
static uint64_t leaf_of(uint64_t address, unsigned *level)
{
	uint64_t entry = ept_pointer();

	for (*level = 4; *level > 0;) {
		const uint64_t *table = memory_direct(entry & ADDRESS_MASK);

		(*level)--;
		entry = table[address >> (12 + 9 * *level) & 511];
		if ((entry & RIGHTS) == 0)
			return 0;
		if (*level == 0 || (entry & PAGES_LARGE))
			return entry;
	}
	return 0;
}

static void check_page(uint64_t address)
{
	unsigned level;
	uint64_t leaf = leaf_of(address, &level);
	uint64_t below = (UINT64_C(1) << (12 + 9 * level)) - 1;

	if (memory_is_reserved(address, PAGE_BYTES)) {
		UNIT_EQUAL(leaf, 0);
		return;
	}
	if (leaf == 0)
		unit_fail("%#llx is not mapped", (unsigned long long)address);
	if ((leaf & ADDRESS_MASK & ~below) != (address & ~below))
		unit_fail("%#llx is mapped by %#llx", (unsigned long long)address,
			  (unsigned long long)leaf);
	if ((leaf >> TYPE_SHIFT & 7) != right_type(address) || (leaf & IGNORE_PAT))
		unit_fail("%#llx has type %u, not %u", (unsigned long long)address,
			  (unsigned)(leaf >> TYPE_SHIFT & 7), right_type(address));
}

static uint64_t random_page(uint64_t end)
{
	return unit_random() % (end / PAGE_BYTES) * PAGE_BYTES;
}

/* All pages of the first MiBs, those around each range's ends, and some at random. */
static void check_all(void)
{
	for (uint64_t address = 0; address < MIB(40); address += PAGE_BYTES)
		check_page(address);
	for (unsigned i = 0; i < VARIABLE_COUNT; i++) {
		uint64_t base = mtrr_base[i] & ADDRESS_MASK;
		uint64_t end = base + (~mtrr_mask[i] & ((UINT64_C(1) << ADDRESS_BITS) - 1) &
				       ADDRESS_MASK) + PAGE_BYTES;

		for (int page = -2; page < 2; page++) {
			if (base >= 2 * PAGE_BYTES && base < RAM_END - MIB(1))
				check_page(base + (uint64_t)(page * (int)PAGE_BYTES));
			if (end > 2 * PAGE_BYTES && end < RAM_END - MIB(1))
				check_page(end + (uint64_t)(page * (int)PAGE_BYTES));
		}
	}
	for (unsigned i = 0; i < 20000; i++)
		check_page(random_page(RAM_END));
}

/* The cases ------------------------------------------------------------------------------------ */

static void set_range(unsigned index, uint64_t base, uint64_t bytes, unsigned type)
{
	mtrr_base[index] = base | type;
	mtrr_mask[index] = ((UINT64_C(1) << ADDRESS_BITS) - bytes) | MASK_VALID;
}

static void reset(void)
{
	pages_used = 0;
	mtrr_exist = true;
	mtrr_default = DEFAULT_ENABLED | DEFAULT_FIXED | WRITE_BACK;
	memset(mtrr_base, 0, sizeof(mtrr_base));
	memset(mtrr_mask, 0, sizeof(mtrr_mask));
	mtrr_fixed_64k = UINT64_C(0x0606060606060606);
	mtrr_fixed_16k[0] = UINT64_C(0x0606060606060606);
	mtrr_fixed_16k[1] = 0; /* the VGA's */
	for (unsigned i = 0; i < 8; i++)
		mtrr_fixed_4k[i] = UINT64_C(0x0505050505050505);
	mtrr_fixed_4k[3] = UINT64_C(0x0006040501060400);
	vmx_capabilities = (struct vmx_capabilities){ .ept_large_pages = true,
						      .ept_gigabyte_pages = true };
}

static void build_and_check(void)
{
	UNIT_EQUAL(ept_init(), 0);
	check_all();
}

static void as_firmware_sets_them(void)
{
	unsigned level;

	reset();
	set_range(0, GIB(3), GIB(1), UNCACHED);
	build_and_check();
	leaf_of(GIB(1), &level);
	UNIT_EQUAL(level, 2);
	leaf_of(MIB(2), &level);
	UNIT_EQUAL(level, 1);
}

static void with_uncached_as_the_default(void)
{
	reset();
	mtrr_default = DEFAULT_ENABLED | DEFAULT_FIXED | UNCACHED;
	set_range(0, 0, GIB(2), WRITE_BACK);
	set_range(1, GIB(2), GIB(1), WRITE_BACK);
	set_range(2, GIB(4), GIB(2), WRITE_BACK);
	set_range(3, 0xd0000000, MIB(16), WRITE_COMBINING);
	build_and_check();
}

static void without_large_pages(void)
{
	as_firmware_sets_them();
	reset();
	vmx_capabilities.ept_gigabyte_pages = false;
	set_range(0, 0xfd000000, MIB(8), WRITE_COMBINING);
	build_and_check();
}

static void ranges_smaller_than_pages(void)
{
	reset();
	set_range(0, 0xe0010000, KIB(64), UNCACHED);
	set_range(1, MIB(17), PAGE_BYTES, WRITE_THROUGH);
	set_range(2, MIB(20) + KIB(512), KIB(512), WRITE_PROTECTED);
	set_range(3, GIB(5) - MIB(2), MIB(2), WRITE_COMBINING);
	build_and_check();
}

static void ranges_that_overlap(void)
{
	reset();
	set_range(0, MIB(16), MIB(16), WRITE_THROUGH);
	set_range(1, MIB(24), MIB(8), WRITE_BACK);
	set_range(2, MIB(28), MIB(1), UNCACHED);
	set_range(3, MIB(30), MIB(1), WRITE_COMBINING);
	set_range(4, 0, GIB(1), WRITE_BACK);
	build_and_check();
}

static void off_or_absent(void)
{
	reset();
	set_range(0, 0, GIB(2), WRITE_BACK);
	mtrr_default = WRITE_BACK;
	build_and_check();
	reset();
	mtrr_default = DEFAULT_ENABLED | WRITE_THROUGH;
	set_range(0, 0, MIB(1), WRITE_BACK);
	build_and_check();
	reset();
	mtrr_exist = false;
	build_and_check();
}

/* The guest writes the registers, in whatever order and state between. */
static void changed_by_the_guest(void)
{
	static const uint8_t types[] = { UNCACHED, WRITE_COMBINING, WRITE_THROUGH, WRITE_PROTECTED,
					 WRITE_BACK };

	as_firmware_sets_them();
	for (unsigned round = 0; round < 40; round++) {
		unsigned index = (unsigned)(unit_random() % VARIABLE_COUNT);
		uint64_t bytes = PAGE_BYTES << unit_random() % 20;
		uint64_t base = random_page(RAM_END) & ~(bytes - 1);

		set_range(index, base, bytes, types[unit_random() % ARRAY_LENGTH(types)]);
		if (unit_random() % 4 == 0)
			mtrr_mask[index] &= ~MASK_VALID;
		if (unit_random() % 8 == 0)
			mtrr_default ^= DEFAULT_FIXED;
		if (unit_random() % 8 == 0)
			mtrr_fixed_4k[unit_random() % 8] = UINT64_C(0x0600060506050406);
		ept_update_types();
		check_all();
	}
}

static void pages_that_are_denied_and_moved(void)
{
	unsigned level;
	uint64_t leaf;

	reset();
	set_range(0, 0xfee00000, MIB(1), UNCACHED);
	set_range(1, MIB(8), MIB(1), WRITE_THROUGH);
	UNIT_EQUAL(ept_init(), 0);
	UNIT_EQUAL(nested_deny_page(0xfee00000), 0);
	UNIT_EQUAL(leaf_of(0xfee00000, &level), 0);
	check_page(0xfee01000);
	UNIT_EQUAL(nested_restore_page(0xfee00000), 0);
	check_all();
	/* Read-only: the type stays, also when the MTRRs change. */
	UNIT_EQUAL(nested_protect_page(0xfee00123), 0);
	UNIT_EQUAL(leaf_of(0xfee00000, &level), 0xfee00000 | UNCACHED << TYPE_SHIFT | 5);
	set_range(0, 0xfee00000, MIB(1), WRITE_THROUGH);
	ept_update_types();
	UNIT_EQUAL(leaf_of(0xfee00000, &level), 0xfee00000 | WRITE_THROUGH << TYPE_SHIFT | 5);
	UNIT_EQUAL(nested_restore_page(0xfee00000), 0);
	UNIT_EQUAL(leaf_of(0xfee00000, &level), 0xfee00000 | WRITE_THROUGH << TYPE_SHIFT | RIGHTS);
	/* It has the type of where it is. */
	UNIT_EQUAL(nested_move_page(0x7000, MIB(8) + PAGE_BYTES), 0);
	leaf = leaf_of(0x7000, &level);
	UNIT_EQUAL(leaf & ADDRESS_MASK, MIB(8) + PAGE_BYTES);
	UNIT_EQUAL(leaf >> TYPE_SHIFT & 7, WRITE_THROUGH);
}

static void above_what_was_mapped(void)
{
	reset();
	set_range(0, GIB(16), GIB(4), UNCACHED);
	set_range(1, GIB(18) + MIB(2), MIB(2), WRITE_COMBINING);
	UNIT_EQUAL(ept_init(), 0);
	UNIT_CHECK(nested_map_on_demand(GIB(18) + 5));
	for (uint64_t address = GIB(18); address < GIB(18) + MIB(8); address += PAGE_BYTES)
		check_page(address);
	UNIT_CHECK(!nested_map_on_demand(UINT64_C(1) << ADDRESS_BITS));
	UNIT_CHECK(!nested_map_on_demand(MIB(1)));
}

/* Bits of an address that name a key are none of the guest's, whether they are used or not; nor are those
 * that four levels do not tell apart. */
static void addresses_that_name_a_key(void)
{
	reset();
	encrypts = true;
	encryption = UINT64_C(2) << 32; /* not on */
	UNIT_EQUAL(ept_init(), 0);
	UNIT_EQUAL(vcpu_nested_limit, UINT64_C(1) << ADDRESS_BITS);
	reset();
	encryption |= 2;
	UNIT_EQUAL(ept_init(), 0);
	UNIT_EQUAL(vcpu_nested_limit, UINT64_C(1) << (ADDRESS_BITS - 2));
	UNIT_CHECK(nested_map_on_demand(GIB(16) - PAGE_BYTES));
	UNIT_CHECK(!nested_map_on_demand(GIB(16)) && !nested_map_on_demand(GIB(16) + memory_reserved_start));
	UNIT_EQUAL(nested_deny_page(GIB(16)), -RV_ERANGE);
	UNIT_EQUAL(nested_move_page(GIB(16), 0), -RV_ERANGE);
	encrypts = false;
	reset();
	address_bits = 52;
	UNIT_EQUAL(ept_init(), 0);
	UNIT_CHECK(!nested_map_on_demand(UINT64_C(1) << 48));
	UNIT_EQUAL(nested_deny_page(UINT64_C(1) << 48 | MIB(16)), -RV_ERANGE);
	check_all();
	address_bits = ADDRESS_BITS;
}

/* Tables go when nothing is apart any more: neither rights nor types. */
static void tables_that_split_nothing(void)
{
	gpa_t page = GIB(5) + MIB(6);
	unsigned level;

	reset();
	set_range(0, GIB(5) + MIB(64), MIB(2), UNCACHED);
	UNIT_EQUAL(ept_init(), 0);
	UNIT_EQUAL(nested_deny_page(page), 0);
	UNIT_CHECK(nested_merge(page, 1) == NULL);
	UNIT_EQUAL(nested_restore_page(page), 0);
	UNIT_CHECK(nested_merge(page + PAGE_BYTES, 1) != NULL);
	leaf_of(page, &level);
	UNIT_EQUAL(level, 1);
	UNIT_CHECK(nested_merge(page, 2) == NULL); /* not all of the same type */
	mtrr_mask[0] = 0;
	ept_update_types();
	UNIT_CHECK(nested_merge(page, 2) != NULL);
	leaf_of(page, &level);
	UNIT_EQUAL(level, 2);
	UNIT_CHECK(nested_merge(MIB(34), 1) == NULL && nested_merge(0, 1) == NULL);
	check_all();
}

/* Writes of the registers that would change the type of what is ours, and others. */
static void our_own_type(void)
{
	hpa_t start = memory_reserved_start;

	reset();
	memory_reserved_start = MIB(34);
	set_range(0, GIB(3), GIB(1), UNCACHED);
	UNIT_CHECK(!mtrr_keeps_ours(MSR_MTRR_DEFAULT, mtrr_default & ~DEFAULT_ENABLED));
	UNIT_CHECK(!mtrr_keeps_ours(MSR_MTRR_DEFAULT, DEFAULT_ENABLED | DEFAULT_FIXED | WRITE_COMBINING));
	UNIT_CHECK(mtrr_keeps_ours(MSR_MTRR_DEFAULT, DEFAULT_ENABLED | WRITE_BACK)); /* below 1 MiB */
	UNIT_CHECK(mtrr_keeps_ours(MSR_MTRR_DEFAULT, mtrr_default));
	mtrr_mask[1] = ~(MIB(2) - 1) & ADDRESS_MASK; /* not valid yet */
	UNIT_CHECK(mtrr_keeps_ours(MSR_MTRR_BASE(1), MIB(36) | UNCACHED));
	mtrr_base[1] = MIB(36) | UNCACHED;
	UNIT_CHECK(!mtrr_keeps_ours(MSR_MTRR_MASK(1), mtrr_mask[1] | MASK_VALID));
	UNIT_CHECK(!mtrr_keeps_ours(MSR_MTRR_MASK(1), (~(GIB(1) - 1) & ADDRESS_MASK) | MASK_VALID));
	mtrr_base[1] = MIB(38) | UNCACHED;
	mtrr_mask[1] |= MASK_VALID;
	UNIT_CHECK(mtrr_keeps_ours(MSR_MTRR_BASE(1), MIB(32) | UNCACHED));
	UNIT_CHECK(!mtrr_keeps_ours(MSR_MTRR_BASE(1), MIB(34) | WRITE_THROUGH));
	mtrr_base[1] = MIB(36) | PAGE_BYTES | UNCACHED;
	mtrr_mask[1] = (~(PAGE_BYTES - 1) & ADDRESS_MASK) | MASK_VALID; /* a page within a chunk */
	mtrr_base[1] = 0;
	UNIT_CHECK(!mtrr_keeps_ours(MSR_MTRR_BASE(1), MIB(36) | PAGE_BYTES | UNCACHED));
	UNIT_CHECK(mtrr_keeps_ours(MSR_MTRR_FIXED_4K + 1, mtrr_fixed_4k[1] ^ UINT64_C(0xff)));
	UNIT_CHECK(mtrr_keeps_ours(MSR_MTRR_FIXED_4K + 1, mtrr_fixed_4k[1] ^ UINT64_C(0xff000000)));
	UNIT_CHECK(mtrr_is_register(MSR_MTRR_BASE(VARIABLE_COUNT) - 1));
	UNIT_CHECK(!mtrr_is_register(MSR_MTRR_BASE(VARIABLE_COUNT)));
	memory_reserved_start = start;
}

int main(void)
{
	fake_memory = aligned_alloc(PAGE_BYTES, FAKE_MEMORY_BYTES);
	unit_run("ept as firmware sets them", as_firmware_sets_them);
	unit_run("ept with uncached as the default", with_uncached_as_the_default);
	unit_run("ept without pages of 1 GiB", without_large_pages);
	unit_run("ept ranges smaller than pages", ranges_smaller_than_pages);
	unit_run("ept ranges that overlap", ranges_that_overlap);
	unit_run("ept MTRRs off or absent", off_or_absent);
	unit_run("ept MTRRs changed by the guest", changed_by_the_guest);
	unit_run("ept pages denied and moved", pages_that_are_denied_and_moved);
	unit_run("ept above what was mapped", above_what_was_mapped);
	unit_run("ept addresses that name a key", addresses_that_name_a_key);
	unit_run("ept tables that split nothing", tables_that_split_nothing);
	unit_run("mtrr our own type", our_own_type);
	return unit_failed;
}
