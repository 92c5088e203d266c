/*
 * mediator/disk/ide_dma.c: the bus master's table of memory, the guest's and ours. Each entry is an address
 * and a length of at most 64 KiB, the last one marked (Bus Master IDE 1.0, 1.2).
 */
#include "mediator/disk/ide.h"

#include "core/instructions.h"
#include "core/memory.h"
#include "rv/errno.h"
#include "vmm/guest_memory.h"

#define IDE_TABLE_BYTES KIB(64)
#define IDE_ENTRY_BYTES 8
#define IDE_ENTRY_LAST 0x80000000

uint64_t ide_dma_bytes(const struct ide_channel *channel)
{
	uint32_t sectors = channel->opcode->kind == RV_EVENT_DISK_DISCARD
				   ? ata_taskfile_sectors(&channel->taskfile, channel->opcode)
				   : channel->request.disk.sectors;

	return (uint64_t)sectors * IDE_SECTOR_BYTES;
}

int ide_dma_read_table(struct ide_channel *channel, uint64_t most_bytes)
{
	struct bounce *bounce = &channel->bounce;
	uint64_t bytes = 0;
	uint32_t entry[2] = { 0 };
	int error = 0;

	bounce->nr_segments = 0;
	for (gpa_t at = channel->table; error == 0 && at < channel->table + IDE_TABLE_BYTES; at += IDE_ENTRY_BYTES) {
		uint64_t length;

		error = guest_memory_read(at, entry, sizeof(entry)) != 0 ? -RV_EFAULT : 0;
		length = (entry[1] & 0xfffe) != 0 ? entry[1] & 0xfffe : KIB(64);
		if (error == 0)
			error = bounce_add_segment(bounce, entry[0] & ~1u, length);
		bytes += length;
		if ((entry[1] & IDE_ENTRY_LAST) || bytes >= most_bytes)
			break;
	}
	return error;
}

int ide_dma_bounce(struct ide_channel *channel)
{
	uint64_t bytes = ide_dma_bytes(channel);
	int error;

	if (channel->is_bounced)
		return 0;
	error = ide_dma_read_table(channel, bytes);
	if (error == 0)
		error = bounce_take_pages(&channel->bounce, bytes);
	channel->is_bounced = error == 0;
	return error;
}

void ide_dma_give_table(struct ide_channel *channel)
{
	const struct bounce *bounce = &channel->bounce;
	uint64_t left = bounce->length_bytes;

	for (uint32_t i = 0; i < bounce->nr_pages; i++) {
		uint64_t part = left < PAGE_BYTES ? left : PAGE_BYTES;

		left -= part;
		channel->our_table[2 * i] = (uint32_t)memory_physical(bounce->pages[i]);
		channel->our_table[2 * i + 1] = (uint32_t)part | (left == 0 ? IDE_ENTRY_LAST : 0);
	}
	channel->has_our_table = true;
	port_write32(channel->bus_master + IDE_BM_TABLE, (uint32_t)memory_physical(channel->our_table));
}

/* After a command that has failed the bus master may run on, by our table, whatever moves data next. */
void ide_dma_end(struct ide_channel *channel)
{
	if (channel->has_our_table) {
		port_write8(channel->bus_master + IDE_BM_COMMAND, channel->is_to_memory ? IDE_BM_TO_MEMORY : 0);
		port_write32(channel->bus_master + IDE_BM_TABLE, channel->table);
	}
	channel->has_our_table = false;
	channel->is_bounced = false;
	bounce_release(&channel->bounce);
}
