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
struct disk_io; /* mediator/disk/disk_io.h */
struct disk_early; /* mediator/disk/disk_early.h */

struct disk_class {
	/* Finds the controllers, adds each, and finds their disks, where the guest does not do that later.
	 * Context: boot. */
	void (*find)(void);
	/* Claims its registers, if they are not: 0, or what disk_watch() returns. Under its lock, as the next. */
	int (*claim)(struct disk_controller *controller);
	/* Can none of its disks be one that is encrypted, now or later? NULL: that is not known. */
	bool (*is_clear)(const struct disk_controller *controller);
	/* Releases them, if it is idle; else it does so by itself when it is, if !disk_is_watched(). */
	void (*release)(struct disk_controller *controller);
	/* The disk of that index, below RV_DISKS_A_BUS, whose number it makes; false: there is none. */
	bool (*describe)(unsigned index, struct rv_disk_info *info);
	/* The controller of that disk says that it has failed, as disk_fail(). NULL: it has no word for that. */
	int (*fail)(unsigned index);
	/* A command of our own to that disk, which is done on return, or will not be: 0, or as disk_transfer(). Where the
	 * device may have the data yet it takes io->bounce's pages, and frees them in the end. NULL: there is no way.
	 * Under no lock but an owner's; for DISK_IO_WAIT_US at most. */
	int (*io)(unsigned index, struct disk_io *io);
	/* As disk_read_early(); -RV_ENOENT: it is none of these. */
	int (*read_early)(struct disk_early *early);
};

/* That of the disk of a number. */
int disk_run_io(uint32_t number, struct disk_io *io);

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
extern const struct disk_class virtio_class; /* virtio_disk.c */

#endif
