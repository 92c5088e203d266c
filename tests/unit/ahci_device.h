/*
 * tests/unit/ahci_device.h: an AHCI controller with a disk at its only port. It executes commands one a step, the
 * queued ones in any order, and fails the test if one has it touch memory of the hypervisor's that is not given to it.
 */
#ifndef TESTS_UNIT_AHCI_DEVICE_H
#define TESTS_UNIT_AHCI_DEVICE_H

#include "disk_memory.h"
#include "mediator/disk/ahci.h"

#define DEVICE_BASE UINT64_C(0xe0000000)
#define DEVICE_SECTORS (1024 + 64)
#define DEVICE_PORT(offset) (AHCI_PORTS + (offset))
#define DEVICE_IS_BAD(lba) ((lba) / 16 % 8 == 7)

extern uint8_t device_disk[DEVICE_SECTORS * ATA_SECTOR_BYTES];
extern bool device_interrupt; /* a message that it has sent */
extern bool device_follows; /* IS is no register of its own, but what PxIS is: as emulators have it */
extern bool device_is_awaited; /* it goes on while its registers are read */

/* Does it say so in IS? */
bool device_has_cause(void);
void device_power_on(void);
/* And has it again, as when the machine has suspended to RAM. */
void device_lose_power(void);
/* False: it has nothing to do. */
bool device_step(void);

#endif
