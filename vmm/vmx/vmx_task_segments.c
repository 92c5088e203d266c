/*
 * vmm/vmx/vmx_task_segments.c: the segment registers of a new task (Intel SDM v3 8.3, table 8-1).
 */
#include "vmm/vmx/vmx_task.h"

#include "core/instructions.h"

#define ATTRIBUTE_TYPE 0xfu
#define ATTRIBUTE_CODE 0x8u
#define ATTRIBUTE_CONFORMING 0x4u
#define ATTRIBUTE_WRITABLE_OR_READABLE 0x2u
#define ATTRIBUTE_ACCESSED 0x1u
#define ATTRIBUTE_CODE_OR_DATA 0x10u
#define ATTRIBUTE_PRESENT 0x80u
#define ATTRIBUTE_GRANULARITY 0x800u
#define TYPE_LDT 2u
#define DESCRIPTOR_ACCESSED (UINT64_C(1) << 40)

bool task_find_descriptor(uint16_t selector, gva_t *address)
{
	bool local = selector & SELECTOR_LOCAL;
	uint32_t limit = vmcs_read32(local ? VMCS_GUEST_LIMIT(VMCS_SEGMENT_LDTR)
					   : VMCS_GUEST_GDTR_LIMIT);
	uint64_t base = vmcs_read(local ? VMCS_GUEST_BASE(VMCS_SEGMENT_LDTR) : VMCS_GUEST_GDTR_BASE);

	if ((selector & (SELECTOR_INDEX | SELECTOR_LOCAL)) == 0 ||
	    (selector & SELECTOR_INDEX) + 7u > limit ||
	    (local && (vmcs_read32(VMCS_GUEST_RIGHTS(VMCS_SEGMENT_LDTR)) & RIGHTS_UNUSABLE)))
		return false;
	*address = (uint32_t)(base + (selector & SELECTOR_INDEX));
	return true;
}

void task_expand_descriptor(uint16_t selector, uint64_t descriptor, struct segment_register *out)
{
	out->selector = selector;
	out->attributes = (uint16_t)((descriptor >> 40 & 0xff) | (descriptor >> 44 & 0xf00));
	out->limit_bytes = (uint32_t)((descriptor & 0xffff) | (descriptor >> 32 & 0xf0000));
	if (out->attributes & ATTRIBUTE_GRANULARITY)
		out->limit_bytes = out->limit_bytes << 12 | 0xfff;
	out->base = (descriptor >> 16 & 0xffffff) | (descriptor >> 56 << 24);
}

static bool task_fault(struct vcpu *vcpu, unsigned vector, uint16_t selector)
{
	vmx_inject_exception(vcpu, vector, selector & ~SELECTOR_RPL);
	return false;
}

/* Reads a descriptor and marks it accessed. */
static bool task_read_descriptor(struct vcpu *vcpu, uint16_t selector, struct segment_register *out)
{
	struct guest_fault fault;
	uint64_t descriptor;
	gva_t address;

	if (!task_find_descriptor(selector, &address))
		return task_fault(vcpu, VECTOR_INVALID_TSS, selector);
	if (!guest_linear_read(vcpu, address, &descriptor, sizeof(descriptor), GUEST_READ, &fault)) {
		guest_inject_fault(vcpu, &fault);
		return false;
	}
	task_expand_descriptor(selector, descriptor, out);
	if ((out->attributes & ATTRIBUTE_CODE_OR_DATA) && !(descriptor & DESCRIPTOR_ACCESSED)) {
		descriptor |= DESCRIPTOR_ACCESSED;
		out->attributes |= ATTRIBUTE_ACCESSED;
		if (!guest_linear_write(vcpu, address, &descriptor, sizeof(descriptor), &fault)) {
			guest_inject_fault(vcpu, &fault);
			return false;
		}
	}
	return true;
}

static bool task_is_valid(enum segment which, const struct segment_register *segment, unsigned cpl)
{
	unsigned attributes = segment->attributes, dpl = attributes >> 5 & 3;
	unsigned rpl = segment->selector & SELECTOR_RPL;

	if (!(attributes & ATTRIBUTE_CODE_OR_DATA))
		return false;
	if (which == SEGMENT_CS)
		return (attributes & ATTRIBUTE_CODE) &&
		       (attributes & ATTRIBUTE_CONFORMING ? dpl <= cpl : dpl == cpl);
	if (which == SEGMENT_SS)
		return !(attributes & ATTRIBUTE_CODE) &&
		       (attributes & ATTRIBUTE_WRITABLE_OR_READABLE) && dpl == cpl && rpl == cpl;
	if (!(attributes & ATTRIBUTE_CODE))
		return dpl >= cpl && dpl >= rpl;
	return (attributes & ATTRIBUTE_WRITABLE_OR_READABLE) &&
	       ((attributes & ATTRIBUTE_CONFORMING) || (dpl >= cpl && dpl >= rpl));
}

