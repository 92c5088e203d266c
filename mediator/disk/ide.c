/*
 * mediator/disk/ide.c: what becomes of a channel's commands: those by DMA, and those without data.
 */
#include "mediator/disk/ide.h"

#include "core/instructions.h"
#include "core/log.h"
#include "hook/hook.h"
#include "mediator/disk/cipher.h"
#include "mediator/disk/discard.h"
#include "mediator/disk/purpose.h"
#include "rv/errno.h"
#include "rv/kinds.h"

#define IDE_DEVICE_RESET 0x08 /* of ATAPI devices, busy or not */
#define IDE_SET_MULTIPLE 0xc6
#define IDE_INITIALIZE_PARAMETERS 0x91

static struct ata_disk *ide_disk(struct ide_channel *channel)
{
	return &channel->disks[channel->unit];
}

static bool ide_is_write(const struct ide_channel *channel)
{
	return channel->opcode->kind == RV_EVENT_DISK_WRITE || channel->opcode->kind == RV_EVENT_DISK_DISCARD;
}

static void ide_go_on(struct ide_channel *channel, struct vcpu *vcpu)
{
	if (channel->round == channel->asked_round) {
		channel->decided(channel, vcpu);
		return;
	}
	ide_dma_end(channel);
	channel->phase = IDE_OPEN;
}

static void ide_resume(struct request *request, struct vcpu *vcpu)
{
	struct ide_channel *channel = CONTAINER_OF(request, struct ide_channel, request);

	spinlock_acquire(&channel->lock);
	channel->has_waited = true;
	ide_go_on(channel, vcpu);
	ide_release_unwatched(channel);
	spinlock_release(&channel->lock);
}

void ide_ask(struct ide_channel *channel, struct vcpu *vcpu, ide_decided decided)
{
	bool is_decided;

	channel->phase = IDE_ASKING;
	channel->decided = decided;
	channel->asked_round = channel->round;
	channel->has_waited = false;
	spinlock_release(&channel->lock);
	is_decided = request_offer(&channel->request, vcpu);
	spinlock_acquire(&channel->lock);
	if (is_decided)
		ide_go_on(channel, vcpu);
	else if (channel->phase == IDE_ASKING)
		(void)ide_read(channel, IDE_STATUS); /* its interrupt is over: the guest has a busy device */
}

void ide_ask_done(struct ide_channel *channel, struct vcpu *vcpu, ide_decided decided)
{
	channel->request.verdict = RV_VERDICT_PASS;
	channel->has_waited = false;
	if (!request_is_awaited(&channel->request, RV_EVENT_DISK_DONE)) {
		decided(channel, vcpu);
		return;
	}
	channel->request.kind = RV_EVENT_DISK_DONE;
	channel->request.end_tsc = tsc_read();
	ide_ask(channel, vcpu, decided);
}

void ide_fail(struct ide_channel *channel)
{
	channel->phase = IDE_FAILED;
	channel->error = ata_refused(channel->request.refusal, channel->opcode->kind == RV_EVENT_DISK_READ ||
								       channel->opcode->kind == RV_EVENT_DISK_WRITE);
}

static void ide_refuse(struct ide_channel *channel)
{
	ide_issue_failure(channel);
	ide_dma_end(channel);
	ide_fail(channel);
}

/* The request's data, while it is a DMA write that hooks are asked about, or a DMA read that is done. */
static int ide_dma_take_data(struct ide_channel *channel)
{
	bool was_bounced = channel->is_bounced;
	int error = ide_dma_bounce(channel);

	if (error == 0 && !was_bounced && ide_is_write(channel)) {
		error = bounce_gather(&channel->bounce);
		if (error != 0)
			ide_dma_end(channel); /* pages that hold nothing are not to be sent */
	}
	return error;
}

static int ide_dma_data(struct request *request, uint64_t offset, void *buffer, size_t length_bytes,
			bool write)
{
	struct ide_channel *channel = CONTAINER_OF(request, struct ide_channel, request);
	int error = ide_dma_take_data(channel);

	if (error != 0)
		return error;
	if (offset + length_bytes > channel->bounce.length_bytes)
		return -RV_EFAULT; /* the guest's table is shorter than what it asks for */
	bounce_copy(&channel->bounce, offset, buffer, length_bytes, write);
	return 0;
}

