/*
 * tests/unit/guest_walk.c: the guest's page tables in every mode, against the rules of the manual
 * written down a second time, and the fetch of instructions.
 */
#include "core/instructions.h"
#include "core/paging.h"
#include "fake_machine.h"
#include "rv/errno.h"
#include "unit.h"
#include "vmm/guest_memory.h"
#include "vmm/guest_walk.h"

#define LINEAR UINT64_C(0x00007f1234567000)
#define TARGET UINT64_C(0x345000)
#define RIGHTS (PAGING_PRESENT | PAGING_WRITABLE | PAGING_USER)

static struct guest_fault fault;
static gpa_t gpa;

static bool walk(gva_t linear, enum guest_access access)
{
	gpa = 0;
	return guest_translate(&fake_vcpu, linear, access, &gpa, &fault);
}

static void test_unpaged(void)
{
	fake_machine_reset();
	fake_control[0] = 1;
	fake_efer = 0;
	UNIT_CHECK(walk(UINT64_C(0x123456789a), GUEST_WRITE));
	UNIT_EQUAL(gpa, 0x3456789a);
}

static void test_four_levels(void)
{
	uint64_t *leaf;

	fake_machine_reset();
	fake_map_page(LINEAR, TARGET, RIGHTS);
	leaf = fake_leaf(LINEAR);
	UNIT_CHECK(walk(LINEAR + 0xabc, GUEST_READ));
	UNIT_EQUAL(gpa, TARGET + 0xabc);
	UNIT_EQUAL(*leaf & 0x60, 0x20);
	UNIT_CHECK(walk(LINEAR, GUEST_WRITE));
	UNIT_EQUAL(*leaf & 0x60, 0x60);
	UNIT_CHECK(!walk(LINEAR + 0x1000, GUEST_READ));
	UNIT_EQUAL(fault.error_code, 0);
	UNIT_EQUAL(fault.vector, 14);
	UNIT_EQUAL(fault.address, LINEAR + 0x1000);
	UNIT_CHECK(!walk(UINT64_C(0x0000800000000000), GUEST_READ));
	UNIT_EQUAL(fault.vector, 13);
	UNIT_CHECK(!walk(UINT64_C(0xffff7fffffffffff), GUEST_READ));
	UNIT_CHECK(!walk(UINT64_C(0xffff800000000000), GUEST_READ));
	UNIT_EQUAL(fault.vector, 14);
}

static void test_upper_accessed_bits(void)
{
	const uint64_t *top;

	fake_machine_reset();
	fake_map_page(LINEAR, TARGET, RIGHTS);
	top = (uint64_t *)memory_direct(fake_control[3]) + (LINEAR >> 39);
	UNIT_EQUAL(*top & 0x60, 0);
	UNIT_CHECK(walk(LINEAR, GUEST_WRITE));
	UNIT_EQUAL(*top & 0x60, 0x20);
}

/* A fault leaves the dirty bit alone. */
static void test_no_dirty_on_fault(void)
{
	fake_machine_reset();
	fake_map_page(LINEAR, TARGET, PAGING_PRESENT);
	UNIT_CHECK(!walk(LINEAR, GUEST_WRITE));
	UNIT_EQUAL(*fake_leaf(LINEAR) & PAGING_DIRTY, 0);
	UNIT_EQUAL(fault.error_code, 3);
}

static void test_five_levels(void)
{
	uint64_t linear = UINT64_C(0x00ff123456789000), *table;
	hpa_t root = 0x80000, next = 0x81000;

	fake_machine_reset();
	fake_control[4] |= CR4_LA57;
	fake_control[3] = root;
	for (unsigned shift = 48; shift > 12; shift -= 9, root = next, next += PAGE_BYTES) {
		table = memory_direct(root);
		table[(linear >> shift) & 0x1ff] = next | RIGHTS;
	}
	table = memory_direct(root);
	table[(linear >> 12) & 0x1ff] = TARGET | RIGHTS;
	UNIT_CHECK(walk(linear + 5, GUEST_WRITE));
	UNIT_EQUAL(gpa, TARGET + 5);
	UNIT_CHECK(!walk(UINT64_C(0x0100000000000000), GUEST_READ));
	UNIT_EQUAL(fault.vector, 13);
}

