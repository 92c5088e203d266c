/*
 * mediator/usb/xhci_regs.h: registers and structures in memory of the Extensible Host Controller Interface. Sections are of
 * its Requirements Specification, revision 1.2.
 */
#ifndef MEDIATOR_USB_XHCI_REGS_H
#define MEDIATOR_USB_XHCI_REGS_H

#include "rv/types.h"

/* Capability registers (5.3): offsets from the BAR. */
#define XHCI_CAPLENGTH 0x00 /* r- 8 bits: where the operational registers are */
#define XHCI_HCSPARAMS1 0x04 /* r- */
#define XHCI_HCSPARAMS1_SLOTS(value) ((value) & 0xff)
#define XHCI_HCSPARAMS1_INTERRUPTERS(value) ((value) >> 8 & 0x7ff)
#define XHCI_HCCPARAMS1 0x10 /* r- */
#define XHCI_HCCPARAMS1_AC64 0x1u /* addresses have 64 bits */
#define XHCI_HCCPARAMS1_CSZ 0x4u /* contexts have 64 bytes */
#define XHCI_HCCPARAMS1_STREAMS 0xf000u /* MaxPSASize; 0: no endpoint has streams */
#define XHCI_HCCPARAMS1_XECP(value) ((value) >> 16 << 2) /* where the list of capabilities begins; 0: there is none */
#define XHCI_DBOFF 0x14 /* r- where the doorbells are */
#define XHCI_RTSOFF 0x18 /* r- where the runtime registers are */

/* Supported Protocol Capability (7.2). */
#define XHCI_XECP_ID(value) ((value) & 0xff)
#define XHCI_XECP_NEXT(value) (((value) >> 8 & 0xff) << 2)
#define XHCI_XECP_PROTOCOL 2u
#define XHCI_PROTOCOL_MAJOR(value) ((value) >> 24)
#define XHCI_PROTOCOL_PORTS 0x08
#define XHCI_PROTOCOL_FIRST(value) ((value) & 0xff)
#define XHCI_PROTOCOL_COUNT(value) ((value) >> 8 & 0xff)

/* Operational registers (5.4): offsets from where they are. */
#define XHCI_USBCMD 0x00 /* rw */
#define XHCI_USBCMD_RUN 0x1u
#define XHCI_USBCMD_HCRST 0x2u
#define XHCI_USBSTS 0x04 /* rw */
#define XHCI_USBSTS_HCH 0x1u /* r- halted */
#define XHCI_CRCR 0x18 /* rw 64 bits; the address reads as 0 */
#define XHCI_CRCR_RCS 0x1u /* -w the ring's cycle state */
#define XHCI_CRCR_STOPS 0x6u /* -w stop, or abort: while it runs */
#define XHCI_CRCR_CRR 0x8u /* r- it runs: the address and RCS are not taken */
#define XHCI_CRCR_ADDRESS (~UINT64_C(0x3f))
#define XHCI_DCBAAP 0x30 /* rw 64 bits: where a table says where each slot's context is (6.1) */
#define XHCI_CONFIG 0x38 /* rw how many slots are enabled */
#define XHCI_CONFIG_SLOTS(value) ((value) & 0xff)
#define XHCI_OPERATIONAL_BYTES 0x400 /* then come the ports */

/* Runtime registers of an interrupter (5.5.2): offsets from RTSOFF + 32 + 32 * number. */
#define XHCI_INTERRUPTER(number) (0x20 + 0x20 * (number))
#define XHCI_INTERRUPTER_BYTES 0x20
#define XHCI_IMAN 0x00 /* rw */
#define XHCI_ERSTSZ 0x08 /* rw */
#define XHCI_ERSTBA 0x10 /* rw 64 bits */
#define XHCI_ERDP 0x18 /* rw 64 bits */
#define XHCI_ERDP_EHB 0x8u /* rw1c */

#define XHCI_DOORBELL(slot) (4 * (slot)) /* from DBOFF (5.6) */
#define XHCI_DOORBELL_EP0 1u

/* Transfer Request Blocks (4.11, 6.4). */
struct xhci_trb {
	uint64_t parameter;
	uint32_t status, control;
};
_Static_assert(sizeof(struct xhci_trb) == 16, "a TRB has 16 bytes");

