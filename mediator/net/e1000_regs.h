/*
 * mediator/net/e1000_regs.h: registers and descriptors of Intel's gigabit network cards (PCI/PCI-X Family of Gigabit
 * Ethernet Controllers Software Developer's Manual, 317453, of the 82540EM; Intel 82574 GbE Controller Family Datasheet,
 * 317694). Sections without more are of the latter.
 */
#ifndef MEDIATOR_NET_E1000_REGS_H
#define MEDIATOR_NET_E1000_REGS_H

#include "rv/types.h"

#define E1000_VENDOR 0x8086u
#define E1000_ID_82540EM 0x100eu
#define E1000_ID_82574L 0x10d3u

/* Registers, offsets in BAR 0 (10.2). */
#define E1000_CTRL 0x0000	/* rw */
#define E1000_STATUS 0x0008	/* r- */
#define E1000_VET 0x0038	/* rw the Ethernet type of VLAN tags */
#define E1000_ICR 0x00c0	/* r- clears on read */
#define E1000_ICS 0x00c8	/* -w sets causes */
#define E1000_IMS 0x00d0	/* rw */
#define E1000_RCTL 0x0100	/* rw */
#define E1000_TCTL 0x0400	/* rw */
#define E1000_RAL 0x5400	/* rw the card's own address, lower half */
#define E1000_RAH 0x5404	/* rw and the rest */
#define E1000_PSRCTL 0x2170	/* rw sizes of buffers of packet split descriptors (10.2.5.3) */
#define E1000_RFCTL 0x5008	/* rw (10.2.5.13) */

/* A queue's, from these on (10.2.5.4, 10.2.6.4); the second's are 0x100 higher. */
#define E1000_RX 0x2800
#define E1000_TX 0x3800
#define E1000_QUEUE_BYTES 0x100
#define E1000_BASE_LOW 0x00	/* rw */
#define E1000_BASE_HIGH 0x04	/* rw */
#define E1000_LENGTH 0x08	/* rw bytes, a multiple of 128 */
#define E1000_HEAD 0x10		/* rw */
#define E1000_TAIL 0x18		/* rw */
#define E1000_DELAY 0x20	/* rw RDTR, TIDV */
#define E1000_DELAY_FLUSH 0x80000000u
/* The same of the first queue, where older cards have them (10.2.2). */
#define E1000_RX_OLD 0x0110
#define E1000_TX_OLD 0x0420

/* For tests and management only: what a card sends could be written there past its rings (10.2.12, 317453 13.8). */
#define E1000_RX_FIFO 0x2410
#define E1000_RX_FIFO_LAST 0x2433
#define E1000_TX_FIFO 0x3410
#define E1000_TX_FIFO_LAST 0x3433
#define E1000_HOST_INTERFACE 0x8800
#define E1000_HOST_INTERFACE_LAST 0x8fff
#define E1000_PACKET_BUFFER 0x10000
#define E1000_REGISTERS_END 0x20000u

#define E1000_CTRL_RST 0x04000000u
#define E1000_CTRL_TFCE 0x10000000u /* PAUSE frames are sent when it is full */
#define E1000_CTRL_VME 0x40000000u /* VLAN tags are in descriptors */
#define E1000_STATUS_LU 0x2u	   /* link up */
#define E1000_RCTL_EN 0x2u
#define E1000_RCTL_MPE 0x10u /* frames to all groups come */
#define E1000_RCTL_DTYP 0x0c00u	   /* of descriptors: */
#define E1000_RCTL_DTYP_SPLIT 0x0400u
#define E1000_RCTL_BSIZE(rctl) ((rctl) >> 16 & 3u)
#define E1000_RCTL_BSEX 0x02000000u
#define E1000_RCTL_BSIZE_MASK 0x00030000u
#define E1000_RCTL_PAGES (E1000_RCTL_BSEX | 0x00030000u) /* buffers of 4 KiB */
#define E1000_RCTL_SECRC 0x04000000u /* frames come without their CRC */
#define E1000_RCTL_FLXBUF 0x78000000u /* 82574: buffers of so many KiB; 0: as BSIZE says */
#define E1000_RCTL_FLXBUF_SHIFT 27
#define E1000_TCTL_EN 0x2u
#define E1000_TCTL_SWXOFF 0x400000u /* a PAUSE frame is sent now */
#define E1000_RFCTL_EXSTEN 0x8000u /* extended descriptors */

