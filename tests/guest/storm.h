/*
 * tests/guest/storm.h: what the controllers have in common that storm.c gives random sequences to: numbers, memory, and what
 * each has to have.
 */
#ifndef GUEST_STORM_H
#define GUEST_STORM_H

#include "guest.h"
#include "instruction.h"
#include "pci.h"

#define PAGE 4096u
#define STORM_OVER 0xed /* a port: after a write the script lets all pass */
#define STORM_PAGES 32u

struct storm_controller {
	const char *name;
	bool (*find)(void);
	void (*begin)(void); /* reset, and as a driver has it; it may be in any state before */
	void (*step)(void);
	bool (*read)(void *page); /* after begin(): eight sectors from 0 on; false: it does not work */
};

extern const struct storm_controller storm_nvme, storm_ahci, storm_virtio, storm_ide;
/* Far from the program, and from the hypervisor: a disk that moves all that it has there harms neither. */
extern uint8_t *storm_pool;

uint32_t storm_random(void);
/* Mostly within the pool and on a page; odd; or the hypervisor's; or where nothing is. */
uint64_t storm_address(void);
/* Within the pool alone: for what devices read on their own, which is the IOMMU's to refuse. */
uint64_t storm_own_address(void);
/* A sector's number, mostly one that there is. */
uint32_t storm_lba(void);

static inline uint64_t address_of(const volatile void *memory)
{
	return (uint64_t)(uintptr_t)memory;
}

/* The last function on bus 0 of that class and interface, switched on; 256: there is none. */
static inline uint32_t storm_find(uint32_t class)
{
	uint32_t found = 256;

	for (uint32_t function = 0; function < 256; function++)
		found = config_read(function, 8) >> 8 == class ? function : found;
	if (found != 256)
		config_write(found, CONFIG_COMMAND, (config_read(found, CONFIG_COMMAND) & 0xffff) | COMMAND_MEMORY_MASTER | 1);
	return found;
}

#endif