static uint8_t *ide_dma_data_at(struct request *request, uint64_t offset, size_t *length_bytes)
{
	struct ide_channel *channel = CONTAINER_OF(request, struct ide_channel, request);

	return ide_dma_take_data(channel) == 0 ? bounce_at(&channel->bounce, offset, length_bytes) : NULL;
}

/* What hooks may want to judge or change when it is read comes to us first. */
static bool ide_wants_bounce(const struct ide_channel *channel)
{
	return !ide_is_write(channel) && request_is_awaited(&channel->request, RV_EVENT_DISK_DONE);
}

static void ide_bus_master_stop(const struct ide_channel *channel)
{
	port_write8(channel->bus_master + IDE_BM_COMMAND, channel->is_to_memory ? IDE_BM_TO_MEMORY : 0);
}

static void ide_bus_master_start(const struct ide_channel *channel)
{
	port_write8(channel->bus_master + IDE_BM_COMMAND,
		    (channel->is_to_memory ? IDE_BM_TO_MEMORY : 0) | IDE_BM_START);
}

/* A discard's registers say how long its list is, and nothing of sectors. */
static void ide_dma_issue(const struct ide_channel *channel)
{
	const struct ata_taskfile *taskfile = &channel->taskfile;
	const struct request_disk *disk = &channel->request.disk;

	if (channel->opcode->kind == RV_EVENT_DISK_DISCARD)
		ide_issue(channel, taskfile, channel->opcode,
			  ata_taskfile_lba(taskfile, channel->opcode, &channel->disks[channel->unit]),
			  ata_taskfile_sectors(taskfile, channel->opcode));
	else
		ide_issue(channel, taskfile, channel->opcode, disk->lba + disk->front, disk->sectors);
}

static void ide_dma_run(struct ide_channel *channel)
{
	const struct request *request = &channel->request;
	int error = ide_wants_bounce(channel) ? ide_dma_bounce(channel) : 0;

	if (error != 0) {
		log_warning("ide: a read of %u sectors is refused: hooks want its data, and %s",
			    request->disk.sectors,
			    error == -RV_EFAULT ? "the guest's table of its memory is no good"
						: "there is not enough memory for them: give more with memory=");
		ide_refuse(channel);
		return;
	}
	/* The guest may have started the bus master before it gave the command. It takes the table's place when
	 * it is started (Bus Master IDE 1.0, 2.1), so it has to be anew, or what is sent is not what was judged. */
	ide_bus_master_stop(channel);
	if (channel->is_bounced)
		ide_dma_give_table(channel);
	port_write8(channel->bus_master + IDE_BM_STATUS,
		    (uint8_t)(port_read8(channel->bus_master + IDE_BM_STATUS) | IDE_BM_INTERRUPT));
	ide_dma_issue(channel);
	ide_bus_master_start(channel);
	channel->phase = IDE_RUNNING;
}

/* Success without the device: what is read is zeros, or what a hook has given. */
static void ide_dma_drop(struct ide_channel *channel)
{
	if (!ide_is_write(channel) &&
	    (ide_dma_bounce(channel) != 0 || bounce_scatter(&channel->bounce) != 0)) {
		ide_refuse(channel);
		return;
	}
	ide_dma_end(channel);
	ide_issue_success(channel);
	channel->phase = IDE_RUNNING;
}

void ide_begin(struct ide_channel *channel, uint64_t lba, uint32_t sectors)
{
	request_begin(&channel->request, channel->opcode->kind);
	channel->request.resume = ide_resume;
	channel->request.disk = (struct request_disk){
		.lba = lba,
		.sectors = sectors,
		.reach = ata_reach(channel->opcode),
		.number = ide_disk(channel)->info.number,
		.command = channel->opcode->code,
		.argument = channel->taskfile.features,
		.purpose = ata_purpose(channel->opcode->code, channel->taskfile.features),
		.is_forced = channel->opcode->forced,
	};
	cipher_begin(&channel->request);
	channel->is_dropped = false;
}

bool ide_obey(struct ide_channel *channel)
{
	channel->is_dropped = channel->request.verdict == RV_VERDICT_DROP;
	if (channel->request.verdict != RV_VERDICT_DENY)
		return true;
	ide_refuse(channel);
	return false;
}

static void ide_dma_decided(struct ide_channel *channel, struct vcpu *vcpu)
{
	(void)vcpu;
	if (!channel->is_started) { /* stopped meanwhile: it waits for the next start */
		ide_dma_end(channel);
		channel->phase = IDE_ARMED;
	} else if (!ide_obey(channel)) {
		return;
	} else if (channel->is_dropped) {
		ide_dma_drop(channel);
	} else {
		ide_dma_run(channel);
	}
}

