/*
 * vmm/io_apic_remap.h: an I/O APIC whose interrupts an IOMMU looks up: pin N sends index N, and entry N of the IOMMU's
 * table is the interrupt that the guest has it send. The guest sees the entries that it has written; a hook that
 * reads them from hardware itself sees indices.
 *
 * The IOMMU's interrupts are none by level to a local APIC, so whoever acknowledges one has to tell the I/O APIC.
 * Context: boot, exit, under the lock of vmm/startup_bus.c.
 */
#ifndef VMM_IO_APIC_REMAP_H
#define VMM_IO_APIC_REMAP_H

#include "rv/types.h"

#define IO_APIC_PINS_MAXIMUM 32

struct io_apic_interrupt {
	bool valid;
	bool lowest;  /* of the CPUs that are named, the one with the lowest priority */
	bool logical; /* the destination is */
	uint8_t destination, vector;
};

typedef void (*io_apic_set)(unsigned index, const struct io_apic_interrupt *interrupt);

/* Is it? Written once, at boot. */
extern bool io_apic_is_remapped;

/* NULL, or why that I/O APIC cannot be one: it has too many pins, or cannot be told of an interrupt's end. */
const char *io_apic_cannot_remap(hpa_t page);
/* Behind that, once. */
void io_apic_begin_remapping(io_apic_set set);

/* A redirection entry's half, by the register's index: what the guest writes, and what it reads. False: that is none
 * of these. */
bool io_apic_remap_write(uint32_t index, uint32_t value);
bool io_apic_remap_read(uint32_t index, uint32_t *value);

/* The machine has slept: all entries are as after a reset, masked. The table can be changed. */
void io_apic_remap_forget(void);

/* An interrupt of that vector is at its end. */
void io_apic_remap_end(uint8_t vector);

#endif
