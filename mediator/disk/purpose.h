/*
 * mediator/disk/purpose.h: what ATA and NVMe commands are for, and what refusals are to those who gave them: pure
 * functions, for each mediator that speaks one of these.
 */
#ifndef MEDIATOR_DISK_PURPOSE_H
#define MEDIATOR_DISK_PURPOSE_H

#include "rv/disk.h"
#include "rv/types.h"

/* A command and its features register. */
enum rv_disk_command ata_purpose(uint8_t code, uint8_t features);
/* Does it read or write sectors, by whichever way? */
bool ata_moves_data(uint8_t code);
/* Does it tell or set how many sectors there are (host protected area, device configuration overlay)? */
bool ata_sizes(uint8_t code);
/* Is it about how requests get to the disk (how data are transferred, how many sectors a block has), and no
 * request? No hook sees these, so that no list of commands stops a disk. */
bool ata_carries(uint8_t code, uint8_t features);
/* What the error register says of a request that is refused so (RV_REFUSAL_*), of data or not. Never 0. */
uint8_t ata_refused(uint32_t refusal, bool moves_data);

/* A command of a namespace, or of the admin queue. */
enum rv_disk_command nvme_purpose(uint8_t opcode, bool is_admin);
/* The status, without "do not retry". Never 0. */
uint16_t nvme_refused(uint32_t refusal, enum rv_disk_command purpose);

#endif
