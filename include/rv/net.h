/*
 * include/rv/net.h: network cards and packets as scripts know them: a card has a number, which is its place among the
 * machine's network controllers in the order of PCI functions.
 */
#ifndef RV_NET_H
#define RV_NET_H

#include "rv/types.h"

#define RV_NICS_MAXIMUM 32
#define RV_NIC_LAST (RV_NICS_MAXIMUM - 1)

/* Of a field of 32 bits: the packet has none such. */
#define RV_NET_NONE UINT32_MAX
/* Of an address. */
#define RV_NET_NO_ADDRESS UINT64_MAX

/* What a card takes at most: all of an IP datagram that it is to cut into several, and the headers before. */
#define RV_FRAME_BYTES_MAXIMUM 65568

/* What a script may send or deliver itself: an Ethernet frame without its CRC, as long as jumbo frames are. */
#define RV_NIC_TRANSFER_BYTES 9018

#define RV_ETHERTYPE_IPV4 0x0800u
#define RV_ETHERTYPE_ARP 0x0806u
#define RV_ETHERTYPE_IPV6 0x86ddu

#define RV_PROTOCOL_ICMP 1u
#define RV_PROTOCOL_TCP 6u
#define RV_PROTOCOL_UDP 17u
#define RV_PROTOCOL_ICMPV6 58u

#define RV_NIC_MEDIATED 0x1u /* its packets can be had */
#define RV_NIC_ATTACHED 0x2u /* and are: the guest's driver has set it up */
#define RV_NIC_LINK 0x4u     /* it has a link, or does not say */

/* What RV_SYS_NIC tells. */
struct rv_nic_info {
	uint16_t number;
	uint16_t function; /* bus << 8 | device << 3 | function */
	uint32_t flags;	   /* RV_NIC_* */
	uint64_t mac;	   /* its first byte is bits 40 to 47; 0: not known */
	uint32_t id;	   /* of PCI: device ID << 16 | vendor ID */
	uint32_t reserved;
	char driver[16];   /* whose mediator has it: "virtio"; NUL-terminated; empty: none has */
};

#endif
