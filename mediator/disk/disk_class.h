/*
 * mediator/disk/disk_class.h: what disk.c asks of the mediator of a class of controllers. Each has numbers
 * of its own: one of enum rv_disk_bus.
 */
#ifndef MEDIATOR_DISK_DISK_CLASS_H
#define MEDIATOR_DISK_DISK_CLASS_H

#include "core/spinlock.h"
#include "rv/disk.h"
#include "rv/types.h"
#include "vmm/grace.h"

struct disk_controller;
struct pci_follower;
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
	/* The controller of that disk says that it has failed, or what else, as disk_fail(). NULL: it has no word for that. */
	int (*fail)(unsigned index, uint32_t event);
	/* A command of our own to that disk, which is done on return, or will not be: 0, or as disk_transfer(). Where the
	 * device may have the data yet it takes io->bounce's pages, and frees them in the end. NULL: there is no way.
	 * Under no lock but an owner's; for DISK_IO_WAIT_US at most. */
	int (*io)(unsigned index, struct disk_io *io);
	/* As disk_read_early(); -RV_ENOENT: it is none of these. */
	int (*read_early)(struct disk_early *early);
	/* For those that come and go while the guest runs; NULL: they do not. */
	/* Is the PCI function at that address one of them now? */
	bool (*is_one)(uint64_t function);
	/* It has come: adds it. Context: exit; without locks. */
	void (*come)(uint64_t function);
	/* Its device is not there any more: ends its requests, as by a reset, without a word to the hardware, forgets its disks,
	 * and releases its registers. Under its lock. */
	void (*leave)(struct disk_controller *controller);
};

/* That of the disk of a number. */
int disk_run_io(uint32_t number, struct disk_io *io);

/* A part of what a class has for each controller: of an IDE controller for each channel. */
struct disk_controller {
	const struct disk_class *class;
	struct spinlock *lock;
	const struct pci_follower *registers; /* of its PCI function; NULL: it stays */
	/* Disks of it became known, or are known no longer; NULL before disk_add(). Under any lock; a deadline_look() is to follow
	 * before the exit's end. */
	void (*news)(void);
	/* disk.c's and disk_plug.c's: */
	struct disk_controller *next;
	uint64_t function;    /* where it was when it came */
	bool has_come;	      /* while the guest ran */
	bool is_gone, is_free; /* its device is; and nobody can be in its handlers any more */
	struct grace grace;
};

/* Context: boot, within find(); exit, within come(). It stays; from now on its requests can be claimed. */
void disk_add(struct disk_controller *controller);

/* One of that class whose device is gone, best where now another is, to be made anew; what is in *common is to stay. NULL:
 * there is none. Context: within come(). */
struct disk_controller *disk_reuse(const struct disk_class *class, uint64_t function);
/* All but that of a controller, which has so many bytes, is zero. */
void disk_renew(struct disk_controller *common, void *controller, size_t length_bytes);

/* disk.c, for disk_plug.c: claims it if disks are watched, as disk_class.claim. */
int disk_claim_added(struct disk_controller *controller);
/* The controller at that address has come; false: there is none of a kind that does. */
bool disk_classes_add(uint64_t function);
struct disk_controller *disk_controllers_first(void);

/* A controller that there is no place for. */
void disk_say_left_out(const char *what, uint64_t function);
/* One that disk_watch() cannot claim, of that name and number: returns -RV_ENOTSUP. */
int disk_say_out_of_reach(const char *name, unsigned index);

extern const struct disk_class ide_class; /* ide_find.c */
extern const struct disk_class nvme_class; /* nvme_find.c */
extern const struct disk_class ahci_class; /* ahci_find.c */
extern const struct disk_class virtio_class; /* virtio_disk.c */
extern const struct disk_class usb_class; /* mediator/usb/storage_find.c */

#endif
