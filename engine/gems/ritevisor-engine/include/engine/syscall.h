/*
 * engine/syscall.h: the system calls of include/rv/abi.h as C functions.
 *
 * On the bare machine a call is one `int RV_SYSCALL_VECTOR`; in a host build (RV_HOST) it is a
 * function of the simulated machine in engine/host. All return what the hypervisor answers: a
 * result of 0 or more, or a negative RV_E number.
 */
#ifndef ENGINE_SYSCALL_H
#define ENGINE_SYSCALL_H

#include "rv/abi.h"
#include "rv/disk.h"
#include "rv/net.h"
#include "rv/tunnel.h"
#include "rv/usb.h"
#include "rv/errno.h"
#include "rv/service.h"

#ifdef RV_HOST
int64_t host_syscall(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);

static inline int64_t engine_syscall(enum rv_syscall number, uint64_t a, uint64_t b, uint64_t c,
				     uint64_t d, uint64_t e)
{
	return host_syscall((uint64_t)number, a, b, c, d, e);
}

static inline int64_t sys_next_event(void)
{
	return engine_syscall(RV_SYS_NEXT_EVENT, 0, 0, 0, 0, 0);
}
#else
static inline int64_t engine_syscall(enum rv_syscall number, uint64_t a, uint64_t b, uint64_t c,
				     uint64_t d, uint64_t e)
{
	register uint64_t r10 __asm__("r10") = d;
	register uint64_t r8 __asm__("r8") = e;
	int64_t result;

	__asm__ volatile("int %[vector]"
			 : "=a"(result)
			 : [vector] "i"(RV_SYSCALL_VECTOR), "a"((uint64_t)number), "D"(a), "S"(b),
			   "d"(c), "r"(r10), "r"(r8)
			 : "memory");
	return result;
}

/* The call that every event ends with: no register is set for arguments that it does not have, and those
 * that a C function may change are lost. */
