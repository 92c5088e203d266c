/*
 * vmm/vmx/vmx_task.c: task switches, which exit on every CPU, before anything of them is done (Intel
 * SDM v3 26.4.2). Steps and their order are those of 8.3.
 */
#include "vmm/vmx/vmx_task.h"

#include "core/instructions.h"
#include "core/string.h"

#define TYPE_MASK 0xfu
#define TYPE_BUSY 0x2u
#define TYPE_32BIT 0x8u
#define ATTRIBUTE_PRESENT 0x80u
#define ATTRIBUTE_BIG 0x400u
#define TSS_CR3 0x1c
#define TSS32_LIMIT 0x67u
#define TSS16_LIMIT 0x2bu

/* Exit qualification, table 28-2 */
enum task_source { TASK_CALL, TASK_IRET, TASK_JUMP, TASK_GATE };

/* 8.2.1, and 8.6 for the form of the 80286 */
struct tss32 {
	uint32_t link, stacks[6], cr3, eip, eflags, gpr[8], selectors[SEGMENT_COUNT], ldt;
	uint16_t trap, io_map;
} __attribute__((packed));
_Static_assert(sizeof(struct tss32) == TSS32_LIMIT + 1 && offsetof(struct tss32, cr3) == TSS_CR3, "TSS");

struct tss16 {
	uint16_t link, stacks[6], ip, flags, gpr[8], selectors[4], ldt;
} __attribute__((packed));
_Static_assert(sizeof(struct tss16) == TSS16_LIMIT + 1, "16-bit TSS");

union tss {
	struct tss32 wide;
	struct tss16 narrow;
};

static bool task_read(struct vcpu *vcpu, gva_t address, void *buffer, size_t length_bytes)
{
	struct guest_fault fault;

	if (guest_linear_read(vcpu, (uint32_t)address, buffer, length_bytes, GUEST_READ, &fault))
		return true;
	guest_inject_fault(vcpu, &fault);
	return false;
}

static bool task_write(struct vcpu *vcpu, gva_t address, const void *buffer, size_t length_bytes)
{
	struct guest_fault fault;

	if (guest_linear_write(vcpu, (uint32_t)address, buffer, length_bytes, &fault))
		return true;
	guest_inject_fault(vcpu, &fault);
	return false;
}

static size_t task_bytes(bool wide)
{
	return wide ? sizeof(struct tss32) : sizeof(struct tss16);
}

/* The registers go into the old TSS; CR3, LDT and the stacks there are only ever read. */
static bool task_save(struct vcpu *vcpu, const struct segment_register *old, uint64_t rip,
		      uint64_t rflags)
{
	bool wide = old->attributes & TYPE_32BIT;
	union tss tss;

	if (!task_read(vcpu, old->base, &tss, task_bytes(wide)))
		return false;
	for (unsigned i = 0; i < 8; i++) {
		if (wide)
			tss.wide.gpr[i] = (uint32_t)vcpu->gpr[i];
		else
			tss.narrow.gpr[i] = (uint16_t)vcpu->gpr[i];
	}
	for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
		uint16_t selector = (uint16_t)vmcs_read(VMCS_GUEST_SELECTOR(i));

		if (wide)
			tss.wide.selectors[i] = selector;
		else if (i <= SEGMENT_DS)
			tss.narrow.selectors[i] = selector;
	}
	if (wide) {
		tss.wide.eip = (uint32_t)rip;
		tss.wide.eflags = (uint32_t)rflags;
	} else {
		tss.narrow.ip = (uint16_t)rip;
		tss.narrow.flags = (uint16_t)rflags;
	}
	return task_write(vcpu, old->base, &tss, task_bytes(wide));
}

static void task_parse(const union tss *tss, bool wide, struct task *task)
{
	memset(task, 0, sizeof(*task));
	for (unsigned i = 0; i < 8; i++)
		task->gpr[i] = wide ? tss->wide.gpr[i] : UINT32_C(0xffff0000) | tss->narrow.gpr[i];
	for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
		if (wide)
			task->selectors[i] = (uint16_t)tss->wide.selectors[i];
		else if (i <= SEGMENT_DS)
			task->selectors[i] = tss->narrow.selectors[i];
	}
	task->rip = wide ? tss->wide.eip : tss->narrow.ip;
	task->rflags = wide ? tss->wide.eflags : tss->narrow.flags;
	task->cr3 = wide ? tss->wide.cr3 : (uint32_t)vmcs_read(VMCS_GUEST_CR3);
	task->ldt = wide ? (uint16_t)tss->wide.ldt : tss->narrow.ldt;
	task->trap = wide && (tss->wide.trap & 1);
}

