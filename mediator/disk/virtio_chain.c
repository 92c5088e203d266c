/*
 * mediator/disk/virtio_chain.c: a disk command's memory: the first 16 bytes are its header, the last one its status
 * (Virtual I/O Device Specification 1.2, 5.2.6).
 */
#include "mediator/disk/virtio_disk.h"

#include "core/memory.h"
#include "rv/errno.h"

/* Takes the status off the end of what is written. */
static int virtio_find_status(struct virtio_slot *slot, const struct virtio_chain *chain)
{
	struct bounce *bounce = &slot->bounce;

	slot->status_address = chain->last + (chain->last_bytes - 1);
	if (chain->last_bytes == 0 || !memory_is_ram(slot->status_address, 1))
		return -RV_EINVAL;
	if (bounce->nr_segments > chain->nr_before_last && --bounce->segments[chain->nr_before_last].length_bytes == 0)
		bounce->nr_segments--;
	return 0;
}

int virtio_chain_read(struct virtio_slot *slot)
{
	struct virtio_chain chain = { .bounce = &slot->bounce, .header = &slot->header,
				      .header_bytes = sizeof(slot->header) };
	int error = virtio_chain_walk(slot->queue, slot->head, &chain);

	slot->is_excessive = chain.is_excessive;
	slot->is_unreachable = chain.is_unreachable;
	slot->nr_readable = chain.nr_readable;
	if (error != 0 || chain.header_done != sizeof(slot->header))
		return -RV_EINVAL;
	return virtio_find_status(slot, &chain);
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
	uint64_t block_bytes = virtio_disk_of(slot->queue->device)->info.sector_bytes, left = bounce->length_bytes - slot->done_bytes;
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
	virtio_append_last(slot, memory_physical(&slot->area->status), 1, VIRTIO_DESCRIPTOR_WRITE);
	return true;
}
