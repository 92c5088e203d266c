/*
 * mediator/disk/ata_purpose.c: ATA's commands (ATA/ATAPI-7 6, ACS-2 7) and errors.
 */
#include "mediator/disk/purpose.h"

#include "mediator/disk/ata.h"

#define ATA_SET_FEATURES 0xef
#define ATA_SET_TRANSFER_MODE 0x03
#define ATA_SMART 0xb0

struct ata_range {
	uint8_t first, last;
	enum rv_disk_command purpose;
};

/* Those that are offered as reads, writes and flushes are told apart by that. */
static const struct ata_range ata_ranges[] = {
	{ 0x06, 0x06, RV_DISK_COMMAND_DISCARD },     /* DATA SET MANAGEMENT */
	{ 0x20, 0x21, RV_DISK_COMMAND_READ },
	{ 0x24, 0x26, RV_DISK_COMMAND_READ },
	{ 0x27, 0x27, RV_DISK_COMMAND_IDENTIFY },    /* READ NATIVE MAX ADDRESS EXT */
	{ 0x29, 0x2b, RV_DISK_COMMAND_READ },
	{ 0x2f, 0x2f, RV_DISK_COMMAND_LOG_PAGE },    /* READ LOG EXT */
	{ 0x30, 0x31, RV_DISK_COMMAND_WRITE },
	{ 0x34, 0x36, RV_DISK_COMMAND_WRITE },
	{ 0x37, 0x37, RV_DISK_COMMAND_SET_FEATURES }, /* SET MAX ADDRESS EXT */
	{ 0x39, 0x3b, RV_DISK_COMMAND_WRITE },
	{ 0x3d, 0x3e, RV_DISK_COMMAND_WRITE },
	{ 0x3f, 0x3f, RV_DISK_COMMAND_LOG_WRITE },
	{ 0x40, 0x42, RV_DISK_COMMAND_VERIFY },
	{ 0x45, 0x45, RV_DISK_COMMAND_WRITE_UNCORRECTABLE },
	{ 0x47, 0x47, RV_DISK_COMMAND_LOG_PAGE },    /* READ LOG DMA EXT */
	{ 0x50, 0x50, RV_DISK_COMMAND_FORMAT },	     /* FORMAT TRACK */
	{ 0x57, 0x57, RV_DISK_COMMAND_LOG_WRITE },
	{ 0x5b, 0x5f, RV_DISK_COMMAND_SECURITY },    /* TRUSTED ... */
	{ 0x60, 0x60, RV_DISK_COMMAND_READ },	     /* FPDMA QUEUED */
	{ 0x61, 0x61, RV_DISK_COMMAND_WRITE },
	{ 0x70, 0x70, RV_DISK_COMMAND_SEEK },
	{ 0x80, 0x8f, RV_DISK_COMMAND_VENDOR },
	{ 0x90, 0x90, RV_DISK_COMMAND_SELF_TEST },   /* EXECUTE DEVICE DIAGNOSTIC */
	{ 0x92, 0x93, RV_DISK_COMMAND_FIRMWARE },    /* DOWNLOAD MICROCODE */
	{ 0x9a, 0x9a, RV_DISK_COMMAND_VENDOR },
	{ 0xa0, 0xa0, RV_DISK_COMMAND_PACKET },
	{ 0xa1, 0xa1, RV_DISK_COMMAND_IDENTIFY },
	{ 0xb1, 0xb1, RV_DISK_COMMAND_SET_FEATURES }, /* DEVICE CONFIGURATION OVERLAY */
	{ 0xb4, 0xb4, RV_DISK_COMMAND_SANITIZE },
	{ 0xc0, 0xc0, RV_DISK_COMMAND_FORMAT },	     /* CFA ERASE SECTORS */
	{ 0xc4, 0xc4, RV_DISK_COMMAND_READ },
	{ 0xc5, 0xc5, RV_DISK_COMMAND_WRITE },
	{ 0xc7, 0xc9, RV_DISK_COMMAND_READ },
	{ 0xca, 0xcc, RV_DISK_COMMAND_WRITE },
	{ 0xce, 0xce, RV_DISK_COMMAND_WRITE },
	{ 0xe0, 0xe3, RV_DISK_COMMAND_POWER },	     /* STANDBY, IDLE */
	{ 0xe5, 0xe6, RV_DISK_COMMAND_POWER },	     /* CHECK POWER MODE, SLEEP */
	{ 0xe7, 0xe7, RV_DISK_COMMAND_FLUSH },
	{ 0xea, 0xea, RV_DISK_COMMAND_FLUSH },
	{ 0xec, 0xec, RV_DISK_COMMAND_IDENTIFY },
	{ ATA_SET_FEATURES, ATA_SET_FEATURES, RV_DISK_COMMAND_SET_FEATURES },
	{ 0xf0, 0xf0, RV_DISK_COMMAND_VENDOR },
	{ 0xf1, 0xf6, RV_DISK_COMMAND_SECURITY },
	{ 0xf7, 0xf7, RV_DISK_COMMAND_VENDOR },
	{ 0xf8, 0xf8, RV_DISK_COMMAND_IDENTIFY },    /* READ NATIVE MAX ADDRESS */
	{ 0xf9, 0xf9, RV_DISK_COMMAND_SET_FEATURES }, /* SET MAX ADDRESS, and passwords of that */
	{ 0xfa, 0xff, RV_DISK_COMMAND_VENDOR },
};

