/*
 * mediator/disk/disk_early.h: the beginning of a disk, read before the guest runs: what a header in front of it is.
 *
 * A controller whose queues are not looked through (NVMe, virtio) is reset for that, and left so. What firmware's driver
 * had there, if disk_take_over() was called, goes on when the controller is claimed.
 */
#ifndef MEDIATOR_DISK_DISK_EARLY_H
#define MEDIATOR_DISK_DISK_EARLY_H

#include "rv/disk.h"
#include "rv/types.h"

struct disk_early {
	const char *serial; /* which it is, all of it; */
	uint32_t namespace; /* of an NVMe controller's, else 1 */
	uint8_t *to;	    /* memory for `length_bytes`, whole pages: less are read of a disk that has less */
	uint64_t length_bytes;
	struct rv_disk_info info; /* what disk it is, as it says; sector_bytes 0: it was not found */
};

/* 0; -RV_ENOENT: there is no such disk; -RV_ENOTSUP: its sectors are such that it is not read; -RV_ENOMEM; -RV_EIO.
 * Context: boot, between disk_find() and disk_watch_encrypted(). */
int disk_read_early(struct disk_early *early);

/* For disk classes: is it this disk's serial number? */
bool disk_early_is(const struct disk_early *early, const char *serial);
/* It is found: how much there is to be read. 0 or -RV_ENOTSUP. */
int disk_early_found(struct disk_early *early, const struct rv_disk_info *info);

#endif
