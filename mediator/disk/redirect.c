/*
 * mediator/disk/redirect.c: carries out where requests are sent. What is written goes there, and the disk is given
 * nothing; what is read comes from there, as an answer. Of a read that an overlay holds a part of, the disk reads all,
 * and that part is put over it before anybody sees it. Nothing falls through: what cannot be done is denied.
 */
#include "mediator/disk/redirect.h"

#include "core/log.h"
#include "core/string.h"
#include "mediator/disk/disk.h"
#include "mediator/disk/disk_io.h"
#include "mediator/disk/overlay.h"
#include "rv/errno.h"
#include "rv/kinds.h"

static bool redirect_reads(const struct request *request)
{
	return request->asked == RV_EVENT_DISK_READ;
}

/* Of the request's data, whichever way they go. */
static uint64_t redirect_bytes(const struct request *request)
{
	return redirect_reads(request) && request->kind != RV_EVENT_DISK_DONE ? request->answer_bytes : request->data_bytes;
}

/* To an overlay ------------------------------------------------------------------------------------- */

struct redirect_data {
	struct overlay_data data;
	struct request *request;
};

static int redirect_copy(struct overlay_data *data, uint64_t at, void *bytes, size_t length_bytes, bool give)
{
	struct request *request = CONTAINER_OF(data, struct redirect_data, data)->request;

	return request->data(request, at, bytes, length_bytes, give);
}

static int redirect_write(struct request *request, struct overlay *overlay, uint64_t offset)
{
	struct redirect_data of = { { redirect_copy }, request };

	return overlay_write(overlay, offset, request->data_bytes, &of.data);
}

/* Puts what the overlay holds over what is there. */
static int redirect_read(struct request *request, struct overlay *overlay, uint64_t offset, uint64_t length_bytes)
{
	struct redirect_data of = { { redirect_copy }, request };

	return overlay_read(overlay, offset, length_bytes, &of.data);
}

static int redirect_zero(const struct request *request, struct overlay *overlay, uint64_t lba, uint64_t sectors)
{
	struct rv_disk_info info;

	if (!disk_describe_number(request->disk.number, &info) || lba > info.sectors || sectors > info.sectors - lba)
		return -RV_ERANGE;
	return overlay_zero(overlay, lba * overlay->sector_bytes, sectors * overlay->sector_bytes);
}

/* What TRIM gives up reads as zeros: the ranges of its list are 8 bytes each (mediator/disk/discard.h). */
static int redirect_trim(struct request *request, struct overlay *overlay)
{
	uint64_t word;
	int error = 0;

	for (uint64_t at = 0; error == 0 && at + sizeof(word) <= request->data_bytes; at += sizeof(word)) {
		error = request->data(request, at, &word, sizeof(word), false);
		if (error == 0)
			error = redirect_zero(request, overlay, word & ((UINT64_C(1) << 48) - 1), word >> 48);
	}
	return error;
}

/* NVMe's lists are hints, some of which give nothing up: what was there may stay (NVM command set 1.0c, 3.2.3). */
static int redirect_discard(struct request *request, struct overlay *overlay)
{
	uint32_t bus = request->disk.number / RV_DISKS_A_BUS;

	if (request->data_bytes == 0 || bus == RV_DISK_VIRTIO)
		return redirect_zero(request, overlay, request->disk.lba, request->disk.sectors);
	return bus == RV_DISK_NVME ? 0 : redirect_trim(request, overlay);
}

/* Of a write or a discard: what became of it, and whether it has to stay. */
static int redirect_settle(const struct request *request, struct overlay *overlay, int error)
{
	return error == 0 ? overlay_settle(overlay, request->disk.is_forced) : error;
}

