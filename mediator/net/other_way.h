/*
 * mediator/net/other_way.h: what packets could leave by beside the network cards (nic.h), as far as PCI tells at the start.
 */
#ifndef MEDIATOR_NET_OTHER_WAY_H
#define MEDIATOR_NET_OTHER_WAY_H

/* NULL: there is nothing; or what there is, and where. Context: boot, behind pci_functions_size(). */
const char *other_way_find(void);

#endif
