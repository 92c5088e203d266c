/*
 * include/rv/abi.h: what the hypervisor and a script engine agree on.
 *
 * An engine is a static ELF64 program that runs at CPL 3 in an address space of its own, one a
 * script. It calls the hypervisor by `int RV_SYSCALL_VECTOR` with the number in RAX and arguments
 * in RDI, RSI, RDX, R10, R8; RAX holds the result, a negative error number (rv/errno.h) on failure;
 * all other registers keep their values, but for RV_SYS_NEXT_EVENT, which keeps those that a C function
 * keeps (RBX, RSP, RBP, R12 to R15). Pointers are checked and what they point at is copied before use.
 *
 * Life of an engine: it starts at its ELF entry with RSP at the top of its stack and RDI pointing
 * at struct rv_engine_info, or where another stood at RV_SYS_OPENED; compiles and runs its script (the hooks are registered then); and calls
 * RV_SYS_NEXT_EVENT, which returns when an event for one of its hooks arrives. The engine handles
 * it, writes the verdict into struct rv_event and calls RV_SYS_NEXT_EVENT again, which ends the
 * event. Every event is thus resolved exactly once, by that call or by the hypervisor when the
 * engine fails or its time is up.
 */
#ifndef RV_ABI_H
#define RV_ABI_H

#include "rv/metric.h"
#include "rv/types.h"

#define RV_ABI_VERSION 9
#define RV_SYSCALL_VECTOR 0x80

/* The address space of an engine (all below 4 GiB, so that pointers fit 32 bits where it helps). */
#define RV_ENGINE_IMAGE_ADDRESS 0x00400000 /* the ELF's own segments: text r-x, rodata r--, data rw- */
#define RV_ENGINE_INFO_ADDRESS 0x10000000  /* struct rv_engine_info, r-- */
#define RV_ENGINE_EVENT_ADDRESS 0x10010000 /* struct rv_event, rw- */
#define RV_ENGINE_SCRIPT_ADDRESS 0x20000000 /* script sources, r--, at most 16 MiB */
#define RV_ENGINE_HEAP_ADDRESS 0x40000000  /* rw-, grown by RV_SYS_HEAP_GROW up to the quota */
#define RV_ENGINE_STACK_TOP 0x80000000     /* rw-, grows down, a guard page below the lowest page */
#define RV_ENGINE_STACK_BYTES 0x00200000

#define RV_SCRIPT_NAME_BYTES 64
#define RV_SCRIPTS_MAXIMUM 64

/* One loaded script as an engine sees it; `require_relative` reads the others. */
struct rv_script {
	char name[RV_SCRIPT_NAME_BYTES]; /* file name, NUL-terminated, without a path */
	uint64_t source;		 /* address in the engine; a NUL follows the last byte */
	uint64_t length_bytes;
};

/* Facts that do not change while the engine runs. */
struct rv_engine_info {
	uint32_t abi_version;
	uint32_t engine_id;	  /* 0, 1, ... in the order of the boot command line */
	uint64_t tsc_hz;
	uint64_t boot_tsc;	  /* TSC when boot_unix_seconds was read from the RTC */
	int64_t boot_unix_seconds;
	uint64_t heap_quota_bytes;
	uint64_t hook_budget_us;  /* default budget a hook call */
	uint64_t memory_end;	  /* first guest-physical address above all RAM */
	uint32_t script_index;	  /* which of scripts[] is this engine's own */
	uint32_t nr_scripts;
	uint32_t policy;	  /* 1: its script is a policy (rv/policy.h, RV_SYS_POLICY) */
	char settings[512];	  /* `name=value` words for scripts from the boot command line */
	struct rv_script scripts[RV_SCRIPTS_MAXIMUM];
};

/* RV_EVENT_PORT_READ and so on; rv/kinds.h says what they are. */
enum rv_event_kind {
	RV_EVENT_NONE,
#define RV_KIND(constant, ...) RV_EVENT_##constant,
#include "rv/kinds_table.h"
#undef RV_KIND
	RV_EVENT_KIND_COUNT,
};

