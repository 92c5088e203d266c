/*
 * mediator/disk/virtio_disk_regs.h: features, configuration and commands of virtio disks (Virtual I/O Device
 * Specification 1.2; the sections are of it).
 */
#ifndef MEDIATOR_DISK_VIRTIO_DISK_REGS_H
#define MEDIATOR_DISK_VIRTIO_DISK_REGS_H

#include "rv/types.h"

#define VIRTIO_DISK_TRANSITIONAL 0x1001u /* 4.1.2 */
#define VIRTIO_DISK 0x1042u

/* Features that are let be used (5.2.3). */
#define VIRTIO_FEATURE_SIZE_MAX (1u << 1)
#define VIRTIO_FEATURE_SEG_MAX (1u << 2)
#define VIRTIO_FEATURE_GEOMETRY (1u << 4)
#define VIRTIO_FEATURE_RO (1u << 5)
#define VIRTIO_FEATURE_BLK_SIZE (1u << 6)
#define VIRTIO_FEATURE_FLUSH (1u << 9)
#define VIRTIO_FEATURE_TOPOLOGY (1u << 10)
#define VIRTIO_FEATURE_CONFIG_WCE (1u << 11)
#define VIRTIO_FEATURE_MQ (1u << 12)
#define VIRTIO_FEATURE_DISCARD (1u << 13)
#define VIRTIO_FEATURE_WRITE_ZEROES (1u << 14)
#define VIRTIO_FEATURE_SECURE_ERASE (1u << 16)

/* The device's configuration (5.2.4). */
#define VIRTIO_CONFIG_CAPACITY 0 /* 64 bits, in units of 512 bytes */
#define VIRTIO_CONFIG_SEG_MAX 12
#define VIRTIO_CONFIG_BLK_SIZE 20
#define VIRTIO_CONFIG_NR_QUEUES 34 /* 16 bits */
#define VIRTIO_CONFIG_DISCARD_SEG 40 /* the most ranges a command, likewise the next */
#define VIRTIO_CONFIG_WRITE_ZEROES_SEG 52
#define VIRTIO_CONFIG_SECURE_ERASE_SEG 64

/* A command begins with a header and ends with a byte of status (5.2.6). */
struct virtio_header {
	uint32_t type, reserved;
	uint64_t sector;
};
#define VIRTIO_SECTOR_BYTES 512u
enum {
	VIRTIO_IN = 0,
	VIRTIO_OUT = 1,
	VIRTIO_FLUSH = 4,
	VIRTIO_GET_ID = 8,
	VIRTIO_DISCARD = 11,
	VIRTIO_WRITE_ZEROES = 13,
	VIRTIO_SECURE_ERASE = 14,
};
#define VIRTIO_ID_BYTES 20u

/* What the last three have for data. */
struct virtio_range {
	uint64_t sector;
	uint32_t nr_sectors, flags;
};

enum { VIRTIO_OK = 0, VIRTIO_IOERR = 1, VIRTIO_UNSUPPORTED = 2 };

#endif
