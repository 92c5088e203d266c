/*
 * process/syscall_trace.c: what scripts have recorded.
 */
#include "core/string.h"
#include "hook/trace.h"
#include "process/syscall.h"
#include "process/user_memory.h"
#include "rv/errno.h"

/* A copy with a NUL behind it, and none within. */
static int syscall_trace_text(struct process *process, char text[RV_TRACE_BYTES + 1], uint64_t from, uint64_t bytes)
{
	if (bytes > RV_TRACE_BYTES)
		return -RV_E2BIG;
	if (user_copy_in(process, text, from, (size_t)bytes) != 0)
		return -RV_EFAULT;
	text[bytes] = '\0';
	return strlen(text) == bytes ? 0 : -RV_EINVAL;
}

/* (name, bytes, values, bytes) */
int64_t syscall_trace(struct process *process, struct exception_frame *frame)
{
	char name[RV_TRACE_BYTES + 1], values[RV_TRACE_BYTES + 1];
	int error;

	if (!trace_wants(RV_EVENT_NONE))
		return -RV_EAGAIN;
	if (frame->rsi == 0)
		return 0;
	error = syscall_trace_text(process, name, frame->rdi, frame->rsi);
	if (error == 0)
		error = syscall_trace_text(process, values, frame->rdx, frame->r10);
	if (error == 0)
		trace_say(&process->owner, process->vcpu, name, values);
	return error;
}
