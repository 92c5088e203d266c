/*
 * mediator/disk/scsi.h: what SCSI commands ask of a disk, and how they fail (SPC-4, SBC-3). Pure code: it believes no length.
 */
#ifndef MEDIATOR_DISK_SCSI_H
#define MEDIATOR_DISK_SCSI_H

#include "rv/disk.h"
#include "rv/types.h"

#define SCSI_COMMAND_BYTES 16 /* at most; those that are shorter have zeros behind them */
#define SCSI_SENSE_BYTES 18
#define SCSI_INQUIRY 0x12
#define SCSI_REQUEST_SENSE 0x03
#define SCSI_UNMAP 0x42
#define SCSI_REPORT_LUNS 0xa0

struct scsi_command {
	uint32_t kind;		      /* RV_EVENT_DISK_*; 0: it is about how commands get to the disk, and no request */
	enum rv_disk_command purpose; /* UNKNOWN too where the kind says it */
	uint64_t lba;
	uint32_t sectors;
	uint32_t argument;	      /* byte 1 of it, and its page or buffer at bit 8 */
	bool is_forced;		      /* a write that is on the medium when it is done */
};

/* `code` has SCSI_COMMAND_BYTES. */
void scsi_read_command(struct scsi_command *command, const uint8_t *code);
/* Writes the LBA into a read or a write. False: it has no room for that. */
bool scsi_write_lba(uint8_t *code, uint64_t lba);

/* Why it failed: key << 8 | code. Of a request that is refused so (RV_REFUSAL_*). Never 0. */
uint16_t scsi_refused(uint32_t refusal, uint32_t kind);
#define SCSI_NOT_READY 0x0204u
#define SCSI_INVALID_FIELD 0x0524u
/* What REQUEST SENSE is told then, in SCSI_SENSE_BYTES; 0: nothing has failed. */
void scsi_write_sense(uint8_t *bytes, uint16_t why);

/* How large it is, from the answer to that command. False: that does not say it, or something that cannot be. */
bool scsi_read_capacity(const uint8_t *code, const uint8_t *answer, size_t length_bytes, uint64_t *sectors, uint32_t *sector_bytes);
/* "vendor product" from the answer to INQUIRY; room for 26 bytes. False: it does not say that. */
bool scsi_read_model(const uint8_t *code, const uint8_t *answer, size_t length_bytes, char *model);
/* What a list of UNMAP covers, from the first sector to the last. False: it is odd. */
bool scsi_read_unmap(const uint8_t *list, size_t length_bytes, uint64_t *lba, uint32_t *sectors);

#endif
