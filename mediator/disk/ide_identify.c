/*
 * mediator/disk/ide_identify.c: asks a disk what it is.
 */
#include "mediator/disk/ide.h"

#include "core/instructions.h"

/* Blocks of 512 bytes are what all commands here count. */
static void ide_identify_fill(const uint16_t *words, struct ata_disk *disk)
{
	ata_identified(words, disk);
	disk->info.sector_bytes = IDE_SECTOR_BYTES;
}

/* What a packet device shows when it has aborted the command (ATA/ATAPI-7 9.12). */
static bool ide_is_packet_device(const struct ide_channel *channel)
{
	return ide_read(channel, IDE_LBA0 + 1) == 0x14 && ide_read(channel, IDE_LBA0 + 2) == 0xeb;
}

/* Where there is no device, BSY reads 0 or all ones. */
static bool ide_identify_ask(const struct ide_channel *channel, unsigned unit, uint16_t *words, struct ata_disk *disk)
{
	uint8_t status;

	ide_write(channel, IDE_DEVICE, (uint8_t)(0xa0 | (unit != 0 ? IDE_DEVICE_SLAVE : 0)));
	status = ide_settle(channel);
	disk->is_odd = status != 0xff && status != 0 && !ide_is_packet_device(channel);
	if (status == 0xff || (status & (ATA_STATUS_BSY | ATA_STATUS_DRDY)) != ATA_STATUS_DRDY)
		return false;
	(void)ide_give_command(channel, ATA_IDENTIFY);
	if (!ide_take_data(channel, (uint8_t *)words, ATA_IDENTIFY_WORDS * sizeof(*words))) {
		disk->is_odd = !ide_is_packet_device(channel);
		return false;
	}
	disk->is_odd = false;
	(void)ide_read(channel, IDE_STATUS);
	return true;
}

void ide_identify(const struct ide_channel *channel, unsigned unit, struct ata_disk *disk)
{
	uint16_t words[ATA_IDENTIFY_WORDS];
	uint8_t device = ide_read(channel, IDE_DEVICE);

	port_write8(channel->control, channel->control_value | IDE_CONTROL_NIEN);
	if (ide_identify_ask(channel, unit, words, disk))
		ide_identify_fill(words, disk);
	else
		(void)ide_read(channel, IDE_STATUS);
	ide_write(channel, IDE_DEVICE, device);
	port_write8(channel->control, channel->control_value);
}
