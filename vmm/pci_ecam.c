/*
 * vmm/pci_ecam.c: owns the memory-mapped way to PCI configuration space (PCI Express Base
 * Specification, 7.2.2): one page a function, in as many windows as the MCFG has entries. Each
 * registered PCI region has a claim in each window on the pages that it covers there. Changed by
 * registration only, under pci.c's lock.
 */
#include "vmm/pci.h"

#include "core/acpi.h"
#include "core/memory.h"
#include "rv/errno.h"
#include "vmm/grace.h"

struct pci_claim {
	struct access_region memory;
	hpa_t base;	  /* of bus 0 of the window */
	uint64_t segment; /* pci_segment_address() */
	const struct access_region *region; /* whose it is */
	struct pci_claim *next;
	struct grace grace;
};

static struct pci_claim *pci_claims;

hpa_t pci_ecam_address(uint64_t address)
{
	uint64_t in_segment = address & PCI_ADDRESS_LAST;
	struct acpi_mcfg window;

	for (unsigned i = 0; acpi_mcfg(i, &window); i++) {
		if (address == (in_segment | pci_segment_address(window.segment)) &&
		    in_segment >= pci_address(window.first_bus, 0, 0, 0) &&
		    in_segment < pci_address(window.last_bus + 1u, 0, 0, 0))
			return window.base + in_segment;
	}
	return 0;
}

static void pci_access_part(struct access *access, const struct pci_claim *claim, unsigned done)
{
	struct access config = *access;

	config.kind = ACCESS_PCI;
	config.address = claim->segment | (access->address + done - claim->base);
	config.value = access->value >> (8 * done);
	if (config.width_bytes > 4)
		config.width_bytes = 4;
	config.value &= access_mask(&config);
	if (pci_offer(&config, pci_hardware_write) == ACCESS_PASS && !config.resolved)
		config.value = mmio_hardware_read(access->address + done, config.width_bytes);
	access->value &= ~(access_mask(&config) << (8 * done));
	access->value |= (config.value & access_mask(&config)) << (8 * done);
}

/* The pages' handler. It does the access to the end, in parts of at most 32 bits, so that of
 * several claims on a page only the first gets it. */
static enum access_result pci_access_memory(struct access *access, void *context)
{
	for (unsigned done = 0; done < access->width_bytes; done += 4)
		pci_access_part(access, context, done);
	access->resolved = true;
	return ACCESS_DONE;
}

static void pci_ecam_free(struct grace *grace)
{
	memory_free(CONTAINER_OF(grace, struct pci_claim, grace));
}

void pci_ecam_release(const struct access_region *region)
{
	struct pci_claim **link = &pci_claims;

	while (*link != NULL) {
		struct pci_claim *claim = *link;

		if (claim->region != region) {
			link = &claim->next;
			continue;
		}
		*link = claim->next;
		mmio_unregister(&claim->memory);
		grace_begin(&claim->grace, pci_ecam_free);
	}
}

/* What of the region lies in the window. */
static int pci_ecam_claim_window(const struct access_region *region, const struct acpi_mcfg *window)
{
	uint64_t first = region->first, last = region->last;
	struct pci_claim *claim;
	int error;

	if (first < pci_address(window->first_bus, 0, 0, 0))
		first = pci_address(window->first_bus, 0, 0, 0);
	if (last >= pci_address(window->last_bus + 1u, 0, 0, 0))
		last = pci_address(window->last_bus + 1u, 0, 0, 0) - 1;
	if (first > last)
		return 0;
	claim = memory_allocate(sizeof(*claim));
	if (claim == NULL)
		return -RV_ENOMEM;
	claim->memory.first = window->base + first;
	claim->memory.last = window->base + last;
	claim->memory.handler = pci_access_memory;
	claim->memory.context = claim;
	claim->memory.band = BAND_GUARD;
	claim->base = window->base;
	claim->segment = pci_segment_address(window->segment);
	claim->region = region;
	error = mmio_register(&claim->memory);
	if (error != 0) {
		memory_free(claim);
		return error;
	}
	claim->next = pci_claims;
	pci_claims = claim;
	return 0;
}

int pci_ecam_claim(const struct access_region *region)
{
	struct acpi_mcfg window;
	int error = 0;

	/* A window that cannot be denied would be a way past whoever claims this. */
	if (!acpi_mcfg_is_whole())
		return -RV_ENOTSUP;
	for (unsigned i = 0; error == 0 && acpi_mcfg(i, &window); i++)
		error = pci_ecam_claim_window(region, &window);
	if (error != 0)
		pci_ecam_release(region);
	return error;
}
