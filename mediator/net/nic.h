/*
 * mediator/net/nic.h: the machine's network controllers, whatever the kind, as hooks and scripts see them.
 */
#ifndef MEDIATOR_NET_NIC_H
#define MEDIATOR_NET_NIC_H

#include "hook/packet_transfer.h"
#include "rv/net.h"
#include "rv/types.h"

/* Finds them, and those that there is a mediator for. Context: boot, before the guest. */
void nic_find(void);

/* One more hook of packets: with the first, the registers of the cards are claimed. 0; what the registries say
 * (vmm/access.h); -RV_ENOTSUP: registers out of our reach. Context: boot, exit; under hook_table_lock, as the next. */
int nic_watch(void);
/* One less. What was set up stays until the guest's driver resets the card, but asks nobody. */
void nic_unwatch(void);
bool nic_is_watched(void);

/* Sends a frame of a script's own, or has the guest receive it: queued, and what RV_SYS_NIC_TRANSFER gives. Context: exit;
 * under no lock but an owner's. */
int nic_transfer(struct packet_transfer *transfer, struct vcpu *vcpu);

/* The card at a position, which is its number; false: there are not so many. Context: boot, exit. */
bool nic_describe(uint32_t position, struct rv_nic_info *info);

#endif
