/*
 * process/syscall_net.c: system calls about network cards: what there are, and what an engine itself sends; and how the
 * tunnel is.
 */
#include "process/net_service.h"
#include "process/syscall.h"
#include "process/user_memory.h"
#include "rv/errno.h"

/* (position, struct rv_nic_info *) */
int64_t syscall_nic(struct process *process, struct exception_frame *frame)
{
	struct rv_nic_info info = { 0 };

	if (frame->rdi > UINT32_MAX || process_options.describe_nic == NULL ||
	    !process_options.describe_nic((uint32_t)frame->rdi, &info))
		return -RV_ENOENT;
	return user_copy_out(process, frame->rsi, &info, sizeof(info));
}

struct syscall_packet_transfer {
	struct packet_transfer transfer;
	struct process *process;
	uint64_t user; /* where the engine has the frame */
};

static int syscall_nic_move(struct packet_transfer *transfer, uint64_t offset, void *bytes, size_t length_bytes)
{
	struct syscall_packet_transfer *of = CONTAINER_OF(transfer, struct syscall_packet_transfer, transfer);

	return user_copy_in(of->process, bytes, of->user + offset, length_bytes);
}

/* (number, 0 or 1, frame, bytes) */
int64_t syscall_nic_transfer(struct process *process, struct exception_frame *frame)
{
	struct syscall_packet_transfer of = {
		.transfer = { .number = (uint32_t)frame->rdi, .to_guest = frame->rsi != 0, .length_bytes = (uint32_t)frame->r10,
			      .author = &process->owner, .move = syscall_nic_move },
		.process = process,
		.user = frame->rdx,
	};

	if (frame->rdi > RV_NIC_LAST || process_options.transfer_packet == NULL)
		return -RV_ENOENT;
	if (frame->rsi > 1)
		return -RV_EINVAL;
	if (frame->r10 > RV_NIC_TRANSFER_BYTES)
		return -RV_ERANGE;
	if (!user_check(process, of.user, of.transfer.length_bytes, false))
		return -RV_EFAULT;
	return process_options.transfer_packet(&of.transfer, process->vcpu);
}

/* (struct tunnel_status *) */
int64_t syscall_vpn(struct process *process, struct exception_frame *frame)
{
	struct tunnel_status status;

	return net_service_describe(&status) ? user_copy_out(process, frame->rdi, &status, sizeof(status)) : -RV_ENOENT;
}
