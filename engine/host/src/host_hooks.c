/*
 * host_hooks.c: the simulated hypervisor's table of hooks.
 */
#include "host_hooks.h"

#include "rv/errno.h"
#include "rv/event_kind.h"

static struct host_hook hooks[HOST_HOOKS_MAXIMUM];

static bool hook_request_makes_sense(const struct rv_hook_request *request)
{
	if (request->kind == 0 || request->kind >= RV_EVENT_KIND_COUNT ||
	    request->on_error > RV_ON_ERROR_DISABLE || request->observe > 1 ||
	    request->width_mask > 15)
		return false;
	if (request->kind == RV_EVENT_TIMER)
		return request->first >= 1000;
	if (request->value_mask != 0 && !rv_event_kind_is_write(request->kind))
		return false;
	return request->kind == RV_EVENT_SHUTDOWN || request->first <= request->last;
}

int64_t host_hook_add(const struct rv_hook_request *request)
{
	if (!hook_request_makes_sense(request))
		return -RV_EINVAL;
	for (uint32_t i = 0; i < HOST_HOOKS_MAXIMUM; i++) {
		if (hooks[i].used)
			continue;
		hooks[i] = (struct host_hook){ .request = *request, .used = true };
		return i;
	}
	return -RV_ENOSPC;
}

int64_t host_hook_remove(uint64_t number)
{
	if (number >= HOST_HOOKS_MAXIMUM || !hooks[number].used)
		return -RV_ENOENT;
	hooks[number].used = false;
	return 0;
}

struct host_hook *host_hook_get(uint32_t number)
{
	return number < HOST_HOOKS_MAXIMUM && hooks[number].used ? &hooks[number] : NULL;
}

unsigned int host_hook_count(void)
{
	unsigned int count = 0;

	for (uint32_t i = 0; i < HOST_HOOKS_MAXIMUM; i++)
		count += hooks[i].used;
	return count;
}

static bool hook_field_fits(int32_t wanted, uint32_t value)
{
	return wanted < 0 || (uint32_t)wanted == value;
}

static bool hook_pci_fits(const struct rv_hook_request *request, const struct rv_event *event)
{
	return hook_field_fits(request->pci_bus, event->pci_bus) &&
	       hook_field_fits(request->pci_device, event->pci_device) &&
	       hook_field_fits(request->pci_function, event->pci_function) &&
	       hook_field_fits(request->pci_vendor_id, event->pci_vendor_id) &&
	       hook_field_fits(request->pci_device_id, event->pci_device_id) &&
	       (request->pci_class < 0 ||
		(event->pci_class & (uint32_t)request->pci_class_mask) ==
			(uint32_t)request->pci_class);
}

static bool hook_wants(const struct rv_hook_request *request, const struct rv_event *event)
{
	bool is_pci = event->kind == RV_EVENT_PCI_CONFIG_READ ||
		      event->kind == RV_EVENT_PCI_CONFIG_WRITE;
	/* An MSR and a CPUID leaf are one address, however wide; of others, one byte in the range is enough,
	 * as in vmm/registry.h. */
	bool is_wide = event->kind != RV_EVENT_MSR_READ && event->kind != RV_EVENT_MSR_WRITE &&
		       event->kind != RV_EVENT_CPUID;

	if (request->kind != event->kind)
		return false;
	if (event->kind == RV_EVENT_TIMER || event->kind == RV_EVENT_SHUTDOWN)
		return true;
	if (event->address > request->last ||
	    event->address + (is_wide ? event->width_bytes - 1 : 0) < request->first)
		return false;
	if (request->width_mask && !(request->width_mask & event->width_bytes))
		return false;
	if ((event->value & request->value_mask) != request->value_match)
		return false;
	if (request->cpuid_subleaf_set && request->cpuid_subleaf != event->cpuid_subleaf)
		return false;
	return !is_pci || hook_pci_fits(request, event);
}

int host_hook_match(uint32_t number, const struct rv_event *event)
{
	for (; number < HOST_HOOKS_MAXIMUM; number++) {
		if (hooks[number].used && hook_wants(&hooks[number].request, event))
			return (int)number;
	}
	return -1;
}
