/*
 * mediator/disk/disk_io.h: commands to disks of the hypervisor's own: for scripts, beside the guest's requests.
 *
 * Whoever has one done waits for it: the CPU stands until the disk is done, for a second at most, or for some more where
 * a SATA port has to be stopped and started. No hook is asked about such a command: one that another owner's hook would
 * be asked about is refused.
 */
#ifndef MEDIATOR_DISK_DISK_IO_H
#define MEDIATOR_DISK_DISK_IO_H

#include "hook/disk_transfer.h"
#include "mediator/bounce.h"
#include "rv/disk.h"
#include "rv/types.h"

#define DISK_IO_PAGES 32
#define DISK_IO_BYTES (DISK_IO_PAGES * PAGE_BYTES)
#define DISK_IO_WAIT_US 1000000

/* One command of a controller's. */
struct disk_io {
	uint32_t kind; /* RV_EVENT_DISK_READ, _WRITE or _FLUSH */
	uint64_t lba;
	uint32_t sectors, sector_bytes; /* all of it is DISK_IO_BYTES at most */
	bool before_guest; /* no guest has run */
	const struct hook_owner *author; /* whose hooks are not looked at, and who runs where: as of struct disk_transfer */
	struct vcpu *vcpu;
	struct bounce bounce; /* the data */
	uint8_t *pages[DISK_IO_PAGES];
};

/* Does it, in as many commands as that takes. 0; -RV_ENOENT: there is no such disk; -RV_EINVAL: no whole sectors;
 * -RV_ERANGE: beyond its end; -RV_EPERM: another owner's hook has a say in it; -RV_EAGAIN: the disk cannot be had: the
 * guest's driver has not set it up yet, or nobody hooks its requests; -RV_EBUSY: it is amid a command of the guest's;
 * -RV_ENOTSUP: its controller's mediator has no way for that, or its sectors have metadata; -RV_ENOMEM; -RV_EIO: the
 * disk failed it, or was reset; -RV_ETIMEDOUT; what move() says. Context: boot, exit; under no lock but an owner's. */
int disk_transfer(struct disk_transfer *transfer, struct vcpu *vcpu);

#endif
