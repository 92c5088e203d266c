/*
 * vmm/pci_regs.h: registers of a PCI function's configuration space (PCI Local Bus Specification 3.0, 6.1; of
 * bridges PCI-to-PCI Bridge Architecture 1.2, 3.2).
 */
#ifndef VMM_PCI_REGS_H
#define VMM_PCI_REGS_H

#define PCI_ID 0x00		/* r- vendor, device */
#define PCI_COMMAND 0x04	/* rw 16 bits */
#define PCI_COMMAND_PORTS 0x1u	/* I/O space */
#define PCI_COMMAND_MEMORY 0x2u /* memory space */
#define PCI_COMMAND_MASTER 0x4u /* bus master */
#define PCI_COMMAND_ALL (PCI_COMMAND_PORTS | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)
#define PCI_STATUS 0x06		/* rw 16 bits */
#define PCI_STATUS_CAPABILITIES 0x10u
#define PCI_CLASS 0x08		/* r- revision, then class in the upper 24 bits */
#define PCI_CLASS_HOST_BRIDGE 0x0600u
#define PCI_HEADER 0x0e		/* r- 8 bits: layout */
#define PCI_HEADER_MULTI 0x80u
#define PCI_HEADER_DEVICE 0
#define PCI_HEADER_BRIDGE 1
#define PCI_BAR 0x10		/* rw 6 of 32 bits; 2 in a bridge */
#define PCI_BARS_MAXIMUM 6
#define PCI_BARS_OF_BRIDGE 2
#define PCI_BAR_IS_PORT 0x1u
#define PCI_BAR_PORT_FLAGS 0x3u
#define PCI_BAR_TYPE 0x7u	/* of memory; 4: 64 bits, so that the next register is the upper half */
#define PCI_BAR_TYPE_64 0x4u
#define PCI_BAR_PREFETCHABLE 0x8u
#define PCI_BAR_MEMORY_FLAGS 0xfu
#define PCI_HEADER_LAST 0x3f
#define PCI_CAPABILITIES 0x34	/* r- 8 bits: where the first is; each begins with its kind and where the next is */
#define PCI_CAPABILITY_MSIX 0x11u
#define PCI_MSIX_CONTROL 2	/* rw 16 bits */
#define PCI_MSIX_ENABLE 0x8000u
#define PCI_CAPABILITY_VENDOR 0x09u
#define PCI_SECONDARY 0x19	/* rw 8 bits, bridges: the bus below */
#define PCI_SUBORDINATE 0x1a	/* rw 8 bits, bridges: the last bus below */

/* PCI Express Base Specification 4.0, 7.6.3 and 9.3.3 */
#define PCI_EXTENDED 0x100u	/* r- capabilities: kind, version, where the next is */
#define PCI_EXTENDED_KIND(header) ((header) & 0xffffu)
#define PCI_EXTENDED_NEXT(header) ((header) >> 20 & 0xffcu)
#define PCI_EXTENDED_SRIOV 0x10u
#define PCI_SRIOV_CONTROL 8	/* rw 16 bits, of which the lower 8 count here */
#define PCI_SRIOV_ENABLES 0x9u	/* there are virtual functions, and they decode memory */

#endif
