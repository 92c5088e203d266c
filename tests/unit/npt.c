/*
 * tests/unit/npt.c: which guest-physical addresses the nested page tables of SVM map: no address of a
 * machine with memory encryption that names memory a second time, none that four levels do not tell apart.
 */
#include "vmm/svm/svm.h"

#include "core/instructions.h"
#include "core/memory.h"
#include "core/spinlock.h"
#include "rv/errno.h"
#include "unit.h"
#include "vmm/nested_table.h"
#include "vmm/vcpu.h"

#define ADDRESS_MASK UINT64_C(0x000ffffffffff000)
#define RAM_END GIB(6)

uint8_t *fake_memory;
hpa_t memory_reserved_start = MIB(34);
uint64_t memory_reserved_bytes = MIB(4);
uint64_t memory_end = RAM_END;
hpa_t vcpu_nested_limit;
static unsigned pages_used, address_bits;
static uint32_t encryption_eax, encryption_ebx; /* CPUID leaf 8000001Fh */
static uint64_t syscfg;

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
	switch (leaf) {
	case 0x80000000:
		return (struct cpuid_result){ .eax = encryption_eax != 0 ? 0x8000001f : 0x8000001e };
	case 0x80000001:
		return (struct cpuid_result){ .edx = 1u << 26 };
	case 0x80000008:
		return (struct cpuid_result){ .eax = address_bits };
	case 0x8000001f:
		return (struct cpuid_result){ .eax = encryption_eax, .ebx = encryption_ebx };
	default:
		return (struct cpuid_result){ 0 };
	}
}

bool msr_read_safe(uint32_t msr, uint64_t *value)
{
	UNIT_EQUAL(msr, 0xc0010010);
	*value = syscfg;
	return true;
}

static void build(unsigned bits)
{
	pages_used = 0;
	address_bits = bits;
	UNIT_EQUAL(npt_init(), 0);
}

/* The entry that maps an address or does not; as the CPU walks, with the upper bits cut off. */
static uint64_t *entry_of(gpa_t gpa)
{
	uint64_t *table = (uint64_t *)(fake_memory + nested_root());

	for (unsigned level = 3;; level--) {
		uint64_t *entry = &table[gpa >> (12 + 9 * level) & 511];

		if (!(*entry & 1) || level == 0 || (level < 3 && (*entry & 0x80)))
			return entry;
		table = (uint64_t *)(fake_memory + (*entry & ADDRESS_MASK));
	}
}

/* The leaf of an address, 0 if it is not mapped. */
static uint64_t leaf_of(gpa_t gpa)
{
	return *entry_of(gpa);
}

static void test_identity(void)
{
	encryption_eax = 0;
	build(40);
	UNIT_EQUAL(vcpu_nested_limit, UINT64_C(1) << 40);
	UNIT_EQUAL(leaf_of(MIB(34)), 0);
	UNIT_EQUAL(leaf_of(MIB(32)) & ADDRESS_MASK, MIB(32));
	UNIT_CHECK(nested_map_on_demand(GIB(500)));
	UNIT_EQUAL(leaf_of(GIB(500)) & ADDRESS_MASK, GIB(500));
}

static void test_encryption(void)
{
	hpa_t alias = UINT64_C(1) << 47 | memory_reserved_start;

	encryption_eax = 3;
	encryption_ebx = 5 << 6 | 47; /* the bit, and how many more are lost */
	syscfg = 0;
	build(48);
	UNIT_CHECK(nested_map_on_demand(alias)); /* an address like others */
	syscfg = 1 << 23;
	build(48);
	UNIT_EQUAL(vcpu_nested_limit, UINT64_C(1) << 43);
	UNIT_CHECK(!nested_map_on_demand(alias) && leaf_of(alias) == 0);
	UNIT_EQUAL(nested_restore_page(alias), -RV_ERANGE);
	encryption_ebx = 1 << 6 | 43;
	build(48);
	UNIT_EQUAL(vcpu_nested_limit, UINT64_C(1) << 43);
	encryption_eax = 0;
}