static void test_large_pages(void)
{
	uint64_t *pml4, *pdpt, *pd;

	fake_machine_reset();
	pml4 = memory_direct(fake_control[3]);
	pdpt = memory_direct(0x90000);
	pd = memory_direct(0x91000);
	pml4[0] = 0x90000 | RIGHTS;
	pdpt[0] = UINT64_C(0x40000000) | RIGHTS | PAGING_LARGE;
	pdpt[1] = 0x91000 | RIGHTS;
	pd[3] = 0x600000 | RIGHTS | PAGING_LARGE | 0x1000 /* PAT */;
	pd[4] = 0x602000 | RIGHTS | PAGING_LARGE;
	UNIT_CHECK(walk(0x12345678, GUEST_READ));
	UNIT_EQUAL(gpa, 0x52345678);
	UNIT_CHECK(walk(0x40000000 + 0x6abcde, GUEST_WRITE));
	UNIT_EQUAL(gpa, 0x6abcde);
	UNIT_EQUAL(pd[3] & 0x60, 0x60);
	UNIT_CHECK(!walk(0x40000000 + 0x800000, GUEST_READ));
	UNIT_EQUAL(fault.error_code, 9);
	pd[4] |= 0x60;
	UNIT_CHECK(!walk(0x40000000 + 0x800000, GUEST_READ));
	UNIT_EQUAL(fault.error_code, 9);
	UNIT_CHECK(walk(0x40000000 + 0x6abcde, GUEST_WRITE));
	UNIT_EQUAL(gpa, 0x6abcde);
	UNIT_CHECK(walk(0x12345678, GUEST_READ));
	UNIT_EQUAL(gpa, 0x52345678);
	pdpt[0] |= 0x40000000 >> 1;
	UNIT_CHECK(!walk(0x12345678, GUEST_READ));
	UNIT_EQUAL(fault.error_code, 9);
	/* Large is reserved at the top. */
	pdpt[0] &= ~UINT64_C(0x20000000);
	pml4[0] |= PAGING_LARGE;
	UNIT_CHECK(!walk(0x12345678, GUEST_READ));
	UNIT_EQUAL(fault.error_code, 9);
}

static void test_reserved_bits(void)
{
	fake_machine_reset();
	fake_map_page(LINEAR, TARGET, RIGHTS);
	UNIT_CHECK(walk(LINEAR, GUEST_WRITE)); /* all marked from here on */
	fake_map_page(LINEAR, TARGET, RIGHTS | 0x60 | UINT64_C(1) << 40);
	UNIT_CHECK(!walk(LINEAR, GUEST_WRITE));
	UNIT_EQUAL(fault.error_code, 0xb);
	fake_map_page(LINEAR, TARGET, RIGHTS | 0x60 | PAGING_NO_EXECUTE);
	UNIT_CHECK(walk(LINEAR, GUEST_READ));
	fake_efer &= ~EFER_NXE;
	UNIT_CHECK(!walk(LINEAR, GUEST_READ));
	UNIT_EQUAL(fault.error_code, 9);
	/* Ignored bits are. */
	fake_map_page(LINEAR, TARGET, RIGHTS | UINT64_C(0x7ff0000000000e00));
	UNIT_CHECK(walk(LINEAR, GUEST_READ));
}

