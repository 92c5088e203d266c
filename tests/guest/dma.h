/*
 * tests/guest/dma.h: what the devices share that dma.c has attack: finding them, the page that they are to move
 * and what is expected. Each device's file has one function, which shows that the device works, and then has
 * it read and write the hypervisor's memory.
 */
#ifndef DMA_H
#define DMA_H

#include <stdbool.h>
#include <stdint.h>

#include "pci.h"

#define PAGE 4096u
#define OURS_END (UINT64_C(28) << 20) /* of memory=32M, without what devices may reach */
#define POLLS 400000000u
#define POLLS_IN_VAIN 300000u /* for what is not to come */
#define PATTERN UINT64_C(0xd3a05a5ad3a00000)

enum { PAGE_EDU = 1, PAGE_NVME, PAGE_FW_CFG, PAGE_AHCI, PAGE_E1000E, PAGE_VIRTIO, PAGE_XHCI, PAGE_HPET };

extern bool reached; /* what is expected */
extern uint64_t ours;
extern uint64_t page[PAGE / 8];

/* The first on bus 0 with that class and programming interface; ids: device and vendor, 0: any. 256: there is none. */
unsigned device_find(uint32_t class, uint32_t ids);
/* Switches it on. Returns where the BAR is. */
uint64_t device_start(unsigned function, unsigned bar);

static inline void write32(uint64_t address, uint32_t value)
{
	*(volatile uint32_t *)address = value;
}

static inline void write64(uint64_t address, uint64_t value)
{
	*(volatile uint64_t *)address = value;
}

static inline uint32_t read32(uint64_t address)
{
	return *(volatile uint32_t *)address;
}

/* A page of the hypervisor's in which nothing is, one for each attack. */
static inline uint64_t ours_page(unsigned number)
{
	return ours + OURS_END - number * PAGE;
}

/* How long a device is waited for that reads or writes there. */
static inline unsigned polls_for(uint64_t at)
{
	return at >= ours && !reached ? POLLS_IN_VAIN : POLLS; /* the guest's memory is below */
}

/* The page has a pattern, or, with 0, zeros. */
void page_fill(uint64_t pattern);
bool page_is(uint64_t pattern);
/* What the edu finds there, in `page`; zeros if it finds nothing. */
void edu_fetch(uint64_t from, uint64_t count);
/* Did the attack succeed, and was it to? */
void check(bool did, const char *name, uint64_t at);
/* The pattern was to be written there. */
void check_written(const char *name, uint64_t at);

/* A disk that moves a page's worth of the same sectors to memory, or from there. */
struct dma_disk {
	void (*move)(bool to_memory, uint64_t memory);
	unsigned page_number; /* of ours_page() */
	const char *reaches, *writes, *reads; /* the names of its tests */
};

/* It reaches the guest's memory; and does it write and read the hypervisor's? */
void check_disk(const struct dma_disk *disk);

/* Each has the device, if it is there and was checked before, write something to that place. */
void nvme_write(uint64_t to);
void ahci_write(uint64_t to);
void e1000e_write(uint64_t to);
void virtio_write(uint64_t to);
void xhci_write(uint64_t to);

void check_nvme(void);
void check_ahci(void);
void check_e1000e(void);
void check_virtio(void);
void check_xhci(void);

#endif
