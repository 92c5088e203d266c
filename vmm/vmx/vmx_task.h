/*
 * vmm/vmx/vmx_task.h: what the two files of task switches share.
 */
#ifndef VMM_VMX_VMX_TASK_H
#define VMM_VMX_VMX_TASK_H

#include "vmm/guest_memory.h"
#include "vmm/vmx/vmx.h"

/* A segment descriptor of 8 bytes in the GDT or LDT (Intel SDM v3 3.4.5). */
#define DESCRIPTOR_BUSY (UINT64_C(1) << 41)

/* The state that both forms of TSS hold, in the order of enum segment and of enum gpr. */
struct task {
	uint32_t rip, rflags, cr3;
	uint32_t gpr[8];
	uint16_t selectors[SEGMENT_COUNT], ldt;
	bool trap;
};

/* Where the descriptor of a selector lies; false: outside of its table, or null. */
bool task_find_descriptor(uint16_t selector, gva_t *address);

/* Turns a descriptor into a register's hidden part. */
void task_expand_descriptor(uint16_t selector, uint64_t descriptor, struct segment_register *out);

/* Loads LDTR and the segment registers of a task whose other registers are loaded already. The first
 * fault is injected, in the new task; false then. */
bool task_load_segments(struct vcpu *vcpu, const struct task *task);

#endif
