/*
 * mediator/disk/ata_command.c: what commands mean: pure functions. ATA/ATAPI-7 6; ATA8-ACS 7.
 */
#include "mediator/disk/ata.h"

#include "rv/kinds.h"

static const struct ata_opcode ata_opcodes[] = {
	{ .code = 0x20, .kind = RV_EVENT_DISK_READ },		      /* READ SECTORS, with retries */
	{ .code = 0x21, .kind = RV_EVENT_DISK_READ },		      /* without */
	{ .code = 0x24, .kind = RV_EVENT_DISK_READ, .extended = true },
	{ .code = 0x25, .kind = RV_EVENT_DISK_READ, .dma = true, .extended = true },
	{ .code = 0x29, .kind = RV_EVENT_DISK_READ, .extended = true, .multiple = true },
	{ .code = 0xc4, .kind = RV_EVENT_DISK_READ, .multiple = true },
	{ .code = 0xc8, .kind = RV_EVENT_DISK_READ, .dma = true },
	{ .code = 0xc9, .kind = RV_EVENT_DISK_READ, .dma = true },
	{ .code = 0x30, .kind = RV_EVENT_DISK_WRITE },
	{ .code = 0x31, .kind = RV_EVENT_DISK_WRITE },
	{ .code = 0x34, .kind = RV_EVENT_DISK_WRITE, .extended = true },
	{ .code = 0x35, .kind = RV_EVENT_DISK_WRITE, .dma = true, .extended = true },
	{ .code = 0x39, .kind = RV_EVENT_DISK_WRITE, .extended = true, .multiple = true },
	{ .code = 0x3d, .kind = RV_EVENT_DISK_WRITE, .dma = true, .extended = true, .forced = true },
	{ .code = 0xc5, .kind = RV_EVENT_DISK_WRITE, .multiple = true },
	{ .code = 0xca, .kind = RV_EVENT_DISK_WRITE, .dma = true },
	{ .code = 0xcb, .kind = RV_EVENT_DISK_WRITE, .dma = true },
	{ .code = 0xce, .kind = RV_EVENT_DISK_WRITE, .extended = true, .multiple = true, .forced = true },
	{ .code = 0x06, .kind = RV_EVENT_DISK_DISCARD, .dma = true, .extended = true }, /* DATA SET MANAGEMENT */
	{ .code = 0xe7, .kind = RV_EVENT_DISK_FLUSH },
	{ .code = 0xea, .kind = RV_EVENT_DISK_FLUSH, .extended = true },
};

static const struct ata_opcode ata_queued_opcodes[] = {
	{ .code = 0x60, .kind = RV_EVENT_DISK_READ, .dma = true, .extended = true },  /* READ FPDMA QUEUED */
	{ .code = 0x61, .kind = RV_EVENT_DISK_WRITE, .dma = true, .extended = true }, /* WRITE FPDMA QUEUED */
	{ .code = 0x63, .kind = RV_EVENT_DISK_COMMAND, .extended = true },	      /* NCQ NON-DATA */
	{ .code = 0x64, .kind = RV_EVENT_DISK_COMMAND, .dma = true, .extended = true }, /* SEND FPDMA QUEUED */
	{ .code = 0x65, .kind = RV_EVENT_DISK_COMMAND, .dma = true, .extended = true }, /* RECEIVE FPDMA QUEUED */
};

static const struct ata_opcode *ata_find(const struct ata_opcode *opcodes, size_t count, uint8_t code)
{
	for (size_t i = 0; i < count; i++) {
		if (opcodes[i].code == code)
			return &opcodes[i];
	}
	return NULL;
}

const struct ata_opcode *ata_opcode_of(uint8_t code)
{
	return ata_find(ata_opcodes, ARRAY_LENGTH(ata_opcodes), code);
}

const struct ata_opcode *ata_queued_opcode_of(uint8_t code)
{
	return ata_find(ata_queued_opcodes, ARRAY_LENGTH(ata_queued_opcodes), code);
}

/* Cylinder, head and sector of the geometry that the disk was given (ATA/ATAPI-5 6.2). */
static uint64_t ata_chs_lba(const struct ata_taskfile *taskfile, const struct ata_disk *disk)
{
	uint32_t cylinder = (uint32_t)(taskfile->lba[0][1] | taskfile->lba[0][2] << 8);
	uint32_t head = taskfile->device & 0x0f, sector = taskfile->lba[0][0];

	return ((uint64_t)cylinder * disk->heads + head) * disk->track + sector - 1;
}

uint64_t ata_taskfile_lba(const struct ata_taskfile *taskfile, const struct ata_opcode *opcode,
			  const struct ata_disk *disk)
{
	uint64_t lba = 0;

	if (!(taskfile->device & ATA_DEVICE_LBA) && !opcode->extended)
		return ata_chs_lba(taskfile, disk);
	for (unsigned i = 0; i < 3; i++) {
		lba |= (uint64_t)taskfile->lba[0][i] << 8 * i;
		if (opcode->extended)
			lba |= (uint64_t)taskfile->lba[1][i] << (24 + 8 * i);
	}
	return opcode->extended ? lba : lba | (uint64_t)(taskfile->device & 0x0f) << 24;
}

uint32_t ata_taskfile_sectors(const struct ata_taskfile *taskfile, const struct ata_opcode *opcode)
{
	uint32_t count = taskfile->count[0];

	if (opcode->extended) {
		count |= (uint32_t)taskfile->count[1] << 8;
		return count == 0 ? 65536 : count;
	}
	return count == 0 ? 256 : count;
}
