/*
 * vmm/pci_quiet.h: the machine's devices move no data.
 */
#ifndef VMM_PCI_QUIET_H
#define VMM_PCI_QUIET_H

/* No function of bus 0, and none that is known on another root bus, masters a bus any more, whatever the guest has told
 * it; and so no bridge there either. Context: exit, nobody else runs. */
void pci_quiet_begin(void);

/* Those that did before do so again: the machine has not slept. */
void pci_quiet_end(void);

#endif