/* Tables in our memory and outside RAM read as ones. */
static void test_tables_out_of_reach(void)
{
	uint64_t *top;

	fake_machine_reset();
	fake_map_page(LINEAR, TARGET, RIGHTS);
	top = (uint64_t *)memory_direct(fake_control[3]) + (LINEAR >> 39);
	memset(memory_direct(FAKE_RESERVED_START), 0, PAGE_BYTES);
	*top = FAKE_RESERVED_START | RIGHTS;
	UNIT_CHECK(!walk(LINEAR, GUEST_READ));
	UNIT_EQUAL(fault.error_code, 9);
	*top = UINT64_C(0x3f00000000) | RIGHTS;
	UNIT_CHECK(!walk(LINEAR, GUEST_READ));
	UNIT_EQUAL(fault.error_code, 9);
	fake_control[3] = FAKE_RESERVED_START + FAKE_RESERVED_BYTES - PAGE_BYTES;
	UNIT_CHECK(!walk(LINEAR, GUEST_READ));
	UNIT_EQUAL(fault.error_code, 9);
}

static uint64_t *table_entry(uint64_t linear, unsigned wanted)
{
	hpa_t table = fake_control[3];

	for (unsigned shift = 39;; shift -= 9) {
		uint64_t *entry = (uint64_t *)memory_direct(table) + ((linear >> shift) & 0x1ff);

		if (shift == wanted)
			return entry;
		table = *entry & PAGING_ADDRESS_MASK;
	}
}

/* AMD APM v2 5.6, in other words than the code. */
static bool rights_allow(bool user_page, bool writable, bool no_execute, bool user, bool wp,
			 bool smep, bool smap, bool ac, enum guest_access access)
{
	if (user && !user_page)
		return false;
	if (access == GUEST_FETCH)
		return !no_execute && (user || !user_page || !smep);
	if (!user && user_page && smap && !ac)
		return false;
	if (access == GUEST_WRITE && !writable)
		return !user && !wp;
	return true;
}

static void try_rights(unsigned bits, enum guest_access access)
{
	bool user_page = bits & 1, writable = bits & 2, no_execute = bits & 4, user = bits & 8;
	bool wp = bits & 16, smep = bits & 32, smap = bits & 64, ac = bits & 128;
	bool upper = bits & 256; /* the restriction stands in an upper entry */
	uint64_t rights = PAGING_PRESENT | (user_page ? PAGING_USER : 0) |
			  (writable ? PAGING_WRITABLE : 0) | (no_execute ? PAGING_NO_EXECUTE : 0);
	uint64_t *top = (uint64_t *)memory_direct(fake_control[3]) + (LINEAR >> 39);
	bool allowed =
		rights_allow(user_page, writable, no_execute, user, wp, smep, smap, ac, access);
	uint32_t code = 1u | (access == GUEST_WRITE ? 2u : 0) | (user ? 4u : 0) |
			(access == GUEST_FETCH ? 16u : 0);

	*top = (*top & PAGING_ADDRESS_MASK) | (upper ? rights : RIGHTS);
	fake_map_page(LINEAR, TARGET, upper ? RIGHTS : rights);
	fake_cpl = user ? 3 : 0;
	fake_control[0] = CR0_PG | CR0_PE | (wp ? CR0_WP : 0);
	fake_control[4] = CR4_PAE | (smep ? CR4_SMEP : 0) | (smap ? CR4_SMAP : 0);
	fake_vcpu.rflags = 2 | (ac ? 0x40000 : 0);
	if (walk(LINEAR, access) != allowed)
		unit_fail("rights %x access %d", bits, access);
	/* Once more by the shortcut, which is for entries that are marked already. */
	*top |= PAGING_ACCESSED;
	*fake_leaf(LINEAR) |= PAGING_ACCESSED | PAGING_DIRTY;
	for (unsigned shift = 30; shift > PAGE_SHIFT; shift -= 9)
		*table_entry(LINEAR, shift) |= PAGING_ACCESSED;
	if (walk(LINEAR, access) != allowed || (allowed && gpa != TARGET))
		unit_fail("rights %x access %d, marked", bits, access);
	if (!allowed && fault.error_code != code)
		unit_fail("rights %x access %d: error code %x", bits, access, fault.error_code);
}

