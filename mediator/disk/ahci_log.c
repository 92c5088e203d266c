/*
 * mediator/disk/ahci_log.c: a queued command that is refused: which one it was and why the guest asks the disk, in its
 * log of such errors (ATA8-ACS A.14, page 10h); the disk has not had that command, so it is answered here.
 */
#include "mediator/disk/ahci.h"

#include "core/string.h"

#define LOG_QUEUED_ERRORS 0x10
/* As in a FIS, but for these. */
enum { LOG_TAG = 0, LOG_STATUS = 2, LOG_ERROR = 3, LOG_CHECK = ATA_SECTOR_BYTES - 1 };
#define LOG_FIS_BYTES 14 /* to the count */
enum { FIS_FEATURE = 3, FIS_LBA = 4, FIS_FEATURE_HIGH = 11, FIS_COUNT = 12, FIS_COUNT_HIGH = 13 };

void ahci_log_write(struct ahci_slot *slot)
{
	uint8_t *log = slot->port->log;

	memcpy(log, slot->fis, LOG_FIS_BYTES);
	log[LOG_TAG] = slot->number;
	log[1] = 0;
	log[LOG_STATUS] = ATA_STATUS_DRDY | ATA_STATUS_DSC | ATA_STATUS_ERR;
	log[LOG_ERROR] = slot->error;
	log[FIS_FEATURE_HIGH] = 0;
	log[FIS_COUNT] = slot->fis[FIS_FEATURE];
	log[FIS_COUNT_HIGH] = slot->fis[FIS_FEATURE_HIGH];
	slot->port->has_log = true;
}

bool ahci_log_is_asked(const struct ahci_slot *slot)
{
	return slot->port->has_log && slot->request.handle != 0 &&
	       (slot->opcode->code == ATA_READ_LOG || slot->opcode->code == ATA_READ_LOG_DMA) &&
	       slot->fis[FIS_LBA] == LOG_QUEUED_ERRORS;
}

void ahci_log_answer(struct ahci_slot *slot)
{
	uint8_t sum = 0;

	for (unsigned i = 0; i < sizeof(slot->port->log); i++)
		sum = (uint8_t)(sum + slot->port->log[i]);
	sum = (uint8_t)-sum;
	bounce_copy(&slot->bounce, 0, slot->port->log, sizeof(slot->port->log), true);
	bounce_copy(&slot->bounce, LOG_CHECK, &sum, 1, true);
	slot->port->has_log = false;
}