enum rv_verdict {
	RV_VERDICT_PASS = 0,	 /* as if no hook were there */
	RV_VERDICT_CHANGE,	 /* read: the writable fields are the answer; write: they are written instead */
	RV_VERDICT_DENY,	 /* as if the device were absent: reads give ones, writes vanish; MSR: #GP;
				    CPUID: zeros; a request: fails */
	RV_VERDICT_DROP,	 /* a write vanishes (an MSR write without #GP); a read: as DENY without #GP, 0 for MSR;
				    a request: succeeds without the device, what is read is zeros */
	RV_VERDICT_ERROR,	 /* the script failed: the hook's on_error decides */
	RV_VERDICT_ACCEPT = 8,	 /* with PASS or CHANGE, whose number is added: no later hook is asked */
	RV_VERDICT_HOLD = 16,	 /* likewise, of a request, and with ACCEPT too: it waits, rv_event.hold_us at most */
	RV_VERDICT_MODIFIERS = RV_VERDICT_ACCEPT | RV_VERDICT_HOLD,
};

enum rv_on_error {
	RV_ON_ERROR_PASS = 0,	 /* this event passes, the hook stays */
	RV_ON_ERROR_DENY,	 /* this event is denied, the hook stays */
	RV_ON_ERROR_DISABLE,	 /* this event passes, the hook is removed */
};

/* What each bit of rv_event.flags says. */
#define RV_EVENT_FETCHED 0x1u	 /* a read's lazy fields hold what the device gave (RV_SYS_EVENT_FETCH) */
#define RV_EVENT_REGISTERS 0x2u	 /* `registers` are filled (RV_SYS_EVENT_REGISTERS) */
#define RV_EVENT_DONE_WANTED 0x4u /* set by the engine: its hook of the request's end wants this one's */
#define RV_EVENT_DELAYED 0x8u	 /* likewise, with RV_VERDICT_HOLD: it goes on when the time is over; without, the
				    engine decides (RV_SYS_RESOLVE), and if it does not, the hook's on_error */

/* The vCPU's registers at the event, as the guest sees them. */
struct rv_registers {
	uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi; /* in the order of x86 register numbers */
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip, rflags;
	uint64_t cr0, cr2, cr3, cr4, efer;
	uint64_t cs_base;
	uint32_t cs_selector, cpl;
};

/*
 * The event that RV_SYS_NEXT_EVENT opened: what all kinds have, then what some have: rv/kinds.h says
 * which of these a kind's fields are. The engine may write all of it; only `verdict` and the fields that
 * are writable are read back, once, when the event ends.
 */
