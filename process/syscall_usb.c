/*
 * process/syscall_usb.c: system calls about USB devices: what there are, and what they say of themselves.
 */
#include "process/syscall.h"
#include "process/user_memory.h"
#include "rv/errno.h"
#include "rv/usb.h"

#define SYSCALL_USB_CHUNK 256

/* (position, struct rv_usb_info *) */
int64_t syscall_usb(struct process *process, struct exception_frame *frame)
{
	struct rv_usb_info info = { 0 };

	if (frame->rdi > UINT32_MAX || process_options.describe_usb == NULL ||
	    !process_options.describe_usb((uint32_t)frame->rdi, &info))
		return -RV_ENOENT;
	return user_copy_out(process, frame->rsi, &info, sizeof(info));
}

/* (number, offset, buffer, bytes) */
int64_t syscall_usb_read(struct process *process, struct exception_frame *frame)
{
	uint8_t bytes[SYSCALL_USB_CHUNK];
	int64_t error = 0;

	if (frame->rdi > RV_USB_LAST || process_options.read_usb == NULL)
		return -RV_ENOENT;
	if (frame->rsi > RV_USB_DESCRIPTOR_BYTES || frame->r10 > RV_USB_DESCRIPTOR_BYTES)
		return -RV_ERANGE;
	for (uint64_t done = 0; error == 0 && done < frame->r10;) {
		size_t chunk = frame->r10 - done < sizeof(bytes) ? frame->r10 - done : sizeof(bytes);

		error = process_options.read_usb((uint32_t)frame->rdi, (uint32_t)(frame->rsi + done), bytes, chunk);
		if (error == 0)
			error = user_copy_out(process, frame->rdx + done, bytes, chunk);
		done += chunk;
	}
	return error;
}
