/*
 * tests/unit/fake_disk/core/instructions.h: stands before core/instructions.h for mediators of disks: time goes on only
 * where it is looked at, so that the same sequence ends in the same way however busy this machine is; and ports are
 * the lab's (tests/unit/ide_device.c).
 */
#ifndef CORE_INSTRUCTIONS_H
#define CORE_INSTRUCTIONS_H

#include "rv/types.h"

#define DISK_CLOCK_STEP 1000 /* with disk_requests.c's time_tsc_hz a millisecond */

/* One a program, whoever includes this. */
__attribute__((weak)) uint64_t disk_clock;

static inline uint64_t tsc_read(void)
{
	return __atomic_add_fetch(&disk_clock, DISK_CLOCK_STEP, __ATOMIC_RELAXED);
}

static inline void cpu_pause(void)
{
}

uint8_t port_read8(uint16_t port);
uint16_t port_read16(uint16_t port);
uint32_t port_read32(uint16_t port);
void port_write8(uint16_t port, uint8_t value);
void port_write16(uint16_t port, uint16_t value);
void port_write32(uint16_t port, uint32_t value);

#endif
