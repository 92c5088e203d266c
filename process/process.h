/*
 * process/process.h: script engines: programs that run at CPL 3, one a script, in address spaces of
 * their own, under a memory quota and a time budget. This is what boot/ calls.
 *
 * Order of calls, all on the boot CPU, before the guest starts:
 *   process_init()             once
 *   process_add_script()       once a script
 *   process_run_all_scripts()  once; every script's top level runs, hooks get registered
 * From then on engines run when an event of one of their hooks arrives (hook/hook.h). More may come and go:
 * process/process_live.h.
 */
#ifndef PROCESS_PROCESS_H
#define PROCESS_PROCESS_H

#include "hook/disk_transfer.h"
#include "hook/packet_transfer.h"
#include "rv/disk.h"
#include "rv/net.h"
#include "rv/usb.h"
#include "rv/types.h"

struct vcpu;

#define PROCESS_HEAP_BYTES_DEFAULT MIB(8)
#define PROCESS_LIVE_HEAP_BYTES_DEFAULT MIB(4)
#define PROCESS_BUDGET_US_DEFAULT 2000
#define PROCESS_LOAD_BUDGET_MS_DEFAULT 10000

struct process_options {
	uint64_t heap_bytes;	    /* boot option heap=; 0: the default */
	uint64_t budget_us;	    /* boot option budget_us=, of one event; 0: the default */
	uint64_t load_budget_ms;    /* boot option load_budget_ms=, of a script's top level and of
				       its at_exit; 0: the default */
	uint64_t live_heap_bytes;   /* boot option live_heap=, of a script that is loaded later; 0: the default */
	bool live;		    /* scripts may come while the guest lives */
	const char *settings;	    /* `name=value` words for scripts; NULL: none */
	/* RV_SYS_DISK: the disk at a position; false: there are not so many. NULL: there are none. */
	bool (*describe_disk)(uint32_t position, struct rv_disk_info *info);
	/* RV_SYS_NIC, likewise. */
	bool (*describe_nic)(uint32_t position, struct rv_nic_info *info);
	/* RV_SYS_USB, likewise; and RV_SYS_USB_READ: 0, or what that gives. */
	bool (*describe_usb)(uint32_t position, struct rv_usb_info *info);
	int (*read_usb)(uint32_t number, uint32_t offset, void *buffer, size_t length_bytes);
	packet_transfer_do transfer_packet; /* RV_SYS_NIC_TRANSFER: 0, or what that gives. NULL: as the last. */
	/* RV_SYS_DISK_FAIL, of a disk's number and an event: 0, or what that gives. NULL: as the last. */
	int (*fail_disk)(uint32_t number, uint32_t event);
	/* RV_SYS_DISK_READ and its like: 0, or what these give. NULL: as the last. */
	disk_transfer_do transfer_disk;
	const struct disk_overlays *overlays; /* RV_SYS_OVERLAY and its like. NULL: there can be none */
};

/* Makes this CPU ready to run programs at CPL 3, and learns how fast the local APIC timer runs; once, later calls do
 * nothing. For services that are needed before, or without, an engine program; process_init() calls it. Context: boot,
 * interrupts off, after exception_init_cpu() and time_init(). */
void process_prepare(void);

/* Takes the engine program (an ELF64 image, which stays where it is and is never freed). 0; -RV_EINVAL: no engine program (a log line says why);
 * -RV_ENOMEM. Context: boot, interrupts off, after exception_init_cpu() and time_init(). */
int process_init(const void *engine_elf, size_t engine_bytes, const struct process_options *options);

/* Makes an engine for one script. The source is copied. policy: it must not fail open (rv/policy.h). 0, -RV_ENOMEM, -RV_E2BIG, -RV_ENOSPC (more
 * than RV_SCRIPTS_MAXIMUM). Context: boot, after process_init(). */
int process_add_script(const char *name, const void *source, size_t length_bytes, bool policy);

/* Runs the top level of every script, in order. A script that fails is logged and ends; the others
 * go on, but if it is a policy. Returns the name of that, NULL if all policies are in force. Context: boot,
 * the vCPU is created and has not run yet. */
const char *process_run_all_scripts(struct vcpu *vcpu);

/* How many scripts were added. */
unsigned process_count_scripts(void);

#endif
