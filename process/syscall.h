/*
 * process/syscall.h: one function a system call (rv/abi.h has the contract of each). They take
 * their arguments from the frame (RDI, RSI, RDX, R10, R8), trust none of them, and return what the
 * engine gets in RAX.
 */
#ifndef PROCESS_SYSCALL_H
#define PROCESS_SYSCALL_H

#include "process/process_internal.h"

typedef int64_t (*syscall_handler)(struct process *process, struct exception_frame *frame);

/* How many bytes a call may write between two looks at the clock. */
#define SYSCALL_CHARGED_BYTES KIB(32)

/* syscall.c */
/* Amid and after what may take long: charges what it took since *start_tsc, which becomes now, and
 * ends the engine if its time is up. */
void syscall_charge(struct process *process, const struct exception_frame *frame,
		    uint64_t *start_tsc);
int64_t syscall_log(struct process *process, struct exception_frame *frame);
int64_t syscall_opened(struct process *process, struct exception_frame *frame);
int64_t syscall_exit(struct process *process, struct exception_frame *frame);
int64_t syscall_heap_grow(struct process *process, struct exception_frame *frame);
int64_t syscall_powers(struct process *process, struct exception_frame *frame);
int64_t syscall_policy(struct process *process, struct exception_frame *frame);
int64_t syscall_statistics(struct process *process, struct exception_frame *frame);

/* syscall_trace.c */
int64_t syscall_trace(struct process *process, struct exception_frame *frame);

/* syscall_hook.c */
int64_t syscall_hook_add(struct process *process, struct exception_frame *frame);
int64_t syscall_hook_remove(struct process *process, struct exception_frame *frame);
int64_t syscall_event_fetch(struct process *process, struct exception_frame *frame);
int64_t syscall_event_registers(struct process *process, struct exception_frame *frame);
int64_t syscall_data_read(struct process *process, struct exception_frame *frame);
int64_t syscall_data_write(struct process *process, struct exception_frame *frame);
int64_t syscall_data_resize(struct process *process, struct exception_frame *frame);
int64_t syscall_resolve(struct process *process, struct exception_frame *frame);
int64_t syscall_answer(struct process *process, struct exception_frame *frame);
int64_t syscall_alarm(struct process *process, struct exception_frame *frame);

/* syscall_access.c */
int64_t syscall_port_read(struct process *process, struct exception_frame *frame);
int64_t syscall_port_write(struct process *process, struct exception_frame *frame);
int64_t syscall_mmio_read(struct process *process, struct exception_frame *frame);
int64_t syscall_mmio_write(struct process *process, struct exception_frame *frame);
int64_t syscall_msr_read(struct process *process, struct exception_frame *frame);
int64_t syscall_msr_write(struct process *process, struct exception_frame *frame);
int64_t syscall_cpuid(struct process *process, struct exception_frame *frame);
int64_t syscall_memory_read(struct process *process, struct exception_frame *frame);
int64_t syscall_memory_write(struct process *process, struct exception_frame *frame);

/* syscall_metric.c */
int64_t syscall_metric(struct process *process, struct exception_frame *frame);
int64_t syscall_metric_add(struct process *process, struct exception_frame *frame);
int64_t syscall_metric_next(struct process *process, struct exception_frame *frame);
int64_t syscall_metric_clear(struct process *process, struct exception_frame *frame);

/* syscall_net.c */
int64_t syscall_nic(struct process *process, struct exception_frame *frame);

/* syscall_disk.c */
int64_t syscall_disk(struct process *process, struct exception_frame *frame);
int64_t syscall_disk_fail(struct process *process, struct exception_frame *frame);
int64_t syscall_usb(struct process *process, struct exception_frame *frame);
int64_t syscall_usb_read(struct process *process, struct exception_frame *frame);
int64_t syscall_nic_transfer(struct process *process, struct exception_frame *frame);
int64_t syscall_disk_read(struct process *process, struct exception_frame *frame);
int64_t syscall_disk_write(struct process *process, struct exception_frame *frame);
int64_t syscall_disk_flush(struct process *process, struct exception_frame *frame);
int64_t syscall_overlay(struct process *process, struct exception_frame *frame);
int64_t syscall_overlay_next(struct process *process, struct exception_frame *frame);
int64_t syscall_overlay_read(struct process *process, struct exception_frame *frame);
int64_t syscall_overlay_on_disk(struct process *process, struct exception_frame *frame);
int64_t syscall_overlay_open(struct process *process, struct exception_frame *frame);
int64_t syscall_overlay_used(struct process *process, struct exception_frame *frame);

/* syscall_resident.c */
int64_t syscall_wait(struct process *process, struct exception_frame *frame);
int64_t syscall_random(struct process *process, struct exception_frame *frame);

int64_t syscall_vpn(struct process *process, struct exception_frame *frame);

/* syscall_service.c */
int64_t syscall_service(struct process *process, struct exception_frame *frame);
int64_t syscall_service_write(struct process *process, struct exception_frame *frame);
int64_t syscall_service_read(struct process *process, struct exception_frame *frame);

/* syscall_pci.c */
int64_t syscall_pci_read(struct process *process, struct exception_frame *frame);
int64_t syscall_pci_write(struct process *process, struct exception_frame *frame);
int64_t syscall_pci_bar(struct process *process, struct exception_frame *frame);
int64_t syscall_pci_switch_off(struct process *process, struct exception_frame *frame);

/* process/syscall_access.c: an access of the process's own, and the write of a value by one. */
struct access syscall_access(struct process *process, enum access_kind kind, uint64_t address,
			     uint64_t width_bytes);
enum access_result syscall_store(struct access *access, uint64_t value);

#endif
