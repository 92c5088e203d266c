/*
 * mediator/disk/discard.h: the list of ranges that a command to discard carries.
 */
#ifndef MEDIATOR_DISK_DISCARD_H
#define MEDIATOR_DISK_DISCARD_H

#include "mediator/bounce.h"
#include "mediator/request.h"

#define DISCARD_LIST_BYTES_MAXIMUM KIB(64)

enum discard_format {
	DISCARD_ATA,  /* 8 bytes: LBA in 48 bits, sectors in 16; of 0 sectors it is none (ACS-2 7.10.3.1) */
	DISCARD_NVME, /* 16 bytes: attributes, 32 bits of blocks, LBA (NVM command set 1.0c, 3.2.3.1) */
	DISCARD_VIRTIO, /* 16 bytes: sector, 32 bits of sectors, flags (virtio 1.2, 5.2.6) */
};

/* What the ranges of the list in the bounce's pages cover, from the first sector to the last: disk->lba and
 * ->sectors; 0 sectors if there is no range. */
void discard_describe(struct bounce *bounce, enum discard_format format, struct request_disk *disk);

/* Moves each range of the request's list up by `front`. False: one is not within that many `sectors`, or has no room for
 * the number, or the list is odd or not to be had: then it is not to be sent. */
bool discard_shift(struct request *request, enum discard_format format, uint64_t front, uint64_t sectors);

#endif
