/*
 * hook/source_pci.c: accesses to PCI configuration space as events: a function, an offset in its
 * registers, and who the function is.
 */
#include "hook/hook_internal.h"
#include "vmm/pci_identity.h"
#include "vmm/pci_isolate.h"
#include "rv/kinds.h"

#define SOURCE_PCI_OFFSET 0xfff

/* The one value that the spec's clause about the field at that place allows; -1: any, or several. */
static int64_t source_pci_wanted(const struct rv_hook_spec *spec, size_t offset)
{
	for (uint32_t i = 0; i < spec->nr_clauses; i++) {
		const struct rv_clause *clause = &spec->clauses[i];

		if (clause->except == 0 && rv_kinds[spec->kind].fields[clause->field].offset == offset &&
		    clause->mask == UINT64_MAX && clause->first == clause->last)
			return (int64_t)clause->first;
	}
	return -1;
}

/* Config space is laid out bus, device, function, offset: a range can be as narrow as the first
 * of them that is open. */
static void source_pci_narrow(struct hook *hook)
{
	int64_t bus = source_pci_wanted(&hook->spec, offsetof(struct rv_event, pci_bus));
	int64_t device = source_pci_wanted(&hook->spec, offsetof(struct rv_event, pci_device));
	int64_t function = source_pci_wanted(&hook->spec, offsetof(struct rv_event, pci_function));
	uint64_t first = hook->first, last = hook->last;

	/* Ids are known as long as bridges lead where they did: all writes to these are to be seen. */
	if (hook->direct_end != hook->clauses_end || hook->exceptions_look_up)
		bus = -1;
	if (bus < 0 || device < 0 || function < 0) {
		first = 0;
		last = SOURCE_PCI_OFFSET;
	}
	function = bus < 0 || device < 0 ? -1 : function;
	device = bus < 0 ? -1 : device;
	hook->region.first = pci_address(bus < 0 ? 0 : (uint32_t)bus, device < 0 ? 0 : (uint32_t)device,
					 function < 0 ? 0 : (uint32_t)function, (uint32_t)first);
	hook->region.last = pci_address(bus < 0 ? 255 : (uint32_t)bus, device < 0 ? 31 : (uint32_t)device,
					function < 0 ? 7 : (uint32_t)function, (uint32_t)last);
}

static int source_pci_attach(struct hook *hook)
{
	hook->region_is_wider = true;
	if (hook->spec.follows != 0)
		return hook_follow_attach(hook, ACCESS_PCI);
	source_pci_narrow(hook);
	return pci_register(&hook->region);
}

static void source_pci_detach(struct hook *hook)
{
	if (hook->spec.follows != 0)
		hook_follow_detach(hook);
	else
		pci_unregister(&hook->region);
}

static void source_pci_fill(struct rv_event *event, const struct event_origin *origin)
{
	uint64_t address = origin->access->address;

	source_access_fill(event, origin);
	event->address = address & SOURCE_PCI_OFFSET;
	event->pci_bus = (uint8_t)(address >> 20);
	event->pci_device = address >> 15 & 0x1f;
	event->pci_function = address >> 12 & 7;
}

/* Asks the hardware, once a function. One that is not there has no ids to match, not even 0xffff. */
static bool source_pci_look_up(struct rv_event *event, const struct event_origin *origin)
{
	struct pci_identity identity = pci_identity_of(origin->access->address);

	event->pci_vendor_id = identity.vendor_id;
	event->pci_device_id = identity.device_id;
	event->pci_class = identity.class;
	return identity.vendor_id != 0xffff;
}

static void source_pci_pose(struct event_origin *origin, const struct rv_event *event)
{
	source_access_pose(origin, event, ACCESS_PCI);
	origin->access->address = pci_address(event->pci_bus, event->pci_device, event->pci_function,
					      (uint32_t)event->address);
}

static bool source_pci_isolate(struct event_origin *origin)
{
	struct access *access = origin->access;
	uint64_t value = pci_isolate_value(access);
	bool differs = value != access->value;

	access->value = value;
	return differs;
}

#define SOURCE_PCI(name, constant)                                                                 \
	SOURCE(name) = {                                                                           \
		.kind = constant,                                                                  \
		.attach = source_pci_attach,                                                       \
		.detach = source_pci_detach,                                                       \
		.fill = source_pci_fill,                                                           \
		.look_up = source_pci_look_up,                                                     \
		.fetch = source_access_fetch,                                                      \
		.apply = source_access_apply,                                                      \
		.isolate = source_pci_isolate,                                                     \
		.pose = source_pci_pose,                                                           \
	}

SOURCE_PCI(pci_config_read, RV_EVENT_PCI_CONFIG_READ);
SOURCE_PCI(pci_config_write, RV_EVENT_PCI_CONFIG_WRITE);