static void test_rights(void)
{
	fake_machine_reset();
	fake_map_page(LINEAR, TARGET, RIGHTS);
	for (unsigned bits = 0; bits < 512; bits++) {
		try_rights(bits, GUEST_READ);
		try_rights(bits, GUEST_WRITE);
		try_rights(bits, GUEST_FETCH);
	}
}

#define ENTRY_KEY(key) ((uint64_t)(key) << 59)

/* Intel SDM v3 4.6.2, once more: is a data access with this key of a page denied by it? */
static bool key_denies(unsigned bits, enum guest_access access)
{
	bool user_page = bits & 1, user = bits & 2, wp = bits & 4, on = bits & 8;
	unsigned key = bits >> 4 & 3; /* 1: no access, 2: no write */

	if (!on || access == GUEST_FETCH)
		return false;
	if (key & 1)
		return true;
	if (!(key & 2) || access != GUEST_WRITE)
		return false;
	return (user_page && user) || wp;
}

static void try_keys(unsigned bits, enum guest_access access)
{
	bool user_page = bits & 1, denied = key_denies(bits, access);
	uint64_t rights = PAGING_PRESENT | PAGING_WRITABLE | (user_page ? PAGING_USER : 0);

	fake_machine_reset();
	fake_cpl = bits & 2 ? 3 : 0;
	fake_control[0] = bits & 4 ? 0x80010001 : 0x80000001;
	fake_control[4] |= bits & 8 ? (user_page ? CR4_PKE : CR4_PKS)
				    : (user_page ? CR4_PKS : CR4_PKE);
	fake_pkru = user_page ? (bits >> 4 & 3) << 2 * 5 : 0xffffffff;
	fake_pkrs = user_page ? 0xffffffff : (bits >> 4 & 3) << 2 * 5;
	fake_map_page(LINEAR, TARGET, rights);
	*fake_leaf(LINEAR) |= ENTRY_KEY(5);
	if (walk(LINEAR, access) != (!denied && (user_page || !(bits & 2))))
		unit_fail("keys %x access %d", bits, access);
	else if (denied && (fault.vector != 14 || !(fault.error_code & 0x20) || !(fault.error_code & 1)))
		unit_fail("keys %x access %d: error code %x", bits, access, fault.error_code);
	else if (!denied && fault.fault && (fault.error_code & 0x20))
		unit_fail("keys %x access %d: error code %x", bits, access, fault.error_code);
}

static void test_keys(void)
{
	for (unsigned bits = 0; bits < 64 && unit_why[0] == '\0'; bits++) {
		try_keys(bits, GUEST_READ);
		try_keys(bits, GUEST_WRITE);
		try_keys(bits, GUEST_FETCH);
	}
}

static void test_pae(void)
{
	uint64_t *pointers, *pd, *pt;

	fake_machine_reset();
	fake_efer = EFER_NXE;
	fake_control[3] = 0x90fe0; /* 32-byte aligned */
	pointers = memory_direct(0x90fe0);
	pd = memory_direct(0x91000);
	pt = memory_direct(0x92000);
	pointers[3] = 0x91000 | PAGING_PRESENT;
	pd[5] = 0x92000 | RIGHTS;
	pd[6] = 0x600000 | RIGHTS | PAGING_LARGE;
	pt[7] = TARGET | RIGHTS | PAGING_NO_EXECUTE;
	UNIT_CHECK(walk(UINT64_C(0xffffffffc0a07123),
			GUEST_WRITE)); /* linear addresses have 32 bits */
	UNIT_EQUAL(gpa, TARGET + 0x123);
	UNIT_EQUAL(pt[7] & 0x60, 0x60);
	UNIT_EQUAL(pointers[3], 0x91001);
	UNIT_CHECK(!walk(0xc0a07123, GUEST_FETCH));
	UNIT_EQUAL(fault.error_code, 0x11);
	UNIT_CHECK(walk(0xc0c12345, GUEST_READ));
	UNIT_EQUAL(gpa, 0x612345);
	UNIT_CHECK(!walk(0x12345678, GUEST_READ));
	UNIT_EQUAL(fault.error_code, 0);
	pointers[3] |= 2;
	UNIT_CHECK(!walk(0xc0a07123, GUEST_READ));
	UNIT_EQUAL(fault.error_code, 9);
	pointers[3] = 0x91000 | PAGING_PRESENT;
	pt[7] |= UINT64_C(1) << 52;
	UNIT_CHECK(!walk(0xc0a07123, GUEST_READ));
	UNIT_EQUAL(fault.error_code, 9);
}