static void test_no_wrap(void)
{
	hpa_t high = UINT64_C(1) << 48 | GIB(100);

	build(52);
	UNIT_EQUAL(vcpu_nested_limit, UINT64_C(1) << 48);
	UNIT_CHECK(!nested_map_on_demand(high));
	UNIT_EQUAL(leaf_of(GIB(100)), 0);
	UNIT_EQUAL(nested_deny_page(UINT64_C(1) << 48 | MIB(16)), -RV_ERANGE);
	UNIT_CHECK(leaf_of(MIB(16)) != 0);
}

/* Tables that split a large page go when nothing is apart any more, the lower first. */
static void test_merge(void)
{
	void *table;

	build(40);
	UNIT_CHECK(nested_map_on_demand(GIB(100)) && nested_merge(GIB(100), 1) == NULL);
	UNIT_EQUAL(nested_deny_page(GIB(100) + MIB(6)), 0);
	UNIT_EQUAL(nested_deny_page(GIB(100) + MIB(6) + PAGE_BYTES), 0);
	UNIT_EQUAL(nested_restore_page(GIB(100) + MIB(6)), 0);
	UNIT_CHECK(nested_merge(GIB(100) + MIB(6), 1) == NULL);
	UNIT_EQUAL(nested_restore_page(GIB(100) + MIB(6) + PAGE_BYTES), 0);
	UNIT_CHECK(nested_merge(GIB(100), 2) == NULL);
	table = nested_merge(GIB(100) + MIB(7), 1);
	UNIT_CHECK(table != NULL && nested_merge(GIB(100) + MIB(7), 1) == NULL);
	((uint64_t *)table)[0] = 0; /* nobody looks there */
	UNIT_EQUAL(leaf_of(GIB(100) + MIB(6)), (GIB(100) + MIB(6)) | 0x87);
	UNIT_CHECK(nested_merge(GIB(100), 2) != NULL);
	UNIT_EQUAL(leaf_of(GIB(100) + MIB(6)), GIB(100) | 0x87);
	/* A page that is whole stays so. */
	UNIT_EQUAL(nested_restore_page(GIB(100)), 0);
	UNIT_EQUAL(leaf_of(GIB(100)), GIB(100) | 0x87);
	/* Where something of ours is, or types differ, they stay apart. */
	UNIT_CHECK(nested_merge(MIB(34), 1) == NULL && nested_merge(0, 1) == NULL && nested_merge(0, 2) == NULL);
}

/* Rights of a page: its own alone, whoever asks for them. */
static void test_rights(void)
{
	gpa_t page = GIB(4) + MIB(6) + PAGE_BYTES;

	build(40);
	UNIT_EQUAL(nested_protect_page(page + 5), 0);
	UNIT_EQUAL(leaf_of(page), page | 0x5); /* present, user */
	UNIT_EQUAL(leaf_of(page + PAGE_BYTES), (page + PAGE_BYTES) | 0x7);
	UNIT_CHECK(nested_merge(page, 1) == NULL);
	UNIT_EQUAL(nested_move_page(page, MIB(34)), 0); /* in the place of the guest's, also one of ours */
	UNIT_EQUAL(leaf_of(page), MIB(34) | 0x7);
	UNIT_EQUAL(nested_deny_page(page), 0);
	UNIT_EQUAL(leaf_of(page), 0);
	UNIT_EQUAL(nested_restore_page(page), 0);
	UNIT_EQUAL(leaf_of(page), page | 0x7);
	UNIT_EQUAL(nested_restore_page(MIB(34)), -RV_EPERM);
	/* What the CPU has noted does not keep tables apart. */
	*entry_of(page) |= 0x60;
	UNIT_CHECK(nested_merge(page, 1) != NULL);
}

int main(void)
{
	fake_memory = aligned_alloc(PAGE_BYTES, FAKE_MEMORY_BYTES);
	unit_run("npt identity", test_identity);
	unit_run("npt encryption", test_encryption);
	unit_run("npt no wrap", test_no_wrap);
	unit_run("npt merge", test_merge);
	unit_run("npt rights", test_rights);
	return unit_failed;
}
