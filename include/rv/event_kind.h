/*
 * include/rv/event_kind.h: the names of the kinds of events, and which of them are writes: one list
 * for the hypervisor, the engine and the simulated machine.
 */
#ifndef RV_EVENT_KIND_H
#define RV_EVENT_KIND_H

#include "rv/abi.h"

/* As scripts spell them. */
static const char *const rv_event_kind_names[RV_EVENT_KIND_COUNT] = {
	[RV_EVENT_PORT_READ] = "port_read",
	[RV_EVENT_PORT_WRITE] = "port_write",
	[RV_EVENT_MMIO_READ] = "mmio_read",
	[RV_EVENT_MMIO_WRITE] = "mmio_write",
	[RV_EVENT_MSR_READ] = "msr_read",
	[RV_EVENT_MSR_WRITE] = "msr_write",
	[RV_EVENT_CPUID] = "cpuid",
	[RV_EVENT_PCI_CONFIG_READ] = "pci_config_read",
	[RV_EVENT_PCI_CONFIG_WRITE] = "pci_config_write",
	[RV_EVENT_TIMER] = "timer",
	[RV_EVENT_SHUTDOWN] = "shutdown",
};

/* "?" for a number that is no kind. */
static inline const char *rv_event_kind_name(uint32_t kind)
{
	return kind != 0 && kind < RV_EVENT_KIND_COUNT ? rv_event_kind_names[kind] : "?";
}

static inline bool rv_event_kind_is_write(uint32_t kind)
{
	return kind == RV_EVENT_PORT_WRITE || kind == RV_EVENT_MMIO_WRITE ||
	       kind == RV_EVENT_MSR_WRITE || kind == RV_EVENT_PCI_CONFIG_WRITE;
}

#endif