static void test_narrow(void)
{
	uint32_t *pd, *pt;

	fake_machine_reset();
	fake_efer = 0;
	fake_control[4] = 0;
	pd = memory_direct(fake_control[3]);
	pt = memory_direct(0x92000);
	pd[0x300] = 0x92000 | 7;
	pd[0x301] = 0x92000 | 7 | 0x80; /* ignored without CR4.PSE */
	pt[0x123] = TARGET | 7;
	UNIT_CHECK(walk(0xc0123456, GUEST_WRITE));
	UNIT_EQUAL(gpa, TARGET + 0x456);
	UNIT_EQUAL(pt[0x123] & 0x60, 0x60);
	UNIT_EQUAL(pd[0x300] & 0x60, 0x20);
	UNIT_CHECK(walk(0xc0523456, GUEST_READ));
	UNIT_EQUAL(gpa, TARGET + 0x456);
	UNIT_CHECK(!walk(0xc0124456, GUEST_FETCH));
	UNIT_EQUAL(fault.error_code, 0); /* no I bit without NX and SMEP */
	fake_control[4] = CR4_PSE;
	pd[0x301] = 0x00c00000 | 7 | 0x80;
	UNIT_CHECK(walk(0xc0523456, GUEST_READ));
	UNIT_EQUAL(gpa, 0xd23456);
	pd[0x301] = 0x00c00000 | 7 | 0x80 | 0x5a << 13; /* PSE-36 */
	UNIT_CHECK(walk(0xc0523456, GUEST_READ));
	UNIT_EQUAL(gpa, UINT64_C(0x5a00d23456));
	pd[0x301] |= 1 << 21;
	UNIT_CHECK(!walk(0xc0523456, GUEST_READ));
	UNIT_EQUAL(fault.error_code, 9);
	guest_physical_bits = 36;
	pd[0x301] = 0x00c00000 | 7 | 0x80 | 0x5a << 13;
	UNIT_CHECK(!walk(0xc0523456, GUEST_READ));
	UNIT_EQUAL(fault.error_code, 9);
	guest_physical_bits = 40;
}

static void test_physical_copies(void)
{
	uint64_t value = 0x1122334455667788;

	fake_machine_reset();
	UNIT_EQUAL(guest_memory_write(0x5000, &value, 8), 0);
	value = 0;
	UNIT_EQUAL(guest_memory_read(0x5000, &value, 8), 0);
	UNIT_EQUAL(value, 0x1122334455667788);
	UNIT_EQUAL(guest_memory_read(FAKE_RESERVED_START - 4, &value, 8), -RV_EPERM);
	UNIT_EQUAL(guest_memory_write(FAKE_RESERVED_START + 4, &value, 8), -RV_EPERM);
	UNIT_EQUAL(guest_memory_write(FAKE_DEVICE_START - 4, &value, 8), -RV_EFAULT);
	UNIT_EQUAL(guest_memory_read(~UINT64_C(0) - 3, &value, 8), -RV_EFAULT);
	/* The BIOS can be read, the VGA window not. */
	UNIT_EQUAL(guest_memory_read(0xea643, &value, 8), 0);
	UNIT_EQUAL(guest_memory_read(0x9fff8, &value, 8), 0);
	UNIT_EQUAL(guest_memory_read(0x9fff9, &value, 8), -RV_EFAULT);
	UNIT_EQUAL(guest_memory_read(0xbffff, &value, 8), -RV_EFAULT);
	UNIT_EQUAL(guest_memory_write(0xea643, &value, 8), -RV_EFAULT);
}