/* ATA/ATAPI-7 6.54, ACS-2 7.48. */
static enum rv_disk_command ata_smart_purpose(uint8_t features)
{
	switch (features) {
	case 0xd0: /* READ DATA */
	case 0xd1: /* READ THRESHOLDS */
	case 0xd5: /* READ LOG */
	case 0xda: /* RETURN STATUS */
		return RV_DISK_COMMAND_SMART_READ;
	case 0xd3: /* SAVE ATTRIBUTE VALUES */
	case 0xd6: /* WRITE LOG, and by that what SCT can do */
		return RV_DISK_COMMAND_LOG_WRITE;
	case 0xd4: /* EXECUTE OFF-LINE IMMEDIATE */
		return RV_DISK_COMMAND_SELF_TEST;
	case 0xd2:
	case 0xd8:
	case 0xd9: /* enable, disable */
		return RV_DISK_COMMAND_SET_FEATURES;
	default:
		return RV_DISK_COMMAND_UNKNOWN;
	}
}

enum rv_disk_command ata_purpose(uint8_t code, uint8_t features)
{
	if (code == ATA_SMART)
		return ata_smart_purpose(features);
	for (size_t i = 0; i < ARRAY_LENGTH(ata_ranges); i++) {
		if (code >= ata_ranges[i].first && code <= ata_ranges[i].last)
			return ata_ranges[i].purpose;
	}
	return RV_DISK_COMMAND_UNKNOWN;
}

bool ata_moves_data(uint8_t code)
{
	enum rv_disk_command purpose = ata_purpose(code, 0);

	return purpose == RV_DISK_COMMAND_READ || purpose == RV_DISK_COMMAND_WRITE;
}

bool ata_sizes(uint8_t code)
{
	return code == 0x27 || code == 0xf8 || /* READ NATIVE MAX ADDRESS */
	       code == 0x37 || code == 0xf9 || /* SET MAX ADDRESS */
	       code == 0xb1;		       /* DEVICE CONFIGURATION OVERLAY */
}

bool ata_carries(uint8_t code, uint8_t features)
{
	return code == 0xc6 || /* SET MULTIPLE MODE */
	       code == 0x91 || /* INITIALIZE DEVICE PARAMETERS */
	       (code & 0xf0) == 0x10 || /* RECALIBRATE */
	       (code == ATA_SET_FEATURES && features == ATA_SET_TRANSFER_MODE);
}

uint8_t ata_refused(uint32_t refusal, bool moves_data)
{
	uint8_t status = (uint8_t)refusal;

	if (refusal & RV_REFUSAL_STATUS)
		return status != 0 ? status : ATA_ERROR_ABRT;
	switch (refusal & RV_REFUSAL_LOW) {
	case RV_DISK_REASON_MEDIA_ERROR:
	case RV_DISK_REASON_WRITE_PROTECTED:
		return moves_data ? ATA_ERROR_UNC : ATA_ERROR_ABRT;
	case RV_DISK_REASON_OUT_OF_RANGE:
		return ATA_ERROR_IDNF;
	case RV_DISK_REASON_NONE:
		return moves_data ? ATA_ERROR_UNC : ATA_ERROR_ABRT;
	default:
		return ATA_ERROR_ABRT;
	}
}