/* 0: it is done without the disk; 1: the disk is to do it, and ours is put over it (if request->redirect stays). */
static int redirect_to_overlay(struct request *request, struct overlay *overlay)
{
	uint64_t offset = request->disk.lba * overlay->sector_bytes, length_bytes = redirect_bytes(request);
	bool is_odd = length_bytes != (uint64_t)request->disk.sectors * overlay->sector_bytes ||
		      length_bytes > OVERLAY_BYTES_MAXIMUM ||
		      request->disk.lba > (OVERLAY_BYTES_MAXIMUM - length_bytes) / overlay->sector_bytes;

	switch (request->asked) {
	case RV_EVENT_DISK_FLUSH:
		return overlay_flush(overlay);
	case RV_EVENT_DISK_DISCARD:
		return redirect_settle(request, overlay, redirect_discard(request, overlay));
	case RV_EVENT_DISK_WRITE:
		return is_odd ? -RV_ENOTSUP : redirect_settle(request, overlay, redirect_write(request, overlay, offset));
	default:
		break;
	}
	if (is_odd)
		return -RV_ENOTSUP;
	switch (overlay_map_share(overlay_held(overlay), offset, length_bytes)) {
	case OVERLAY_ALL:
		request->is_answered = true;
		return redirect_read(request, overlay, offset, length_bytes);
	case OVERLAY_NONE:
		request->redirect = NULL;
		return 1;
	default:
		return 1;
	}
}

static int redirect_by_overlay(struct request *request, struct vcpu *vcpu)
{
	struct overlay_user user = { .owner = request->redirector, .vcpu = vcpu };
	struct overlay *overlay = overlay_lock(request->target & ~RV_TARGET_OVERLAY, request->redirector);
	int error = -RV_ENOENT;

	if (overlay == NULL)
		return error;
	if (overlay->disk == request->disk.number)
		error = overlay_open(overlay, &user);
	if (error == 0)
		error = redirect_to_overlay(request, overlay);
	if (error == -RV_ENOSPC && !overlay->said_full) {
		overlay->said_full = true;
		log_warning("an overlay is full: what is written is refused from now on");
	}
	spinlock_release(&overlay->lock);
	return error;
}

/* The disk has read all of it: the overlay's part comes over that. */
static void redirect_end(struct request *request, struct vcpu *vcpu)
{
	struct overlay_user user = { .owner = request->redirector, .vcpu = vcpu };
	struct overlay *overlay;
	int error;

	if (request->data_bytes == 0) /* it has failed, or has been answered */
		return;
	overlay = overlay_lock(request->target & ~RV_TARGET_OVERLAY, request->redirector);
	if (overlay == NULL) {
		request->verdict = RV_VERDICT_DENY;
		return;
	}
	error = overlay_open(overlay, &user);
	if (error == 0)
		error = redirect_read(request, overlay, request->disk.lba * overlay->sector_bytes, request->data_bytes);
	spinlock_release(&overlay->lock);
	if (error != 0)
		request->verdict = RV_VERDICT_DENY;
}

/* To another disk ----------------------------------------------------------------------------------- */

struct redirect_transfer {
	struct disk_transfer transfer;
	struct request *request;
};

static int redirect_move(struct disk_transfer *transfer, uint64_t offset, void *bytes, size_t length_bytes)
{
	struct request *request = CONTAINER_OF(transfer, struct redirect_transfer, transfer)->request;

	return request->data(request, offset, bytes, length_bytes, transfer->kind == RV_EVENT_DISK_READ);
}

static int redirect_by_disk(struct request *request, struct vcpu *vcpu)
{
	struct redirect_transfer of = {
		.transfer = { .number = request->target & ~RV_TARGET_DISK, .kind = request->asked, .lba = request->disk.lba,
			      .length_bytes = redirect_bytes(request), .author = request->redirector,
			      .move = redirect_move },
		.request = request,
	};

	if (request->asked == RV_EVENT_DISK_DISCARD)
		return -RV_ENOTSUP;
	request->is_answered = redirect_reads(request);
	return disk_transfer(&of.transfer, vcpu);
}

/* ---------------------------------------------------------------------------------------------------- */

/* Hooks have let it pass, or it is done. */
static void redirect_do(struct request *request, struct vcpu *vcpu)
{
	int error;

	if (request->kind == RV_EVENT_DISK_DONE) {
		redirect_end(request, vcpu);
		return;
	}
	error = request->target & RV_TARGET_OVERLAY ? redirect_by_overlay(request, vcpu) : redirect_by_disk(request, vcpu);
	if (error == 1)
		return;
	request->redirect = NULL;
	request->verdict = error == 0 ? RV_VERDICT_DROP : RV_VERDICT_DENY;
	request->refusal = error == -RV_EAGAIN ? RV_REFUSAL_RETRY : 0;
}

void redirect_set(struct request *request, uint32_t target, const struct hook_owner *redirector)
{
	request->target = target;
	request->redirector = redirector;
	request->redirect = target != 0 ? redirect_do : NULL;
}
