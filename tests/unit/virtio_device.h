/*
 * tests/unit/virtio_device.h: a virtio disk with both interfaces. It takes and executes commands one a step, in any
 * order, and fails the test if a chain is none, or has it touch memory of the hypervisor's that is not given to it
 * (disk_memory.h).
 */
#ifndef TESTS_UNIT_VIRTIO_DEVICE_H
#define TESTS_UNIT_VIRTIO_DEVICE_H

#include "disk_memory.h"
#include "mediator/disk/virtio_disk.h"

#define DEVICE_BASE UINT64_C(0xe0000000)
#define DEVICE_PORTS 0xc000u
#define DEVICE_NOTIFY 0x1000
#define DEVICE_ISR 0x2000
#define DEVICE_CONFIG 0x3000
#define DEVICE_MULTIPLIER 4
#define DEVICE_BLOCKS (2048 + 64)
#define DEVICE_BLOCK_BYTES 512
#define DEVICE_QUEUES 3

extern uint8_t device_disk[DEVICE_BLOCKS * DEVICE_BLOCK_BYTES];
extern bool device_has_vectors;		      /* MSI-X: messages, not a pin */
extern bool device_interrupts[DEVICE_QUEUES]; /* messages that it has sent */
extern bool device_isr;			      /* its pin */
extern uint32_t device_notified;	      /* how often */

void device_power_on(uint32_t queue_size, bool has_tables);
/* False: it has nothing to do. */
bool device_step(void);

#endif