static void task_load_registers(struct vcpu *vcpu, const struct task *task, bool nested)
{
	uint64_t cr0 = vmx_get_control(vcpu, 0);

	vmx_write_cr0(cr0 | CR0_TS);
	if ((cr0 & CR0_PG) && task->cr3 != vmcs_read(VMCS_GUEST_CR3)) {
		vmx_set_control(vcpu, 3, task->cr3);
		if (vmx_get_control(vcpu, 4) & CR4_PAE)
			(void)vmx_load_pdptes(task->cr3);
	}
	for (unsigned i = 0; i < 8; i++)
		vcpu->gpr[i] = task->gpr[i];
	vcpu->rip = task->rip;
	vcpu->rflags = (task->rflags & UINT64_C(0x3f7fd5)) | RFLAGS_FIXED | (nested ? RFLAGS_NT : 0);
	vmcs_write(VMCS_GUEST_DR7, vmcs_read(VMCS_GUEST_DR7) & ~DR7_LOCAL);
}

/* What a fault pushes goes on the new task's stack. */
static bool task_push_error_code(struct vcpu *vcpu, bool wide, uint32_t error_code)
{
	struct segment_register stack;
	size_t length_bytes = wide ? 4 : 2;
	uint32_t rsp;

	vmx_read_segment(SEGMENT_SS, &stack);
	rsp = (uint32_t)(vcpu->gpr[GPR_RSP] - length_bytes);
	if (!(stack.attributes & ATTRIBUTE_BIG))
		rsp = (uint16_t)rsp | (vcpu->gpr[GPR_RSP] & UINT32_C(0xffff0000));
	if (!task_write(vcpu, stack.base + (stack.attributes & ATTRIBUTE_BIG ? rsp : (uint16_t)rsp),
			&error_code, length_bytes))
		return false;
	vcpu->gpr[GPR_RSP] = rsp;
	return true;
}

/* The new TSS's descriptor, checked as far as the CPU may not have. */
static bool task_find(struct vcpu *vcpu, uint16_t selector, enum task_source source,
		      struct segment_register *tss, gva_t *address, uint64_t *descriptor)
{
	unsigned type, limit;
	bool busy;

	if (!task_find_descriptor(selector, address)) {
		vmx_inject_exception(vcpu, VECTOR_INVALID_TSS, selector & ~3);
		return false;
	}
	if (!task_read(vcpu, *address, descriptor, sizeof(*descriptor)))
		return false;
	task_expand_descriptor(selector, *descriptor, tss);
	type = tss->attributes & TYPE_MASK;
	limit = type & TYPE_32BIT ? TSS32_LIMIT : TSS16_LIMIT;
	busy = type & TYPE_BUSY;
	if ((type & 5) != 1 || busy != (source == TASK_IRET) || tss->limit_bytes < limit) {
		vmx_inject_exception(vcpu, VECTOR_INVALID_TSS, selector & ~3);
		return false;
	}
	if (!(tss->attributes & ATTRIBUTE_PRESENT)) {
		vmx_inject_exception(vcpu, VECTOR_NOT_PRESENT, selector & ~3);
		return false;
	}
	tss->attributes |= TYPE_BUSY;
	return true;
}

/* The busy bit of a descriptor, in memory. */
static bool task_mark(struct vcpu *vcpu, gva_t address, bool busy)
{
	uint64_t descriptor;

	if (!task_read(vcpu, address, &descriptor, sizeof(descriptor)))
		return false;
	descriptor = busy ? descriptor | DESCRIPTOR_BUSY : descriptor & ~DESCRIPTOR_BUSY;
	return task_write(vcpu, address, &descriptor, sizeof(descriptor));
}