static inline int64_t sys_next_event(void)
{
	int64_t result;

	__asm__ volatile("int %[vector]"
			 : "=a"(result)
			 : [vector] "i"(RV_SYSCALL_VECTOR), "a"((uint64_t)RV_SYS_NEXT_EVENT)
			 : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
	return result;
}
#endif

/* The open event and the facts about this engine stand at fixed addresses. */
static inline struct rv_event *engine_event(void)
{
	return (struct rv_event *)(uintptr_t)RV_ENGINE_EVENT_ADDRESS;
}

static inline const struct rv_engine_info *engine_info(void)
{
	return (const struct rv_engine_info *)(uintptr_t)RV_ENGINE_INFO_ADDRESS;
}

static inline uint64_t engine_address(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

static inline int64_t sys_log(uint32_t level, const char *text, uint64_t length_bytes)
{
	return engine_syscall(RV_SYS_LOG, level, engine_address(text), length_bytes, 0, 0);
}

static inline int64_t sys_trace(const char *name, uint64_t name_bytes, const char *values, uint64_t values_bytes)
{
	return engine_syscall(RV_SYS_TRACE, engine_address(name), name_bytes, engine_address(values), values_bytes, 0);
}

static inline _Noreturn void sys_exit(int status)
{
	engine_syscall(RV_SYS_EXIT, (uint64_t)(uint32_t)status, 0, 0, 0, 0);
	__builtin_trap();
}

static inline int64_t sys_heap_grow(uint64_t bytes)
{
	return engine_syscall(RV_SYS_HEAP_GROW, bytes, 0, 0, 0, 0);
}

static inline int64_t sys_powers(uint32_t kept)
{
	return engine_syscall(RV_SYS_POWERS, kept, 0, 0, 0, 0);
}

static inline int64_t sys_policy(void)
{
	return engine_syscall(RV_SYS_POLICY, 0, 0, 0, 0, 0);
}

static inline int64_t sys_hook_add(const struct rv_hook_spec *spec)
{
	return engine_syscall(RV_SYS_HOOK_ADD, engine_address(spec), 0, 0, 0, 0);
}

static inline int64_t sys_hook_remove(uint32_t hook)
{
	return engine_syscall(RV_SYS_HOOK_REMOVE, hook, 0, 0, 0, 0);
}

static inline int64_t sys_event_fetch(void)
{
	return engine_syscall(RV_SYS_EVENT_FETCH, 0, 0, 0, 0, 0);
}

static inline int64_t sys_event_registers(void)
{
	return engine_syscall(RV_SYS_EVENT_REGISTERS, 0, 0, 0, 0, 0);
}

static inline int64_t sys_port_read(uint64_t port, uint64_t width_bytes)
{
	return engine_syscall(RV_SYS_PORT_READ, port, width_bytes, 0, 0, 0);
}

static inline int64_t sys_port_write(uint64_t port, uint64_t width_bytes, uint64_t value)
{
	return engine_syscall(RV_SYS_PORT_WRITE, port, width_bytes, value, 0, 0);
}

static inline int64_t sys_mmio_read(uint64_t gpa, uint64_t width_bytes, uint64_t *value)
{
	return engine_syscall(RV_SYS_MMIO_READ, gpa, width_bytes, engine_address(value), 0, 0);
}

static inline int64_t sys_mmio_write(uint64_t gpa, uint64_t width_bytes, uint64_t value)
{
	return engine_syscall(RV_SYS_MMIO_WRITE, gpa, width_bytes, value, 0, 0);
}

static inline int64_t sys_msr_read(uint64_t msr, uint64_t *value)
{
	return engine_syscall(RV_SYS_MSR_READ, msr, engine_address(value), 0, 0, 0);
}

static inline int64_t sys_msr_write(uint64_t msr, uint64_t value)
{
	return engine_syscall(RV_SYS_MSR_WRITE, msr, value, 0, 0, 0);
}

static inline int64_t sys_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t registers[4])
{
	return engine_syscall(RV_SYS_CPUID, leaf, subleaf, engine_address(registers), 0, 0);
}

static inline int64_t sys_pci_read(uint64_t bdf, uint64_t offset, uint64_t width_bytes)
{
	return engine_syscall(RV_SYS_PCI_READ, bdf, offset, width_bytes, 0, 0);
}

static inline int64_t sys_pci_write(uint64_t bdf, uint64_t offset, uint64_t width_bytes,
				    uint64_t value)
{
	return engine_syscall(RV_SYS_PCI_WRITE, bdf, offset, width_bytes, value, 0);
}

static inline int64_t sys_pci_bar(uint64_t bdf, uint64_t number, struct rv_pci_bar *bar)
{
	return engine_syscall(RV_SYS_PCI_BAR, bdf, number, engine_address(bar), 0, 0);
}

static inline int64_t sys_pci_switch_off(uint64_t bdf)
{
	return engine_syscall(RV_SYS_PCI_SWITCH_OFF, bdf, 0, 0, 0, 0);
}

static inline int64_t sys_memory_read(uint64_t gpa, void *buffer, uint64_t length_bytes)
{
	return engine_syscall(RV_SYS_MEMORY_READ, gpa, engine_address(buffer), length_bytes, 0, 0);
}

static inline int64_t sys_memory_write(uint64_t gpa, const void *buffer, uint64_t length_bytes)
{
	return engine_syscall(RV_SYS_MEMORY_WRITE, gpa, engine_address(buffer), length_bytes, 0, 0);
}

static inline int64_t sys_data_read(uint64_t offset, void *buffer, uint64_t length_bytes)
{
	return engine_syscall(RV_SYS_DATA_READ, offset, engine_address(buffer), length_bytes, 0, 0);
}

static inline int64_t sys_data_write(uint64_t offset, const void *buffer, uint64_t length_bytes)
{
	return engine_syscall(RV_SYS_DATA_WRITE, offset, engine_address(buffer), length_bytes, 0, 0);
}

static inline int64_t sys_data_resize(uint64_t bytes)
{
	return engine_syscall(RV_SYS_DATA_RESIZE, bytes, 0, 0, 0, 0);
}

static inline int64_t sys_resolve(uint64_t request, uint64_t verdict, uint64_t refusal)
{
	return engine_syscall(RV_SYS_RESOLVE, request, verdict, refusal, 0, 0);
}

static inline int64_t sys_answer(uint64_t request, const void *buffer, uint64_t length_bytes)
{
	return engine_syscall(RV_SYS_ANSWER, request, engine_address(buffer), length_bytes, 0, 0);
}

static inline int64_t sys_disk_fail(uint64_t number, uint64_t event)
{
	return engine_syscall(RV_SYS_DISK_FAIL, number, event, 0, 0, 0);
}

static inline int64_t sys_disk_read(uint64_t number, uint64_t lba, void *buffer, uint64_t length_bytes)
{
	return engine_syscall(RV_SYS_DISK_READ, number, lba, engine_address(buffer), length_bytes, 0);
}

static inline int64_t sys_disk_write(uint64_t number, uint64_t lba, const void *buffer, uint64_t length_bytes)
{
	return engine_syscall(RV_SYS_DISK_WRITE, number, lba, engine_address(buffer), length_bytes, 0);
}

static inline int64_t sys_disk_flush(uint64_t number)
{
	return engine_syscall(RV_SYS_DISK_FLUSH, number, 0, 0, 0, 0);
}

static inline int64_t sys_overlay(uint64_t number, uint64_t most_bytes)
{
	return engine_syscall(RV_SYS_OVERLAY, number, most_bytes, 0, 0, 0);
}

static inline int64_t sys_overlay_next(uint64_t overlay, struct rv_overlay_range *range)
{
	return engine_syscall(RV_SYS_OVERLAY_NEXT, overlay, engine_address(range), 0, 0, 0);
}

static inline int64_t sys_overlay_read(uint64_t overlay, uint64_t offset, void *buffer, uint64_t length_bytes)
{
	return engine_syscall(RV_SYS_OVERLAY_READ, overlay, offset, engine_address(buffer), length_bytes, 0);
}

static inline int64_t sys_overlay_used(uint64_t overlay, bool is_limit)
{
	return engine_syscall(RV_SYS_OVERLAY_USED, overlay, is_limit, 0, 0, 0);
}

static inline int64_t sys_overlay_on_disk(const struct rv_overlay_spec *spec)
{
	return engine_syscall(RV_SYS_OVERLAY_ON_DISK, engine_address(spec), 0, 0, 0, 0);
}

static inline int64_t sys_overlay_open(uint64_t overlay)
{
	return engine_syscall(RV_SYS_OVERLAY_OPEN, overlay, 0, 0, 0, 0);
}

static inline int64_t sys_disk(uint64_t position, struct rv_disk_info *info)
{
	return engine_syscall(RV_SYS_DISK, position, engine_address(info), 0, 0, 0);
}

static inline int64_t sys_usb(uint64_t position, struct rv_usb_info *info)
{
	return engine_syscall(RV_SYS_USB, position, engine_address(info), 0, 0, 0);
}

static inline int64_t sys_usb_read(uint64_t number, uint64_t offset, void *buffer, uint64_t length_bytes)
{
	return engine_syscall(RV_SYS_USB_READ, number, offset, engine_address(buffer), length_bytes, 0);
}

static inline int64_t sys_nic(uint64_t position, struct rv_nic_info *info)
{
	return engine_syscall(RV_SYS_NIC, position, engine_address(info), 0, 0, 0);
}

static inline int64_t sys_nic_transfer(uint64_t number, uint64_t to_guest, const void *frame, uint64_t length_bytes)
{
	return engine_syscall(RV_SYS_NIC_TRANSFER, number, to_guest, engine_address(frame), length_bytes, 0);
}

static inline int64_t sys_vpn(struct tunnel_status *status)
{
	return engine_syscall(RV_SYS_VPN, engine_address(status), 0, 0, 0, 0);
}

static inline int64_t sys_service(uint64_t position, struct rv_service_info *info)
{
	return engine_syscall(RV_SYS_SERVICE, position, engine_address(info), 0, 0, 0);
}

static inline int64_t sys_service_write(uint64_t position, uint32_t tag, const void *bytes, uint64_t length_bytes)
{
	return engine_syscall(RV_SYS_SERVICE_WRITE, position, tag, engine_address(bytes), length_bytes, 0);
}

static inline int64_t sys_service_read(uint64_t position, void *buffer, uint64_t room_bytes, uint32_t *tag)
{
	return engine_syscall(RV_SYS_SERVICE_READ, position, engine_address(buffer), room_bytes, engine_address(tag), 0);
}

static inline int64_t sys_statistics(struct rv_statistics *statistics)
{
	return engine_syscall(RV_SYS_STATISTICS, engine_address(statistics), 0, 0, 0, 0);
}

static inline int64_t sys_alarm(uint64_t function)
{
	return engine_syscall(RV_SYS_ALARM, function, 0, 0, 0, 0);
}

static inline int64_t sys_metric(const struct rv_metric_spec *spec)
{
	return engine_syscall(RV_SYS_METRIC, (uint64_t)(uintptr_t)spec, 0, 0, 0, 0);
}

static inline int64_t sys_metric_add(uint64_t metric, const struct rv_metric_key *key, uint64_t value)
{
	return engine_syscall(RV_SYS_METRIC_ADD, metric, (uint64_t)(uintptr_t)key, value, 0, 0);
}

static inline int64_t sys_metric_next(uint64_t metric, uint64_t position, struct rv_metric_facts *facts)
{
	return engine_syscall(RV_SYS_METRIC_NEXT, metric, position, (uint64_t)(uintptr_t)facts, 0, 0);
}

static inline int64_t sys_metric_clear(uint64_t metric)
{
	return engine_syscall(RV_SYS_METRIC_CLEAR, metric, 0, 0, 0, 0);
}

static inline int64_t sys_opened(void)
{
	return engine_syscall(RV_SYS_OPENED, 0, 0, 0, 0, 0);
}

#endif
