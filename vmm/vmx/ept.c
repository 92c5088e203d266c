/*
 * vmm/vmx/ept.c: the entries of VMX's extended page tables (Intel SDM v3 29.3). The tables' lock guards the
 * copy of the MTRRs.
 *
 * Each page has the memory type that the MTRRs give (vmm/mtrr.c), and lets the guest's PAT have its
 * say (29.3.7.2), so that the effective type is what it would be without us.
 */
#include "vmm/vmx/vmx.h"

#include "core/instructions.h"
#include "vmm/mtrr.h"
#include "vmm/nested_table.h"

#define EPT_RIGHTS UINT64_C(0x7) /* read, write, execute */
#define EPT_WRITE UINT64_C(0x2)
#define EPT_TYPE_SHIFT 3
#define MSR_TME_ACTIVATE 0x982u
#define TME_ENABLED UINT64_C(0x2)
#define TME_KEY_BITS_SHIFT 32

static struct mtrr_set ept_mtrrs;

static bool ept_level_has_pages(unsigned level)
{
	return level == 0 || (level == 1 && vmx_capabilities.ept_large_pages) ||
	       (level == 2 && vmx_capabilities.ept_gigabyte_pages);
}

/* A page of 4 KiB has one type. */
static bool ept_encode(hpa_t hpa, unsigned level, uint64_t *entry)
{
	uint8_t type;

	if (!ept_level_has_pages(level) || !mtrr_type(&ept_mtrrs, hpa, PAGE_BYTES << 9 * level, &type))
		return false;
	*entry = hpa | EPT_RIGHTS | (uint64_t)type << EPT_TYPE_SHIFT | (level > 0 ? PAGING_LARGE : 0);
	return true;
}

/* The CPU notes nothing: that is not switched on. */
static const struct nested_format ept_format = {
	.rights = EPT_RIGHTS,
	.write = EPT_WRITE,
	.encode = ept_encode,
};

/* Without the bits that name a key (MKTME, IA32_TME_ACTIVATE 35:32): with these, the same memory would answer
 * at several addresses. The keys are the firmware's for good: vmm/msr_guard.c. */
static unsigned ept_address_bits(void)
{
	unsigned bits = cpuid_query(0x80000008, 0).eax & 0xff;
	uint64_t activate;

	if ((cpuid_query(7, 0).ecx & CPUID_STRUCTURED_ECX_TME) &&
	    msr_read_safe(MSR_TME_ACTIVATE, &activate) && (activate & TME_ENABLED))
		bits -= activate >> TME_KEY_BITS_SHIFT & 0xf;
	return bits;
}

static void ept_read_mtrrs(void)
{
	mtrr_read(&ept_mtrrs, 0, 0);
}

int ept_init(void)
{
	ept_read_mtrrs();
	return nested_create(&ept_format, ept_address_bits());
}

uint64_t ept_pointer(void)
{
	return nested_root() | vmx_capabilities.ept_pointer_flags;
}

/* A page that is not of one type any more, and that no memory is there to split, keeps its type: wrong types
 * are slow, not unsafe. */
void ept_update_types(void)
{
	nested_change(ept_read_mtrrs);
}
