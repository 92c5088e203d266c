/*
 * include/rv/powers.h: what an engine can do beyond computing and answering its events, and which system
 * calls that takes. RV_SYS_POWERS gives powers up for good.
 */
#ifndef RV_POWERS_H
#define RV_POWERS_H

#include "rv/kinds.h"

/* power(constant, the name as scripts spell it) */
#define RV_POWERS(power)                                                                           \
	power(HOOK, "hook")     /* add and remove hooks, but for times and the guest's end */      \
	power(LOG, "log")                                                                          \
	power(PORT, "port")                                                                        \
	power(MMIO, "mmio")                                                                        \
	power(MSR, "msr")                                                                          \
	power(PCI, "pci")                                                                          \
	power(MEMORY, "memory") /* read and write the guest's */                                   \
	power(DISK, "disk")	/* read and write disks */                                         \
	power(NIC, "nic")	/* send and deliver packets */                                     \
	power(SERVICE, "service") /* write to services and read from them */

enum rv_power_number {
#define RV_POWER_NUMBER(constant, name) RV_POWER_NUMBER_##constant,
	RV_POWERS(RV_POWER_NUMBER)
#undef RV_POWER_NUMBER
	RV_POWER_COUNT,
};

enum rv_power {
#define RV_POWER_BIT(constant, name) RV_POWER_##constant = 1 << RV_POWER_NUMBER_##constant,
	RV_POWERS(RV_POWER_BIT)
#undef RV_POWER_BIT
	RV_POWERS_ALL = (1 << RV_POWER_COUNT) - 1,
};

/* What a call takes; 0: what every engine may. */
static const uint16_t rv_syscall_powers[RV_SYSCALL_COUNT] = {
	[RV_SYS_LOG] = RV_POWER_LOG,
	[RV_SYS_TRACE] = RV_POWER_LOG,
	[RV_SYS_METRIC] = RV_POWER_LOG,
	[RV_SYS_PORT_READ] = RV_POWER_PORT,
	[RV_SYS_PORT_WRITE] = RV_POWER_PORT,
	[RV_SYS_MMIO_READ] = RV_POWER_MMIO,
	[RV_SYS_MMIO_WRITE] = RV_POWER_MMIO,
	[RV_SYS_MSR_READ] = RV_POWER_MSR,
	[RV_SYS_MSR_WRITE] = RV_POWER_MSR,
	[RV_SYS_PCI_READ] = RV_POWER_PCI,
	[RV_SYS_PCI_WRITE] = RV_POWER_PCI,
	[RV_SYS_PCI_BAR] = RV_POWER_PCI,
	[RV_SYS_PCI_SWITCH_OFF] = RV_POWER_PCI,
	[RV_SYS_MEMORY_READ] = RV_POWER_MEMORY,
	[RV_SYS_MEMORY_WRITE] = RV_POWER_MEMORY,
	[RV_SYS_DISK_READ] = RV_POWER_DISK,
	[RV_SYS_DISK_WRITE] = RV_POWER_DISK,
	[RV_SYS_DISK_FLUSH] = RV_POWER_DISK,
	[RV_SYS_NIC_TRANSFER] = RV_POWER_NIC,
	[RV_SYS_SERVICE_WRITE] = RV_POWER_SERVICE,
	[RV_SYS_SERVICE_READ] = RV_POWER_SERVICE,
	[RV_SYS_OVERLAY] = RV_POWER_HOOK,
	[RV_SYS_OVERLAY_ON_DISK] = RV_POWER_DISK,
	[RV_SYS_DISK_FAIL] = RV_POWER_HOOK,
	/* RV_SYS_HOOK_ADD and RV_SYS_HOOK_REMOVE: rv_kind_power(). */
};

/* What it takes to add or remove a hook of a kind. Times and the guest's end are nobody's loss, and the
 * engine's own collector has a timer. */
static inline uint32_t rv_kind_power(uint32_t kind)
{
	return rv_kind_is(kind) && !rv_kind_has(kind, RV_KIND_PLAIN) ? RV_POWER_HOOK : 0;
}

#endif