/* What a discard is about stands in its data, which are taken, once, before hooks are asked. */
static bool ide_read_ranges(struct ide_channel *channel)
{
	if (ide_dma_bytes(channel) > DISCARD_LIST_BYTES_MAXIMUM || ide_dma_bounce(channel) != 0 ||
	    bounce_gather(&channel->bounce) != 0)
		return false;
	discard_describe(&channel->bounce, DISCARD_ATA, &channel->request.disk);
	return true;
}

void ide_started(struct ide_channel *channel, struct vcpu *vcpu)
{
	struct request *request = &channel->request;

	ide_begin(channel, ata_taskfile_lba(&channel->taskfile, channel->opcode, ide_disk(channel)),
		  ata_taskfile_sectors(&channel->taskfile, channel->opcode));
	request->data = ide_dma_data;
	request->data_at = ide_dma_data_at;
	request->data_bytes = ide_is_write(channel) ? ide_dma_bytes(channel) : 0;
	request->answer_bytes = ide_dma_bytes(channel) - request->data_bytes;
	channel->table = port_read32(channel->bus_master + IDE_BM_TABLE) & ~3u;
	if (channel->opcode->kind == RV_EVENT_DISK_DISCARD && !ide_read_ranges(channel))
		ide_refuse(channel);
	else
		ide_ask(channel, vcpu, ide_dma_decided);
}

static void ide_plain_decided(struct ide_channel *channel, struct vcpu *vcpu)
{
	(void)vcpu;
	if (!ide_obey(channel))
		return;
	channel->phase = IDE_RUNNING;
	if (channel->is_dropped) {
		ide_issue_success(channel);
		return;
	}
	ide_write_parameters(channel, &channel->taskfile);
	(void)ide_give_command(channel, channel->opcode->code);
}

static void ide_plain(struct ide_channel *channel, struct vcpu *vcpu)
{
	ide_begin(channel, 0, 0);
	ide_ask(channel, vcpu, ide_plain_decided);
}

static bool ide_is_wanted(uint32_t kind)
{
	return cipher_is_wanted() || hook_wants_requests(kind) || hook_wants_requests(RV_EVENT_DISK_DONE);
}

/* What later commands mean may change with this one. A disk that refuses it refuses those too, or gets the
 * address that hooks have judged. */
static void ide_note_settings(struct ide_channel *channel)
{
	const struct ata_taskfile *taskfile = &channel->taskfile;
	struct ata_disk *disk = ide_disk(channel);

	if (channel->opcode->code != IDE_SET_MULTIPLE && channel->opcode->code != IDE_INITIALIZE_PARAMETERS)
		return;
	/* Written while it was busy, it may be lost. */
	ide_write(channel, IDE_DEVICE, taskfile->device);
	ide_write(channel, IDE_COUNT, taskfile->count[0]);
	if (channel->opcode->code == IDE_SET_MULTIPLE) {
		disk->multiple = taskfile->count[0];
	} else {
		disk->track = taskfile->count[0];
		disk->heads = (taskfile->device & 0x0f) + 1;
	}
}

/* Takes the command that was written. False: the device shall have it as it is. */
static bool ide_take(struct ide_channel *channel, uint8_t code)
{
	channel->taskfile = channel->written;
	channel->unit = (channel->taskfile.device & IDE_DEVICE_SLAVE) != 0;
	/* What is no disk takes no such command; a disk that did not say what it is might, and others of its maker's. */
	if (!ide_disk(channel)->is_there && !(cipher_is_wanted() && (ide_disk(channel)->is_odd || ata_moves_data(code))))
		return false;
	channel->opcode = ata_opcode_of(code);
	if (channel->opcode == NULL) {
		channel->other = (struct ata_opcode){ .code = code, .kind = RV_EVENT_DISK_COMMAND };
		channel->opcode = &channel->other;
	}
	ide_note_settings(channel);
	if (ata_carries(code, channel->taskfile.features))
		return false;
	return ide_is_wanted(channel->opcode->kind);
}

/* With a command of the guest's, or a reset. What it is given then it may take or not (ATA/ATAPI-7 6.1): we could
 * not tell what it has taken. */
