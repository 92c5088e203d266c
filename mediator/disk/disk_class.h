/*
 * mediator/disk/disk_class.h: what disk.c asks of the mediator of a class of controllers. Each has numbers
 * of its own: one of enum rv_disk_bus.
 */
#ifndef MEDIATOR_DISK_DISK_CLASS_H
#define MEDIATOR_DISK_DISK_CLASS_H

#include "rv/disk.h"
#include "rv/types.h"

struct disk_class {
	/* Finds the controllers, and, where the guest does not do it later, their disks. Context: boot. */
	void (*find)(void);
	/* Claims the registers of all that are not: 0, or what disk_watch() returns; some may be claimed then. */
	int (*claim)(void);
	/* Releases those that are idle; each of the others releases itself when it is, if !disk_is_watched(). */
	void (*release)(void);
	/* The disk of that index, below RV_DISKS_A_BUS, whose number it makes; false: there is none. */
	bool (*describe)(unsigned index, struct rv_disk_info *info);
	/* The controller of that disk says that it has failed, as disk_fail(). NULL: it has no word for that. */
	int (*fail)(unsigned index);
};

extern const struct disk_class ide_class; /* ide_find.c */
extern const struct disk_class nvme_class; /* nvme_find.c */
extern const struct disk_class ahci_class; /* ahci_find.c */
extern const struct disk_class virtio_class; /* virtio_find.c */

#endif
