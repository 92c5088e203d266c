/*
 * mediator/disk/ata.h: what ATA disks have in common, whatever the controller (IDE, AHCI): what commands mean, and
 * what a disk says of itself. Pure functions. ATA/ATAPI-7; ATA8-ACS.
 */
#ifndef MEDIATOR_DISK_ATA_H
#define MEDIATOR_DISK_ATA_H

#include "rv/disk.h"
#include "rv/types.h"

#define ATA_SECTOR_BYTES 512
#define ATA_DEVICE_LBA 0x40
#define ATA_LBA28_LAST UINT64_C(0x0fffffff)
#define ATA_LBA48_LAST UINT64_C(0xffffffffffff)

#define ATA_STATUS_ERR 0x01
#define ATA_STATUS_DRQ 0x08
#define ATA_STATUS_DSC 0x10
#define ATA_STATUS_DF 0x20
#define ATA_STATUS_FAILED (ATA_STATUS_ERR | ATA_STATUS_DF)
#define ATA_STATUS_DRDY 0x40
#define ATA_STATUS_BSY 0x80
#define ATA_ERROR_ABRT 0x04
#define ATA_ERROR_IDNF 0x10
#define ATA_ERROR_UNC 0x40 /* of a read; of a write: write-protected */

enum {
	ATA_NOP = 0x00, /* is aborted (ATA/ATAPI-7 6.36) */
	ATA_READ_LOG = 0x2f,
	ATA_READ_LOG_DMA = 0x47,
	ATA_CHECK_POWER_MODE = 0xe5,
	ATA_IDENTIFY = 0xec,
};

/* What a command is, as far as it matters here. */
struct ata_opcode {
	uint8_t code;
	uint8_t kind; /* RV_EVENT_DISK_READ, _WRITE, _FLUSH, _DISCARD, or else _COMMAND */
	bool dma, extended, multiple;
	bool forced; /* a write that is done when it is on the medium (FUA) */
};

/* The command block's registers when a command was given: of LBA and count two bytes each (ATA/ATAPI-7 6.2). */
struct ata_taskfile {
	uint8_t device, features;
	uint8_t count[2]; /* the last one written first */
	uint8_t lba[2][3];
};

struct ata_disk {
	bool is_there;
	bool is_odd;		/* something is there that did not say what it is, and it is no packet device */
	uint16_t heads, track;	/* sectors a track, for addresses that are no LBA */
	uint16_t multiple;	/* sectors a block of READ and WRITE MULTIPLE */
	struct rv_disk_info info;
};

/* NULL: none that has a meaning here. */
const struct ata_opcode *ata_opcode_of(uint8_t code);
/* The same of those that are queued by the disk (NCQ, ATA8-ACS 4.15). Only a SATA controller can give them. */
const struct ata_opcode *ata_queued_opcode_of(uint8_t code);
uint64_t ata_taskfile_lba(const struct ata_taskfile *taskfile, const struct ata_opcode *opcode,
			  const struct ata_disk *disk);
uint32_t ata_taskfile_sectors(const struct ata_taskfile *taskfile, const struct ata_opcode *opcode);
/* The last sector that it can name. */
static inline uint64_t ata_reach(const struct ata_opcode *opcode)
{
	return opcode->extended ? ATA_LBA48_LAST : ATA_LBA28_LAST;
}

/* What a disk answers to IDENTIFY DEVICE (ATA/ATAPI-7 6.17). The number is left to the caller. */
#define ATA_IDENTIFY_WORDS 256
void ata_identified(const uint16_t *words, struct ata_disk *disk);
/* Has such an answer say that there are `sectors`, behind `front` others that its commands cannot name. Its sum is made
 * anew by the next. */
void ata_hide_front(uint16_t *words, uint64_t front, uint64_t sectors);
/* Takes out of such an answer what an encrypted disk refuses (mediator/disk/cipher.h). */
void ata_hide_bypasses(uint16_t *words);

#endif
