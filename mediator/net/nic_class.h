/*
 * mediator/net/nic_class.h: what nic.c asks of the mediator of a class of cards.
 */
#ifndef MEDIATOR_NET_NIC_CLASS_H
#define MEDIATOR_NET_NIC_CLASS_H

#include "core/spinlock.h"
#include "mediator/bounce.h"
#include "rv/net.h"
#include "rv/types.h"

struct nic;

struct nic_class {
	char name[16];
	/* Makes the function's card its own: sets `lock`, which guards what the next three are about. False: it is
	 * another's, or nobody's. Context: boot. */
	bool (*find)(struct nic *nic, uint32_t ids);
	/* Claims its registers, if they are not: 0, or what nic_watch() returns. Under its lock, as the next two. */
	int (*claim)(struct nic *nic);
	/* Releases them, if it is idle; else it does so by itself when it is, if !nic_is_watched(). */
	void (*release)(struct nic *nic);
	/* Queues the frame that is in `frame`, which stays the caller's, on the first queue, as it is, behind what hooks have
	 * decided: to the wire, or to the guest. Asks nobody. 0; -RV_EAGAIN: the driver has not set it up, or it is not
	 * seen; -RV_EBUSY: the queue is full; -RV_ENOMEM. Under its lock. */
	int (*transfer)(struct nic *nic, const struct bounce *frame, bool to_guest);
	/* Fills mac and flags. */
	void (*describe)(const struct nic *nic, struct rv_nic_info *info);
};

struct nic {
	const struct nic_class *class; /* NULL: none has it */
	struct spinlock *lock;
	uint64_t function;	       /* its address in configuration space */
	uint32_t ids;
	uint16_t number;
	void *device;		       /* its class's */
};

/* nic.c: the one with that number; NULL: there is none. */
struct nic *nic_at(uint32_t number);

/* nic_transfer.c: sends a frame of ours, or has the guest receive it; no hook is asked. 0, or what transfer() gives;
 * -RV_ERANGE, -RV_ENOMEM. Context: exit; without locks. */
int nic_send(struct nic *nic, const uint8_t *frame, uint32_t nr_bytes, bool to_guest);

extern const struct nic_class nic_virtio_class, nic_e1000_class; /* virtio_net_find.c, e1000_find.c */

#endif