static void test_linear_copies(void)
{
	uint64_t value = 0x1122334455667788;

	fake_machine_reset();
	fake_map_page(LINEAR, TARGET, RIGHTS);
	fake_map_page(LINEAR + PAGE_BYTES, TARGET + 5 * PAGE_BYTES, RIGHTS);
	UNIT_CHECK(guest_linear_write(&fake_vcpu, LINEAR + 0xffd, &value, 8, &fault));
	value = 0;
	UNIT_CHECK(guest_linear_read(&fake_vcpu, LINEAR + 0xffd, &value, 8, GUEST_READ, &fault));
	UNIT_EQUAL(value, 0x1122334455667788);
	UNIT_EQUAL(fake_memory[TARGET + 5 * PAGE_BYTES], 0x55);
	UNIT_CHECK(!guest_linear_read(&fake_vcpu, LINEAR + 0x1ffd, &value, 8, GUEST_READ, &fault));
	UNIT_EQUAL(fault.address, LINEAR + 0x2000);
	fake_map_page(LINEAR, FAKE_DEVICE_START, RIGHTS);
	UNIT_CHECK(!guest_linear_read(&fake_vcpu, LINEAR, &value, 8, GUEST_READ, &fault));
	UNIT_CHECK(!fault.fault);
}

static void fill_code(hpa_t at)
{
	for (unsigned i = 0; i < 32; i++)
		fake_memory[at + i] = (uint8_t)(0xa0 + i);
}

static void test_fetch_long(void)
{
	uint8_t bytes[15];
	const uint8_t *code;

	fake_machine_reset();
	fill_code(TARGET + 0x100);
	fill_code(TARGET + 0xff8);
	fake_map_page(LINEAR, TARGET, PAGING_PRESENT);
	fake_vcpu.rip = LINEAR + 0x100;
	for (unsigned i = 0; i < 3; i++) {
		UNIT_EQUAL(guest_fetch_instruction(&fake_vcpu, bytes, &fault), 15);
		UNIT_EQUAL(bytes[0], 0xa0);
		UNIT_EQUAL(bytes[14], 0xae);
	}
	code = guest_peek_code(&fake_vcpu);
	UNIT_CHECK(code == fake_memory + TARGET + 0x100);
	/* The remembered way is checked: another page, then none. */
	*fake_leaf(LINEAR) = (TARGET + 0x10000) | PAGING_PRESENT;
	fake_memory[TARGET + 0x10100] = 0x77;
	UNIT_EQUAL(guest_fetch_instruction(&fake_vcpu, bytes, &fault), 15);
	UNIT_EQUAL(bytes[0], 0x77);
	*fake_leaf(LINEAR) = 0;
	UNIT_EQUAL(guest_fetch_instruction(&fake_vcpu, bytes, &fault), 0);
	UNIT_EQUAL(fault.vector, 14);
	UNIT_EQUAL(fault.error_code, 0x10);
	/* At the end of what is mapped there are fewer bytes. */
	*fake_leaf(LINEAR) = TARGET | PAGING_PRESENT;
	fake_vcpu.rip = LINEAR + 0xff8;
	UNIT_EQUAL(guest_fetch_instruction(&fake_vcpu, bytes, &fault), 8);
	UNIT_EQUAL(bytes[7], 0xa7);
}

