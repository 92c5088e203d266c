/*
 * mediator/net/virtio_net_interrupt.c: the guest is interrupted as the device would, where that does not: by the message
 * that the guest has put into the device's table for the queue (PCI Local Bus 3.0, 6.8.2; Intel SDM vol. 3, 11.11).
 */
#include "mediator/net/virtio_net.h"

#include "core/apic.h"
#include "core/ipi.h"
#include "core/log.h"
#include "vmm/pci_function.h"

#define MSIX_TABLE 4 /* in the capability: the BAR's number and the offset there */
#define MSIX_BAR_MASK 7u
#define MSIX_ENTRY_BYTES 16
#define MSIX_ENTRY_DATA 8
#define MSIX_ENTRY_CONTROL 12
#define MSIX_ENTRY_MASKED 1u
#define MSIX_VECTORS_MAXIMUM 2048u

#define MESSAGE_BASE 0xfee00000u
#define MESSAGE_BASE_MASK 0xfff00000u
#define MESSAGE_LOGICAL 4u
#define MESSAGE_TO(address) ((address) >> 12 & 0xff)
#define MESSAGE_VECTOR_MASK 0xffu
#define MESSAGE_MODE_MASK 0x700u /* of the data; where the ICR has it */

/* The queue's vector. */
static uint32_t virtio_net_vector(const struct virtio_queue *queue)
{
	const struct virtio_device *device = queue->device;
	uint32_t vector;

	virtio_put(device, VIRTIO_QUEUE, queue->number);
	vector = virtio_get(device, VIRTIO_QUEUE_VECTOR);
	virtio_put(device, VIRTIO_QUEUE, device->queue_select);
	return vector;
}

/* Where its message is; 0: nowhere. */
static uint64_t virtio_net_entry(const struct virtio_device *device, uint32_t vector)
{
	uint32_t table = pci_hardware_read(device->function | (device->msix + MSIX_TABLE), 4);
	uint64_t offset = (table & ~MSIX_BAR_MASK) + vector * (uint64_t)MSIX_ENTRY_BYTES;
	struct pci_bar bar;

	if (vector >= MSIX_VECTORS_MAXIMUM || pci_bar_get(device->function, table & MSIX_BAR_MASK, &bar) != 0 || bar.port ||
	    !bar.decoded || offset + MSIX_ENTRY_BYTES > bar.size_bytes)
		return 0;
	return bar.address + offset;
}

/* A device that interrupts by its pin cannot be made to: what is late is found with the next that it does. */
static void virtio_net_tell_no_vectors(struct virtio_device *device)
{
	struct virtio_net *net = virtio_net_of(device);

	if (!net->is_told_no_vectors)
		log_warning("nic%u: it interrupts by its pin: packets that wait or are dropped are ended with the next "
			    "interrupt", device->index);
	net->is_told_no_vectors = true;
}

void virtio_net_interrupt(struct virtio_queue *queue)
{
	struct virtio_device *device = queue->device;
	uint32_t address, data;
	uint64_t entry;

	queue->owes_interrupt = false;
	if (!virtio_wants_interrupt(queue))
		return;
	if (!virtio_has_vectors(device)) {
		virtio_net_tell_no_vectors(device);
		return;
	}
	entry = virtio_net_entry(device, virtio_net_vector(queue));
	if (entry == 0)
		return; /* it has none: the guest polls */
	if (mmio_hardware_read(entry + MSIX_ENTRY_CONTROL, 4) & MSIX_ENTRY_MASKED) {
		queue->owes_interrupt = true;
		return;
	}
	address = (uint32_t)mmio_hardware_read(entry, 4);
	data = (uint32_t)mmio_hardware_read(entry + MSIX_ENTRY_DATA, 4);
	if ((address & MESSAGE_BASE_MASK) != MESSAGE_BASE || (data & MESSAGE_MODE_MASK) > APIC_ICR_LOWEST)
		return; /* no interrupt, or one that no device of the guest's may send by us */
	queue->is_due = false;
	ipi_send(MESSAGE_TO(address), (data & MESSAGE_VECTOR_MASK) | (data & MESSAGE_MODE_MASK) |
					      (address & MESSAGE_LOGICAL ? APIC_ICR_LOGICAL : 0));
}
