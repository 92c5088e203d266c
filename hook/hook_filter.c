/*
 * hook/hook_filter.c: whether a hook wants an access; all that can be said without a script.
 */
#include "hook/hook_internal.h"

#include "hook/pci_identity.h"

static bool hook_filter_field(int32_t wanted, uint32_t value)
{
	return wanted < 0 || (uint32_t)wanted == value;
}

bool hook_filter_identity(const struct hook *hook, const struct access *access)
{
	const struct rv_hook_request *request = &hook->request;
	struct pci_identity identity = pci_identity_of(access->address);
	uint32_t class_mask = request->pci_class_mask < 0 ? 0xffffff
							  : (uint32_t)request->pci_class_mask;

	/* A function that is not there has no ids to match, not even 0xffff. */
	if (identity.vendor_id == 0xffff)
		return false;
	return hook_filter_field(request->pci_vendor_id, identity.vendor_id) &&
	       hook_filter_field(request->pci_device_id, identity.device_id) &&
	       (request->pci_class < 0 ||
		(identity.class & class_mask) == (uint32_t)request->pci_class);
}

bool hook_filter_pci(const struct hook *hook, const struct access *access)
{
	const struct rv_hook_request *request = &hook->request;
	uint64_t offset = access->address & 0xfff;

	return offset <= request->last && offset + access->width_bytes - 1 >= request->first &&
	       hook_filter_field(request->pci_bus, (uint32_t)(access->address >> 20)) &&
	       hook_filter_field(request->pci_device, access->address >> 15 & 0x1f) &&
	       hook_filter_field(request->pci_function, access->address >> 12 & 7);
}

bool hook_filter_cpuid(const struct hook *hook, const struct access *access)
{
	const struct rv_hook_request *request = &hook->request;
	uint32_t leaf = (uint32_t)access->address, subleaf = (uint32_t)(access->address >> 32);

	return leaf >= request->first && leaf <= request->last &&
	       (!request->cpuid_subleaf_set || subleaf == request->cpuid_subleaf);
}
