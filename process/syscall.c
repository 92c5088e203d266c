/*
 * process/syscall.c: system calls: the table, and those about the engine itself.
 */
#include "process/syscall.h"

#include "core/cpu.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/time.h"
#include "process/budget.h"
#include "process/process_live.h"
#include "process/process_output.h"
#include "process/resident_internal.h"
#include "process/user_memory.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "rv/powers.h"
#include "vmm/vcpu.h"

/* A line of the log holds 512 bytes, our prefix among them. */
#define SYSCALL_LOG_LINE_BYTES 400
/* How long one run may keep the console busy, if its own budget is shorter: a slow serial line
 * must not kill a script that logs, and a script must not hold the guest by logging. */
#define SYSCALL_LOG_US_MINIMUM 20000

static const syscall_handler syscall_table[RV_SYSCALL_COUNT] = {
	/* RV_SYS_NEXT_EVENT is entry.S's. */
	[RV_SYS_LOG] = syscall_log,
	[RV_SYS_TRACE] = syscall_trace,
	[RV_SYS_EXIT] = syscall_exit,
	[RV_SYS_HEAP_GROW] = syscall_heap_grow,
	[RV_SYS_HOOK_ADD] = syscall_hook_add,
	[RV_SYS_HOOK_REMOVE] = syscall_hook_remove,
	[RV_SYS_EVENT_FETCH] = syscall_event_fetch,
	[RV_SYS_EVENT_REGISTERS] = syscall_event_registers,
	[RV_SYS_PORT_READ] = syscall_port_read,
	[RV_SYS_PORT_WRITE] = syscall_port_write,
	[RV_SYS_MMIO_READ] = syscall_mmio_read,
	[RV_SYS_MMIO_WRITE] = syscall_mmio_write,
	[RV_SYS_MSR_READ] = syscall_msr_read,
	[RV_SYS_MSR_WRITE] = syscall_msr_write,
	[RV_SYS_CPUID] = syscall_cpuid,
	[RV_SYS_PCI_READ] = syscall_pci_read,
	[RV_SYS_PCI_WRITE] = syscall_pci_write,
	[RV_SYS_PCI_BAR] = syscall_pci_bar,
	[RV_SYS_PCI_SWITCH_OFF] = syscall_pci_switch_off,
	[RV_SYS_MEMORY_READ] = syscall_memory_read,
	[RV_SYS_MEMORY_WRITE] = syscall_memory_write,
	[RV_SYS_STATISTICS] = syscall_statistics,
	[RV_SYS_ALARM] = syscall_alarm,
	[RV_SYS_POWERS] = syscall_powers,
	[RV_SYS_POLICY] = syscall_policy,
	[RV_SYS_DATA_READ] = syscall_data_read,
	[RV_SYS_DATA_WRITE] = syscall_data_write,
	[RV_SYS_DATA_RESIZE] = syscall_data_resize,
	[RV_SYS_DISK] = syscall_disk,
	[RV_SYS_NIC] = syscall_nic,
	[RV_SYS_NIC_TRANSFER] = syscall_nic_transfer,
	[RV_SYS_USB] = syscall_usb,
	[RV_SYS_USB_READ] = syscall_usb_read,
	[RV_SYS_DISK_FAIL] = syscall_disk_fail,
	[RV_SYS_DISK_READ] = syscall_disk_read,
	[RV_SYS_DISK_WRITE] = syscall_disk_write,
	[RV_SYS_DISK_FLUSH] = syscall_disk_flush,
	[RV_SYS_OVERLAY] = syscall_overlay,
	[RV_SYS_OVERLAY_NEXT] = syscall_overlay_next,
	[RV_SYS_OVERLAY_READ] = syscall_overlay_read,
	[RV_SYS_OVERLAY_USED] = syscall_overlay_used,
	[RV_SYS_OVERLAY_ON_DISK] = syscall_overlay_on_disk,
	[RV_SYS_OVERLAY_OPEN] = syscall_overlay_open,
	[RV_SYS_RESOLVE] = syscall_resolve,
	[RV_SYS_ANSWER] = syscall_answer,
	[RV_SYS_OPENED] = syscall_opened,
	[RV_SYS_METRIC] = syscall_metric,
	[RV_SYS_METRIC_ADD] = syscall_metric_add,
	[RV_SYS_METRIC_NEXT] = syscall_metric_next,
	[RV_SYS_METRIC_CLEAR] = syscall_metric_clear,
	[RV_SYS_WAIT] = syscall_wait,
	[RV_SYS_RANDOM] = syscall_random,
	[RV_SYS_VPN] = syscall_vpn,
	[RV_SYS_SERVICE] = syscall_service,
	[RV_SYS_SERVICE_WRITE] = syscall_service_write,
	[RV_SYS_SERVICE_READ] = syscall_service_read,
};

