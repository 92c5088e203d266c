/*
 * hook/pci_identity.h: vendor, device and class of PCI functions, read from the hardware once and
 * then remembered, so that filters by id cost no configuration cycles.
 */
#ifndef HOOK_PCI_IDENTITY_H
#define HOOK_PCI_IDENTITY_H

#include "vmm/access.h"

struct pci_identity {
	uint16_t vendor_id, device_id; /* 0xffff: no such function */
	uint32_t class;		       /* class << 16 | subclass << 8 | programming interface */
};

/* Who answers at this address (as of pci_address(); the offset does not matter). Context: exit. */
struct pci_identity pci_identity_of(uint64_t address);

/* A write to a bridge's bus numbers moves functions about: then all is to be forgotten. */
bool pci_identity_is_moved_by(const struct access *access);
void pci_identity_forget(void);

#endif
