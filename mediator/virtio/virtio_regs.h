/*
 * mediator/virtio/virtio_regs.h: registers and rings of virtio devices on PCI (Virtual I/O Device Specification 1.2; the
 * sections are of it).
 */
#ifndef MEDIATOR_VIRTIO_REGS_H
#define MEDIATOR_VIRTIO_REGS_H

#include "rv/types.h"

#define VIRTIO_VENDOR 0x1af4u /* 4.1.2 */

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
	VIRTIO_QUEUE_RESET = VIRTIO_QUEUE_ADDRESS + 6, /* rw 1: this queue alone is reset */
	VIRTIO_QUEUE_PAGE, /* rw legacy: all three, by their page's number */
	VIRTIO_NOTIFY,		/* -w legacy: a queue's number */
	VIRTIO_ISR,		/* r- reading it takes the interrupt back */
};

/* Where in legacy ports the device's own configuration begins; while MSI-X is on, the vectors are before it. */
#define VIRTIO_LEGACY_CONFIG 20
#define VIRTIO_LEGACY_VECTORS_BYTES 4

/* Status (2.1). */
#define VIRTIO_STATUS_ACKNOWLEDGE 1u
#define VIRTIO_STATUS_DRIVER 2u
#define VIRTIO_STATUS_DRIVER_OK 4u
#define VIRTIO_STATUS_FEATURES_OK 8u
#define VIRTIO_STATUS_NEEDS_RESET 64u

/* Features that all devices have, the lower half (6) ... */
#define VIRTIO_FEATURE_ANY_LAYOUT (1u << 27)
#define VIRTIO_FEATURE_INDIRECT (1u << 28)
#define VIRTIO_FEATURE_EVENT_IDX (1u << 29)
/* ... and the upper. */
#define VIRTIO_FEATURE_HIGH_VERSION_1 (1u << 0)
#define VIRTIO_FEATURE_HIGH_ACCESS_PLATFORM (1u << 1)
#define VIRTIO_FEATURE_HIGH_ORDER_PLATFORM (1u << 4)
#define VIRTIO_FEATURE_HIGH_RING_RESET (1u << 8)

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

#endif
