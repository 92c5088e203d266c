/*
 * mediator/disk/disk.h: the machine's disks, whatever the controller, as hooks and scripts see them.
 */
#ifndef MEDIATOR_DISK_DISK_H
#define MEDIATOR_DISK_DISK_H

#include "rv/disk.h"
#include "rv/types.h"

/* Finds the disks, and asks each what it is: no command of the guest's may be under way. Context: boot, before
 * the guest. */
void disk_find(void);

/* Queues that firmware's drivers have set up (SeaBIOS's, of NVMe and virtio disks) go on by us when their controllers are
 * claimed: int 13h then reads and writes what the guest has. Context: boot, before disk_find(). */
void disk_take_over(void);
bool disk_takes_over(void);

/* One more hook of disk requests: with the first, the controllers' registers are claimed. 0; -RV_ENOTSUP:
 * our memory is out of a controller's reach; -RV_ENOMEM; what the registries say (vmm/access.h). Context: boot, exit; under
 * hook_table_lock, as the next. */
int disk_watch(void);
/* For ever, and without hooks: of controllers that may have an encrypted disk (mediator/disk/cipher.h). As disk_watch();
 * -RV_ENOSPC: there was no place for a controller, whose requests would pass unseen. Context: boot, after disk_find(). */
int disk_watch_encrypted(void);
/* One less. What is at a device ends first, then the claims go. */
void disk_unwatch(void);
bool disk_is_watched(void);

/* The disk at a position, 0, 1, ...; false: there are not so many. Context: boot, exit. */
bool disk_describe(uint32_t position, struct rv_disk_info *info);

/* The disk of a number, up to RV_DISK_LAST; false: there is none, or it is not known yet. */
bool disk_describe_number(uint32_t number, struct rv_disk_info *info);

/* The controller of the disk of that number, up to RV_DISK_LAST, is out of order until the guest resets it: 0;
 * -RV_ENOENT; -RV_ENOTSUP; -RV_EAGAIN: its requests pass unseen. `event` that is not 0: it tells of that (RV_DISK_EVENT);
 * -RV_EBUSY: the guest waits for none. Context: exit; under no lock but an owner's. */
int disk_fail(uint32_t number, uint32_t event);

#endif
