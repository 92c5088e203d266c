/*
 * mediator/disk/ide_registers.c: a channel's registers, and the commands that go through them.
 */
#include "mediator/disk/ide.h"

#include "core/instructions.h"
#include "core/time.h"
#include "rv/kinds.h"

#define IDE_WAIT_US 1000000

uint8_t ide_read(const struct ide_channel *channel, unsigned offset)
{
	return port_read8((uint16_t)(channel->command + offset));
}

void ide_write(const struct ide_channel *channel, unsigned offset, uint8_t value)
{
	port_write8((uint16_t)(channel->command + offset), value);
}

uint8_t ide_alternate_status(const struct ide_channel *channel)
{
	return port_read8(channel->control);
}

uint8_t ide_error(const struct ide_channel *channel)
{
	uint8_t error = ide_read(channel, IDE_ERROR);

	return error != 0 ? error : ATA_ERROR_ABRT;
}

void ide_taskfile_note(struct ide_channel *channel, unsigned offset, uint8_t value)
{
	struct ata_taskfile *written = &channel->written;

	if (offset == IDE_DEVICE) {
		written->device = value;
	} else if (offset == IDE_FEATURES) {
		written->features = value;
	} else if (offset == IDE_COUNT) {
		written->count[1] = written->count[0];
		written->count[0] = value;
	} else if (offset >= IDE_LBA0 && offset <= IDE_LBA2) {
		written->lba[1][offset - IDE_LBA0] = written->lba[0][offset - IDE_LBA0];
		written->lba[0][offset - IDE_LBA0] = value;
	}
}

void ide_taskfile_learn(struct ide_channel *channel)
{
	channel->written = (struct ata_taskfile){ .device = ide_read(channel, IDE_DEVICE) };
	for (unsigned offset = IDE_COUNT; offset <= IDE_LBA2; offset++)
		ide_taskfile_note(channel, offset, ide_read(channel, offset));
}

/* BSY is up 400 ns after a command at the latest: as long as four reads take (ATA/ATAPI-7 vol. 2, 9). */
uint8_t ide_settle(const struct ide_channel *channel)
{
	for (int i = 0; i < 3; i++)
		(void)ide_alternate_status(channel);
	return ide_alternate_status(channel);
}

uint8_t ide_give_command(const struct ide_channel *channel, uint8_t code)
{
	ide_write(channel, IDE_COMMAND, code);
	return ide_settle(channel);
}

static void ide_write_address(const struct ide_channel *channel, uint64_t lba, uint32_t sectors)
{
	ide_write(channel, IDE_COUNT, (uint8_t)sectors);
	for (unsigned i = 0; i < 3; i++)
		ide_write(channel, IDE_LBA0 + i, (uint8_t)(lba >> 8 * i));
}

void ide_write_parameters(const struct ide_channel *channel, const struct ata_taskfile *taskfile)
{
	ide_write(channel, IDE_DEVICE, taskfile->device);
	for (unsigned depth = 2; depth-- > 0;) {
		ide_write(channel, IDE_COUNT, taskfile->count[depth]);
		for (unsigned i = 0; i < 3; i++)
			ide_write(channel, IDE_LBA0 + i, taskfile->lba[depth][i]);
	}
	ide_write(channel, IDE_FEATURES, taskfile->features);
}

void ide_issue(const struct ide_channel *channel, const struct ata_taskfile *taskfile,
	       const struct ata_opcode *opcode, uint64_t lba, uint32_t sectors)
{
	uint8_t device = taskfile->device | ATA_DEVICE_LBA;

	if (opcode->extended)
		ide_write_address(channel, lba >> 24, sectors >> 8);
	else
		device = (uint8_t)((device & 0xf0) | (lba >> 24 & 0x0f));
	ide_write_address(channel, lba, sectors);
	ide_write(channel, IDE_FEATURES, taskfile->features);
	ide_write(channel, IDE_DEVICE, device);
	(void)ide_give_command(channel, opcode->code);
}

void ide_issue_failure(const struct ide_channel *channel)
{
	ide_write(channel, IDE_DEVICE, channel->taskfile.device);
	ide_write(channel, IDE_FEATURES, 0);
	(void)ide_give_command(channel, ATA_NOP);
}

void ide_issue_success(const struct ide_channel *channel)
{
	ide_write(channel, IDE_DEVICE, channel->taskfile.device);
	(void)ide_give_command(channel, ATA_CHECK_POWER_MODE);
}

bool ide_wait(const struct ide_channel *channel, bool data)
{
	uint64_t end = tsc_read() + time_tsc_of_us(IDE_WAIT_US);
	uint8_t status;

	do {
		status = ide_alternate_status(channel);
		if (!(status & ATA_STATUS_BSY) && (!data || (status & (ATA_STATUS_DRQ | ATA_STATUS_FAILED))))
			return !(status & ATA_STATUS_FAILED);
		cpu_pause();
	} while (tsc_read() < end);
	return false;
}

/* What each sector begins with: a disk whose blocks are smaller than we think is busy between two of them. */
static bool ide_wait_sector(const struct ide_channel *channel, uint32_t position)
{
	return position % IDE_SECTOR_BYTES != 0 || ide_wait(channel, true);
}

bool ide_take_data(const struct ide_channel *channel, uint8_t *bytes, uint32_t length_bytes)
{
	for (uint32_t i = 0; i < length_bytes; i += 2) {
		uint16_t word;

		if (!ide_wait_sector(channel, i))
			return false;
		word = port_read16(channel->command + IDE_DATA);

		bytes[i] = (uint8_t)word;
		bytes[i + 1] = (uint8_t)(word >> 8);
	}
	return true;
}

void ide_give_data(const struct ide_channel *channel, const uint8_t *bytes, uint32_t length_bytes)
{
	for (uint32_t i = 0; i < length_bytes && ide_wait_sector(channel, i); i += 2)
		port_write16(channel->command + IDE_DATA, (uint16_t)(bytes[i] | bytes[i + 1] << 8));
}