/* Causes (10.2.4.1). */
#define E1000_CAUSE_TXDW 0x1u
#define E1000_CAUSE_RXT0 0x80u
#define E1000_CAUSE_RXQ0 0x100000u /* 82574; the second's and those of TX above it: */
#define E1000_CAUSE_TXQ0 0x400000u

/* I/O ports: one register at a time (317453, 13.2.2). */
#define E1000_IO_ADDRESS 0
#define E1000_IO_DATA 4
#define E1000_IO_BYTES 8

/* Descriptors of what is sent (7.2.8 to 7.2.10): legacy, of a context, of data. */
struct e1000_tx_descriptor {
	uint64_t address; /* of a context: what follows */
	uint32_t lower;	  /* length and command */
	uint32_t upper;	  /* status, options, VLAN tag */
};
_Static_assert(sizeof(struct e1000_tx_descriptor) == 16, "7.2.8");
#define E1000_TX_EOP 0x01000000u
#define E1000_TX_IFCS 0x02000000u
#define E1000_TX_IC 0x04000000u	 /* legacy: a checksum is filled in */
#define E1000_TX_TSE 0x04000000u /* extended: the frame is cut into several */
#define E1000_TX_RS 0x08000000u	 /* DD is written when it is done; so it is with: */
#define E1000_TX_RPS 0x10000000u /* 317453, 3.3.3.1 */
#define E1000_TX_DEXT 0x20000000u
#define E1000_TX_VLE 0x40000000u
#define E1000_TX_IDE 0x80000000u
#define E1000_TX_DTYP 0x00f00000u /* with DEXT; 0: a context */
#define E1000_TX_DTYP_DATA 0x00100000u
#define E1000_TX_LENGTH(lower) ((lower) & 0xfffffu)
#define E1000_TX_LEGACY_LENGTH(lower) ((lower) & 0xffffu)
#define E1000_TX_CSO(lower) ((lower) >> 16 & 0xffu)
#define E1000_TX_CSS(upper) ((upper) >> 8 & 0xffu)
#define E1000_TX_DD 0x1u
#define E1000_TX_STATUS 0xfu
#define E1000_TX_IXSM 0x100u /* the checksum of IPv4 is filled in */
#define E1000_TX_TXSM 0x200u /* that of TCP or UDP is */
#define E1000_TX_TAG(upper) ((upper) >> 16)
#define E1000_TX_TCP 0x01000000u /* of a context */
#define E1000_TX_IPV4 0x02000000u

/* What was received: legacy (7.1.4), extended (7.1.5), packet split (7.1.6), as they are written back. In the last two
 * the first 8 bytes are about hashes and sums, and stay what they are. */
struct e1000_rx_descriptor {
	uint64_t first;
	union {
		struct {
			uint16_t length, checksum;
			uint8_t status, errors;
			uint16_t tag;
		} legacy;
		struct {
			uint32_t status; /* and errors */
			uint16_t length, tag;
		} extended;
		uint64_t second;
	};
};
_Static_assert(sizeof(struct e1000_rx_descriptor) == 16, "7.1.4");
#define E1000_RX_DD 0x1u /* of all three */
#define E1000_RX_EOP 0x2u
#define E1000_RX_IXSM 0x4u /* no checksum was looked at */
#define E1000_RX_VP 0x8u   /* the tag is the frame's */
#define E1000_RX_SPLIT_BYTES 32
#define E1000_RX_SPLIT_BUFFERS 4
#define E1000_RX_EXTENDED_ERRORS 0xfff00000u
#define E1000_RX_CHECKSUM_ERRORS 0x60u /* legacy: TCPE, IPE */
#define E1000_RX_EXTENDED_CHECKSUM_ERRORS 0x60000000u

#endif