#define XHCI_TRB_CYCLE 0x1u
#define XHCI_TRB_TOGGLE 0x2u /* of a link: behind it is the other cycle state */
#define XHCI_TRB_ED 0x4u     /* of a transfer event: the parameter is an Event Data TRB's */
#define XHCI_TRB_ISP 0x4u    /* an event on a short packet */
#define XHCI_TRB_CHAIN 0x10u
#define XHCI_TRB_IOC 0x20u   /* an event on completion */
#define XHCI_TRB_IDT 0x40u   /* the parameter is the data */
#define XHCI_TRB_IN 0x10000u /* of data and status stages */
#define XHCI_TRB_TRT_IN 0x30000u /* of a setup stage: data come in */
#define XHCI_TRB_BSR 0x200u  /* of Address Device: no SET_ADDRESS is sent */
#define XHCI_TRB_TSP 0x200u  /* of Reset Endpoint: what is sent next has the same sequence number */
#define XHCI_TRB_DC 0x200u   /* of Configure Endpoint: all endpoints are given up */
#define XHCI_TRB_TYPE(control) ((control) >> 10 & 0x3f)
#define XHCI_TRB_TYPE_MASK (0x3fu << 10)
#define XHCI_TRB_OF(type) ((uint32_t)(type) << 10)
#define XHCI_TRB_SLOT(control) ((control) >> 24)
#define XHCI_TRB_SLOT_MASK 0xff000000u
#define XHCI_TRB_ENDPOINT(control) ((control) >> 16 & 0x1f)
#define XHCI_TRB_BYTES(status) ((status) & 0x1ffff)
#define XHCI_TRB_LEFT_SHIFT 17 /* of the packets behind it in its transfer, up to 31 */
#define XHCI_TRB_INTERRUPTER(number) ((uint32_t)(number) << 22) /* in the status */
#define XHCI_TRB_CODE(status) ((status) >> 24)
#define XHCI_TRB_RESIDUE(status) ((status) & 0xffffff)

enum xhci_trb_type { /* table 6-91 */
	XHCI_NORMAL = 1,
	XHCI_SETUP,
	XHCI_DATA,
	XHCI_STATUS,
	XHCI_LINK = 6,
	XHCI_EVENT_DATA,
	XHCI_NO_OP,
	XHCI_ENABLE_SLOT,
	XHCI_DISABLE_SLOT,
	XHCI_ADDRESS_DEVICE,
	XHCI_CONFIGURE_ENDPOINT,
	XHCI_EVALUATE_CONTEXT,
	XHCI_RESET_ENDPOINT,
	XHCI_STOP_ENDPOINT,
	XHCI_SET_TR_DEQUEUE,
	XHCI_RESET_DEVICE,
	XHCI_NO_OP_COMMAND = 23,
	XHCI_RESERVED = 31, /* completes with a TRB Error */
	XHCI_TRANSFER_EVENT,
	XHCI_VENDOR_EVENT = 63,
};

enum xhci_code { /* table 6-90 */
	XHCI_SUCCESS = 1,
	XHCI_STALL = 6,
	XHCI_SHORT_PACKET = 13,
	XHCI_STOPPED = 26, /* and the next two: the guest has stopped the endpoint, and the transfer may go on */
	XHCI_STOPPED_SHORT_PACKET = 28,
};

/* Contexts (6.2): 32-bit words of a slot's, and of endpoint 0's. */
#define XHCI_SLOT_ROUTE(word0) ((word0) & 0xfffff)
#define XHCI_SLOT_SPEED(word0) ((word0) >> 20 & 0xf)
#define XHCI_SLOT_PORT(word1) ((word1) >> 16 & 0xff) /* of the root hub, from 1 on */
#define XHCI_ENDPOINT_STREAMS(word0) ((word0) >> 10 & 0x1f) /* 0: it has none */
#define XHCI_ENDPOINT_TYPE(word1) ((word1) >> 3 & 7) /* enum rv_usb_type, and 4 where the device gives */
#define XHCI_ENDPOINT_PACKET(word1) ((word1) >> 16) /* bytes */
#define XHCI_ENDPOINT_IN 4u
#define XHCI_ENDPOINT_DEQUEUE 2 /* two words: the address, and the cycle state in bit 0 */

/* An entry of the event ring segment table (6.5). */
struct xhci_erst {
	uint64_t address;
	uint32_t nr_trbs, reserved;
};
_Static_assert(sizeof(struct xhci_erst) == 16, "an entry has 16 bytes");

/* A setup packet (USB 2.0, 9.3), as the parameter of a setup stage. */
#define USB_SETUP_TYPE(setup) ((uint8_t)(setup))
#define USB_SETUP_REQUEST(setup) ((uint8_t)((setup) >> 8))
#define USB_SETUP_VALUE(setup) ((uint16_t)((setup) >> 16))
#define USB_SETUP_INDEX(setup) ((uint16_t)((setup) >> 32))
#define USB_SETUP_LENGTH(setup) ((uint16_t)((setup) >> 48))
#define USB_SETUP_OF(type, request, value, index, length)                                          \
	((uint64_t)(length) << 48 | (uint64_t)(index) << 32 | (uint64_t)(value) << 16 | (uint64_t)(request) << 8 | (type))
#define USB_TYPE_IN 0x80u
#define USB_TYPE_KIND 0x60u /* 0: a standard request */

enum usb_request { /* table 9-4 */
	USB_GET_STATUS = 0,
	USB_CLEAR_FEATURE = 1,
	USB_RESERVED = 2, /* a device answers it with STALL (9.2.7) */
	USB_SET_FEATURE = 3,
	USB_GET_DESCRIPTOR = 6,
	USB_GET_CONFIGURATION = 8,
	USB_SET_CONFIGURATION = 9,
	USB_SET_INTERFACE = 11,
	USB_SET_SEL = 48,
	USB_SET_ISOCH_DELAY = 49,
};

#endif
