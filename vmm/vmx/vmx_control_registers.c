/*
 * vmm/vmx/vmx_control_registers.c: CR0 to CR4 in the VMCS, and the writes that exit: VMX demands
 * CR0.NE and CR4.VMXE (Intel SDM v3 24.8), so the guest's own values of these bits are shadows, and
 * a write that changes one of them is performed here, with what the CPU would check (v2, MOV to
 * control registers).
 */
#include "vmm/vmx/vmx.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"

#define CR0_DEFINED (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | \
		     CR0_CD | CR0_PG)
#define PDPTE_RESERVED UINT64_C(0xfff00000000001e6)

/* DR0 to DR3 are the guest's all the time: the host has no use for them, and enables none. */
uint64_t vmx_get_debug(struct vcpu *vcpu, unsigned number)
{
	(void)vcpu;
	return number == 7 ? vmcs_read(VMCS_GUEST_DR7) : debug_address_read(number);
}

uint64_t vmx_get_control(struct vcpu *vcpu, unsigned number)
{
	uint64_t mask;

	switch (number) {
	case 0:
		mask = vmx_capabilities.cr0_fixed;
		return (vmcs_read(VMCS_GUEST_CR0) & ~mask) | (vmcs_read(VMCS_CR0_SHADOW) & mask);
	case 2:
		return vcpu->host_context ? vmx_of(vcpu)->cr2 : cr2_read();
	case 3:
		return vmcs_read(VMCS_GUEST_CR3);
	case 4:
		return vmcs_read(VMCS_GUEST_CR4) & ~VMX_CR4_HIDDEN;
	default:
		panic("vmx: no control register %u", number);
	}
}

/* The entry leaves CD and NW as they are in the CPU (27.3.2.1), so they are written there. */
void vmx_write_cr0(uint64_t value)
{
	uint64_t caching = CR0_CD | CR0_NW, host = cr0_read();

	vmcs_write(VMCS_CR0_SHADOW, value);
	vmcs_write(VMCS_GUEST_CR0, value | vmx_capabilities.cr0_fixed);
	if ((value ^ host) & caching)
		cr0_write((host & ~caching) | (value & caching));
}

void vmx_write_cr4(uint64_t value)
{
	vmcs_write(VMCS_CR4_SHADOW, value & ~VMX_CR4_HIDDEN);
	vmcs_write(VMCS_GUEST_CR4, (value & ~VMX_CR4_HIDDEN) | CR4_VMXE);
}

void vmx_set_control(struct vcpu *vcpu, unsigned number, uint64_t value)
{
	switch (number) {
	case 0:
		vmx_write_cr0(value);
		break;
	case 2:
		/* Not in the VMCS: what the CPU holds at the entry is the guest's. */
		vmx_of(vcpu)->cr2 = value;
		if (!vcpu->host_context)
			cr2_write(value);
		return;
	case 3:
		vmcs_write(VMCS_GUEST_CR3, value);
		break;
	case 4:
		vmx_write_cr4(value);
		break;
	default:
		panic("vmx: no control register %u", number);
	}
	vmx_of(vcpu)->flush_linear = true;
}

/* PAE paging outside of long mode: the CPU keeps the four page-directory pointers itself (4.4.1).
 * False: a reserved bit is set, which is #GP. */
bool vmx_load_pdptes(uint64_t cr3)
{
	uint32_t address_bits = cpuid_query(0x80000008, 0).eax & 0xff;
	uint64_t reserved = PDPTE_RESERVED | ~((UINT64_C(1) << address_bits) - 1);
	hpa_t table = cr3 & UINT64_C(0xffffffe0);
	uint64_t entries[4];

	/* What is no memory reads as ones. */
	memset(entries, 0xff, sizeof(entries));
	if (!memory_is_reserved(table, sizeof(entries)) && memory_is_ram(table, sizeof(entries)))
		memcpy(entries, memory_direct(table), sizeof(entries));
	for (unsigned i = 0; i < ARRAY_LENGTH(entries); i++) {
		if ((entries[i] & 1) && (entries[i] & reserved))
			return false;
	}
	for (unsigned i = 0; i < ARRAY_LENGTH(entries); i++)
		vmcs_write(VMCS_GUEST_PDPTE(i), entries[i]);
	return true;
}

static bool vmx_check_cr0(uint64_t old, uint64_t value, uint64_t cr4, uint64_t efer)
{
	bool code_is_long = vmcs_read32(VMCS_GUEST_RIGHTS(SEGMENT_CS)) & RIGHTS_LONG;

	if (value >> 32 != 0 || ((value & CR0_PG) && !(value & CR0_PE)) ||
	    ((value & CR0_NW) && !(value & CR0_CD)) || ((cr4 & CR4_CET) && !(value & CR0_WP)))
		return false;
	if (!((old ^ value) & CR0_PG))
		return true;
	if (!(value & CR0_PG))
		return !(cr4 & CR4_PCIDE) && !((efer & EFER_LMA) && code_is_long);
	/* Long mode has no 16-bit TSS, and no entry with one (27.3.1.2). */
	return !(efer & EFER_LME) ||
	       ((cr4 & CR4_PAE) && !code_is_long &&
		(vmcs_read32(VMCS_GUEST_RIGHTS(VMCS_SEGMENT_TR)) & RIGHTS_TYPE) != TYPE_BUSY_TSS16);
}

/* MOV to CR0 that changes NE. False: #GP. */
static bool vmx_move_to_cr0(struct vcpu *vcpu, uint64_t value)
{
	uint64_t old = vmx_get_control(vcpu, 0), cr4 = vmx_get_control(vcpu, 4);
	uint64_t efer = vmx_get_efer(vcpu);

	if (!vmx_check_cr0(old, value, cr4, efer))
		return false;
	value = (value & CR0_DEFINED) | CR0_ET;
	if ((value & CR0_PG) && (cr4 & CR4_PAE) && !(efer & EFER_LME) &&
	    ((old ^ value) & (CR0_PG | CR0_CD | CR0_NW)) &&
	    !vmx_load_pdptes(vmx_get_control(vcpu, 3)))
		return false;
	if (efer & EFER_LME)
		vmx_write_efer(value & CR0_PG ? efer | EFER_LMA : efer & ~EFER_LMA);
	vmx_write_cr0(value);
	if ((old ^ value) & (CR0_PG | CR0_PE | CR0_WP))
		vmx_of(vcpu)->flush_linear = true;
	return true;
}

/* Exit qualification: table 28-3. */
void vmx_handle_control_register(struct vcpu *vcpu)
{
	uint64_t qualification = vmcs_read(VMCS_EXIT_QUALIFICATION);
	unsigned number = (unsigned)(qualification & 0xf), access = qualification >> 4 & 3;
	uint64_t value = vcpu->gpr[qualification >> 8 & 0xf];

	/* All else is the guest's, and does not exit. */
	if (access != 0 || (number != 0 && number != 4)) {
		vcpu->exit.kind = EXIT_OTHER;
		return;
	}
	if (!(vmx_get_efer(vcpu) & EFER_LMA) ||
	    !(vmcs_read32(VMCS_GUEST_RIGHTS(SEGMENT_CS)) & RIGHTS_LONG))
		value = (uint32_t)value;
	vcpu->exit.next_rip = vmx_next_rip(vcpu);
	/* CR4 exits when a bit that we hide is to be set: such a CPU does not have it. */
	if (number == 4 || !vmx_move_to_cr0(vcpu, value))
		vmx_inject_exception(vcpu, VECTOR_GENERAL_PROTECTION, 0);
	else
		vcpu_skip_instruction(vcpu, 3);
}
