/*
 * mediator/disk/ide_pio.c: data by PIO: blocks, each a request and a command of its own. So what a hook
 * says of a block is done before the device has any of it, and each interrupt that the guest counts on is
 * one that the device gives.
 */
#include "mediator/disk/ide.h"

#include "core/string.h"
#include "mediator/disk/cipher.h"
#include "rv/errno.h"
#include "rv/kinds.h"

static int ide_block_data(struct request *request, uint64_t offset, void *buffer, size_t length_bytes,
			  bool write)
{
	struct ide_channel *channel = CONTAINER_OF(request, struct ide_channel, request);

	if (write)
		memcpy(channel->block + offset, buffer, length_bytes);
	else
		memcpy(buffer, channel->block + offset, length_bytes);
	return 0;
}

static uint8_t *ide_block_data_at(struct request *request, uint64_t offset, size_t *length_bytes)
{
	struct ide_channel *channel = CONTAINER_OF(request, struct ide_channel, request);

	if (offset >= channel->block_bytes)
		return NULL;
	*length_bytes = channel->block_bytes - offset;
	return channel->block + offset;
}

static uint32_t ide_block_sectors(const struct ide_channel *channel)
{
	return channel->block_bytes / IDE_SECTOR_BYTES;
}

static void ide_block_begin(struct ide_channel *channel)
{
	uint32_t sectors = channel->opcode->multiple ? channel->disks[channel->unit].multiple : 1;

	if (sectors > channel->sectors_left)
		sectors = channel->sectors_left;
	channel->block_bytes = sectors * IDE_SECTOR_BYTES;
	channel->position = 0;
	ide_begin(channel, channel->lba, sectors);
	channel->request.data = ide_block_data;
	channel->request.data_at = ide_block_data_at;
	channel->request.answer_bytes = channel->opcode->kind == RV_EVENT_DISK_READ ? channel->block_bytes : 0;
}

static void ide_block_issue(struct ide_channel *channel)
{
	ide_issue(channel, &channel->taskfile, channel->opcode,
		  channel->request.disk.lba + channel->request.disk.front, ide_block_sectors(channel));
}

static void ide_read_decided(struct ide_channel *channel, struct vcpu *vcpu)
{
	(void)vcpu;
	if (!ide_obey(channel))
		return;
	channel->phase = IDE_FETCHING;
	if (channel->is_dropped)
		ide_issue_success(channel);
	else
		ide_block_issue(channel);
}

static void ide_write_decided(struct ide_channel *channel, struct vcpu *vcpu)
{
	(void)vcpu;
	if (!ide_obey(channel))
		return;
	channel->phase = IDE_SENDING;
	if (channel->is_dropped) {
		ide_issue_success(channel);
		return;
	}
	ide_block_issue(channel);
	ide_give_data(channel, channel->block, channel->block_bytes);
	(void)ide_alternate_status(channel);
}

/* What a disk says of itself: a block, of which the guest sees what is good for it. */
static void ide_identify_decided(struct ide_channel *channel, struct vcpu *vcpu)
{
	(void)vcpu;
	if (!ide_obey(channel))
		return;
	channel->phase = IDE_FETCHING;
	if (channel->is_dropped) {
		ide_issue_success(channel);
		return;
	}
	ide_write_parameters(channel, &channel->taskfile);
	(void)ide_give_command(channel, ATA_IDENTIFY);
}

void ide_pio_identify(struct ide_channel *channel, struct vcpu *vcpu)
{
	channel->lba = 0;
	channel->sectors_left = 1;
	channel->block_bytes = IDE_SECTOR_BYTES;
	channel->position = 0;
	ide_begin(channel, 0, 0);
	ide_ask(channel, vcpu, ide_identify_decided);
}

static void ide_hide(struct ide_channel *channel)
{
	const struct rv_disk_info *info = &channel->disks[channel->unit].info;
	uint16_t words[ATA_IDENTIFY_WORDS];

	memcpy(words, channel->block, sizeof(words));
	if (cipher_front(info) != 0)
		ata_hide_front(words, cipher_front(info), cipher_guest_sectors(info));
	ata_hide_bypasses(words);
	memcpy(channel->block, words, sizeof(words));
}

/* The guest has given a block. */
static void ide_write_block(struct ide_channel *channel, struct vcpu *vcpu)
{
	channel->request.data_bytes = channel->block_bytes;
	ide_ask(channel, vcpu, ide_write_decided);
}

