/*
 * access.c: one access of the simulated guest.
 */
#include "access.h"

#include "host_hooks.h"
#include "machine.h"
#include "rv/event_kind.h"

#include <stdio.h>
#include <string.h>

static uint64_t access_ones(const struct rv_event *event)
{
	return event->width_bytes >= 8 ? UINT64_MAX : (1ull << event->width_bytes * 8) - 1;
}

static uint16_t access_bdf(const struct rv_event *event)
{
	return (uint16_t)(event->pci_bus << 8 | event->pci_device << 3 | event->pci_function);
}

bool access_fetch(struct access *access)
{
	struct rv_event *event = &access->event;

	if (access->fetched)
		return !access->fault;
	access->fetched = true;
	switch (event->kind) {
	case RV_EVENT_PORT_READ:
		event->value = machine_port_read((uint16_t)event->address, event->width_bytes);
		break;
	case RV_EVENT_MMIO_READ:
		if (!machine_mmio(event->address, &event->value, event->width_bytes, false))
			event->value = access_ones(event);
		break;
	case RV_EVENT_MSR_READ:
		access->fault = !machine_msr_read((uint32_t)event->address, &event->value);
		break;
	case RV_EVENT_CPUID:
		machine_cpuid((uint32_t)event->address, event->cpuid_subleaf, event->cpuid);
		break;
	case RV_EVENT_PCI_CONFIG_READ:
		event->value = machine_pci_read(access_bdf(event), (unsigned int)event->address,
						event->width_bytes);
		break;
	default:
		break;
	}
	return !access->fault;
}

static void access_write_device(struct access *access)
{
	struct rv_event *event = &access->event;

	switch (event->kind) {
	case RV_EVENT_PORT_WRITE:
		machine_port_write((uint16_t)event->address, event->width_bytes, event->value);
		break;
	case RV_EVENT_MMIO_WRITE:
		machine_mmio(event->address, &event->value, event->width_bytes, true);
		break;
	case RV_EVENT_MSR_WRITE:
		access->fault = !machine_msr_write((uint32_t)event->address, event->value);
		break;
	case RV_EVENT_PCI_CONFIG_WRITE:
		machine_pci_write(access_bdf(event), (unsigned int)event->address,
				  event->width_bytes, event->value);
		break;
	default:
		break;
	}
}

void access_finish(struct access *access)
{
	if (!rv_event_kind_is_write(access->event.kind))
		access_fetch(access);
	else if (!access->dropped && !access->fault)
		access_write_device(access);
}

/* As if the device were absent. */
static void access_deny(struct access *access)
{
	struct rv_event *event = &access->event;

	access->fetched = true;
	if (event->kind == RV_EVENT_MSR_READ || event->kind == RV_EVENT_MSR_WRITE)
		access->fault = true;
	else if (event->kind == RV_EVENT_CPUID)
		memset(event->cpuid, 0, sizeof(event->cpuid));
	else if (rv_event_kind_is_write(event->kind))
		access->dropped = true;
	else
		event->value = access_ones(event);
}

static void access_drop(struct access *access)
{
	struct rv_event *event = &access->event;

	if (event->kind == RV_EVENT_MSR_READ) {
		access->fetched = true;
		event->value = 0;
	} else if (event->kind == RV_EVENT_MSR_WRITE) {
		access->dropped = true;
	} else {
		access_deny(access);
	}
}

static void access_change(struct access *access, const struct rv_event *answer)
{
	access->fault = false;
	if (access->event.kind == RV_EVENT_CPUID)
		memcpy(access->event.cpuid, answer->cpuid, sizeof(answer->cpuid));
	else
		access->event.value = answer->value & access_ones(&access->event);
	if (!rv_event_kind_is_write(access->event.kind))
		access->fetched = true;
}

bool access_resolve(struct access *access, uint32_t verdict, const struct rv_event *answer)
{
	switch (verdict) {
	case RV_VERDICT_CHANGE:
		access_change(access, answer);
		return true;
	case RV_VERDICT_DENY:
		access_deny(access);
		return false;
	case RV_VERDICT_DROP:
		access_drop(access);
		return false;
	default:
		return true;
	}
}

void access_describe(const struct access *access, char *text, size_t bytes)
{
	const struct rv_event *event = &access->event;

	if (access->fault)
		snprintf(text, bytes, "gp");
	else if (access->dropped)
		snprintf(text, bytes, "dropped");
	else if (event->kind == RV_EVENT_CPUID)
		snprintf(text, bytes, "0x%x 0x%x 0x%x 0x%x", event->cpuid[0], event->cpuid[1],
			 event->cpuid[2], event->cpuid[3]);
	else if (event->kind == RV_EVENT_TIMER || event->kind == RV_EVENT_SHUTDOWN)
		snprintf(text, bytes, "done");
	else
		snprintf(text, bytes, "0x%llx", (unsigned long long)event->value);
}