static bool task_load_segment(struct vcpu *vcpu, enum segment which, uint16_t selector, unsigned cpl)
{
	struct segment_register segment = { .selector = selector };

	if ((selector & (SELECTOR_INDEX | SELECTOR_LOCAL)) == 0) {
		if (which == SEGMENT_CS || which == SEGMENT_SS)
			return task_fault(vcpu, VECTOR_INVALID_TSS, selector);
		vmx_write_segment(which, &segment); /* unusable */
		return true;
	}
	if (!task_read_descriptor(vcpu, selector, &segment))
		return false;
	if (!task_is_valid(which, &segment, cpl))
		return task_fault(vcpu, VECTOR_INVALID_TSS, selector);
	if (!(segment.attributes & ATTRIBUTE_PRESENT))
		return task_fault(vcpu, which == SEGMENT_SS ? VECTOR_STACK : VECTOR_NOT_PRESENT, selector);
	vmx_write_segment(which, &segment);
	return true;
}

static bool task_load_ldt(struct vcpu *vcpu, uint16_t selector)
{
	struct segment_register segment = { .selector = selector };

	vmx_write_segment(VMCS_SEGMENT_LDTR, &segment); /* unusable, until it is found good */
	if ((selector & SELECTOR_INDEX) == 0)
		return true;
	if (selector & SELECTOR_LOCAL)
		return task_fault(vcpu, VECTOR_INVALID_TSS, selector);
	if (!task_read_descriptor(vcpu, selector, &segment))
		return false;
	if ((segment.attributes & (ATTRIBUTE_CODE_OR_DATA | ATTRIBUTE_TYPE)) != TYPE_LDT ||
	    !(segment.attributes & ATTRIBUTE_PRESENT))
		return task_fault(vcpu, VECTOR_INVALID_TSS, selector);
	vmx_write_segment(VMCS_SEGMENT_LDTR, &segment);
	return true;
}

/* Virtual-8086 mode: 27.3.1.2 says how such segments look. */
static void task_load_virtual_8086(const struct task *task)
{
	for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
		const struct segment_register segment = {
			.selector = task->selectors[i],
			.attributes = 0xf3,
			.limit_bytes = 0xffff,
			.base = (uint64_t)task->selectors[i] << 4,
		};

		vmx_write_segment(i, &segment);
	}
}

/* Until a segment is loaded it is unusable, so that a fault finds a state that can be entered. CS
 * and SS cannot be: they get the new privilege and the old task's rest. */
static void task_empty_segments(const struct task *task, unsigned cpl)
{
	for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
		struct segment_register segment;

		vmx_read_segment(i, &segment);
		segment.selector = task->selectors[i];
		if (i == SEGMENT_CS || i == SEGMENT_SS)
			segment.attributes = (uint16_t)(0xc00 | (i == SEGMENT_CS ? 0x9b : 0x93) | cpl << 5);
		else
			segment.attributes = 0;
		if (i == SEGMENT_SS)
			segment.selector = (uint16_t)((segment.selector & ~SELECTOR_RPL) | cpl);
		vmx_write_segment(i, &segment);
	}
}

bool task_load_segments(struct vcpu *vcpu, const struct task *task)
{
	static const enum segment order[] = { SEGMENT_CS, SEGMENT_SS, SEGMENT_DS, SEGMENT_ES,
					      SEGMENT_FS, SEGMENT_GS };
	unsigned cpl = task->selectors[SEGMENT_CS] & SELECTOR_RPL;

	if (task->rflags & RFLAGS_VM) {
		task_load_virtual_8086(task);
		return task_load_ldt(vcpu, task->ldt);
	}
	/* Descriptors are read with the rights of CPL 0; the privilege comes at the end. */
	task_empty_segments(task, 0);
	if (!task_load_ldt(vcpu, task->ldt))
		return false;
	for (unsigned i = 0; i < ARRAY_LENGTH(order); i++) {
		if (order[i] == SEGMENT_SS)
			continue;
		if (!task_load_segment(vcpu, order[i], task->selectors[order[i]], cpl))
			return false;
	}
	return task_load_segment(vcpu, SEGMENT_SS, task->selectors[SEGMENT_SS], cpl);
}
