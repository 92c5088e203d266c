/*
 * process/syscall_disk.c: system calls about disks: what there is, and what an engine itself reads and writes there.
 */
#include "core/instructions.h"
#include "core/string.h"
#include "core/time.h"
#include "hook/disk_transfer.h"
#include "process/budget.h"
#include "process/syscall.h"
#include "process/user_memory.h"
#include "rv/errno.h"

/* That the guest may stand in one run for disks, beside the run's own time: no event lasts for ever, however quick the
 * engine is to ask again. */
#define SYSCALL_DISK_EVENT_US 2000000
#define SYSCALL_DISK_LOAD_US 10000000

/* (position, struct rv_disk_info *) */
int64_t syscall_disk(struct process *process, struct exception_frame *frame)
{
	struct rv_disk_info info = { 0 };

	if (frame->rdi > UINT32_MAX || process_options.describe_disk == NULL ||
	    !process_options.describe_disk((uint32_t)frame->rdi, &info))
		return -RV_ENOENT;
	return user_copy_out(process, frame->rsi, &info, sizeof(info));
}

/* (number, 0 or RV_DISK_EVENT) */
int64_t syscall_disk_fail(struct process *process, struct exception_frame *frame)
{
	(void)process;
	if (frame->rdi > RV_DISK_LAST || process_options.fail_disk == NULL)
		return -RV_ENOENT;
	if (frame->rsi != 0 && (frame->rsi & ~(uint64_t)RV_DISK_EVENT_BITS) != RV_DISK_EVENT)
		return -RV_EINVAL;
	return process_options.fail_disk((uint32_t)frame->rdi, (uint32_t)frame->rsi);
}

#define SYSCALL_OVERLAY_UNIT 512
#define SYSCALL_OVERLAY_END (UINT64_C(1) << 48)

struct syscall_disk_transfer {
	struct disk_transfer transfer;
	struct process *process;
	uint64_t user; /* where the engine has the data */
};

/* A part of it, page by page of the engine's. */
static int syscall_disk_move(struct disk_transfer *transfer, uint64_t offset, void *bytes, size_t length_bytes)
{
	struct syscall_disk_transfer *of = CONTAINER_OF(transfer, struct syscall_disk_transfer, transfer);

	return transfer->kind == RV_EVENT_DISK_READ
		       ? user_copy_out(of->process, of->user + offset, bytes, length_bytes)
		       : user_copy_in(of->process, bytes, of->user + offset, length_bytes);
}

static bool syscall_disk_has_time(const struct process *process)
{
	uint64_t us = process->state == PROCESS_LOADING ? SYSCALL_DISK_LOAD_US : SYSCALL_DISK_EVENT_US;

	return process->disk_tsc < time_tsc_of_us(us);
}

/* The disk's time is not the engine's: from here to syscall_disk_end(), which gets what this returns. */
static uint64_t syscall_disk_begin(struct process *process)
{
	uint64_t start = tsc_read();

	if (!process->sliced)
		budget_pause(process);
	return start;
}

static void syscall_disk_end(struct process *process, uint64_t start)
{
	uint64_t spent = tsc_read() - start;

	process->disk_tsc += spent;
	process->owner.waited_cycles += spent;
	if (!process->sliced)
		budget_resume(process);
}

static int64_t syscall_disk_do(struct process *process, struct syscall_disk_transfer *of)
{
	uint64_t start = syscall_disk_begin(process);
	int error = process_options.transfer_disk(&of->transfer, process->vcpu);

	syscall_disk_end(process, start);
	return error;
}

/* (number, lba, buffer, bytes) */
static int64_t syscall_disk_transfer(struct process *process, const struct exception_frame *frame, uint32_t kind)
{
	bool moves = kind != RV_EVENT_DISK_FLUSH;
	struct syscall_disk_transfer of = {
		.transfer = { .number = (uint32_t)frame->rdi, .kind = kind, .lba = moves ? frame->rsi : 0,
			      .length_bytes = moves ? frame->r10 : 0,
			      .before_guest = process->state == PROCESS_LOADING && !process->live,
			      .author = &process->owner, .move = syscall_disk_move },
		.process = process,
		.user = frame->rdx,
	};

	if (frame->rdi > RV_DISK_LAST || process_options.transfer_disk == NULL)
		return -RV_ENOENT;
	if (of.transfer.length_bytes > RV_DISK_IO_BYTES)
		return -RV_E2BIG;
	if (moves && !user_check(process, of.user, of.transfer.length_bytes, kind == RV_EVENT_DISK_READ))
		return -RV_EFAULT;
	if (!syscall_disk_has_time(process))
		return -RV_ETIMEDOUT;
	return syscall_disk_do(process, &of);
}

