/*
 * tests/unit/nvme_device.h: an NVMe controller with one namespace. It executes commands one a step, in any order, and
 * fails the test if one has it touch memory of the hypervisor's that is not given to it (disk_memory.h).
 */
#ifndef TESTS_UNIT_NVME_DEVICE_H
#define TESTS_UNIT_NVME_DEVICE_H

#include "disk_memory.h"
#include "mediator/disk/nvme.h"

#define DEVICE_BASE UINT64_C(0xe0000000)
#define DEVICE_BLOCKS 2112
#define DEVICE_BLOCK_BYTES 512
#define DEVICE_QUEUES 8

extern uint8_t device_disk[DEVICE_BLOCKS * DEVICE_BLOCK_BYTES];
extern bool device_interrupts[DEVICE_QUEUES]; /* messages that it has sent, by completion queue */
extern bool device_is_odd;			 /* what it says of itself is anything */
extern void (*device_rung)(void); /* called at each doorbell, if it is set */

void device_power_on(void);
/* False: it has nothing to do. */
bool device_step(void);

#endif
