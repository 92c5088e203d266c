/*
 * process/syscall_pci.c: an engine's direct access to PCI configuration space, past all hooks, and what it asks
 * of the table of functions.
 */
#include "process/syscall.h"
#include "process/user_memory.h"
#include "rv/errno.h"
#include "vmm/pci_function.h"

#define PCI_FUNCTION_LAST 0xffff
#define PCI_OFFSET_LAST 0xfff

static bool syscall_pci_is(uint64_t function, uint64_t offset, uint64_t width_bytes)
{
	return function <= PCI_FUNCTION_LAST && (width_bytes == 1 || width_bytes == 2 || width_bytes == 4) &&
	       offset <= PCI_OFFSET_LAST && (offset & (width_bytes - 1)) == 0;
}

/* (bus << 8 | device << 3 | function, offset, width_bytes) */
int64_t syscall_pci_read(struct process *process, struct exception_frame *frame)
{
	struct access access = syscall_access(process, ACCESS_PCI, frame->rdi << 12 | frame->rsi,
					      frame->rdx);

	if (!syscall_pci_is(frame->rdi, frame->rsi, frame->rdx))
		return -RV_EINVAL;
	access_perform_direct(&access);
	return (uint32_t)access.value;
}

/* (bdf, offset, width_bytes, value) */
int64_t syscall_pci_write(struct process *process, struct exception_frame *frame)
{
	struct access access = syscall_access(process, ACCESS_PCI, frame->rdi << 12 | frame->rsi,
					      frame->rdx);

	if (!syscall_pci_is(frame->rdi, frame->rsi, frame->rdx))
		return -RV_EINVAL;
	syscall_store(&access, frame->r10);
	return 0;
}

/* (bdf, number, struct rv_pci_bar *) */
int64_t syscall_pci_bar(struct process *process, struct exception_frame *frame)
{
	struct rv_pci_bar told;
	struct pci_bar bar;
	int error;

	if (frame->rdi > PCI_FUNCTION_LAST || frame->rsi >= PCI_BARS_MAXIMUM)
		return -RV_EINVAL;
	error = pci_bar_get(frame->rdi << 12, (unsigned)frame->rsi, &bar);
	if (error != 0)
		return error;
	told = (struct rv_pci_bar){ .address = bar.address, .size_bytes = bar.size_bytes,
				    .flags = (bar.port ? RV_PCI_BAR_PORT : 0) | (bar.wide ? RV_PCI_BAR_WIDE : 0) |
					     (bar.prefetchable ? RV_PCI_BAR_PREFETCHABLE : 0) |
					     (bar.decoded ? RV_PCI_BAR_DECODED : 0) };
	return user_copy_out(process, frame->rdx, &told, sizeof(told));
}

/* (bdf) */
int64_t syscall_pci_switch_off(struct process *process, struct exception_frame *frame)
{
	(void)process;
	return frame->rdi <= PCI_FUNCTION_LAST ? pci_function_switch_off(frame->rdi << 12) : -RV_EINVAL;
}
