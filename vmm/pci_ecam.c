/*
 * vmm/pci_ecam.c: owns the memory-mapped way to PCI configuration space (PCI Express Base
 * Specification, 7.2.2): one page a function. Each registered PCI region has one claim on the pages
 * that it covers. Changed by registration only, under pci.c's lock.
 */
#include "vmm/pci.h"

#include "core/acpi.h"
#include "core/memory.h"
#include "rv/errno.h"
#include "vmm/grace.h"

struct pci_claim {
	struct access_region memory;
	const struct access_region *region; /* whose it is */
	struct pci_claim *next;
	struct grace grace;
};

static struct pci_claim *pci_claims;

hpa_t pci_ecam_address(uint64_t address)
{
	uint8_t first_bus, last_bus;
	hpa_t base;

	if (!acpi_find_mcfg(&base, &first_bus, &last_bus) ||
	    address < pci_address(first_bus, 0, 0, 0) ||
	    address >= pci_address(last_bus + 1u, 0, 0, 0))
		return 0;
	return base + address;
}

static enum access_result pci_access_part(struct access *access, hpa_t base, unsigned done)
{
	struct access config = *access;
	enum access_result result;

	config.kind = ACCESS_PCI;
	config.address = access->address + done - base;
	config.value = access->value >> (8 * done);
	if (config.width_bytes > 4)
		config.width_bytes = 4;
	config.value &= access_mask(&config);
	result = pci_offer(&config);
	if (access->write && result == ACCESS_PASS)
		mmio_hardware_write(access->address + done, config.width_bytes, config.value);
	else if (!access->write && !config.resolved)
		config.value = mmio_hardware_read(access->address + done, config.width_bytes);
	access->value &= ~(access_mask(&config) << (8 * done));
	access->value |= (config.value & access_mask(&config)) << (8 * done);
	return result;
}

/* The pages' handler. It does the access to the end, in parts of at most 32 bits, so that of
 * several claims on a page only the first gets it. */
static enum access_result pci_access_memory(struct access *access, void *context)
{
	uint8_t first_bus, last_bus;
	hpa_t base;

	(void)context;
	if (!acpi_find_mcfg(&base, &first_bus, &last_bus))
		return ACCESS_PASS;
	for (unsigned done = 0; done < access->width_bytes; done += 4)
		(void)pci_access_part(access, base, done);
	access->resolved = true;
	return ACCESS_DONE;
}

int pci_ecam_claim(const struct access_region *region)
{
	struct pci_claim **link = &pci_claims, *claim;
	uint64_t first = region->first, last = region->last;
	uint8_t first_bus, last_bus;
	hpa_t base;
	int error;

	if (!acpi_find_mcfg(&base, &first_bus, &last_bus))
		return 0;
	if (first < pci_address(first_bus, 0, 0, 0))
		first = pci_address(first_bus, 0, 0, 0);
	if (last >= pci_address(last_bus + 1u, 0, 0, 0))
		last = pci_address(last_bus + 1u, 0, 0, 0) - 1;
	if (first > last)
		return 0;
	claim = memory_allocate(sizeof(*claim));
	if (!claim)
		return -RV_ENOMEM;
	claim->memory.first = base + first;
	claim->memory.last = base + last;
	claim->memory.handler = pci_access_memory;
	claim->memory.guard = true;
	claim->region = region;
	error = mmio_register(&claim->memory);
	if (error != 0) {
		memory_free(claim);
		return error;
	}
	while (*link)
		link = &(*link)->next;
	*link = claim;
	return 0;
}

static void pci_ecam_free(struct grace *grace)
{
	memory_free(CONTAINER_OF(grace, struct pci_claim, grace));
}

void pci_ecam_release(const struct access_region *region)
{
	struct pci_claim **link = &pci_claims, *claim;

	while (*link && (*link)->region != region)
		link = &(*link)->next;
	claim = *link;
	if (!claim)
		return;
	*link = claim->next;
	mmio_unregister(&claim->memory);
	grace_begin(&claim->grace, pci_ecam_free);
}
