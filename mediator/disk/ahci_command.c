/*
 * mediator/disk/ahci_command.c: commands in memory: a header in a list, a table with a FIS and the pieces of the
 * guest's memory that the data are in (AHCI 1.3.1, 4.2); and what the device says of their end.
 */
#include "mediator/disk/ahci.h"

#include "core/memory.h"
#include "core/string.h"
#include "mediator/disk/purpose.h"
#include "rv/errno.h"
#include "rv/kinds.h"

/* Of a FIS to the device. */
enum { FIS_TYPE = 0, FIS_FLAGS = 1, FIS_COMMAND = 2, FIS_FEATURE = 3, FIS_LBA = 4, FIS_DEVICE = 7, FIS_LBA_HIGH = 8,
       FIS_FEATURE_HIGH = 11, FIS_COUNT = 12, FIS_COUNT_HIGH = 13, FIS_H2D_BYTES = 20 };
#define FIS_DEVICE_FUA 0x80 /* of a queued command */
/* Of one from it. */
enum { FIS_STATUS = 2, FIS_ERROR = 3 };
#define FIS_PIO 0x5f
#define FIS_PIO_ENDING 15 /* the status when the data are there */

/* Reading ------------------------------------------------------------------------------------------- */

static int ahci_read_entries(struct ahci_slot *slot, gpa_t at, uint32_t nr_entries)
{
	int error = 0;

	slot->bounce.nr_segments = 0;
	for (uint32_t i = 0; error == 0 && i < nr_entries; i++) {
		uint32_t entry[4];

		if (ahci_memory_read(slot->port, at + i * AHCI_ENTRY_BYTES, entry, sizeof(entry)) != 0)
			return -RV_EFAULT;
		error = bounce_add_segment(&slot->bounce, (entry[0] | (uint64_t)entry[1] << 32) & ~UINT64_C(1),
					   ((entry[3] & AHCI_ENTRY_LENGTH) | 1) + UINT64_C(1));
	}
	return error;
}

int ahci_command_read(struct ahci_slot *slot)
{
	uint32_t header[8];
	uint8_t table[AHCI_TABLE_ENTRIES];
	gpa_t at;

	memset(slot->fis, 0, sizeof(slot->fis));
	slot->flags = 0;
	if (ahci_memory_read(slot->port, ahci_header_address(slot), header, sizeof(header)) != 0)
		return -RV_EFAULT;
	slot->flags = header[0];
	at = (header[2] | (uint64_t)header[3] << 32) & ~UINT64_C(127);
	if (ahci_memory_read(slot->port, at, table, sizeof(table)) != 0)
		return -RV_EFAULT;
	memcpy(slot->fis, table, sizeof(slot->fis));
	memcpy(slot->packet, table + AHCI_TABLE_PACKET, sizeof(slot->packet));
	/* A FIS of another kind might be anything (Serial ATA 3.1, 10.5); a test of the link is none of a command's. */
	if (slot->fis[FIS_TYPE] != AHCI_FIS_H2D || (slot->flags & AHCI_HEADER_BIST))
		return -RV_EINVAL;
	return ahci_read_entries(slot, at + AHCI_TABLE_ENTRIES, AHCI_HEADER_LENGTH(slot->flags));
}

static void ahci_taskfile(const struct ahci_slot *slot, struct ata_taskfile *taskfile)
{
	const uint8_t *fis = slot->fis;

	taskfile->device = fis[FIS_DEVICE];
	taskfile->count[0] = fis[slot->is_queued ? FIS_FEATURE : FIS_COUNT];
	taskfile->count[1] = fis[slot->is_queued ? FIS_FEATURE_HIGH : FIS_COUNT_HIGH];
	memcpy(taskfile->lba[0], fis + FIS_LBA, 3);
	memcpy(taskfile->lba[1], fis + FIS_LBA_HIGH, 3);
}

uint32_t ahci_command_blocks(const struct ahci_slot *slot)
{
	struct ata_taskfile taskfile;

	ahci_taskfile(slot, &taskfile);
	return ata_taskfile_sectors(&taskfile, slot->opcode);
}

/* Is it for a disk, or may be? */
static bool ahci_is_for_disk(const struct ahci_slot *slot)
{
	uint32_t signature = ahci_read(slot->port, AHCI_PxSIG);

	return (slot->fis[FIS_FLAGS] & AHCI_FIS_FLAGS_COMMAND) && signature != AHCI_SIG_ATAPI &&
	       signature != AHCI_SIG_MULTIPLIER;
}

