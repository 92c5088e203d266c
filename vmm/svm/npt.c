/*
 * vmm/svm/npt.c: the entries of SVM's nested page tables (AMD APM v2 15.25).
 *
 * User rights are set everywhere: nested walks are user accesses (15.25.5). Memory types come from
 * the guest's PAT and the MTRRs (15.25.8), so a page must not span two types: below 4 GiB, where
 * RAM and devices mix, 2 MiB is the largest page, below 2 MiB it is 4 KiB.
 */
#include "vmm/svm/svm.h"

#include "core/instructions.h"
#include "core/memory.h"
#include "vmm/nested_table.h"

#define NPT_RIGHTS (PAGING_PRESENT | PAGING_WRITABLE | PAGING_USER)
#define NPT_ENTRIES 512
#define CPUID_ENCRYPTION 0x8000001fu
#define CPUID_ENCRYPTION_SME 1u

static bool npt_gigabyte_pages;

static bool npt_encode(hpa_t hpa, unsigned level, uint64_t *entry)
{
	uint64_t bytes = PAGE_BYTES << 9 * level;

	if (level > 2 || (level == 2 && (!npt_gigabyte_pages || hpa < GIB(4))) ||
	    (level == 1 && hpa < MIB(2)))
		return false;
	/* The end of RAM: the page behind it may be of another type. */
	if (level == 2 && memory_end > hpa && memory_end < hpa + bytes)
		return false;
	*entry = hpa | NPT_RIGHTS | (level > 0 ? PAGING_LARGE : 0);
	return true;
}

static const struct nested_format npt_format = {
	.rights = NPT_RIGHTS,
	.write = PAGING_WRITABLE,
	.noted = PAGING_ACCESSED | PAGING_DIRTY,
	.encode = npt_encode,
};

/* Without the bit that encrypts and those that SME takes for itself (APM v2 7.10.1): with it, the same memory
 * would answer at two addresses. Whether SME is on is the firmware's for good: vmm/msr_guard.c. */
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
	return bits;
}

int npt_init(void)
{
	npt_gigabyte_pages = (cpuid_query(0x80000001, 0).edx >> 26) & 1;
	return nested_create(&npt_format, npt_address_bits());
}

/* Needs the host's EFER.NXE (APM v2 15.25.5). */
hpa_t npt_data_root(uint64_t *page)
{
	const uint64_t *top = memory_direct(nested_root());

	for (unsigned i = 0; i < NPT_ENTRIES; i++) {
		uint64_t entry = __atomic_load_n(&top[i], __ATOMIC_ACQUIRE);

		page[i] = entry & PAGING_PRESENT ? entry | PAGING_NO_EXECUTE : 0;
	}
	return memory_physical(page);
}
