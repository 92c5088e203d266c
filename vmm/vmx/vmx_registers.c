/*
 * vmm/vmx/vmx_registers.c: segment registers in the VMCS (Intel SDM v3 25.4.1).
 */
#include "vmm/vmx/vmx.h"

#define ATTRIBUTE_PRESENT 0x80u
#define ATTRIBUTE_GRANULARITY 0x800u
#define ATTRIBUTE_UNUSABLE 0x1000u
#define LIMIT_WITHOUT_GRANULARITY 0xfffffu

/* Access rights have bits 8-11 of a descriptor's limit between our bits 7 and 8. */
static uint16_t vmx_attributes(uint32_t rights)
{
	return (uint16_t)((rights & 0xff) | (rights >> 4 & 0x1f00));
}

void vmx_read_segment(unsigned number, struct segment_register *out)
{
	out->selector = (uint16_t)vmcs_read(VMCS_GUEST_SELECTOR(number));
	out->attributes = vmx_attributes(vmcs_read32(VMCS_GUEST_RIGHTS(number)));
	out->limit_bytes = vmcs_read32(VMCS_GUEST_LIMIT(number));
	out->base = vmcs_read(VMCS_GUEST_BASE(number));
}

void vmx_write_segment(unsigned number, const struct segment_register *in)
{
	uint32_t attributes = in->attributes & ~ATTRIBUTE_GRANULARITY;

	/* The entry checks G against the limit (27.3.1.2); the limit is what counts. */
	if (in->limit_bytes > LIMIT_WITHOUT_GRANULARITY)
		attributes |= ATTRIBUTE_GRANULARITY;
	if (!(attributes & ATTRIBUTE_PRESENT))
		attributes |= ATTRIBUTE_UNUSABLE;
	vmcs_write(VMCS_GUEST_SELECTOR(number), in->selector);
	vmcs_write(VMCS_GUEST_RIGHTS(number), (attributes & 0xff) | (attributes & 0x1f00) << 4);
	vmcs_write(VMCS_GUEST_LIMIT(number), in->limit_bytes);
	vmcs_write(VMCS_GUEST_BASE(number), in->base);
}

void vmx_get_segment(struct vcpu *vcpu, enum segment which, struct segment_register *out)
{
	(void)vcpu;
	vmx_read_segment(which, out);
}

void vmx_set_segment(struct vcpu *vcpu, enum segment which, const struct segment_register *in)
{
	(void)vcpu;
	vmx_write_segment(which, in);
}

/* SS.DPL is the CPL in all modes (25.4.1). */
unsigned vmx_get_cpl(struct vcpu *vcpu)
{
	(void)vcpu;
	return vmcs_read32(VMCS_GUEST_RIGHTS(SEGMENT_SS)) >> 5 & 3;
}
