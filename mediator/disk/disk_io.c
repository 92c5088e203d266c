/*
 * mediator/disk/disk_io.c: cuts a transfer into commands, and sees to it that no other script's hook is passed by.
 */
#include "mediator/disk/disk_io.h"

#include "core/instructions.h"
#include "core/time.h"
#include "hook/hook.h"
#include "mediator/disk/cipher.h"
#include "mediator/disk/disk_class.h"
#include "mediator/disk/disk.h"
#include "mediator/request.h"
#include "rv/errno.h"
#include "rv/kinds.h"

#define DISK_TRANSFER_US 2000000 /* after which no further command is begun */

static enum rv_disk_command disk_io_purpose(uint32_t kind)
{
	return kind == RV_EVENT_DISK_READ    ? RV_DISK_COMMAND_READ
	       : kind == RV_EVENT_DISK_WRITE ? RV_DISK_COMMAND_WRITE
					     : RV_DISK_COMMAND_FLUSH;
}

/* Would another's hook be asked, were it the guest's? */
static bool disk_io_is_hooked(const struct disk_transfer *transfer, uint32_t sectors, struct vcpu *vcpu)
{
	struct request request = {
		.kind = transfer->kind,
		.asked = transfer->kind,
		.disk = { .lba = transfer->lba, .sectors = sectors, .number = (uint16_t)transfer->number,
			  .purpose = disk_io_purpose(transfer->kind) },
	};
	struct event_origin origin = { .vcpu = vcpu, .request = &request };

	return hook_others_decide(transfer->kind, &origin, transfer->author);
}

static int disk_io_check(const struct disk_transfer *transfer, const struct rv_disk_info *info)
{
	uint64_t sectors = transfer->length_bytes / info->sector_bytes;

	if (transfer->kind == RV_EVENT_DISK_FLUSH)
		return 0;
	if (transfer->length_bytes == 0 || transfer->length_bytes % info->sector_bytes != 0)
		return -RV_EINVAL;
	return transfer->lba > info->sectors || sectors > info->sectors - transfer->lba ? -RV_ERANGE : 0;
}

static int disk_io_move(struct disk_transfer *transfer, const struct bounce *bounce, uint64_t done)
{
	int error = 0;

	for (uint64_t at = 0; error == 0 && at < bounce->length_bytes; at += PAGE_BYTES) {
		uint64_t left = bounce->length_bytes - at;

		error = transfer->move(transfer, done + at, bounce->pages[at / PAGE_BYTES],
				       left < PAGE_BYTES ? left : PAGE_BYTES);
	}
	return error;
}

/* The command as a request, for what is encrypted. */
struct disk_io_request {
	struct request request;
	struct disk_io *io;
};

static uint8_t *disk_io_data_at(struct request *request, uint64_t offset, size_t *length_bytes)
{
	return bounce_at(&CONTAINER_OF(request, struct disk_io_request, request)->io->bounce, offset, length_bytes);
}

/* Before the command, and behind its end. */
static int disk_io_cipher(const struct disk_transfer *transfer, struct disk_io *io, uint64_t lba, bool is_done)
{
	struct disk_io_request of = {
		.request = {
			.kind = is_done ? RV_EVENT_DISK_DONE : transfer->kind,
			.asked = transfer->kind,
			.verdict = RV_VERDICT_PASS,
			.disk = { .lba = lba, .sectors = io->sectors, .number = (uint16_t)transfer->number,
				  .purpose = disk_io_purpose(transfer->kind) },
			.data_bytes = is_done || transfer->kind == RV_EVENT_DISK_WRITE ? io->bounce.length_bytes : 0,
			.data_at = disk_io_data_at,
		},
		.io = io,
	};

	cipher_begin(&of.request);
	if (of.request.cipher != NULL)
		of.request.cipher(&of.request);
	io->lba = lba + of.request.disk.front;
	return of.request.verdict == RV_VERDICT_PASS ? 0 : -RV_EIO;
}

/* As much as fits one command. */
static int disk_io_part(struct disk_transfer *transfer, struct disk_io *io, uint64_t done)
{
	bool moves = transfer->kind != RV_EVENT_DISK_FLUSH;
	uint64_t part = transfer->length_bytes - done < DISK_IO_BYTES ? transfer->length_bytes - done : DISK_IO_BYTES;
	uint64_t lba = transfer->lba + done / io->sector_bytes;
	int error;

	io->sectors = (uint32_t)(part / io->sector_bytes);
	error = moves ? bounce_take_bytes(&io->bounce, part) : 0;
	if (error == 0 && transfer->kind == RV_EVENT_DISK_WRITE)
		error = disk_io_move(transfer, &io->bounce, done);
	if (error == 0)
		error = disk_io_cipher(transfer, io, lba, false);
	if (error == 0)
		error = disk_run_io(transfer->number, io);
	if (error == 0 && transfer->kind == RV_EVENT_DISK_READ)
		error = disk_io_cipher(transfer, io, lba, true);
	if (error == 0 && transfer->kind == RV_EVENT_DISK_READ)
		error = disk_io_move(transfer, &io->bounce, done);
	bounce_release_pages(&io->bounce);
	return error;
}

int disk_transfer(struct disk_transfer *transfer, struct vcpu *vcpu)
{
	struct disk_io io = { .kind = transfer->kind, .before_guest = transfer->before_guest, .author = transfer->author, .vcpu = vcpu };
	struct rv_disk_info info;
	uint64_t done = 0, end_tsc = tsc_read() + time_tsc_of_us(DISK_TRANSFER_US);
	int error;

	if (!disk_describe_number(transfer->number, &info) || info.sector_bytes == 0 || info.sector_bytes > DISK_IO_BYTES)
		return -RV_ENOENT;
	error = disk_io_check(transfer, &info);
	if (error != 0)
		return error;
	if (disk_io_is_hooked(transfer, (uint32_t)(transfer->length_bytes / info.sector_bytes), vcpu))
		return -RV_EPERM;
	io.sector_bytes = info.sector_bytes;
	bounce_init(&io.bounce, NULL, 0, io.pages, DISK_IO_PAGES);
	do {
		error = tsc_read() < end_tsc ? disk_io_part(transfer, &io, done) : -RV_ETIMEDOUT;
		done += DISK_IO_BYTES;
	} while (error == 0 && done < transfer->length_bytes);
	return error;
}
