/*
 * hook/hook_request.c: says whether a request for a hook has a meaning, and which addresses it is
 * about. Pure functions; the request comes from a script engine, so nothing in it is trusted.
 */
#include "hook/hook_internal.h"

#include "rv/errno.h"
#include "rv/event_kind.h"

#define HOOK_PCI_OFFSET_LAST 0xfff
#define HOOK_GPA_LAST ((UINT64_C(1) << 52) - 1)

/* The highest address each kind has; 0: the kind has no addresses. */
static const uint64_t hook_address_last[RV_EVENT_KIND_COUNT] = {
	[RV_EVENT_PORT_READ] = 0xffff,
	[RV_EVENT_PORT_WRITE] = 0xffff,
	[RV_EVENT_MMIO_READ] = HOOK_GPA_LAST,
	[RV_EVENT_MMIO_WRITE] = HOOK_GPA_LAST,
	[RV_EVENT_MSR_READ] = 0xffffffff,
	[RV_EVENT_MSR_WRITE] = 0xffffffff,
	[RV_EVENT_CPUID] = 0xffffffff,
	[RV_EVENT_PCI_CONFIG_READ] = HOOK_PCI_OFFSET_LAST,
	[RV_EVENT_PCI_CONFIG_WRITE] = HOOK_PCI_OFFSET_LAST,
};

static bool hook_kind_is_pci(uint32_t kind)
{
	return kind == RV_EVENT_PCI_CONFIG_READ || kind == RV_EVENT_PCI_CONFIG_WRITE;
}

static bool hook_field_fits(int32_t value, int32_t maximum)
{
	return value >= -1 && value <= maximum;
}

static bool hook_pci_fits(const struct rv_hook_request *request)
{
	return hook_field_fits(request->pci_bus, 255) && hook_field_fits(request->pci_device, 31) &&
	       hook_field_fits(request->pci_function, 7) &&
	       hook_field_fits(request->pci_vendor_id, 0xffff) &&
	       hook_field_fits(request->pci_device_id, 0xffff) &&
	       hook_field_fits(request->pci_class, 0xffffff) &&
	       hook_field_fits(request->pci_class_mask, 0xffffff);
}

int hook_request_check(const struct rv_hook_request *request)
{
	if (request->kind == 0 || request->kind >= RV_EVENT_KIND_COUNT ||
	    request->on_error > RV_ON_ERROR_DISABLE || request->observe > 1 ||
	    request->budget_us > RV_BUDGET_US_MAXIMUM || request->width_mask > 0xf ||
	    request->cpuid_subleaf_set > 1)
		return -RV_EINVAL;
	if (request->kind == RV_EVENT_SHUTDOWN)
		return 0;
	if (request->kind == RV_EVENT_TIMER) {
		return request->first >= HOOK_PERIOD_US_MINIMUM &&
				       request->first <= HOOK_PERIOD_US_MAXIMUM
			       ? 0
			       : -RV_EINVAL;
	}
	if (request->first > request->last ||
	    request->last > hook_address_last[request->kind])
		return -RV_EINVAL;
	if (request->value_mask != 0 && !rv_event_kind_is_write(request->kind))
		return -RV_EINVAL;
	if (hook_kind_is_pci(request->kind) && !hook_pci_fits(request))
		return -RV_EINVAL;
	return 0;
}

/* Config space is laid out bus, device, function, offset: a range can be as narrow as the first
 * of them that is open. */
static void hook_pci_range(const struct rv_hook_request *request, uint64_t *first, uint64_t *last)
{
	uint32_t bus = (uint32_t)request->pci_bus, device = (uint32_t)request->pci_device;
	uint32_t function = (uint32_t)request->pci_function;

	if (request->pci_bus < 0) {
		*first = 0;
		*last = pci_address(255, 31, 7, HOOK_PCI_OFFSET_LAST);
	} else if (request->pci_device < 0) {
		*first = pci_address(bus, 0, 0, 0);
		*last = pci_address(bus, 31, 7, HOOK_PCI_OFFSET_LAST);
	} else if (request->pci_function < 0) {
		*first = pci_address(bus, device, 0, 0);
		*last = pci_address(bus, device, 7, HOOK_PCI_OFFSET_LAST);
	} else {
		*first = pci_address(bus, device, function, (uint32_t)request->first);
		*last = pci_address(bus, device, function, (uint32_t)request->last);
	}
}

void hook_request_range(const struct rv_hook_request *request, uint64_t *first, uint64_t *last)
{
	*first = request->first;
	*last = request->last;
	if (hook_kind_is_pci(request->kind))
		hook_pci_range(request, first, last);
}
