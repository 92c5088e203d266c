/*
 * mediator/disk/virtio_chain.c: lists of memory: chains of descriptors in a ring, or in a table of their own (Virtual
 * I/O Device Specification 1.2, 2.7.5). What the device reads comes before what it writes; the first 16 bytes are the
 * command's header, the last one its status, wherever the descriptors begin and end.
 */
#include "mediator/disk/virtio.h"

#include "core/memory.h"
#include "core/string.h"
#include "rv/errno.h"
#include "vmm/guest_memory.h"

#define VIRTIO_CHAIN_MAXIMUM 1024 /* descriptors in a table of the guest's */

/* A walk along a chain. */
struct virtio_walk {
	struct virtio_slot *slot;
	gpa_t table;
	uint32_t size, nr_seen;
	bool is_indirect;
	uint32_t header_bytes; /* that are copied */
	gpa_t last;	       /* of the last that is written: where it begins, how long it is; 0: none yet */
	uint64_t last_bytes;
	uint32_t nr_before_last; /* segments */
};

static void virtio_add_data(struct virtio_slot *slot, gpa_t address, uint64_t length_bytes)
{
	int error = length_bytes != 0 ? bounce_add_segment(&slot->bounce, address, length_bytes) : 0;

	slot->is_excessive |= error == -RV_E2BIG;
	slot->is_unreachable |= error == -RV_EFAULT;
}

/* Header, then data. */
static int virtio_add_readable(struct virtio_walk *walk, const struct virtio_descriptor *descriptor)
{
	struct virtio_slot *slot = walk->slot;
	uint64_t part = sizeof(slot->header) - walk->header_bytes;

	if (walk->last_bytes != 0)
		return -RV_EINVAL;
	if (part > descriptor->length_bytes)
		part = descriptor->length_bytes;
	if (part != 0 && guest_memory_read(descriptor->address, (uint8_t *)&slot->header + walk->header_bytes, part) != 0)
		return -RV_EINVAL;
	walk->header_bytes += (uint32_t)part;
	virtio_add_data(slot, descriptor->address + part, descriptor->length_bytes - part);
	slot->nr_readable = (uint16_t)slot->bounce.nr_segments;
	return 0;
}

static void virtio_add_writable(struct virtio_walk *walk, const struct virtio_descriptor *descriptor)
{
	walk->last = descriptor->address;
	walk->last_bytes = descriptor->length_bytes;
	walk->nr_before_last = walk->slot->bounce.nr_segments;
	virtio_add_data(walk->slot, descriptor->address, descriptor->length_bytes);
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
			virtio_add_writable(walk, &descriptor);
		} else {
			error = virtio_add_readable(walk, &descriptor);
		}
	} while (error == 0 && (descriptor.flags & VIRTIO_DESCRIPTOR_NEXT));
	return error;
}

/* Takes the status off the end of what is written. */
static int virtio_find_status(struct virtio_walk *walk)
{
	struct virtio_slot *slot = walk->slot;
	struct bounce *bounce = &slot->bounce;

	slot->status_address = walk->last + (walk->last_bytes - 1);
	if (walk->last_bytes == 0 || !memory_is_ram(slot->status_address, 1))
		return -RV_EINVAL;
	if (bounce->nr_segments > walk->nr_before_last && --bounce->segments[walk->nr_before_last].length_bytes == 0)
		bounce->nr_segments--;
	return 0;
}

int virtio_chain_read(struct virtio_slot *slot)
{
	struct virtio_walk walk = { .slot = slot, .table = slot->queue->guest.descriptors, .size = slot->queue->guest.size };
	int error;

	slot->is_excessive = slot->is_unreachable = false;
	slot->nr_readable = 0;
	error = virtio_walk_chain(&walk, slot->head);
	if (error != 0 || walk.header_bytes != sizeof(slot->header))
		return -RV_EINVAL;
	return virtio_find_status(&walk);
}

/* For the device ----------------------------------------------------------------------------------- */

static void virtio_append(struct virtio_slot *slot, uint64_t address, uint64_t length_bytes, uint16_t flags)
{
	slot->area->table[slot->nr_entries] = (struct virtio_descriptor){
		.address = address,
		.length_bytes = (uint32_t)length_bytes,
		.flags = flags | VIRTIO_DESCRIPTOR_NEXT,
		.next = (uint16_t)(slot->nr_entries + 1),
	};
	slot->nr_entries++;
}

/* A device's chains are no longer than its ring, in a table or not (2.7.5.2). */
static uint32_t virtio_most_pieces(const struct virtio_slot *slot)
{
	uint32_t most = slot->queue->ring.size < VIRTIO_TABLE_ENTRIES ? slot->queue->ring.size : VIRTIO_TABLE_ENTRIES;

	return most - 2;
}

/* The part of the pages that comes next: whole blocks. */
static bool virtio_append_pages(struct virtio_slot *slot, uint16_t flags)
{
	struct bounce *bounce = &slot->bounce;
	uint64_t block_bytes = slot->queue->device->info.sector_bytes, left = bounce->length_bytes - slot->done_bytes;
	uint64_t most = virtio_most_pieces(slot) * PAGE_BYTES;

	slot->part_bytes = left <= most ? left : most - most % (block_bytes > PAGE_BYTES ? block_bytes : PAGE_BYTES);
	for (uint64_t at = 0; at < slot->part_bytes; at += PAGE_BYTES) {
		uint64_t part = slot->part_bytes - at < PAGE_BYTES ? slot->part_bytes - at : PAGE_BYTES;

		virtio_append(slot, memory_physical(bounce->pages[(slot->done_bytes + at) / PAGE_BYTES]), part, flags);
	}
	return slot->part_bytes != 0 || left == 0;
}

bool virtio_chain_write(struct virtio_slot *slot, const struct virtio_header *header, bool to_guest)
{
	uint16_t flags = to_guest ? VIRTIO_DESCRIPTOR_WRITE : 0;

	slot->nr_entries = 0;
	slot->area->header = *header;
	virtio_append(slot, memory_physical(&slot->area->header), sizeof(*header), 0);
	if (slot->is_filler) {
		virtio_append(slot, memory_physical(slot->area->id), VIRTIO_ID_BYTES, VIRTIO_DESCRIPTOR_WRITE);
	} else if (slot->is_bounced) {
		if (!virtio_append_pages(slot, flags))
			return false;
	} else {
		if (slot->bounce.nr_segments > virtio_most_pieces(slot))
			return false;
		for (uint32_t i = 0; i < slot->bounce.nr_segments; i++)
			virtio_append(slot, slot->segments[i].address, slot->segments[i].length_bytes, flags);
	}
	virtio_append(slot, memory_physical(&slot->area->status), 1, VIRTIO_DESCRIPTOR_WRITE);
	slot->area->table[slot->nr_entries - 1].flags = VIRTIO_DESCRIPTOR_WRITE;
	return true;
}
