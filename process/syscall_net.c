/*
 * process/syscall_net.c: system calls about network cards.
 */
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