bool ahci_is_multiplied(const struct ahci_slot *slot)
{
	return (slot->fis[FIS_FLAGS] & AHCI_FIS_FLAGS_PMP) != 0 || (slot->flags & AHCI_HEADER_PMP) != 0 ||
	       ahci_read(slot->port, AHCI_PxSIG) == AHCI_SIG_MULTIPLIER;
}

void ahci_command_describe(struct ahci_slot *slot)
{
	const struct ahci_port *port = slot->port;
	uint8_t code = slot->fis[FIS_COMMAND];
	struct ata_taskfile taskfile;

	slot->opcode = ata_queued_opcode_of(code);
	slot->is_queued = slot->opcode != NULL && (slot->fis[FIS_FLAGS] & AHCI_FIS_FLAGS_COMMAND);
	if (!slot->is_queued)
		slot->opcode = ata_opcode_of(code);
	if (slot->opcode == NULL) {
		slot->other = (struct ata_opcode){ .code = code, .kind = RV_EVENT_DISK_COMMAND };
		slot->opcode = &slot->other;
	}
	if (!ahci_is_for_disk(slot) || ata_carries(code, slot->fis[FIS_FEATURE]))
		return;
	request_begin(&slot->request, slot->opcode->kind);
	slot->request.disk.number = ahci_disk_number(port);
	slot->request.disk.command = code;
	slot->request.disk.argument = slot->is_queued ? 0 : slot->fis[FIS_FEATURE];
	slot->request.disk.purpose = ata_purpose(code, slot->fis[FIS_FEATURE]);
	if (slot->opcode->kind != RV_EVENT_DISK_READ && slot->opcode->kind != RV_EVENT_DISK_WRITE)
		return;
	ahci_taskfile(slot, &taskfile);
	slot->request.disk.lba = ata_taskfile_lba(&taskfile, slot->opcode, &port->disk);
	slot->request.disk.sectors = ata_taskfile_sectors(&taskfile, slot->opcode);
	slot->request.disk.reach = ata_reach(slot->opcode);
	slot->request.disk.is_forced = slot->opcode->forced || (slot->is_queued && (slot->fis[FIS_DEVICE] & FIS_DEVICE_FUA));
}

/* Writing ------------------------------------------------------------------------------------------- */

static void ahci_write_address(uint8_t *fis, const struct ahci_slot *slot)
{
	uint64_t lba = slot->request.disk.lba + slot->request.disk.front;

	for (unsigned i = 0; i < 3; i++)
		fis[FIS_LBA + i] = (uint8_t)(lba >> 8 * i);
	if (slot->opcode->extended) {
		for (unsigned i = 0; i < 3; i++)
			fis[FIS_LBA_HIGH + i] = (uint8_t)(lba >> (24 + 8 * i));
	} else {
		fis[FIS_DEVICE] = (uint8_t)((fis[FIS_DEVICE] & 0xf0) | (lba >> 24 & 0x0f));
	}
	fis[FIS_DEVICE] |= ATA_DEVICE_LBA;
}

static uint32_t ahci_write_entries(const struct ahci_slot *slot)
{
	const struct bounce *bounce = &slot->bounce;
	uint32_t count = slot->is_bounced ? bounce->nr_pages : bounce->nr_segments;
	uint64_t left = bounce->length_bytes;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t *entry = (uint32_t *)(void *)(slot->table + AHCI_TABLE_ENTRIES + i * AHCI_ENTRY_BYTES);
		uint64_t address = slot->is_bounced ? memory_physical(bounce->pages[i]) : bounce->segments[i].address;
		uint64_t length = !slot->is_bounced ? bounce->segments[i].length_bytes : left < PAGE_BYTES ? left : PAGE_BYTES;

		left -= slot->is_bounced ? length : 0;
		entry[0] = (uint32_t)address;
		entry[1] = (uint32_t)(address >> 32);
		entry[2] = 0;
		entry[3] = (uint32_t)length - 1;
	}
	return count;
}

static void ahci_write_header(const struct ahci_slot *slot, uint32_t flags, uint32_t nr_entries)
{
	uint32_t *header = &slot->port->headers[8 * slot->number];
	uint64_t table = memory_physical(slot->table);

	header[0] = (flags & 0xffff) | nr_entries << 16;
	header[1] = 0;
	header[2] = (uint32_t)table;
	header[3] = (uint32_t)(table >> 32);
}

