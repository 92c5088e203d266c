/*
 * process/syscall_hook.c: system calls about hooks and the event that is open.
 */
#include "core/instructions.h"
#include "hook/hook_hold.h"
#include "process/budget.h"
#include "process/process_live.h"
#include "process/syscall.h"
#include "process/user_memory.h"
#include "rv/errno.h"
#include "rv/powers.h"
#include "vmm/vcpu.h"

/* In an event, and in a slice, the guest waits while a hook is put into force. */
static bool syscall_hook_is_short(const struct process *process,
				  const struct rv_hook_spec *spec)
{
	uint64_t first, last;

	if ((process->hook == NULL && !process->sliced) || !rv_kind_has(spec->kind, RV_KIND_MEMORY))
		return true;
	hook_spec_range(spec, &first, &last);
	return last - first < RV_HOOK_BYTES_IN_EVENT;
}

/* Nested tables for what a live script hooks: what is kept for those of the boot stays. */
static bool syscall_hook_has_tables(const struct rv_hook_spec *spec)
{
	uint64_t first, last;

	if (!rv_kind_has(spec->kind, RV_KIND_MEMORY))
		return true;
	hook_spec_range(spec, &first, &last);
	return process_live_has_pages((last - first) / MIB(2) + 4);
}

/* The default. At the guest's end nobody waits; where a script goes before, the guest does. */
static uint64_t syscall_hook_budget_us(const struct process *process, uint32_t kind)
{
	uint64_t us = process_options.load_budget_ms * 1000, long_us = process_options.budget_us * RV_LONG_BUDGETS;
	bool is_end = rv_kind_is(kind) && rv_kind_has(kind, RV_KIND_AT_END);

	if (!is_end && !(rv_kind_is(kind) && rv_kind_has(kind, RV_KIND_LONG)))
		return process_options.budget_us;
	if ((process->live || !is_end) && us > long_us)
		us = long_us;
	return us < RV_BUDGET_US_MAXIMUM ? us : RV_BUDGET_US_MAXIMUM;
}

/* (struct rv_hook_spec *) */
int64_t syscall_hook_add(struct process *process, struct exception_frame *frame)
{
	struct rv_hook_spec spec;
	uint64_t start_tsc = tsc_read();
	struct hook *hook;
	int id;

	if (user_copy_in(process, &spec, frame->rdi, sizeof(spec)) != 0)
		return -RV_EFAULT;
	if (spec.budget_us == 0)
		spec.budget_us = syscall_hook_budget_us(process, spec.kind);
	if (hook_spec_check(&spec) != 0)
		return -RV_EINVAL;
	if (!syscall_hook_is_short(process, &spec))
		return -RV_E2BIG;
	if (spec.fixed == RV_FIXED_METRIC && !metric_is(&process->metrics, spec.metric))
		return -RV_EINVAL;
	if (rv_kind_power(spec.kind) & ~process->powers)
		return -RV_EACCES;
	if (process->live && !syscall_hook_has_tables(&spec))
		return -RV_ENOMEM;
	if (process->policy && spec.on_error == RV_ON_ERROR_DISABLE)
		return -RV_EPERM;
	id = hook_add(&process->owner, &spec);
	/* A range of device memory takes some time for each of its pages. */
	syscall_charge(process, frame, &start_tsc);
	if (id < 0)
		return id;
	hook = hook_find((uint32_t)id);
	hook->owner_private = budget_ticks(spec.budget_us);
	return id;
}

/* (hook number) */
int64_t syscall_hook_remove(struct process *process, struct exception_frame *frame)
{
	const struct hook *hook = frame->rdi <= UINT32_MAX ? hook_find((uint32_t)frame->rdi) : NULL;

	if (hook == NULL || hook->owner != &process->owner)
		return -RV_ENOENT;
	if (rv_kind_power(hook->spec.kind) & ~process->powers)
		return -RV_EACCES;
	if (process->policy && process->state == PROCESS_WAITING && hook_keeps_denying(hook))
		return -RV_EPERM;
	return hook_remove(&process->owner, (uint32_t)frame->rdi);
}

/* () */
int64_t syscall_event_fetch(struct process *process, struct exception_frame *frame)
{
	struct hook *hook = process->hook;

	(void)frame;
	if (hook == NULL || hook->source->fetch == NULL)
		return -RV_EAGAIN;
	return hook->source->fetch(process->event, hook->origin);
}

/* A part of it, within a page of the engine's. */
static int syscall_data_part(const struct hook *hook, uint64_t offset, void *page, size_t bytes, bool write)
{
	return page == NULL ? -RV_EFAULT : hook->source->data(hook->origin, offset, page, bytes, write);
}