static void test_fetch_other_cr3(void)
{
	uint8_t bytes[15];
	hpa_t first;

	fake_machine_reset();
	fake_map_page(LINEAR, TARGET, PAGING_PRESENT);
	fake_vcpu.rip = LINEAR;
	fake_memory[TARGET] = 1;
	UNIT_EQUAL(guest_fetch_instruction(&fake_vcpu, bytes, &fault), 15);
	first = fake_control[3];
	fake_control[3] = fake_table_page();
	fake_map_page(LINEAR, TARGET + PAGE_BYTES, PAGING_PRESENT);
	fake_memory[TARGET + PAGE_BYTES] = 2;
	UNIT_EQUAL(guest_fetch_instruction(&fake_vcpu, bytes, &fault), 15);
	UNIT_EQUAL(bytes[0], 2);
	fake_control[3] = first;
	UNIT_EQUAL(guest_fetch_instruction(&fake_vcpu, bytes, &fault), 15);
	UNIT_EQUAL(bytes[0], 1);
}

static void test_fetch_segments(void)
{
	uint8_t bytes[15];

	fake_machine_reset();
	fake_control[0] = 0;
	fake_efer = 0;
	fill_code(0x12345);
	fake_set_code(FAKE_CODE_16, 0x12340, 0xffff);
	fake_vcpu.rip = 5;
	UNIT_EQUAL(guest_fetch_instruction(&fake_vcpu, bytes, &fault), 15);
	UNIT_EQUAL(bytes[0], 0xa0);
	fake_set_code(FAKE_CODE_16, 0x12340, 7);
	UNIT_EQUAL(guest_fetch_instruction(&fake_vcpu, bytes, &fault), 3);
	fake_vcpu.rip = 8;
	UNIT_EQUAL(guest_fetch_instruction(&fake_vcpu, bytes, &fault), 0);
	UNIT_EQUAL(fault.vector, 13);
	/* Base and offset wrap at 4 GiB. */
	fake_control[0] = 1;
	fake_set_code(FAKE_CODE_32, 0xffff0000, UINT32_MAX);
	fake_vcpu.rip = 0x22345;
	UNIT_EQUAL(guest_fetch_instruction(&fake_vcpu, bytes, &fault), 15);
	UNIT_EQUAL(bytes[0], 0xa0);
	/* 32-bit code under long mode's tables. */
	fake_control[0] = CR0_PE | CR0_PG;
	fake_efer = EFER_LMA;
	fake_map_page(0x12000, TARGET, PAGING_PRESENT);
	fill_code(TARGET + 0x345);
	UNIT_EQUAL(guest_fetch_instruction(&fake_vcpu, bytes, &fault), 15);
	UNIT_EQUAL(bytes[0], 0xa0);
}

static void test_inject(void)
{
	fake_machine_reset();
	guest_inject_fault(&fake_vcpu, &(struct guest_fault){true, 14, 7, 0x1234});
	UNIT_EQUAL(fake_control[2], 0x1234);
	UNIT_EQUAL(fake_vector, 14);
	UNIT_EQUAL(fake_error_code, 7);
	guest_inject_fault(&fake_vcpu, &(struct guest_fault){0});
	UNIT_EQUAL(fake_injections, 1);
}

int main(void)
{
	guest_physical_bits = 40;
	unit_run("walk_unpaged", test_unpaged);
	unit_run("walk_four_levels", test_four_levels);
	unit_run("walk_upper_accessed_bits", test_upper_accessed_bits);
	unit_run("walk_no_dirty_on_fault", test_no_dirty_on_fault);
	unit_run("walk_five_levels", test_five_levels);
	unit_run("walk_large_pages", test_large_pages);
	unit_run("walk_reserved_bits", test_reserved_bits);
	unit_run("walk_tables_out_of_reach", test_tables_out_of_reach);
	unit_run("walk_rights", test_rights);
	unit_run("walk_protection_keys", test_keys);
	unit_run("walk_pae", test_pae);
	unit_run("walk_narrow", test_narrow);
	unit_run("guest_memory_physical_copies", test_physical_copies);
	unit_run("guest_memory_linear_copies", test_linear_copies);
	unit_run("fetch_long", test_fetch_long);
	unit_run("fetch_other_cr3", test_fetch_other_cr3);
	unit_run("fetch_segments", test_fetch_segments);
	unit_run("guest_inject_fault", test_inject);
	return unit_failed;
}