struct rv_event {
	uint32_t kind;		 /* enum rv_event_kind */
	uint32_t flags;		 /* RV_EVENT_* */
	uint64_t cookie;	 /* as given to RV_SYS_HOOK_ADD */
	uint32_t verdict;	 /* enum rv_verdict; PASS when the event opens */
	uint32_t hook;		 /* number that RV_SYS_HOOK_ADD returned */
	uint64_t sequence;	 /* 1, 2, ... a hook */
	uint32_t cpu;
	uint8_t width_bytes;	 /* of accesses: 1, 2, 4, 8; 8 for MSR, 4 for CPUID */
	uint8_t reserved[3];
	uint64_t address;	 /* port, guest-physical address, MSR number, CPUID leaf, PCI offset */
	uint64_t value;		 /* written value, or (fetched) what the device gave */
	uint64_t base;		 /* where the BAR is that the hook follows; 0: it follows none */
	union {
		struct {
			uint32_t cpuid[4]; /* EAX, EBX, ECX, EDX; [2] is the subleaf until fetched */
			uint32_t cpuid_subleaf;
		};
		struct {		   /* PCI events: who is meant */
			uint16_t pci_bus;
			uint8_t pci_device, pci_function;
			uint16_t pci_vendor_id, pci_device_id;
			uint32_t pci_class; /* class << 16 | subclass << 8 | programming interface */
		};
		struct {		   /* disk requests (rv/disk.h) */
			uint64_t disk_lba;
			uint64_t disk_latency_us; /* disk_done */
			uint64_t disk_command;	/* RV_DISK_COMMAND_BIT() of what it is for */
			uint32_t disk_sectors;
			uint32_t disk_argument;	/* of other commands: what tells one use from another */
			uint16_t disk_number;
			uint16_t disk_opcode;	/* as the controller has it */
			uint16_t disk_status;	/* disk_done: 0, or as the controller has it */
			uint16_t disk_queue;	/* of the guest's that it came by, where there are several */
			uint32_t disk_target;	/* CHANGE: RV_TARGET_*, written by the engine; 0: as it is */
			uint32_t disk_era;	/* changes when disks have come or gone: another may have its number */
		};
		struct {		   /* packets (rv/net.h) */
			uint64_t net_src, net_src_low, net_dst, net_dst_low; /* IPv4: the first of each; IPv6: both halves */
			uint32_t net_sport, net_dport; /* one behind the other: RV_FIELD_EITHER */
			uint32_t net_ethertype, net_protocol, net_vlan; /* these and the last two: RV_NET_NONE */
			uint32_t net_length;	/* bytes, from the Ethernet header on */
			uint16_t net_nic, net_queue;
			uint16_t net_network_at, net_transport_at, net_payload_at; /* where headers begin; 0: none is known */
			uint16_t net_gso_size;	/* the device makes several of it, with so much payload each; 0: it does not */
			uint8_t net_csum_partial; /* 1: the device fills in its checksum, or nobody has */
			uint8_t net_fragment;	/* 1: it is a part of a datagram; behind the first such parts are no ports */
		};
		struct {		   /* nic_attach */
			uint64_t nic_mac;
			uint16_t nic_number;
		};
		struct {		   /* vpn_up, vpn_down */
			uint32_t vpn_peer; /* its number */
		};
		struct {		   /* USB (rv/usb.h) */
			uint16_t usb_number, usb_vendor_id, usb_product_id;
			uint8_t usb_class;	/* of the device descriptor */
			uint8_t usb_speed, usb_port; /* the second of the root hub */
			/* usb_control, usb_transfer, usb_done: */
			uint8_t usb_endpoint;	/* its number */
			uint8_t usb_direction;	/* 1: the device gives */
			uint8_t usb_type;	/* enum rv_usb_type */
			uint8_t usb_interface, usb_interface_class; /* whose endpoint it is; RV_USB_NO_INTERFACE */
			uint8_t usb_request_type, usb_request_code; /* of a control transfer, as the next two */
			uint16_t usb_value, usb_index;
			uint16_t usb_status;	/* usb_done: 0, or the controller's completion code */
			uint32_t usb_length;	/* bytes: that are to be moved, or (usb_done) that were */
			uint64_t usb_latency_us; /* usb_done */
		};
	};
	uint64_t request;	 /* requests: the number of this one, which none has after it */
	uint32_t refusal;	 /* requests, DENY: RV_REFUSAL_*, written by the engine */
	uint32_t reserved_too;
	uint64_t hold_us;	 /* RV_VERDICT_HOLD: up to RV_HOLD_US_MAXIMUM; with RV_EVENT_DELAYED RV_HOLD_US_EVER too */
	uint64_t data_bytes;	 /* of RV_SYS_DATA_READ (of RELOADED and INPUT too: the text); 0: there are none, or not yet */
	uint64_t marks;		 /* disks' and USB's requests, RV_EVENT_DONE_WANTED: a bit an engine that said so */
	uint64_t answer_bytes;	 /* requests that give: so many RV_SYS_DATA_WRITE takes, which DROP gives the guest */
	struct rv_registers registers; /* the last: a field's eight bytes lie within the event */
};