/* Of programs that are no script's. A template that asks for more is none: each engine will ask by itself. */
static bool syscall_role_may(struct process *process, uint64_t number)
{
	if (process->role == PROCESS_ROLE_SERVICE)
		return number == RV_SYS_EXIT;
	if (process->role == PROCESS_ROLE_RESIDENT)
		return number == RV_SYS_WAIT || number == RV_SYS_RANDOM || number == RV_SYS_LOG || number == RV_SYS_EXIT;
	if (number != RV_SYS_HEAP_GROW && number != RV_SYS_ALARM && number != RV_SYS_OPENED)
		process_leave(process, PROCESS_STOP_EXIT);
	return true;
}

void process_syscall(struct exception_frame *frame)
{
	struct process *process = process_of_frame(frame);
	int64_t result = -RV_ENOSYS;

	if (process->role != PROCESS_ROLE_SCRIPT && !syscall_role_may(process, frame->rax))
		result = -RV_EACCES;
	else if (frame->rax < RV_SYSCALL_COUNT && syscall_table[frame->rax] != NULL)
		result = (rv_syscall_powers[frame->rax] & ~process->powers) != 0
				 ? -RV_EACCES
				 : syscall_table[frame->rax](process, frame);
	frame->rax = (uint64_t)result;
}

void syscall_charge(struct process *process, const struct exception_frame *frame,
		    uint64_t *start_tsc)
{
	/* A slice ends by its interrupt. */
	if (budget_charge_call(process, start_tsc) && !process->sliced)
		process_kill_late(process, frame);
}

/* Text of an engine reaches a terminal: no control codes but line ends and tabs. */
static void syscall_log_clean(char *text, size_t length_bytes)
{
	for (size_t i = 0; i < length_bytes; i++) {
		if (((uint8_t)text[i] < ' ' && text[i] != '\n' && text[i] != '\t') || text[i] == 0x7f)
			text[i] = '?';
	}
}

/* A log line for each line of the text; long ones are broken. */
static void syscall_log_lines(const struct process *process, enum log_level level, char *text,
			      size_t length_bytes)
{
	while (length_bytes != 0) {
		size_t line = 0, skip = 0;
		char end;

		while (line < length_bytes && line < SYSCALL_LOG_LINE_BYTES && text[line] != '\n')
			line++;
		if (line < length_bytes && text[line] == '\n')
			skip = 1;
		end = text[line]; /* there is a byte more than the length */
		text[line] = '\0';
		log_line(level, "%s: %s", process->name, text);
		text[line] = end;
		text += line + skip;
		length_bytes -= line + skip;
	}
}

static bool syscall_log_has_time(const struct process *process)
{
	uint64_t us = process->budget_us < SYSCALL_LOG_US_MINIMUM ? SYSCALL_LOG_US_MINIMUM
								   : process->budget_us;

	return process->log_tsc < us / 1000 * (time_tsc_hz / 1000);
}

/* Nobody fetches it any more when the guest has ended. */
static bool syscall_log_is_watched(const struct process *process)
{
	return process->output != NULL && (process->going || process->hook == NULL ||
					   !rv_kind_has(process->hook->spec.kind, RV_KIND_AT_END));
}

/* A service has no event that bounds it. */
static int64_t syscall_check_resident_log(struct process *process, uint64_t level, uint64_t length_bytes)
{
	if (level == RV_LOG_PLAIN)
		return -RV_EINVAL;
	if (length_bytes > SYSCALL_LOG_LINE_BYTES)
		return -RV_E2BIG;
	return resident_may_log(process) ? 0 : -RV_EAGAIN;
}

