/*
 * mediator/disk/virtio_regs.h: registers, rings and commands of virtio disks on PCI (Virtual I/O Device
 * Specification 1.2; the sections are of it).
 */
#ifndef MEDIATOR_DISK_VIRTIO_REGS_H
#define MEDIATOR_DISK_VIRTIO_REGS_H

#include "rv/types.h"

#define VIRTIO_VENDOR 0x1af4u /* 4.1.2 */
#define VIRTIO_DISK_TRANSITIONAL 0x1001u
#define VIRTIO_DISK 0x1042u

/* A capability (4.1.4): where in which BAR a structure lies. */
#define VIRTIO_CAP_TYPE 3
#define VIRTIO_CAP_COMMON 1
#define VIRTIO_CAP_NOTIFY 2
#define VIRTIO_CAP_ISR 3
#define VIRTIO_CAP_DEVICE 4
#define VIRTIO_CAP_PCI 5 /* a window to all BARs in configuration space */
#define VIRTIO_CAP_BAR 4
#define VIRTIO_CAP_OFFSET 8
#define VIRTIO_CAP_LENGTH 12
#define VIRTIO_CAP_MULTIPLIER 16 /* of VIRTIO_CAP_NOTIFY */
#define VIRTIO_CAP_PCI_DATA 16
#define VIRTIO_CAP_PCI_BYTES 20

/* Registers by what they are; where they are depends on the interface (virtio_layout.c). */
enum virtio_register {
	VIRTIO_DEVICE_SELECT,	/* rw which 32 of the features */
	VIRTIO_DEVICE_FEATURES, /* r- */
	VIRTIO_DRIVER_SELECT,	/* rw */
	VIRTIO_DRIVER_FEATURES, /* rw those that the driver takes */
	VIRTIO_CONFIG_VECTOR,	/* rw */
	VIRTIO_NR_QUEUES,	/* r- */
	VIRTIO_STATUS,		/* rw 0: reset */
	VIRTIO_GENERATION,	/* r- */
	VIRTIO_QUEUE,		/* rw which one those that follow are about */
	VIRTIO_QUEUE_SIZE,	/* rw; legacy: r- */
	VIRTIO_QUEUE_VECTOR,	/* rw */
	VIRTIO_QUEUE_ENABLE,	/* rw */
	VIRTIO_QUEUE_NOTIFY_OFFSET, /* r- in units of the multiplier */
	VIRTIO_QUEUE_ADDRESS,	/* rw six halves: descriptors, available ring, used ring */
	VIRTIO_QUEUE_PAGE = VIRTIO_QUEUE_ADDRESS + 6, /* rw legacy: all three, by their page's number */
	VIRTIO_NOTIFY,		/* -w legacy: a queue's number */
	VIRTIO_ISR,		/* r- reading it takes the interrupt back */
};

/* Where in legacy ports the device's own configuration begins; while MSI-X is on, the vectors are before it. */
#define VIRTIO_LEGACY_CONFIG 20
#define VIRTIO_LEGACY_VECTORS_BYTES 4

/* Status (2.1). */
#define VIRTIO_STATUS_FEATURES_OK 8u
#define VIRTIO_STATUS_NEEDS_RESET 64u

/* Features that are let be used, the lower half (5.2.3, 6) ... */
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
#define VIRTIO_FEATURE_ANY_LAYOUT (1u << 27)
#define VIRTIO_FEATURE_INDIRECT (1u << 28)
/* ... and the upper. */
#define VIRTIO_FEATURE_HIGH_VERSION_1 (1u << 0)
#define VIRTIO_FEATURE_HIGH_ACCESS_PLATFORM (1u << 1)
#define VIRTIO_FEATURE_HIGH_ORDER_PLATFORM (1u << 4)

/* The device's configuration (5.2.4). */
#define VIRTIO_CONFIG_CAPACITY 0 /* 64 bits, in units of 512 bytes */
#define VIRTIO_CONFIG_SEG_MAX 12
#define VIRTIO_CONFIG_BLK_SIZE 20
#define VIRTIO_CONFIG_NR_QUEUES 34 /* 16 bits */
#define VIRTIO_CONFIG_DISCARD_SEG 40 /* the most ranges a command, likewise the next */
#define VIRTIO_CONFIG_WRITE_ZEROES_SEG 52
#define VIRTIO_CONFIG_SECURE_ERASE_SEG 64

/* Rings (2.7). */
struct virtio_descriptor {
	uint64_t address;
	uint32_t length_bytes;
	uint16_t flags, next;
};
#define VIRTIO_DESCRIPTOR_NEXT 1u
#define VIRTIO_DESCRIPTOR_WRITE 2u /* by the device */
#define VIRTIO_DESCRIPTOR_INDIRECT 4u

struct virtio_available {
	uint16_t flags, index, ring[];
};
#define VIRTIO_NO_INTERRUPT 1u

struct virtio_used_entry {
	uint32_t head, length_bytes;
};
struct virtio_used {
	uint16_t flags, index;
	struct virtio_used_entry ring[];
};
#define VIRTIO_NO_NOTIFY 1u

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