/* Where a request of a disk goes, of CHANGE: rv_event.disk_target. */
#define RV_TARGET_DISK 0x40000000u    /* and the number of another disk */
#define RV_TARGET_OVERLAY 0x80000000u /* and the number of an overlay of this engine's */
#define RV_TARGET_TWICE 0x20000000u   /* disk_done: the guest hears of it twice */

/* What RV_SYS_OVERLAY_NEXT takes and gives. */
struct rv_overlay_range {
	uint64_t lba, sectors;
};

/* What RV_SYS_OVERLAY_ON_DISK takes: the disk that is overlaid, and a range of another disk's sectors. */
struct rv_overlay_spec {
	uint32_t disk, other;
	uint64_t first, sectors; /* 0: up to its end */
	uint32_t anew;		 /* 1: whatever is there */
	uint32_t reserved;
};

/* Errors of RV_SYS_OVERLAY_OPEN besides rv/errno.h's: in its place there is something else; one that has lost what it
 * had for certain; one of another disk, or of another range. */
#define RV_OVERLAY_FOREIGN 1001
#define RV_OVERLAY_DAMAGED 1002
#define RV_OVERLAY_OF_ANOTHER 1003

/* What RV_SYS_HOOK_ADD takes: a hook wants the events of a kind for which all its clauses hold. C
 * evaluates them before the engine is entered. */
#define RV_CLAUSES_MAXIMUM 16

/* first <= (field & mask) <= last. Of an address in an exception: the access lies in there with all its
 * bytes. */
struct rv_clause {
	uint32_t field;		 /* number in rv_kinds[kind].fields; one with RV_FIELD_FILTER */
	uint32_t except;	 /* 0: it must hold. 1, 2, ...: of the first exception, the second: clauses of one
				    number stand together and must not all hold */
	uint64_t mask, first, last;
};

/* What the addresses of a hook count from, and follow wherever the guest moves it: a BAR of a PCI function by
 * the number of its (lower) register, or its configuration space. Function: bus << 8 | device << 3 | function,
 * as it is when the hook is added. */
#define RV_FOLLOWS 0x80000000u
#define RV_FOLLOWS_CONFIGURATION 6
#define RV_FOLLOWS_OF(function, number) (RV_FOLLOWS | (uint32_t)(number) << 16 | (uint32_t)(function))

#define RV_METRIC_ONE UINT32_MAX

/* What C says of each event that a hook wants. The script is not asked: it gets no event, and nothing that befalls
 * it changes the verdict but the hook's end. */
enum rv_fixed {
	RV_FIXED_NONE = 0, /* the script is asked */
	RV_FIXED_DENY,	   /* as RV_VERDICT_DENY; not of kinds with RV_KIND_PLAIN */
	RV_FIXED_ISOLATE,  /* of RV_EVENT_PCI_CONFIG_WRITE: all of it goes to the device but what would have it decode
			    * ports or memory, master the bus, or do so by virtual functions. Behind all hooks, and
			    * also of what scripts write */
	RV_FIXED_TRACE,	   /* it passes, and is recorded while somebody records (docs/traces.md) */
	RV_FIXED_METRIC,   /* it passes, and is added to a metric (rv/metric.h) */
	RV_FIXED_COUNT,
};

