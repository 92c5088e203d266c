/*
 * vmm/pci.h: accesses to PCI configuration space, by whichever of its two ways: ports 0xCF8 and
 * 0xCFC, and memory (ECAM). Registration and the hardware side are in vmm/access.h.
 */
#ifndef VMM_PCI_H
#define VMM_PCI_H

#include "vmm/access.h"
#include "vmm/pci_follow.h"

#define PCI_ADDRESS_LAST (pci_address(256, 0, 0, 0) - 1)

/* Counts the writes that may have given a bus another number, each when it is done. */
extern uint64_t pci_numbers_generation;

/* Takes the access through the handlers of the regions that it touches. A write that passes is performed
 * by store() (vmm/pci_follow.h), so that ACCESS_DONE is the answer to all; for a read that none resolved the hardware is
 * left to the caller. */
enum access_result pci_offer(struct access *access, pci_store store);

/* vmm/pci_ecam.c: denies the pages of the functions that a region covers, in every window. 0, -RV_ENOMEM,
 * -RV_ENOTSUP: the machine has a window that cannot be denied. */
int pci_ecam_claim(const struct access_region *region);
void pci_ecam_release(const struct access_region *region);

/* Where an address has its register in memory, 0 if nowhere. */
hpa_t pci_ecam_address(uint64_t address);

#endif