static void ide_next_block(struct ide_channel *channel, struct vcpu *vcpu)
{
	ide_block_begin(channel);
	if (channel->opcode->kind == RV_EVENT_DISK_WRITE)
		channel->phase = IDE_GATHERING;
	else
		ide_ask(channel, vcpu, ide_read_decided);
}

void ide_pio_begin(struct ide_channel *channel, struct vcpu *vcpu)
{
	uint16_t multiple = channel->disks[channel->unit].multiple;

	/* Blocks that were never set, or are larger than any: a disk aborts the command. */
	if (channel->opcode->multiple && (multiple == 0 || multiple > IDE_BLOCK_BYTES_MAXIMUM / IDE_SECTOR_BYTES)) {
		ide_issue_failure(channel);
		channel->phase = IDE_OPEN;
		return;
	}
	channel->lba = ata_taskfile_lba(&channel->taskfile, channel->opcode, &channel->disks[channel->unit]);
	channel->sectors_left = ata_taskfile_sectors(&channel->taskfile, channel->opcode);
	ide_next_block(channel, vcpu);
}

/* The block is through: on to the next, if there is one. */
static void ide_block_end(struct ide_channel *channel, struct vcpu *vcpu)
{
	channel->lba += ide_block_sectors(channel);
	channel->sectors_left -= ide_block_sectors(channel);
	channel->phase = IDE_OPEN;
	if (channel->sectors_left != 0)
		ide_next_block(channel, vcpu);
}

static bool ide_pio_fetch(struct ide_channel *channel)
{
	if (!channel->is_dropped && !ide_take_data(channel, channel->block, channel->block_bytes))
		return false;
	if (channel->is_dropped && !channel->request.is_answered)
		memset(channel->block, 0, channel->block_bytes);
	if (channel->opcode->kind == RV_EVENT_DISK_READ)
		channel->request.data_bytes = channel->block_bytes;
	else if (!channel->is_dropped)
		ide_hide(channel);
	return true;
}

static void ide_pio_decided(struct ide_channel *channel, struct vcpu *vcpu)
{
	const struct request *request = &channel->request;
	bool has_failed = request->disk.status != 0;

	if (request->verdict == RV_VERDICT_DENY || (has_failed && channel->has_waited)) {
		ide_fail(channel);
		if (has_failed)
			channel->error = (uint8_t)request->disk.status;
	} else if (!has_failed && channel->opcode->kind != RV_EVENT_DISK_WRITE) {
		channel->phase = IDE_GIVING;
	} else {
		channel->phase = IDE_OPEN; /* where the device failed the guest sees its error */
	}
	ide_interrupt_again(channel);
	if (channel->phase == IDE_OPEN && !has_failed)
		ide_block_end(channel, vcpu);
}

void ide_pio_harvest(struct ide_channel *channel, struct vcpu *vcpu)
{
	uint8_t status = ide_alternate_status(channel);
	bool is_read = channel->phase == IDE_FETCHING, has_failed = (status & ATA_STATUS_FAILED) != 0;

	if ((status & ATA_STATUS_BSY) ||
	    (!has_failed && ((status & ATA_STATUS_DRQ) != 0) != (is_read && !channel->is_dropped)))
		return; /* a disk that wants more than it was told of is left to wait for it */
	channel->request.data_bytes = 0;
	if (is_read && !has_failed)
		has_failed = !ide_pio_fetch(channel);
	channel->request.disk.status = has_failed ? ide_error(channel) : 0;
	ide_ask_done(channel, vcpu, ide_pio_decided);
}

uint32_t ide_pio_read(struct ide_channel *channel, struct vcpu *vcpu, uint8_t width_bytes)
{
	uint32_t value = ~0u, left;

	if (channel->phase != IDE_GIVING)
		return value;
	left = channel->block_bytes - channel->position;
	memcpy(&value, channel->block + channel->position, width_bytes < left ? width_bytes : left);
	channel->position += width_bytes < left ? width_bytes : left;
	if (channel->position == channel->block_bytes)
		ide_block_end(channel, vcpu);
	return value;
}

void ide_pio_write(struct ide_channel *channel, struct vcpu *vcpu, uint8_t width_bytes, uint32_t value)
{
	uint32_t left = channel->block_bytes - channel->position;

	if (channel->phase != IDE_GATHERING)
		return;
	memcpy(channel->block + channel->position, &value, width_bytes < left ? width_bytes : left);
	channel->position += width_bytes < left ? width_bytes : left;
	if (channel->position == channel->block_bytes)
		ide_write_block(channel, vcpu);
}