struct rv_hook_spec {
	uint32_t kind;
	uint32_t on_error;	 /* enum rv_on_error */
	uint32_t observe;	 /* 1: the verdict is ignored */
	uint32_t nr_clauses;
	uint64_t cookie;	 /* comes back in rv_event.cookie */
	uint64_t budget_us;	 /* 0: the default */
	uint32_t follows;	 /* RV_FOLLOWS_OF(), of kinds with RV_KIND_FOLLOWS; 0: nothing */
	uint32_t fixed;		 /* enum rv_fixed */
	/* Of RV_FIXED_METRIC: its number, what is added, and the key: numbers of fields, or RV_METRIC_OF_KIND and its like,
	 * for which rv_metric_adds(), and rv_metric_takes() (rv/metric_key.h). */
	uint32_t metric;
	uint32_t metric_value;	 /* RV_METRIC_ONE: 1 */
	uint32_t nr_metric_keys;
	uint32_t metric_keys[RV_METRIC_WORDS];
	struct rv_clause clauses[RV_CLAUSES_MAXIMUM];
};

/* What RV_SYS_PCI_BAR tells, as it is now. */
#define RV_PCI_BAR_PORT 0x1u	     /* in I/O ports, else in memory */
#define RV_PCI_BAR_WIDE 0x2u	     /* of 64 bits, so that it takes the next register too */
#define RV_PCI_BAR_PREFETCHABLE 0x4u
#define RV_PCI_BAR_DECODED 0x8u	     /* the device answers there */

struct rv_pci_bar {
	uint64_t address;
	uint64_t size_bytes;	 /* 0: not known: the device came after the boot, or is a host bridge */
	uint32_t flags;		 /* RV_PCI_BAR_* */
	uint32_t reserved;
};

/* Levels of RV_SYS_LOG. */
enum rv_log_level {
	RV_LOG_ERROR = 0,
	RV_LOG_WARNING,
	RV_LOG_NOTICE,
	RV_LOG_INFO,
	RV_LOG_DEBUG,
	RV_LOG_PLAIN = 16,	 /* what print and puts write: no prefix, no newline added */
};

/* Counters that RV_SYS_STATISTICS copies out. */
struct rv_statistics {
	uint64_t exits;		 /* all VM exits on all CPUs */
	uint64_t events;	 /* events delivered to this engine */
	uint64_t errors;	 /* of those, ended by on_error */
	uint64_t heap_bytes;	 /* heap mapped for this engine now */
	uint64_t stack_bytes;	 /* stack mapped, which is the deepest use so far */
	uint64_t tsc;		 /* now */
	uint64_t exits_by_kind[32]; /* enum exit_kind (vmm/vcpu.h) */
	uint64_t service_cycles; /* of the TSC, that all services have taken */
};

