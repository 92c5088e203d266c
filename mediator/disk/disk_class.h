/*
 * mediator/disk/disk_class.h: what disk.c asks of the mediator of a class of controllers. Each has numbers
 * of its own: one of enum rv_disk_bus.
 */
#ifndef MEDIATOR_DISK_DISK_CLASS_H
#define MEDIATOR_DISK_DISK_CLASS_H

#include "core/spinlock.h"
#include "rv/disk.h"
#include "rv/types.h"

struct disk_controller;

struct disk_class {
	/* Finds the controllers, adds each, and finds their disks, where the guest does not do that later.
	 * Context: boot. */
	void (*find)(void);
	/* Claims its registers, if they are not: 0, or what disk_watch() returns. Under its lock, as the next. */
	int (*claim)(struct disk_controller *controller);
	/* Releases them, if it is idle; else it does so by itself when it is, if !disk_is_watched(). */
	void (*release)(struct disk_controller *controller);
	/* The disk of that index, below RV_DISKS_A_BUS, whose number it makes; false: there is none. */
	bool (*describe)(unsigned index, struct rv_disk_info *info);
	/* The controller of that disk says that it has failed, as disk_fail(). NULL: it has no word for that. */
	int (*fail)(unsigned index);
};

/* A part of what a class has for each controller: of an IDE controller for each channel. */
struct disk_controller {
	const struct disk_class *class;
	struct spinlock *lock;
	struct disk_controller *next; /* disk.c's */
};

/* Context: boot, within find(). It stays. */
void disk_add(struct disk_controller *controller);

/* A controller that there is no place for. */
void disk_say_left_out(const char *what, uint64_t function);
/* One that disk_watch() cannot claim, of that name and number: returns -RV_ENOTSUP. */
int disk_say_out_of_reach(const char *name, unsigned index);

extern const struct disk_class ide_class; /* ide_find.c */
extern const struct disk_class nvme_class; /* nvme_find.c */
extern const struct disk_class ahci_class; /* ahci_find.c */
extern const struct disk_class virtio_class; /* virtio_find.c */

#endif