static bool ide_is_busy(const struct ide_channel *channel)
{
	return (ide_alternate_status(channel) & (ATA_STATUS_BSY | ATA_STATUS_DRQ)) != 0;
}

void ide_command_written(struct ide_channel *channel, struct vcpu *vcpu, uint8_t code)
{
	ide_harvest(channel, vcpu);
	switch (channel->phase) {
	case IDE_ASKING:
	case IDE_RUNNING:
	case IDE_SENDING:
	case IDE_FETCHING:
		return; /* a device that is busy takes no command */
	case IDE_OPEN:
		if (ide_is_busy(channel) && code != IDE_DEVICE_RESET)
			return;
		break;
	default:
		channel->phase = IDE_OPEN;
	}
	if (!ide_take(channel, code)) {
		if (channel->is_started) /* after a command that was refused, when that was kept from it */
			ide_bus_master_start(channel);
		ide_write(channel, IDE_COMMAND, code);
	} else if (channel->opcode->dma) {
		channel->phase = IDE_ARMED;
		if (channel->is_started)
			ide_started(channel, vcpu);
	} else if (channel->opcode->kind == RV_EVENT_DISK_READ || ide_is_write(channel)) {
		ide_pio_begin(channel, vcpu);
	} else if (channel->opcode->code == ATA_IDENTIFY && ide_disk(channel)->is_there &&
		   cipher_covers(ide_disk(channel)->info.number)) {
		ide_pio_identify(channel, vcpu);
	} else {
		ide_plain(channel, vcpu);
	}
}

void ide_control_written(struct ide_channel *channel, uint8_t value)
{
	channel->control_value = value & (uint8_t)~IDE_CONTROL_SRST;
	port_write8(channel->control, value);
	if (!(value & IDE_CONTROL_SRST))
		return;
	/* A reset ends the command. The device has let go of memory before that is ours again. */
	channel->round++;
	ide_taskfile_learn(channel);
	if (channel->phase == IDE_ASKING && !request_cancel(&channel->request))
		return; /* whoever asks ends it */
	ide_dma_end(channel);
	channel->phase = IDE_OPEN;
}

static bool ide_is_finished(const struct ide_channel *channel)
{
	uint8_t status = ide_alternate_status(channel), master;

	if (status & ATA_STATUS_BSY)
		return false;
	if (!channel->opcode->dma || channel->is_dropped || (status & ATA_STATUS_FAILED))
		return true;
	master = port_read8(channel->bus_master + IDE_BM_STATUS);
	return (master & IDE_BM_INTERRUPT) || !(master & IDE_BM_ACTIVE);
}

static bool ide_has_read(const struct ide_channel *channel)
{
	return channel->is_bounced && !ide_is_write(channel) && channel->request.disk.status == 0;
}

void ide_interrupt_again(struct ide_channel *channel)
{
	if (!channel->has_waited)
		return;
	if (channel->phase == IDE_FAILED)
		ide_issue_failure(channel);
	else
		ide_issue_success(channel);
}

static void ide_finish_decided(struct ide_channel *channel, struct vcpu *vcpu)
{
	struct request *request = &channel->request;

	(void)vcpu;
	channel->phase = IDE_OPEN;
	if (request->verdict == RV_VERDICT_DENY ||
	    (ide_has_read(channel) && bounce_scatter(&channel->bounce) != 0)) {
		ide_fail(channel);
	} else if (channel->has_waited && request->disk.status != 0) {
		channel->phase = IDE_FAILED;
		channel->error = (uint8_t)request->disk.status;
	}
	ide_dma_end(channel);
	ide_interrupt_again(channel);
}

static void ide_finish(struct ide_channel *channel, struct vcpu *vcpu)
{
	struct request *request = &channel->request;
	bool has_failed = (ide_alternate_status(channel) & ATA_STATUS_FAILED) != 0;

	request->disk.status = has_failed ? ide_error(channel) : 0;
	request->data_bytes = ide_has_read(channel) ? channel->bounce.length_bytes : 0;
	ide_ask_done(channel, vcpu, ide_finish_decided);
}

void ide_harvest(struct ide_channel *channel, struct vcpu *vcpu)
{
	if (channel->phase == IDE_RUNNING && ide_is_finished(channel))
		ide_finish(channel, vcpu);
	else if (channel->phase == IDE_SENDING || channel->phase == IDE_FETCHING)
		ide_pio_harvest(channel, vcpu);
}