/* (level, text, length_bytes) */
int64_t syscall_log(struct process *process, struct exception_frame *frame)
{
	bool is_watched = syscall_log_is_watched(process);
	char *text = process->log_text;
	uint64_t level = frame->rdi, length_bytes = frame->rdx, start;

	if (level > RV_LOG_DEBUG && level != RV_LOG_PLAIN)
		return -RV_EINVAL;
	if (length_bytes > RV_LOG_BYTES)
		return -RV_E2BIG;
	if (process->role == PROCESS_ROLE_RESIDENT) {
		int64_t error = syscall_check_resident_log(process, level, length_bytes);

		if (error != 0)
			return error;
	}
	if (!is_watched && !syscall_log_has_time(process)) {
		process->log_dropped += length_bytes;
		return -RV_EAGAIN;
	}
	if (user_copy_in(process, text, frame->rsi, length_bytes) != 0)
		return -RV_EFAULT;
	text[length_bytes] = '\0';
	syscall_log_clean(text, length_bytes);
	if (is_watched) {
		process_output_write(process->output, (unsigned)level, text, length_bytes);
		return 0;
	}
	budget_pause(process);
	start = tsc_read();
	if (level == RV_LOG_PLAIN)
		log_raw(text, length_bytes);
	else
		syscall_log_lines(process, (enum log_level)level, text, length_bytes);
	start = tsc_read() - start;
	process->log_tsc += start;
	process->owner.waited_cycles += start;
	budget_resume(process);
	return 0;
}

/* (status) */
int64_t syscall_exit(struct process *process, struct exception_frame *frame)
{
	process->exit_status = frame->rdi;
	process_leave(process, PROCESS_STOP_EXIT);
}

/* () */
int64_t syscall_opened(struct process *process, struct exception_frame *frame)
{
	frame->rax = 0;
	if (process->role == PROCESS_ROLE_TEMPLATE)
		process_suspend(process, frame);
	return 0;
}

/* (bytes) */
int64_t syscall_heap_grow(struct process *process, struct exception_frame *frame)
{
	uint64_t bytes = frame->rdi, grown = 0;
	uint64_t start = RV_ENGINE_HEAP_ADDRESS + process->heap_bytes;
	uint64_t start_tsc = tsc_read();

	if ((bytes & PAGE_MASK) != 0)
		return -RV_EINVAL;
	if (bytes > process->heap_quota_bytes - process->heap_bytes ||
	    process->metric_bytes > process->heap_quota_bytes - process->heap_bytes - bytes)
		return -RV_ENOMEM;
	for (; grown < bytes; grown += PAGE_BYTES) {
		if (user_map_new_page(process, start + grown, PAGING_WRITABLE | PAGING_NO_EXECUTE)) {
			/* The engine has not run since, so no translation of these is cached. */
			user_unmap(process, start, grown);
			process->heap_bytes -= grown;
			return -RV_ENOMEM;
		}
		process->heap_bytes += PAGE_BYTES;
		if ((grown & (SYSCALL_CHARGED_BYTES - 1)) == 0)
			syscall_charge(process, frame, &start_tsc);
	}
	return (int64_t)start;
}

/* (powers to keep) */
int64_t syscall_powers(struct process *process, struct exception_frame *frame)
{
	if ((frame->rdi & ~(uint64_t)RV_POWERS_ALL) != 0)
		return -RV_EINVAL;
	process->powers_kept &= (uint32_t)frame->rdi;
	if (process->state == PROCESS_WAITING) /* no top level runs */
		process->powers = process->powers_kept;
	return 0;
}

/* () */
int64_t syscall_policy(struct process *process, struct exception_frame *frame)
{
	(void)frame;
	if (process->policy)
		return 0;
	if (process->state != PROCESS_LOADING)
		return -RV_EAGAIN;
	if (process->live && process_live_is_lent(process))
		return -RV_EPERM;
	if (process->owner.nr_hooks != 0)
		return -RV_EBUSY;
	process->policy = process->owner.keeps_hooks = true;
	process_space_tell_policy(process);
	return 0;
}

/* (struct rv_statistics *) */
int64_t syscall_statistics(struct process *process, struct exception_frame *frame)
{
	struct rv_statistics statistics = {
		.events = process->owner.nr_events,
		.errors = process->owner.nr_errors,
		.heap_bytes = process->heap_bytes + process->metric_bytes,
		.stack_bytes = process->stack_bytes,
		.tsc = tsc_read(),
	};
	struct resident_facts facts;

	_Static_assert(EXIT_KIND_COUNT <= ARRAY_LENGTH(statistics.exits_by_kind), "rv/abi.h");
	for (uint32_t i = 0; i < cpus_count; i++) {
		const struct vcpu *vcpu = cpu_get(i)->vcpu;

		for (unsigned kind = 0; vcpu != NULL && kind < EXIT_KIND_COUNT; kind++) {
			statistics.exits_by_kind[kind] += vcpu->exits_by_kind[kind];
			statistics.exits += vcpu->exits_by_kind[kind];
		}
	}
	for (unsigned position = 0; resident_describe(position, &facts); position++)
		statistics.service_cycles += facts.cycles;
	return user_copy_out(process, frame->rdi, &statistics, sizeof(statistics));
}
