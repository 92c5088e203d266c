/*
 * vmm/pci_identity.h: vendor, device and class of PCI functions, read from the hardware once and
 * then remembered, so that filters by id cost no configuration cycles.
 */
#ifndef VMM_PCI_IDENTITY_H
#define VMM_PCI_IDENTITY_H

#include "vmm/access.h"

struct pci_identity {
	uint16_t vendor_id, device_id; /* 0xffff: no such function */
	uint32_t class;		       /* class << 16 | subclass << 8 | programming interface */
};

/* Who answers at this address (as of pci_address(); the offset does not matter). Context: exit. */
struct pci_identity pci_identity_of(uint64_t address);

/* Another machine's functions are there now. What the guest moves about by a bridge's bus numbers is forgotten
 * by itself, where those writes exit. */
void pci_identity_forget(void);

#endif
