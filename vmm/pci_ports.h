/*
 * vmm/pci_ports.h: PCI configuration space by ports CF8h and CFCh: the guest's accesses, and our own.
 */
#ifndef VMM_PCI_PORTS_H
#define VMM_PCI_PORTS_H

#include "rv/types.h"

#define PCI_PORT_OFFSETS 0x100u /* what this way reaches of a function */

/* From now on the guest's accesses by ports are configuration accesses that pci_offer() is asked about; in
 * force on every CPU on return. Counted: until as many releases. 0 or -errno. Context: boot, exit. */
int pci_ports_claim(void);
void pci_ports_release(void);

/* Our own access to a register of segment 0 with an offset below PCI_PORT_OFFSETS. No CPU of the guest can
 * get in its way, nor it in theirs. Context: boot, exit; without locks of the port registry. */
uint32_t pci_ports_config(uint64_t address, uint8_t width_bytes, bool write, uint32_t value);

/* An access to the ports themselves, of whatever width, that must not come between the two steps of
 * another. Such as touch none of CF8h to CFFh are not for here. */
uint32_t pci_ports_hardware(uint16_t port, uint8_t width_bytes, bool write, uint32_t value);

#endif
