/*
 * mediator/disk/ide_own.c: commands of the hypervisor's own, by PIO with the interrupt held back, in a moment in which
 * the disks have nothing to do: before the guest runs, between two of its commands, or while hooks are asked about one.
 * What the guest has written to the registers, and what it can read there, is as it was afterwards.
 */
#include "mediator/disk/ide.h"

#include "core/instructions.h"
#include "core/time.h"
#include "mediator/disk/disk_io.h"
#include "rv/errno.h"
#include "rv/kinds.h"

#define IDE_OWN_LBA28_LAST 0x0fffffff
/* Of a reset by SRST: how long that bit is to be set, and when the status first has a meaning (ATA/ATAPI-7 V2, 9.2). */
#define IDE_OWN_SRST_US 5
#define IDE_OWN_RESET_US 2000

/* Of the command block, what can be read. */
struct ide_own_state {
	uint8_t registers[IDE_COMMAND_PORTS]; /* IDE_COUNT to IDE_DEVICE */
	bool interrupts;		      /* the bus master has seen an interrupt that the guest may not have taken */
};

/* May its disks get a command of ours now? The guest has not seen an error yet while the status says so; before it, that
 * is of the other device of the channel, which is no disk. */
static int ide_own_check(const struct ide_channel *channel, bool before_guest)
{
	uint8_t status = ide_alternate_status(channel);

	if (!channel->is_claimed && !before_guest)
		return -RV_EAGAIN;
	if (channel->phase != IDE_OPEN && channel->phase != IDE_ARMED && channel->phase != IDE_ASKING &&
	    channel->phase != IDE_FAILED)
		return -RV_EBUSY;
	if (status & (ATA_STATUS_BSY | ATA_STATUS_DRQ))
		return -RV_EBUSY;
	return !before_guest && channel->phase == IDE_OPEN && (status & ATA_STATUS_FAILED) ? -RV_EBUSY : 0;
}

static void ide_own_begin(const struct ide_channel *channel, struct ide_own_state *state)
{
	for (unsigned offset = IDE_COUNT; offset <= IDE_DEVICE; offset++)
		state->registers[offset] = ide_read(channel, offset);
	state->interrupts = channel->bus_master != 0 &&
			    (port_read8(channel->bus_master + IDE_BM_STATUS) & IDE_BM_INTERRUPT);
	port_write8(channel->control, channel->control_value | IDE_CONTROL_NIEN);
}

/* The registers are two deep (ATA/ATAPI-7 6.2): first what the guest wrote before. */
static void ide_own_restore(const struct ide_channel *channel, const struct ide_own_state *state)
{
	const struct ata_taskfile *written = &channel->written;

	ide_write(channel, IDE_DEVICE, state->registers[IDE_DEVICE]);
	(void)ide_settle(channel);
	ide_write(channel, IDE_COUNT, written->count[1]);
	for (unsigned i = 0; i < 3; i++)
		ide_write(channel, IDE_LBA0 + i, written->lba[1][i]);
	for (unsigned offset = IDE_COUNT; offset <= IDE_LBA2; offset++)
		ide_write(channel, offset, state->registers[offset]);
	ide_write(channel, IDE_FEATURES, written->features);
}

/* An interrupt of the disk's that the guest had not taken was taken back by our command: it gets another. Where a
 * request waits that is done, that is seen to when it goes on. */
static void ide_own_end(struct ide_channel *channel, const struct ide_own_state *state)
{
	(void)ide_read(channel, IDE_STATUS);
	port_write8(channel->control, channel->control_value);
	if (channel->phase == IDE_ASKING) {
		channel->has_waited |= channel->request.kind == RV_EVENT_DISK_DONE;
	} else if (channel->phase == IDE_FAILED) {
		ide_issue_failure(channel);
		(void)ide_wait(channel, false);
	} else if (state->interrupts) {
		channel->taskfile.device = state->registers[IDE_DEVICE];
		ide_issue_success(channel);
		(void)ide_wait(channel, false);
	}
	ide_own_restore(channel, state);
}

static uint8_t ide_own_code(const struct disk_io *io, bool extended)
{
	if (io->kind == RV_EVENT_DISK_READ)
		return extended ? 0x24 : 0x20;
	if (io->kind == RV_EVENT_DISK_WRITE)
		return extended ? 0x34 : 0x30;
	return extended ? 0xea : 0xe7;
}

/* A sector at a time, so that a disk that is slow with each has no more time than one that is slow with one. */
static int ide_own_move(const struct ide_channel *channel, struct disk_io *io, uint64_t end_tsc)
{
	for (uint32_t at = 0; at < io->bounce.length_bytes; at += IDE_SECTOR_BYTES) {
		uint8_t *bytes = io->bounce.pages[at / PAGE_BYTES] + at % PAGE_BYTES;

		if (tsc_read() > end_tsc)
			return -RV_ETIMEDOUT;
		if (!ide_wait(channel, true))
			return -RV_EIO;
		if (io->kind == RV_EVENT_DISK_WRITE)
			ide_give_data(channel, bytes, IDE_SECTOR_BYTES);
		else if (!ide_take_data(channel, bytes, IDE_SECTOR_BYTES))
			return -RV_EIO;
		(void)ide_settle(channel);
	}
	return ide_wait(channel, false) ? 0 : -RV_EIO;
}

/* A disk that has not ended our command in time would have the guest meet its rest: the reset ends it. The other disk
 * of the channel has nothing to do. */
static int ide_own_stop(const struct ide_channel *channel)
{
	port_write8(channel->control, channel->control_value | IDE_CONTROL_NIEN | IDE_CONTROL_SRST);
	time_wait_us(IDE_OWN_SRST_US);
	port_write8(channel->control, channel->control_value | IDE_CONTROL_NIEN);
	time_wait_us(IDE_OWN_RESET_US);
	(void)ide_wait(channel, false);
	return -RV_ETIMEDOUT;
}

static int ide_own_do(struct ide_channel *channel, unsigned unit, struct disk_io *io)
{
	struct ata_taskfile taskfile = { .device = (uint8_t)(0xa0 | (unit != 0 ? IDE_DEVICE_SLAVE : 0)) };
	bool extended = io->lba + io->sectors > IDE_OWN_LBA28_LAST;
	const struct ata_opcode *opcode = ata_opcode_of(ide_own_code(io, extended));
	uint64_t end_tsc = tsc_read() + time_tsc_of_us(DISK_IO_WAIT_US);
	int error;

	ide_write(channel, IDE_DEVICE, taskfile.device);
	if (ide_settle(channel) & (ATA_STATUS_BSY | ATA_STATUS_DRQ))
		return -RV_EIO;
	ide_issue(channel, &taskfile, opcode, io->lba, io->sectors);
	error = ide_own_move(channel, io, end_tsc);
	return ide_alternate_status(channel) & (ATA_STATUS_BSY | ATA_STATUS_DRQ) ? ide_own_stop(channel) : error;
}

int ide_own_io(struct ide_channel *channel, unsigned unit, struct disk_io *io)
{
	struct ide_own_state state;
	int error;

	if (!channel->disks[unit].is_there)
		return -RV_ENOENT;
	spinlock_acquire(&channel->lock);
	error = ide_own_check(channel, io->before_guest);
	if (error == 0) {
		ide_own_begin(channel, &state);
		error = ide_own_do(channel, unit, io);
		ide_own_end(channel, &state);
	}
	spinlock_release(&channel->lock);
	return error;
}
