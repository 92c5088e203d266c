/*
 * mediator/virtio/virtio_chain.c: lists of memory: chains of descriptors in a ring, or in a table of their own (Virtual
 * I/O Device Specification 1.2, 2.7.5). What the device reads comes before what it writes, wherever the descriptors begin
 * and end.
 */
#include "mediator/virtio/virtio.h"

#include "rv/errno.h"
#include "vmm/guest_memory.h"

#define VIRTIO_CHAIN_MAXIMUM 1024 /* descriptors in a table of the guest's */

/* A walk along a chain. */
struct virtio_walk {
	struct virtio_chain *chain;
	gpa_t table;
	uint32_t size, nr_seen;
	bool is_indirect;
};

static void virtio_add_data(struct virtio_chain *chain, gpa_t address, uint64_t length_bytes)
{
	int error = length_bytes != 0 ? bounce_add_segment(chain->bounce, address, length_bytes) : 0;

	chain->is_excessive |= error == -RV_E2BIG;
	chain->is_unreachable |= error == -RV_EFAULT;
}

/* Header, then data. */
static int virtio_add_readable(struct virtio_chain *chain, const struct virtio_descriptor *descriptor)
{
	uint32_t part = chain->header_bytes - chain->header_done;

	if (chain->last_bytes != 0)
		return -RV_EINVAL;
	if (part > descriptor->length_bytes)
		part = descriptor->length_bytes;
	if (part != 0 &&
	    guest_memory_read(descriptor->address, (uint8_t *)chain->header + chain->header_done, part) != 0)
		return -RV_EINVAL;
	chain->header_done += part;
	virtio_add_data(chain, descriptor->address + part, descriptor->length_bytes - part);
	chain->nr_readable = (uint16_t)chain->bounce->nr_segments;
	return 0;
}

static void virtio_add_writable(struct virtio_chain *chain, const struct virtio_descriptor *descriptor)
{
	chain->last = descriptor->address;
	chain->last_bytes = descriptor->length_bytes;
	chain->nr_before_last = chain->bounce->nr_segments;
	virtio_add_data(chain, descriptor->address, descriptor->length_bytes);
}

/* What follows is in a table, and nothing behind it. */
static int virtio_enter_table(struct virtio_walk *walk, const struct virtio_descriptor *descriptor)
{
	uint32_t count = descriptor->length_bytes / sizeof(*descriptor);

	if (walk->is_indirect || walk->nr_seen != 1 || (descriptor->flags & VIRTIO_DESCRIPTOR_NEXT) ||
	    descriptor->length_bytes % sizeof(*descriptor) != 0 || count == 0 || count > VIRTIO_CHAIN_MAXIMUM)
		return -RV_EINVAL;
	walk->is_indirect = true;
	walk->table = descriptor->address;
	walk->size = count;
	walk->nr_seen = 0;
	return 0;
}

static int virtio_walk_chain(struct virtio_walk *walk, uint32_t index)
{
	struct virtio_descriptor descriptor;
	int error = 0;

	do {
		/* Who comes by more of them than there are goes in a circle. */
		if (index >= walk->size || walk->nr_seen++ == walk->size ||
		    guest_memory_read(walk->table + index * sizeof(descriptor), &descriptor, sizeof(descriptor)) != 0)
			return -RV_EINVAL;
		index = descriptor.next;
		if (descriptor.flags & VIRTIO_DESCRIPTOR_INDIRECT) {
			error = virtio_enter_table(walk, &descriptor);
			descriptor.flags = VIRTIO_DESCRIPTOR_NEXT;
			index = 0;
		} else if (descriptor.length_bytes == 0) {
			error = -RV_EINVAL;
		} else if (descriptor.flags & VIRTIO_DESCRIPTOR_WRITE) {
			virtio_add_writable(walk->chain, &descriptor);
		} else {
			error = virtio_add_readable(walk->chain, &descriptor);
		}
	} while (error == 0 && (descriptor.flags & VIRTIO_DESCRIPTOR_NEXT));
	return error;
}

int virtio_chain_walk(const struct virtio_queue *queue, uint16_t head, struct virtio_chain *chain)
{
	struct virtio_walk walk = { .chain = chain, .table = queue->guest.descriptors, .size = queue->guest.size };

	return virtio_walk_chain(&walk, head);
}

/* For the device ----------------------------------------------------------------------------------- */

void virtio_append(struct virtio_slot *slot, uint64_t address, uint64_t length_bytes, uint16_t flags)
{
	slot->area->table[slot->nr_entries] = (struct virtio_descriptor){
		.address = address,
		.length_bytes = (uint32_t)length_bytes,
		.flags = flags | VIRTIO_DESCRIPTOR_NEXT,
		.next = (uint16_t)(slot->nr_entries + 1),
	};
	slot->nr_entries++;
}

void virtio_append_last(struct virtio_slot *slot, uint64_t address, uint64_t length_bytes, uint16_t flags)
{
	virtio_append(slot, address, length_bytes, flags);
	slot->area->table[slot->nr_entries - 1].flags = flags;
}
