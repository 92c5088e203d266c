/*
 * mediator/net/virtio_net_regs.h: features, configuration and headers of virtio network cards (Virtual I/O Device
 * Specification 1.2; the sections are of it).
 */
#ifndef MEDIATOR_NET_VIRTIO_NET_REGS_H
#define MEDIATOR_NET_VIRTIO_NET_REGS_H

#include "rv/types.h"

#define VIRTIO_NET_TRANSITIONAL 0x1000u /* 4.1.2 */
#define VIRTIO_NET 0x1041u

/* Features (5.1.3), the lower half; from 0 on: */
#define VIRTIO_NET_CSUM (1u << 0)
#define VIRTIO_NET_GUEST_CSUM (1u << 1)
#define VIRTIO_NET_CTRL_GUEST_OFFLOADS (1u << 2)
#define VIRTIO_NET_MTU (1u << 3)
#define VIRTIO_NET_MAC (1u << 5)
#define VIRTIO_NET_GSO (1u << 6) /* of legacy devices: all of HOST_ */
#define VIRTIO_NET_GUEST_TSO4 (1u << 7)
#define VIRTIO_NET_GUEST_TSO6 (1u << 8)
#define VIRTIO_NET_GUEST_ECN (1u << 9)
#define VIRTIO_NET_GUEST_UFO (1u << 10)
#define VIRTIO_NET_HOST_TSO4 (1u << 11)
#define VIRTIO_NET_HOST_TSO6 (1u << 12)
#define VIRTIO_NET_HOST_ECN (1u << 13)
#define VIRTIO_NET_HOST_UFO (1u << 14)
#define VIRTIO_NET_MRG_RXBUF (1u << 15) /* what comes may be in several of the guest's buffers */
#define VIRTIO_NET_STATUS (1u << 16)
#define VIRTIO_NET_CTRL_VQ (1u << 17)
#define VIRTIO_NET_CTRL_RX (1u << 18)
#define VIRTIO_NET_CTRL_VLAN (1u << 19)
#define VIRTIO_NET_CTRL_RX_EXTRA (1u << 20)
#define VIRTIO_NET_GUEST_ANNOUNCE (1u << 21)
#define VIRTIO_NET_MQ (1u << 22)
#define VIRTIO_NET_CTRL_MAC_ADDR (1u << 23)
/* ... and the upper: */
#define VIRTIO_NET_HIGH_SPEED_DUPLEX (1u << 31)

/* Configuration (5.1.4). */
#define VIRTIO_NET_CONFIG_MAC 0
#define VIRTIO_NET_CONFIG_STATUS 6
#define VIRTIO_NET_CONFIG_PAIRS 8

/* Before each frame (5.1.6). Without the last member by the legacy interface without MRG_RXBUF. */
struct virtio_net_header {
	uint8_t flags, gso_type;
	uint16_t header_bytes, gso_bytes, checksum_start, checksum_offset;
	uint16_t nr_buffers;
};
#define VIRTIO_NET_HEADER_BYTES 12u
#define VIRTIO_NET_HEADER_LEGACY_BYTES 10u
_Static_assert(sizeof(struct virtio_net_header) == VIRTIO_NET_HEADER_BYTES, "5.1.6");
/* Commands (5.1.6.5): a class, a number in it, what goes with it, and a byte that the card answers with. */
struct virtio_net_command {
	uint8_t class, number;
};
#define VIRTIO_NET_CLASS_RX 0u	 /* 5.1.6.5.1 */
#define VIRTIO_NET_RX_PROMISC 0u
#define VIRTIO_NET_CLASS_MAC 1u	 /* 5.1.6.5.2 */
#define VIRTIO_NET_MAC_TABLE_SET 0u
#define VIRTIO_NET_MAC_ADDR_SET 1u
#define VIRTIO_NET_CLASS_VLAN 2u /* 5.1.6.5.3 */
#define VIRTIO_NET_CLASS_MQ 4u	 /* 5.1.6.5.5 */
#define VIRTIO_NET_MQ_PAIRS_SET 0u
#define VIRTIO_NET_OK 0u
#define VIRTIO_NET_ERR 1u

#define VIRTIO_NET_NEEDS_CSUM 1u  /* of the header's flags */
#define VIRTIO_NET_GSO_NONE 0u
#define VIRTIO_NET_GSO_ECN 0x80u

#endif
