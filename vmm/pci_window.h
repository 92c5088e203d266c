/*
 * vmm/pci_window.h: the window of memory-mapped configuration space comes back when the machine has slept.
 */
#ifndef VMM_PCI_WINDOW_H
#define VMM_PCI_WINDOW_H

/* Remembers the host bridge's register that has the window's base, if there is one by the look of it (PCIEXBAR and its
 * like): there is firmware that leaves it as a reset does, and we go by that window. Context: boot. */
void pci_window_remember(void);

#endif
