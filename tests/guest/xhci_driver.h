/*
 * tests/guest/xhci_driver.h: as much of a driver as reads sectors of a USB stick behind an xHCI: eXtensible Host Controller
 * Interface for USB 1.2; USB Mass Storage Class, Bulk-Only Transport 1.0. It polls, and gives up in time.
 */
#ifndef XHCI_DRIVER_H
#define XHCI_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#define XHCI_TRBS 32u /* of each ring, the last is a link */
#define XHCI_USBCMD 0x00u
#define XHCI_RUN 0x1u
#define XHCI_RESET 0x2u
#define XHCI_USBSTS 0x04u
#define XHCI_NOT_READY 0x800u
#define XHCI_CRCR 0x18u
#define XHCI_DCBAAP 0x30u
#define XHCI_CONFIG 0x38u
#define XHCI_PORTS 0x400u
#define XHCI_ERSTSZ 0x28u /* runtime, of interrupter 0 */
#define XHCI_ERSTBA 0x30u
#define XHCI_ERDP 0x38u
#define XHCI_SLOTS 8u
#define XHCI_IN 3u /* doorbells of a stick's endpoints */
#define XHCI_OUT 4u
#define SECTOR_BYTES 512u

struct xhci_trb {
	volatile uint64_t parameter;
	volatile uint32_t status, control;
};

struct xhci_guest_ring {
	struct xhci_trb trbs[XHCI_TRBS];
	unsigned index; /* anything, where a controller is told to write there */
	uint32_t cycle;
} __attribute__((aligned(4096)));

/* What the controller reaches; a driver's that behaves. */
struct xhci_memory {
	struct xhci_guest_ring commands, events, rings[5]; /* as doorbells count them, of one slot */
	volatile uint32_t input[33 * 8] __attribute__((aligned(4096)));
	volatile uint32_t device[32 * 8] __attribute__((aligned(4096)));
	uint64_t contexts[256] __attribute__((aligned(4096)));
	struct {
		uint64_t address;
		uint32_t size, reserved;
	} segments[1] __attribute__((aligned(64)));
	uint8_t block[64] __attribute__((aligned(64)));
	uint8_t data[SECTOR_BYTES] __attribute__((aligned(4096)));
};

struct xhci_driver {
	uint64_t registers, operational, runtime, doorbells;
	unsigned nr_ports, slot;
	bool is_slow; /* it takes a device that has no SuperSpeed link */
	struct xhci_memory *memory;
	uint32_t tag;
};

static inline void xhci_write32(uint64_t address, uint32_t value)
{
	*(volatile uint32_t *)address = value;
}

static inline uint32_t xhci_read32(uint64_t address)
{
	return *(volatile uint32_t *)address;
}

/* The nth controller of bus 0, whose registers are looked at. */
bool xhci_find(struct xhci_driver *driver, struct xhci_memory *memory, unsigned number);
/* It is reset, and its rings are where the driver has them. */
bool xhci_begin(struct xhci_driver *driver);
/* Completion codes; 0: there was none in time. */
uint32_t xhci_command(struct xhci_driver *driver, uint64_t parameter, uint32_t control);
uint32_t xhci_control(struct xhci_driver *driver, uint64_t setup, void *data);
uint32_t xhci_bulk(struct xhci_driver *driver, unsigned doorbell, void *data, uint32_t bytes);
/* The device at the first port that has one with a SuperSpeed link, or with none, gets a slot and an address, and is configured. */
bool xhci_address(struct xhci_driver *driver);
bool xhci_configure(struct xhci_driver *driver);
/* A sector of the stick, into the memory's `data`. */
bool xhci_read_sector(struct xhci_driver *driver, uint32_t sector);

#endif
