/*
 * tests/unit/ide_device.h: an IDE channel with one disk, its master, and a bus master. It goes on a step at a time, and now
 * and then while its status is read. The test fails if a table that is not the guest's has it touch memory that is not given
 * to it.
 */
#ifndef TESTS_UNIT_IDE_DEVICE_H
#define TESTS_UNIT_IDE_DEVICE_H

#include "disk_memory.h"
#include "mediator/disk/ide.h"

#define DEVICE_COMMAND 0x1f0
#define DEVICE_CONTROL 0x3f6
#define DEVICE_MASTER 0xc000
#define DEVICE_SECTORS (1024 + 64)
#define DEVICE_IS_BAD(lba) ((lba) / 16 % 8 == 7)

extern uint8_t device_disk[DEVICE_SECTORS * ATA_SECTOR_BYTES];
extern bool device_interrupt; /* its pin went up, and nobody has taken that yet */

void device_power_on(void);
/* False: it has nothing to do. */
bool device_step(void);

#endif