static void ahci_write_filler(struct ahci_slot *slot)
{
	uint8_t *fis = slot->table;

	memset(fis, 0, FIS_H2D_BYTES);
	fis[FIS_TYPE] = AHCI_FIS_H2D;
	fis[FIS_FLAGS] = AHCI_FIS_FLAGS_COMMAND;
	fis[FIS_COMMAND] = slot->error != 0 ? ATA_NOP : ATA_CHECK_POWER_MODE;
	fis[FIS_DEVICE] = slot->fis[FIS_DEVICE] & 0xb0;
	ahci_write_header(slot, FIS_H2D_BYTES / 4, 0);
}

void ahci_command_write(struct ahci_slot *slot)
{
	uint32_t flags = slot->flags & ~(uint32_t)AHCI_HEADER_PREFETCH, kind = slot->opcode->kind;

	if (slot->is_filler) {
		ahci_write_filler(slot);
		return;
	}
	memcpy(slot->table, slot->fis, sizeof(slot->fis));
	memcpy(slot->table + AHCI_TABLE_PACKET, slot->packet, sizeof(slot->packet));
	if (slot->request.handle != 0 && (kind == RV_EVENT_DISK_READ || kind == RV_EVENT_DISK_WRITE)) {
		ahci_write_address(slot->table, slot);
		flags &= ~(uint32_t)(AHCI_HEADER_WRITE | AHCI_HEADER_ATAPI);
		flags |= kind == RV_EVENT_DISK_WRITE ? AHCI_HEADER_WRITE : 0;
	} else if (kind == RV_EVENT_DISK_DISCARD) {
		flags |= AHCI_HEADER_WRITE; /* its list, which nobody else is to write */
	}
	if (slot->is_queued) /* the number of the slot is that of the command */
		slot->table[FIS_COUNT] = (uint8_t)((slot->table[FIS_COUNT] & 7) | slot->number << 3);
	if (slot->request.handle != 0)
		flags = (flags & ~AHCI_HEADER_CFL) | FIS_H2D_BYTES / 4;
	ahci_write_header(slot, flags, ahci_write_entries(slot));
}

/* Received FISes ------------------------------------------------------------------------------------- */

static gpa_t ahci_received_address(const struct ahci_slot *slot)
{
	return (ahci_read(slot->port, AHCI_PxFB) | (uint64_t)ahci_read(slot->port, AHCI_PxFBU) << 32) & ~UINT64_C(255);
}

/* What is not the guest's memory is zeros to it. */
void ahci_received_read(struct ahci_slot *slot)
{
	gpa_t at = ahci_received_address(slot);

	slot->has_received = true;
	memset(slot->received, 0, sizeof(slot->received));
	(void)ahci_memory_read(slot->port, at + AHCI_RECEIVED_PIO, slot->received[0], sizeof(slot->received[0]));
	(void)ahci_memory_read(slot->port, at + AHCI_RECEIVED_D2H, slot->received[1], sizeof(slot->received[1]));
}

/* Of a command that the device has not had. */
static void ahci_make_received(struct ahci_slot *slot)
{
	uint8_t *pio = slot->received[0], *d2h = slot->received[1];
	uint8_t status = ATA_STATUS_DRDY | ATA_STATUS_DSC;

	memcpy(d2h, slot->fis, AHCI_RECEIVED_FIS_BYTES);
	d2h[FIS_TYPE] = AHCI_FIS_D2H;
	d2h[FIS_FLAGS] = AHCI_FIS_FLAGS_INTERRUPT;
	d2h[FIS_STATUS] = slot->error != 0 ? status | ATA_STATUS_ERR : status;
	d2h[FIS_ERROR] = slot->error;
	d2h[FIS_FEATURE_HIGH] = d2h[14] = d2h[15] = 0;
	memcpy(pio, d2h, AHCI_RECEIVED_FIS_BYTES);
	pio[FIS_TYPE] = FIS_PIO;
	pio[FIS_PIO_ENDING] = d2h[FIS_STATUS];
}

void ahci_received_write(struct ahci_slot *slot)
{
	gpa_t at = ahci_received_address(slot);

	if (!slot->has_received)
		ahci_make_received(slot);
	(void)ahci_memory_write(slot->port, at + AHCI_RECEIVED_PIO, slot->received[0], sizeof(slot->received[0]));
	(void)ahci_memory_write(slot->port, at + AHCI_RECEIVED_D2H, slot->received[1], sizeof(slot->received[1]));
}