int64_t syscall_disk_read(struct process *process, struct exception_frame *frame)
{
	return syscall_disk_transfer(process, frame, RV_EVENT_DISK_READ);
}

int64_t syscall_disk_write(struct process *process, struct exception_frame *frame)
{
	return syscall_disk_transfer(process, frame, RV_EVENT_DISK_WRITE);
}

/* (number) */
int64_t syscall_disk_flush(struct process *process, struct exception_frame *frame)
{
	return syscall_disk_transfer(process, frame, RV_EVENT_DISK_FLUSH);
}

/* Overlays ----------------------------------------------------------------------------------------- */

/* (number, bytes) */
int64_t syscall_overlay(struct process *process, struct exception_frame *frame)
{
	if (frame->rdi > RV_DISK_LAST || process_options.overlays == NULL)
		return -RV_ENOENT;
	return process_options.overlays->make(&process->owner, (uint32_t)frame->rdi, frame->rsi);
}

/* (struct rv_overlay_spec *) */
int64_t syscall_overlay_on_disk(struct process *process, struct exception_frame *frame)
{
	struct rv_overlay_spec spec;

	if (user_copy_in(process, &spec, frame->rdi, sizeof(spec)) != 0)
		return -RV_EFAULT;
	if (spec.disk > RV_DISK_LAST || spec.other > RV_DISK_LAST || process_options.overlays == NULL)
		return -RV_ENOENT;
	return process_options.overlays->make_on_disk(&process->owner, &spec);
}

static struct overlay_user syscall_overlay_user(const struct process *process)
{
	return (struct overlay_user){ .owner = &process->owner, .vcpu = process->vcpu,
				      .before_guest = process->state == PROCESS_LOADING && !process->live };
}

static bool syscall_overlay_is(const struct exception_frame *frame)
{
	return frame->rdi <= INT32_MAX && process_options.overlays != NULL;
}

/* (overlay, struct rv_overlay_range *) */
int64_t syscall_overlay_next(struct process *process, struct exception_frame *frame)
{
	struct rv_overlay_range range;
	struct overlay_user user;
	int error;

	if (!syscall_overlay_is(frame))
		return -RV_ENOENT;
	if (user_copy_in(process, &range, frame->rsi, sizeof(range)) != 0)
		return -RV_EFAULT;
	user = syscall_overlay_user(process);
	error = process_options.overlays->next(&user, (uint32_t)frame->rdi, &range.lba, &range.sectors);
	return error != 0 ? error : user_copy_out(process, frame->rsi, &range, sizeof(range));
}

/* (overlay, offset, buffer, bytes), page by page of the engine's */
int64_t syscall_overlay_read(struct process *process, struct exception_frame *frame)
{
	uint64_t offset = frame->rsi, to = frame->rdx, left = frame->r10, start_tsc = tsc_read();
	struct overlay_user user = syscall_overlay_user(process);
	int error = 0;

	if (!syscall_overlay_is(frame))
		return -RV_ENOENT;
	if (left > RV_DISK_IO_BYTES)
		return -RV_E2BIG;
	if (left % SYSCALL_OVERLAY_UNIT != 0 || offset % SYSCALL_OVERLAY_UNIT != 0 || offset > SYSCALL_OVERLAY_END - left)
		return -RV_EINVAL;
	while (error == 0 && left != 0) {
		uint8_t unit[SYSCALL_OVERLAY_UNIT] = { 0 };

		error = process_options.overlays->read(&user, (uint32_t)frame->rdi, offset, unit, sizeof(unit));
		if (error == 0)
			error = user_copy_out(process, to, unit, sizeof(unit));
		offset += sizeof(unit);
		to += sizeof(unit);
		left -= sizeof(unit);
		syscall_charge(process, frame, &start_tsc);
	}
	return error;
}

/* (overlay). The disk's time is not the engine's. */
int64_t syscall_overlay_open(struct process *process, struct exception_frame *frame)
{
	struct overlay_user user = syscall_overlay_user(process);
	uint64_t start;
	int error;

	if (!syscall_overlay_is(frame))
		return -RV_ENOENT;
	if (!syscall_disk_has_time(process))
		return -RV_ETIMEDOUT;
	start = syscall_disk_begin(process);
	error = process_options.overlays->open(&user, (uint32_t)frame->rdi);
	syscall_disk_end(process, start);
	return error;
}

/* (overlay, is the limit wanted?) */
int64_t syscall_overlay_used(struct process *process, struct exception_frame *frame)
{
	return !syscall_overlay_is(frame) ? -RV_ENOENT
					  : process_options.overlays->used(&process->owner, (uint32_t)frame->rdi,
									   frame->rsi != 0);
}
