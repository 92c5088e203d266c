/*
 * mediator/disk/ide_find.c: the machine's IDE channels, by PCI class 01.01 (PCI IDE Controller Specification
 * 1.0): at the fixed ports of the AT, or where base addresses say.
 */
#include "mediator/disk/ide.h"

#include "core/log.h"
#include "core/memory.h"
#include "mediator/disk/cipher.h"
#include "mediator/disk/disk_class.h"
#include "mediator/disk/disk_early.h"
#include "mediator/disk/disk_io.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "vmm/pci_function.h"

#define IDE_CHANNELS_MAXIMUM 8
#define IDE_CLASS 0x0101
#define IDE_INTERFACE_NATIVE(channel) (1u << 2 * (channel))
#define IDE_INTERFACE_MOVABLE 0x0fu /* a channel is native, or can be made so */

static struct ide_channel *ide_channels[IDE_CHANNELS_MAXIMUM];
static unsigned ide_nr_channels;

/* 0: there is none. */
static uint16_t ide_base(uint64_t function, unsigned number)
{
	struct pci_bar bar;

	return pci_bar_get(function, number, &bar) == 0 && bar.port ? (uint16_t)bar.address : 0;
}

static void ide_set_ports(struct ide_channel *channel, uint64_t function, unsigned index, uint32_t interface)
{
	channel->command = index == 0 ? 0x1f0 : 0x170;
	channel->control = index == 0 ? 0x3f6 : 0x376;
	if (interface & IDE_INTERFACE_NATIVE(index)) {
		channel->command = ide_base(function, 2 * index);
		channel->control = (uint16_t)(ide_base(function, 2 * index + 1) + 2);
	}
	channel->master_offset = (uint16_t)(IDE_BM_PORTS * index);
}

/* Keeps it if it has a disk. */
static void ide_add_channel(uint64_t function, unsigned index, uint32_t interface)
{
	size_t nr_pages = align_up(sizeof(struct ide_channel), PAGE_BYTES) / PAGE_BYTES;
	struct ide_channel *channel = memory_allocate_pages(nr_pages);

	if (channel == NULL) {
		disk_say_left_out("an IDE channel", function);
		return;
	}
	ide_set_ports(channel, function, index, interface);
	for (unsigned unit = 0; channel->command != 0 && unit < 2; unit++) {
		struct ata_disk *disk = &channel->disks[unit];

		ide_identify(channel, unit, disk);
		disk->info.number = (uint16_t)(RV_DISK_IDE * RV_DISKS_A_BUS + ide_nr_channels * 2 + unit);
		if (disk->is_there)
			log_info("disk ide%u: %s, %lu sectors", ide_nr_channels * 2 + unit, disk->info.model,
				 disk->info.sectors);
	}
	/* One that did not answer may be the disk that is to be encrypted. */
	if (!channel->disks[0].is_there && !channel->disks[1].is_there &&
	    !(cipher_is_wanted() && (channel->disks[0].is_odd || channel->disks[1].is_odd))) {
		memory_free_pages(channel, nr_pages);
		return;
	}
	ide_prepare(channel, function);
	channel->common = (struct disk_controller){ .class = &ide_class, .lock = &channel->lock };
	disk_add(&channel->common);
	ide_channels[ide_nr_channels++] = channel;
}

static void ide_look_at(uint64_t function)
{
	uint32_t class = pci_hardware_read(function | PCI_CLASS, 4);
	bool has_ports;

	if (class >> 16 != IDE_CLASS)
		return;
	has_ports = (pci_hardware_read(function | PCI_COMMAND, 2) & PCI_COMMAND_PORTS) != 0;
	/* Where the ports can be moved they are not followed, nor found later: no disk is encrypted beside such. */
	if (cipher_is_wanted() && ((class >> 8 & IDE_INTERFACE_MOVABLE) != 0 || !has_ports))
		disk_say_left_out("an IDE controller whose ports can be moved, or are off,", function);
	if (!has_ports)
		return;
	for (unsigned index = 0; index < 2; index++) {
		if (ide_nr_channels == IDE_CHANNELS_MAXIMUM)
			disk_say_left_out("an IDE channel", function);
		else
			ide_add_channel(function, index, class >> 8 & 0xff);
	}
}

static void ide_find(void)
{
	pci_functions_visit(ide_look_at);
}

static int ide_claim_one(struct disk_controller *controller)
{
	return ide_claim(CONTAINER_OF(controller, struct ide_channel, common));
}

static bool ide_is_clear(const struct disk_controller *controller)
{
	const struct ide_channel *channel = CONTAINER_OF(controller, struct ide_channel, common);
	bool is_clear = true;

	for (unsigned unit = 0; unit < 2; unit++)
		is_clear &= channel->disks[unit].is_there ? !cipher_covers(channel->disks[unit].info.number)
							  : !channel->disks[unit].is_odd;
	return is_clear;
}

static void ide_release_one(struct disk_controller *controller)
{
	ide_release_unwatched(CONTAINER_OF(controller, struct ide_channel, common));
}

static bool ide_describe(unsigned index, struct rv_disk_info *info)
{
	const struct ata_disk *disk;

	if (index / 2 >= ide_nr_channels)
		return false;
	disk = &ide_channels[index / 2]->disks[index % 2];
	*info = disk->info;
	return disk->is_there;
}

static int ide_io(unsigned index, struct disk_io *io)
{
	return index / 2 < ide_nr_channels ? ide_own_io(ide_channels[index / 2], index % 2, io) : -RV_ENOENT;
}

static int ide_read_part(unsigned index, struct disk_early *early, uint64_t at)
{
	struct disk_io io = { .kind = RV_EVENT_DISK_READ, .sector_bytes = IDE_SECTOR_BYTES, .before_guest = true,
			      .lba = at / IDE_SECTOR_BYTES };
	uint64_t bytes = early->length_bytes - at < DISK_IO_BYTES ? early->length_bytes - at : DISK_IO_BYTES;
	int error;

	bounce_init(&io.bounce, NULL, 0, io.pages, DISK_IO_PAGES);
	io.sectors = (uint32_t)(bytes / IDE_SECTOR_BYTES);
	error = bounce_take_bytes(&io.bounce, bytes);
	if (error == 0)
		error = ide_io(index, &io);
	if (error == 0)
		bounce_copy(&io.bounce, 0, early->to + at, bytes, false);
	bounce_release_pages(&io.bounce);
	return error == 0 || error == -RV_ENOMEM ? error : -RV_EIO;
}

static int ide_read_early(struct disk_early *early)
{
	for (unsigned index = 0; index < 2 * ide_nr_channels; index++) {
		const struct ata_disk *disk = &ide_channels[index / 2]->disks[index % 2];
		int error;

		if (!disk->is_there || early->namespace != 1 || !disk_early_is(early, disk->info.serial))
			continue;
		error = disk_early_found(early, &disk->info);
		for (uint64_t at = 0; error == 0 && at < early->length_bytes; at += DISK_IO_BYTES)
			error = ide_read_part(index, early, at);
		return error;
	}
	return -RV_ENOENT;
}

const struct disk_class ide_class = {
	.find = ide_find,
	.claim = ide_claim_one,
	.is_clear = ide_is_clear,
	.release = ide_release_one,
	.describe = ide_describe,
	.io = ide_io,
	.read_early = ide_read_early,
};