/* (offset, buffer, bytes) */
static int64_t syscall_data(struct process *process, const struct exception_frame *frame, bool write)
{
	const struct hook *hook = process->hook;
	uint64_t offset = frame->rdi, address = frame->rsi, left = frame->rdx, start_tsc = tsc_read();
	int error = 0;

	if (hook == NULL || hook->source->data == NULL)
		return -RV_EAGAIN;
	if (write && hook->spec.observe)
		return -RV_EPERM;
	while (error == 0 && left != 0) {
		size_t bytes = user_chunk(address, left);

		error = syscall_data_part(hook, offset, user_pointer(process, address, !write), bytes, write);
		offset += bytes;
		address += bytes;
		left -= bytes;
		syscall_charge(process, frame, &start_tsc);
	}
	return error;
}

int64_t syscall_data_read(struct process *process, struct exception_frame *frame)
{
	return syscall_data(process, frame, false);
}

int64_t syscall_data_write(struct process *process, struct exception_frame *frame)
{
	return syscall_data(process, frame, true);
}

/* (bytes) */
int64_t syscall_data_resize(struct process *process, struct exception_frame *frame)
{
	const struct hook *hook = process->hook;

	if (hook == NULL || hook->source->data == NULL)
		return -RV_EAGAIN;
	if (hook->spec.observe)
		return -RV_EPERM;
	return hook->source->resize != NULL ? hook->source->resize(hook->origin, frame->rdi) : -RV_ENOTSUP;
}

/* (request's number, verdict) */
int64_t syscall_resolve(struct process *process, struct exception_frame *frame)
{
	uint64_t verdict = frame->rsi;

	if (verdict != RV_VERDICT_PASS && verdict != RV_VERDICT_DENY && verdict != RV_VERDICT_DROP)
		return -RV_EINVAL;
	return hook_hold_resolve(&process->owner, frame->rdi, (enum rv_verdict)verdict, (uint32_t)frame->rdx);
}

/* (request's number, buffer, bytes) */
int64_t syscall_answer(struct process *process, struct exception_frame *frame)
{
	uint64_t offset = 0, address = frame->rsi, bytes = frame->rdx, start_tsc = tsc_read();
	struct hook_hold *hold;
	int error;

	/* From where it is taken nothing may stop us. */
	if (!user_check(process, address, bytes, false))
		return -RV_EFAULT;
	error = hook_hold_take(&process->owner, frame->rdi, bytes, &hold);
	if (error != 0)
		return error;
	while (error == 0 && offset != bytes) {
		size_t part = user_chunk(address + offset, bytes - offset);

		error = hold->operations->answer(hold, offset, user_pointer(process, address + offset, false), part);
		offset += part;
	}
	hook_hold_settle(hold, error == 0 ? RV_VERDICT_DROP : RV_VERDICT_DENY);
	syscall_charge(process, frame, &start_tsc);
	return error;
}

/* () */
int64_t syscall_event_registers(struct process *process, struct exception_frame *frame)
{
	struct vcpu *vcpu = process->vcpu;
	struct rv_registers *registers = &process->event->registers;
	uint64_t *general = &registers->rax;
	struct segment_register cs;

	(void)frame;
	if (process->hook == NULL)
		return -RV_EAGAIN;
	for (unsigned i = 0; i < GPR_COUNT; i++)
		general[i] = vcpu->gpr[i];
	registers->rip = vcpu->rip;
	registers->rflags = vcpu->rflags;
	registers->cr0 = vcpu_ops->get_control(vcpu, 0);
	registers->cr2 = vcpu_ops->get_control(vcpu, 2);
	registers->cr3 = vcpu_ops->get_control(vcpu, 3);
	registers->cr4 = vcpu_ops->get_control(vcpu, 4);
	registers->efer = vcpu_ops->get_efer(vcpu);
	vcpu_ops->get_segment(vcpu, SEGMENT_CS, &cs);
	registers->cs_base = cs.base;
	registers->cs_selector = cs.selector;
	registers->cpl = vcpu_ops->get_cpl(vcpu);
	process->event->flags |= RV_EVENT_REGISTERS;
	return 0;
}

/* (address of a function, 0: none) */
int64_t syscall_alarm(struct process *process, struct exception_frame *frame)
{
	/* What is mapped is canonical: IRET takes it. */
	if (frame->rdi != 0 && !user_check(process, frame->rdi, 1, false))
		return -RV_EFAULT;
	process->alarm_function = frame->rdi;
	return 0;
}
