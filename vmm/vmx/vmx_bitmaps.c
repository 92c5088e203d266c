/*
 * vmm/vmx/vmx_bitmaps.c: the I/O bitmaps (Intel SDM v3 25.6.4) and the MSR bitmap (25.6.9), one of
 * each for all vCPUs. Bits are flipped atomically; other CPUs see a change at their next access.
 */
#include "vmm/vmx/vmx.h"

#include "core/memory.h"
#include "rv/errno.h"
#include "vmm/mtrr.h"

#define MSR_RANGE 0x2000u
#define MSR_HIGH_START 0xc0000000u
/* Offsets in the MSR bitmap */
#define READ_LOW 0x000u
#define READ_HIGH 0x400u
#define WRITE_LOW 0x800u
#define WRITE_HIGH 0xc00u

static uint8_t *vmx_port_bitmap; /* two pages: ports to 7fffh, ports from 8000h */
static uint8_t *vmx_msr_bitmap;

int vmx_bitmaps_init(void)
{
	vmx_port_bitmap = memory_allocate_pages(2);
	vmx_msr_bitmap = memory_allocate_page();
	if (vmx_port_bitmap == NULL || vmx_msr_bitmap == NULL)
		return -RV_ENOMEM;
	for (uint32_t msr = 0; msr < MSR_RANGE; msr++)
		vmx_intercept_msr(msr, false, false);
	return 0;
}

void vmx_bitmaps_load(void)
{
	vmcs_write(VMCS_IO_BITMAP_A, memory_physical(vmx_port_bitmap));
	vmcs_write(VMCS_IO_BITMAP_B, memory_physical(vmx_port_bitmap + PAGE_BYTES));
	vmcs_write(VMCS_MSR_BITMAP, memory_physical(vmx_msr_bitmap));
}

static void vmx_set_bit(uint8_t *bitmap, uint32_t index, bool want)
{
	uint8_t mask = (uint8_t)(1u << index % 8);

	if (want)
		__atomic_or_fetch(bitmap + index / 8, mask, __ATOMIC_SEQ_CST);
	else
		__atomic_and_fetch(bitmap + index / 8, (uint8_t)~mask, __ATOMIC_SEQ_CST);
}

void vmx_intercept_port(uint16_t port, bool want)
{
	vmx_set_bit(vmx_port_bitmap, port, want);
}

/* What we hide exits whoever else wants it or not; so do the MTRRs, because ept.c follows them. All
 * MSRs outside of the two ranges always exit. */
void vmx_intercept_msr(uint32_t msr, bool read, bool write)
{
	bool hidden = msr == MSR_FEATURE_CONTROL || (msr >= MSR_VMX_FIRST && msr <= MSR_VMX_LAST);

	read = read || hidden;
	write = write || hidden || mtrr_is_register(msr);
	if (msr < MSR_RANGE) {
		vmx_set_bit(vmx_msr_bitmap + READ_LOW, msr, read);
		vmx_set_bit(vmx_msr_bitmap + WRITE_LOW, msr, write);
	} else if (msr - MSR_HIGH_START < MSR_RANGE) {
		vmx_set_bit(vmx_msr_bitmap + READ_HIGH, msr - MSR_HIGH_START, read);
		vmx_set_bit(vmx_msr_bitmap + WRITE_HIGH, msr - MSR_HIGH_START, write);
	}
}
