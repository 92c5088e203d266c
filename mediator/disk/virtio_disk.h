/*
 * mediator/disk/virtio_disk.h: what the files of the mediator of virtio disks share: a device that is one disk (Virtual
 * I/O Device Specification 1.2, 5.2).
 */
#ifndef MEDIATOR_DISK_VIRTIO_DISK_H
#define MEDIATOR_DISK_VIRTIO_DISK_H

#include "mediator/disk/disk_class.h"
#include "mediator/virtio/virtio.h"
#include "rv/disk.h"

struct virtio_disk {
	struct virtio_device device;
	struct disk_controller common;
	uint32_t block_sectors;	  /* of 512 bytes */
	bool is_named;		  /* we have asked it for its serial number ourselves */
	struct rv_disk_info info; /* sector_bytes 0: not known yet */
};

static inline struct virtio_disk *virtio_disk_of(const struct virtio_device *device)
{
	return CONTAINER_OF(device, struct virtio_disk, device);
}

/* virtio_request.c: from a command to a request, and to the device. */
extern const struct virtio_class virtio_disk_class;
/* Has the device do nothing: for the interrupt. */
void virtio_nudge(struct virtio_queue *queue);

/* The command, or as much of it as the device can have at once. */
void virtio_send(struct virtio_slot *slot);
/* Waits for the end of a command beside which the device has no other; the slot is free then. False: it was not in time. */
bool virtio_await_alone(struct virtio_slot *slot, uint64_t us);

/* virtio_own.c: a command of ours, as disk_class.h's io. Takes the device's lock. */
struct disk_io;
int virtio_own_io(struct virtio_device *device, struct disk_io *io);
/* The device is done with all of it. */
void virtio_own_complete(struct virtio_slot *slot);

/* virtio_learn.c: what disk it is. */
void virtio_learn(struct virtio_device *device);
/* It says that this is its serial number. */
void virtio_name(struct virtio_disk *disk, const uint8_t *id, uint64_t length_bytes);
uint64_t virtio_disk_config_read(const struct virtio_device *device, uint64_t value, uint32_t at);

/* virtio_early.c: as disk_class.h's read_early, of one disk. */
int virtio_disk_read_early(struct virtio_disk *disk, struct disk_early *early);

/* virtio_chain.c. virtio_class.read: */
int virtio_chain_read(struct virtio_slot *slot);
/* Makes a list for the device of the slot's header and data, `done_bytes` on if they are bounced. False: it would be
 * too long. */
bool virtio_chain_write(struct virtio_slot *slot, const struct virtio_header *header, bool to_guest);

#endif
