/*
 * process/syscall_access.c: an engine's direct access to ports, device memory, CPUID and the
 * guest's memory. It goes past all hooks, but what the hypervisor guards
 * (vmm/access.h) is guarded against engines too.
 *
 * An engine may use every device that the guest may; none is ours alone. We use the UART that the log
 * goes to (boot option console=) too and, while an engine runs, the interrupt controllers, which are
 * refused here: they enforce the engine's budget and keep the guest's interrupts.
 */
#include "process/syscall.h"

#include "core/apic.h"
#include "core/instructions.h"
#include "core/memory.h"
#include "core/paging.h"
#include "process/controllers.h"
#include "process/user_memory.h"
#include "rv/errno.h"
#include "vmm/guest_memory.h"

#define ACCESS_BYTES_MAXIMUM MIB(1)

static bool syscall_width_is(uint64_t width_bytes, uint64_t maximum)
{
	return (width_bytes == 1 || width_bytes == 2 || width_bytes == 4 || width_bytes == 8) &&
	       width_bytes <= maximum;
}

static bool syscall_port_is(uint64_t port, uint64_t width_bytes)
{
	return syscall_width_is(width_bytes, 4) && port <= 0x10000 - width_bytes;
}

struct access syscall_access(struct process *process, enum access_kind kind, uint64_t address,
				    uint64_t width_bytes)
{
	return (struct access){
		.vcpu = process->vcpu,
		.kind = (uint8_t)kind,
		.width_bytes = (uint8_t)width_bytes,
		.address = address,
	};
}

enum access_result syscall_store(struct access *access, uint64_t value)
{
	access->write = true;
	access->value = value;
	return access_perform_direct(access);
}

/* (port, width_bytes) */
int64_t syscall_port_read(struct process *process, struct exception_frame *frame)
{
	struct access access = syscall_access(process, ACCESS_PORT, frame->rdi, frame->rsi);

	if (!syscall_port_is(frame->rdi, frame->rsi))
		return -RV_EINVAL;
	if (controllers_have_port(frame->rdi, frame->rsi))
		return -RV_EPERM;
	access_perform_direct(&access);
	return (uint32_t)access.value;
}

/* (port, width_bytes, value) */
int64_t syscall_port_write(struct process *process, struct exception_frame *frame)
{
	struct access access = syscall_access(process, ACCESS_PORT, frame->rdi, frame->rsi);

	if (!syscall_port_is(frame->rdi, frame->rsi))
		return -RV_EINVAL;
	if (controllers_have_port(frame->rdi, frame->rsi))
		return -RV_EPERM;
	syscall_store(&access, frame->rdx);
	return 0;
}

/* 0 if an engine may access this as device memory. */
static int64_t syscall_check_mmio(uint64_t gpa, uint64_t width_bytes)
{
	uint64_t apic = msr_read(MSR_APIC_BASE) & APIC_BASE_ADDRESS;

	if (!syscall_width_is(width_bytes, 8))
		return -RV_EINVAL;
	if (gpa > paging_direct_bytes - width_bytes)
		return -RV_ERANGE;
	if (memory_is_reserved(gpa, width_bytes))
		return -RV_EPERM;
	if (gpa < apic + PAGE_BYTES && gpa + width_bytes > apic)
		return -RV_EPERM;
	if (controllers_have_memory(gpa, width_bytes))
		return -RV_EPERM;
	/* RAM is for RV_SYS_MEMORY_READ and its like. */
	if (memory_is_ram(gpa, 1) || memory_is_ram(gpa + width_bytes - 1, 1))
		return -RV_EINVAL;
	return 0;
}

/* (gpa, width_bytes, uint64_t *value) */
int64_t syscall_mmio_read(struct process *process, struct exception_frame *frame)
{
	struct access access = syscall_access(process, ACCESS_MMIO, frame->rdi, frame->rsi);
	int64_t error = syscall_check_mmio(frame->rdi, frame->rsi);

	if (error != 0)
		return error;
	/* Before the device notices. */
	if (!user_check(process, frame->rdx, sizeof(access.value), true))
		return -RV_EFAULT;
	access_perform_direct(&access);
	return user_copy_out(process, frame->rdx, &access.value, sizeof(access.value));
}

/* (gpa, width_bytes, value) */
int64_t syscall_mmio_write(struct process *process, struct exception_frame *frame)
{
	struct access access = syscall_access(process, ACCESS_MMIO, frame->rdi, frame->rsi);
	int64_t error = syscall_check_mmio(frame->rdi, frame->rsi);

	if (error != 0)
		return error;
	syscall_store(&access, frame->rdx);
	return 0;
}

/* (leaf, subleaf, uint32_t regs[4]) */
int64_t syscall_cpuid(struct process *process, struct exception_frame *frame)
{
	uint32_t registers[4];

	if (frame->rdi > UINT32_MAX || frame->rsi > UINT32_MAX)
		return -RV_EINVAL;
	cpuid_hardware(process->vcpu, (uint32_t)frame->rdi, (uint32_t)frame->rsi, registers);
	return user_copy_out(process, frame->rdx, registers, sizeof(registers));
}

/* Straight between the guest's pages and the engine's, both checked, a page at a time. */
static int64_t syscall_transfer(struct process *process, const struct exception_frame *frame,
				bool to_guest)
{
	uint64_t gpa = frame->rdi, user = frame->rsi, length_bytes = frame->rdx;
	uint64_t start_tsc = tsc_read(), charged = user;
	int error = 0;

	if (length_bytes > ACCESS_BYTES_MAXIMUM)
		return -RV_E2BIG;
	if (gpa > UINT64_MAX - length_bytes)
		return -RV_EFAULT;
	if (!user_check(process, user, length_bytes, !to_guest))
		return -RV_EFAULT;
	while (length_bytes != 0 && error == 0) {
		size_t chunk = user_chunk(user, length_bytes);
		void *page = user_pointer(process, user, !to_guest);

		error = to_guest ? guest_memory_write(gpa, page, chunk)
				 : guest_memory_read(gpa, page, chunk);
		gpa += chunk;
		user += chunk;
		length_bytes -= chunk;
		if (user - charged < SYSCALL_CHARGED_BYTES)
			continue;
		syscall_charge(process, frame, &start_tsc);
		charged = user;
	}
	return error;
}

/* (gpa, buffer, length_bytes) */
int64_t syscall_memory_read(struct process *process, struct exception_frame *frame)
{
	return syscall_transfer(process, frame, false);
}

/* (gpa, buffer, length_bytes) */
int64_t syscall_memory_write(struct process *process, struct exception_frame *frame)
{
	return syscall_transfer(process, frame, true);
}
