/*
 * vmm/svm/svm_stack_segment.c: loading SS, for MOV SS and POP SS in a page that is watched: a step ends
 * one instruction too late there (AMD APM v2 4.8.3, 4.10.1, 13.1.4; v3, MOV).
 */
#include "vmm/svm/svm_ops.h"

#include "core/instructions.h"
#include "vmm/guest_memory.h"
#include "vmm/guest_walk.h"
#include "vmm/mmio.h"
#include "vmm/svm/svm.h"

#define ATTRIBUTE_DPL_SHIFT 5
#define ATTRIBUTE_PRESENT 0x80u
#define ATTRIBUTE_GRANULARITY 0x800u
#define TYPE_ACCESSED 0x1u
/* A data segment, not code or a system one, that can be written */
#define TYPE_MASK 0x1au
#define TYPE_STACK 0x12u

static bool svm_segment_fault(struct guest_fault *fault, uint8_t vector, uint16_t selector)
{
	*fault = (struct guest_fault){true, vector, selector & ~SELECTOR_RPL, 0};
	return false;
}

/* The descriptor's linear address, within its table; 0: it is outside. */
static bool svm_find_descriptor(const struct vmcb *vmcb, uint16_t selector, gva_t *gva)
{
	const struct vmcb_segment *table = selector & SELECTOR_LOCAL ? &vmcb->ldtr : &vmcb->gdtr;
	uint32_t index = selector & SELECTOR_INDEX;

	if ((selector & SELECTOR_LOCAL) && !(table->attributes & ATTRIBUTE_PRESENT))
		return false;
	*gva = table->base + index;
	return index + 7 <= table->limit;
}

/* As the CPU, whatever the guest's CPL, reads it; through handlers where its page is claimed. */
static bool svm_access_descriptor(struct vcpu *vcpu, gva_t gva, enum guest_access access,
				  uint64_t *descriptor, struct guest_fault *fault)
{
	uint8_t cpl = svm_of(vcpu)->vmcb->cpl;
	gpa_t gpa[2];
	bool good;

	svm_of(vcpu)->vmcb->cpl = 0;
	good = guest_translate(vcpu, gva, access, &gpa[0], fault) &&
	       guest_translate(vcpu, gva + 4, access, &gpa[1], fault);
	svm_of(vcpu)->vmcb->cpl = cpl;
	if (!good)
		return false;
	if (access == GUEST_WRITE)
		mmio_write(vcpu, gpa[1], 4, *descriptor >> 32);
	else
		*descriptor = mmio_read(vcpu, gpa[0], 4) | mmio_read(vcpu, gpa[1], 4) << 32;
	return true;
}

static void svm_fill_segment(struct vmcb_segment *segment, uint16_t selector, uint64_t descriptor)
{
	segment->selector = selector;
	segment->attributes = (uint16_t)((descriptor >> 40 & 0xff) | (descriptor >> 44 & 0xf00));
	segment->base = (descriptor >> 16 & 0xffffff) | (descriptor >> 32 & 0xff000000);
	segment->limit = (uint32_t)((descriptor & 0xffff) | (descriptor >> 32 & 0xf0000));
	if (segment->attributes & ATTRIBUTE_GRANULARITY)
		segment->limit = segment->limit << 12 | 0xfff;
}

static bool svm_load_protected(struct vcpu *vcpu, struct vmcb *vmcb, uint16_t selector,
			       struct guest_fault *fault)
{
	bool long_code = (vmcb->efer & EFER_LMA) &&
			 (vmcb->segments[SEGMENT_CS].attributes & SEGMENT_ATTRIBUTE_LONG);
	unsigned rpl = selector & SELECTOR_RPL;
	struct vmcb_segment segment;
	uint64_t descriptor;
	gva_t gva;

	if ((selector & ~SELECTOR_RPL) == 0) {
		/* 64-bit code above CPL 3 may have none. */
		if (!long_code || vmcb->cpl == 3 || rpl != vmcb->cpl)
			return svm_segment_fault(fault, VECTOR_GENERAL_PROTECTION, 0);
		vmcb->segments[SEGMENT_SS] = (struct vmcb_segment){.selector = selector};
		return true;
	}
	if (!svm_find_descriptor(vmcb, selector, &gva))
		return svm_segment_fault(fault, VECTOR_GENERAL_PROTECTION, selector);
	if (!svm_access_descriptor(vcpu, gva, GUEST_READ, &descriptor, fault))
		return false;
	svm_fill_segment(&segment, selector, descriptor);
	if ((segment.attributes & TYPE_MASK) != TYPE_STACK || rpl != vmcb->cpl ||
	    (segment.attributes >> ATTRIBUTE_DPL_SHIFT & 3u) != vmcb->cpl)
		return svm_segment_fault(fault, VECTOR_GENERAL_PROTECTION, selector);
	if (!(segment.attributes & ATTRIBUTE_PRESENT))
		return svm_segment_fault(fault, VECTOR_STACK, selector);
	if (!(segment.attributes & TYPE_ACCESSED)) {
		descriptor |= UINT64_C(1) << 40;
		segment.attributes |= TYPE_ACCESSED;
		if (!svm_access_descriptor(vcpu, gva, GUEST_WRITE, &descriptor, fault))
			return false;
	}
	vmcb->segments[SEGMENT_SS] = segment;
	return true;
}

bool svm_load_stack_segment(struct vcpu *vcpu, uint16_t selector, struct guest_fault *fault)
{
	struct vmcb *vmcb = svm_of(vcpu)->vmcb;

	if ((vmcb->cr0 & CR0_PE) && !(vcpu->rflags & RFLAGS_VM)) {
		if (!svm_load_protected(vcpu, vmcb, selector, fault))
			return false;
	} else {
		vmcb->segments[SEGMENT_SS].selector = selector;
		vmcb->segments[SEGMENT_SS].base = (uint64_t)selector << 4;
	}
	vmcb->interrupt_shadow |= 1;
	return true;
}