enum rv_syscall {
	/* () -> 0 with rv_event filled. Ends the open event, if any, with its verdict. */
	RV_SYS_NEXT_EVENT = 0,
	/* (level, text, length_bytes) -> 0; at most RV_LOG_BYTES a call */
	RV_SYS_LOG,
	/* (status) -> never. The engine ends; its hooks are removed. A status other than 0 is an error. */
	RV_SYS_EXIT,
	/* (bytes, a multiple of 4096) -> address of the new memory, right above the last; RV_ENOMEM */
	RV_SYS_HEAP_GROW,
	/* (struct rv_hook_spec *) -> hook number >= 0; RV_EINVAL, RV_ENOSPC, RV_EBUSY; RV_EPERM: a policy's with
	 * RV_ON_ERROR_DISABLE; RV_ENOENT: there is no such BAR to follow; RV_ENODATA: its size is not known;
	 * RV_E2BIG: more
	 * than RV_HOOK_BYTES_IN_EVENT of device memory while an event is open */
	RV_SYS_HOOK_ADD,
	/* (hook number) -> 0; RV_ENOENT if it is not this engine's; RV_EPERM: a policy's that denies by itself */
	RV_SYS_HOOK_REMOVE,
	/* () -> 0: performs the open read event on the device now, fills the lazy fields, sets RV_EVENT_FETCHED;
	 * RV_EAGAIN when no read event is open. An MSR that does not exist: RV_EFAULT */
	RV_SYS_EVENT_FETCH,
	/* () -> 0: fills rv_event.registers */
	RV_SYS_EVENT_REGISTERS,
	/* (port, width_bytes) -> value */
	RV_SYS_PORT_READ,
	/* (port, width_bytes, value) -> 0 */
	RV_SYS_PORT_WRITE,
	/* (gpa, width_bytes, uint64_t *value) -> 0; device memory, never ours */
	RV_SYS_MMIO_READ,
	/* (gpa, width_bytes, value) -> 0 */
	RV_SYS_MMIO_WRITE,
	/* (msr, uint64_t *value) -> 0; RV_EFAULT where hardware gives #GP; RV_EPERM for those we own */
	RV_SYS_MSR_READ,
	/* (msr, value) -> 0 */
	RV_SYS_MSR_WRITE,
	/* (leaf, subleaf, uint32_t regs[4]) -> 0: what the guest would see without hooks */
	RV_SYS_CPUID,
	/* (bus << 8 | device << 3 | function, offset, width_bytes) -> value */
	RV_SYS_PCI_READ,
	/* (bdf, offset, width_bytes, value) -> 0 */
	RV_SYS_PCI_WRITE,
	/* (bdf, number, struct rv_pci_bar *) -> 0; RV_ENOENT: there is none. Asks for no size: that was done
	 * before the guest ran */
	RV_SYS_PCI_BAR,
	/* (bdf) -> what of bits 0 to 2 of the command register stays set: the function decodes neither ports
	 * nor memory, and masters no bus; RV_ENOENT */
	RV_SYS_PCI_SWITCH_OFF,
	/* (gpa, buffer, length_bytes) -> 0; RAM of the guest, never ours */
	RV_SYS_MEMORY_READ,
	/* (gpa, buffer, length_bytes) -> 0 */
	RV_SYS_MEMORY_WRITE,
	/* (struct rv_statistics *) -> 0 */
	RV_SYS_STATISTICS,
	/* (address of a function, 0: none) -> 0. When three quarters of an event's budget are used, the
	 * engine goes on as if it had called that function at the instruction it was interrupted at
	 * (the return address is pushed on its stack); once an event. */
	RV_SYS_ALARM,
	/* (powers to keep: bits of enum rv_power, rv/powers.h) -> 0. All others are given up for good, when the
	 * top level has ended, or now if it has; then calls that take one give RV_EACCES. */
	RV_SYS_POWERS,
	/* () -> 0: from now on this engine is a policy (rv/policy.h), for good. RV_EBUSY: it has hooks that
	 * were made without that; RV_EAGAIN: its top level has ended */
	RV_SYS_POLICY,
	/* (offset, buffer, bytes) -> 0: of the open request's data. RV_EAGAIN: it has none, or not yet; RV_ERANGE:
	 * beyond its end; RV_ENOMEM; RV_EFAULT: the guest's list of its memory is no good */
	RV_SYS_DATA_READ,
	/* (offset, buffer, bytes) -> 0: instead of what was there. As the last. Of HAND_OVER: what the other script
	 * gets, at most RV_HAND_OVER_BYTES */
	RV_SYS_DATA_WRITE,
	/* (bytes) -> 0: the open request's data are so many from now on: cut off, or zeros at the end. RV_EAGAIN: it has
	 * none, or not yet; RV_ENOTSUP: of this one they are as many as they are; RV_ERANGE: too many; RV_ENOMEM */
	RV_SYS_DATA_RESIZE,
	/* (position, struct rv_disk_info *) -> 0; RV_ENOENT: there are not so many */
	RV_SYS_DISK,
	/* (position, struct rv_nic_info *) -> 0; RV_ENOENT: there are not so many */
	RV_SYS_NIC,
	/* (request's number, RV_VERDICT_PASS, DENY or DROP, RV_REFUSAL_* of DENY) -> 0: what becomes of one that
	 * this engine holds. RV_ENOENT: it does not, or not any more */
	RV_SYS_RESOLVE,
	/* (number of a disk, rv/disk.h; 0) -> 0: its controller says that it has failed, and does nothing more, until the
	 * guest resets it. RV_ENOENT: there is none; RV_ENOTSUP: none of its kind can say so; RV_EAGAIN: its requests
	 * pass unseen. (number, RV_DISK_EVENT and what it is) -> 0: it tells the guest of an event; RV_EBUSY: the guest waits
	 * for none */
	RV_SYS_DISK_FAIL,
	/* (number of a disk, LBA, buffer, bytes) -> 0: reads sectors, the CPU standing until that is done. At most
	 * RV_DISK_IO_BYTES. RV_ENOENT: there is no such disk; RV_EINVAL: no whole sectors; RV_ERANGE: beyond its end;
	 * RV_EPERM: a hook of another engine's has a say in that; RV_EAGAIN: it cannot be had yet; RV_EBUSY: it is amid
	 * a command of the guest's; RV_ENOTSUP: not with such a disk; RV_EIO: it failed; RV_ETIMEDOUT: it took too long,
	 * or all such calls of this event did; RV_ENOMEM */
	RV_SYS_DISK_READ,
	/* (number of a disk, LBA, buffer, bytes) -> 0: writes them. As the last */
	RV_SYS_DISK_WRITE,
	/* (number of a disk) -> 0: has its cache written. As the last */
	RV_SYS_DISK_FLUSH,
	/* (number of a disk, bytes of memory at most) -> the number of a new overlay, above 0. RV_ENOENT: no
	 * disk has that number; RV_ENOSPC: there are too many */
	RV_SYS_OVERLAY,
	/* (overlay, struct rv_overlay_range *) -> 0: the first sectors that it holds from .lba on; RV_ENOENT: none */
	RV_SYS_OVERLAY_NEXT,
	/* (overlay, offset in bytes, buffer, bytes) -> 0: what it holds there, and zeros; whole units of 512 bytes */
	RV_SYS_OVERLAY_READ,
	/* (overlay, 0) -> bytes of memory, or of the other disk, that it takes; (overlay, 1) -> how many it may, 0: that is not
	 * known yet */
	RV_SYS_OVERLAY_USED,
	/* (name, bytes, values as JSON, bytes) -> 0: an event of the script's own, if somebody records. RV_EAGAIN:
	 * nobody does; no bytes of a name: that is all that is asked. RV_E2BIG: more than RV_TRACE_BYTES of either;
	 * RV_EINVAL: a NUL among them */
	RV_SYS_TRACE,
	/* () -> 0: the engine is open, and nothing in its memory is about its script yet, or its number, or its quota.
	 * Engines that come later may begin here, with a copy of that memory and those registers; not if it made
	 * another system call before than RV_SYS_HEAP_GROW and RV_SYS_ALARM */
	RV_SYS_OPENED,
	/* (number of a card, 0: it is sent, 1: the guest receives it, frame, bytes) -> 0: it is queued. RV_ENOENT: there is
	 * no such card; RV_ENOTSUP: no mediator has it; RV_ERANGE: shorter than an Ethernet header, or longer than
	 * RV_NIC_TRANSFER_BYTES; RV_EPERM: a hook of another engine's has a say in it; RV_EAGAIN: the guest's driver has not
	 * set the card up, or its packets pass unseen; RV_EBUSY: the queue is full; RV_ENOMEM. With a tunnel a frame that
	 * is sent goes into it: RV_ERANGE: more than NET_FRAME_BYTES, too; RV_EAGAIN: the network service has no room or
	 * does not run; RV_EBUSY: too many of late */
	RV_SYS_NIC_TRANSFER,
	/* (struct rv_metric_spec *) -> the number of a new metric. RV_EINVAL; RV_ENOSPC: RV_METRICS_MAXIMUM; RV_ENOMEM: its
	 * memory counts as the heap's */
	RV_SYS_METRIC,
	/* (metric, struct rv_metric_key *, value) -> 0. RV_ENOENT; RV_EINVAL; RV_ENOMEM: there is no room, which is counted */
	RV_SYS_METRIC_ADD,
	/* (metric, position, struct rv_metric_facts *) -> the next position. RV_ENOENT: there is no such metric, or no more
	 * in it; then .lost is told all the same */
	RV_SYS_METRIC_NEXT,
	/* (metric) -> 0: nothing is in it any more */
	RV_SYS_METRIC_CLEAR,
	/* (position, struct rv_usb_info *) -> 0; RV_ENOENT: there are not so many whose descriptors are known */
	RV_SYS_USB,
	/* (number of a USB device, offset, buffer, bytes) -> 0: of its descriptor and its configurations. RV_ENOENT: there
	 * is none; RV_ERANGE: beyond the end */
	RV_SYS_USB_READ,
	/* (TSC) -> 0. Only of services that stay (service/resident.h): the CPU is given back until then, UINT64_MAX:
	 * for good, or until the hypervisor has something for it */
	RV_SYS_WAIT,
	/* (buffer, bytes) -> 0. Likewise: random bytes. RV_E2BIG; RV_EIO: this CPU gives none */
	RV_SYS_RANDOM,
	/* (position, struct rv_service_info *) -> 0; RV_ENOENT: there are not so many (rv/service.h) */
	RV_SYS_SERVICE,
	/* (position of a service, tag, buffer, bytes) -> 0: a record for it. RV_ENOENT; RV_ENOTSUP: it takes none of
	 * scripts; RV_E2BIG: more than RV_SERVICE_BYTES, or than it ever takes; RV_EAGAIN: not now: it has not read what it
	 * has, or is dead; RV_ENOMEM */
	RV_SYS_SERVICE_WRITE,
	/* (position of a service, buffer, room in bytes, uint32_t *tag) -> the bytes of its next record. RV_ENOENT;
	 * RV_ENOTSUP: it gives scripts none; RV_EAGAIN: there is none; RV_E2BIG: it was longer, and is lost; RV_ENOMEM */
	RV_SYS_SERVICE_READ,
	/* (struct rv_overlay_spec *) -> the number of a new overlay, above 0. RV_ENOENT, RV_ENOSPC: as RV_SYS_OVERLAY;
	 * RV_EINVAL: on itself; RV_EBUSY: another overlay has that range */
	RV_SYS_OVERLAY_ON_DISK,
	/* (overlay) -> 0: it can take requests, or it is in memory. RV_OVERLAY_*; RV_EAGAIN: not yet, for a disk is not known,
	 * or cannot be had; RV_EINVAL: the range is too small or too large; else as RV_SYS_DISK_WRITE */
	RV_SYS_OVERLAY_OPEN,
	/* (struct tunnel_status *) -> 0: as it was a second ago at most (rv/tunnel.h). RV_ENOENT: there is no tunnel */
	RV_SYS_VPN,
	/* (request's number, buffer, bytes) -> 0: one that this engine holds is answered with these, and the device does not
	 * get it. RV_ENOENT: as RV_SYS_RESOLVE; it waits on if RV_EAGAIN: it gives nothing that could be given in its place;
	 * RV_ERANGE: not so many. RV_ENOMEM, RV_EFAULT as RV_SYS_DATA_READ: then it is denied */
	RV_SYS_ANSWER,
	RV_SYSCALL_COUNT,
};

#define RV_LOG_BYTES 4096
#define RV_TRACE_BYTES 1024
#define RV_DISK_IO_BYTES 0x100000
#define RV_HAND_OVER_BYTES 0x10000
#define RV_HOOK_BYTES_IN_EVENT 0x1000000
#define RV_HOLD_US_MAXIMUM UINT64_C(3600000000) /* an hour */
#define RV_HOLD_US_EVER UINT64_MAX /* until the guest gives up: the request is lost */
#define RV_BUDGET_US_MAXIMUM 10000000 /* of an event */

#endif