/* Everything in the memory of the old task. False: a fault was injected there. */
static bool task_leave(struct vcpu *vcpu, enum task_source source, uint64_t next_rip,
		       const struct segment_register *new_tss, gva_t new_descriptor, union tss *tss)
{
	uint64_t rflags = source == TASK_IRET ? vcpu->rflags & ~RFLAGS_NT : vcpu->rflags;
	struct segment_register old;
	gva_t address;
	bool nested = source == TASK_CALL || source == TASK_GATE;

	vmx_read_segment(VMCS_SEGMENT_TR, &old);
	if (!task_read(vcpu, new_tss->base, tss,
		       task_bytes(new_tss->attributes & TYPE_32BIT)) ||
	    !task_save(vcpu, &old, next_rip, rflags))
		return false;
	if (nested && !task_write(vcpu, new_tss->base, &old.selector, sizeof(old.selector)))
		return false;
	if (!nested && task_find_descriptor(old.selector, &address) && !task_mark(vcpu, address, false))
		return false;
	return source == TASK_IRET || task_mark(vcpu, new_descriptor, true);
}

/* The address to come back to: behind the instruction, unless an interrupt or a fault was it. */
static uint64_t task_return_address(struct vcpu *vcpu, enum task_source source, uint32_t event)
{
	uint32_t type = event & EVENT_TYPE_MASK;

	if (source == TASK_GATE && type != EVENT_SOFTWARE_INTERRUPT &&
	    type != EVENT_SOFTWARE_EXCEPTION && type != EVENT_PRIVILEGED_SOFTWARE_EXCEPTION)
		return vcpu->rip;
	return vmx_next_rip(vcpu);
}

static void task_enter(struct vcpu *vcpu, const struct task *task, bool wide, uint32_t event)
{
	if (!task_load_segments(vcpu, task))
		return;
	if ((event & EVENT_ERROR_CODE) &&
	    !task_push_error_code(vcpu, wide, vmx_of(vcpu)->event_error_code))
		return;
	if (task->trap) {
		__asm__ volatile("mov %0, %%dr6" ::"r"(UINT64_C(0xffff0ff0) | DR6_BT));
		vmx_inject_exception(vcpu, VECTOR_DEBUG, -1);
	}
}

/* A task that an NMI starts runs with NMIs blocked, until an IRET, be it to another task. */
static void task_block_nmis(enum task_source source, uint32_t event)
{
	uint32_t blocking = vmcs_read32(VMCS_GUEST_INTERRUPTIBILITY);

	if ((event & EVENT_VALID) && (event & EVENT_TYPE_MASK) == EVENT_NMI)
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, blocking | BLOCKING_NMI);
	else if (source == TASK_IRET)
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, blocking & ~BLOCKING_NMI);
}

void vmx_handle_task_switch(struct vcpu *vcpu)
{
	uint64_t qualification = vmcs_read(VMCS_EXIT_QUALIFICATION), descriptor;
	enum task_source source = (enum task_source)(qualification >> 30 & 3);
	uint32_t event = source == TASK_GATE ? vmx_of(vcpu)->event : 0;
	uint32_t stack_rights = vmcs_read32(VMCS_GUEST_RIGHTS(SEGMENT_SS));
	struct segment_register new_tss;
	struct task task;
	union tss tss;
	gva_t address;
	bool wide;

	/* The event is what the switch delivers; it is not injected again. */
	if (source == TASK_GATE)
		vmx_of(vcpu)->event = 0;
	/* System structures are accessed with the rights of CPL 0, which SS tells. */
	vmcs_write(VMCS_GUEST_RIGHTS(SEGMENT_SS), stack_rights & ~UINT32_C(0x60));
	if (!task_find(vcpu, (uint16_t)qualification, source, &new_tss, &address, &descriptor) ||
	    !task_leave(vcpu, source, task_return_address(vcpu, source, event), &new_tss, address,
			&tss)) {
		vmcs_write(VMCS_GUEST_RIGHTS(SEGMENT_SS), stack_rights);
		return;
	}
	wide = new_tss.attributes & TYPE_32BIT;
	task_parse(&tss, wide, &task);
	vmx_write_segment(VMCS_SEGMENT_TR, &new_tss);
	task_load_registers(vcpu, &task, source == TASK_CALL || source == TASK_GATE);
	vcpu->shadow_ended = true;
	task_block_nmis(source, event);
	task_enter(vcpu, &task, wide, event);
}
