/*
 * vmm/pci_isolate.h: what has a PCI function do something in the machine: decode ports or memory, master the bus,
 * enable virtual functions (SR-IOV), which do so by themselves. Hidden and isolated functions have none of it.
 */
#ifndef VMM_PCI_ISOLATE_H
#define VMM_PCI_ISOLATE_H

#include "vmm/access.h"

/* What the write to configuration space is without that. Context: exit. */
uint64_t pci_isolate_value(const struct access *access);

/* Takes the virtual functions of the one at that address (pci_address() | pci_segment_address(), offset 0) away.
 * Context: boot, exit. */
void pci_isolate_virtual_functions(uint64_t address);

#endif
