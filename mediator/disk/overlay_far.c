/*
 * mediator/disk/overlay_far.c: overlays on another disk: which sectors of it, and how they are read and written.
 */
#include "mediator/disk/overlay.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/string.h"
#include "mediator/disk/disk.h"
#include "mediator/disk/disk_io.h"
#include "rv/errno.h"
#include "rv/kinds.h"

struct overlay_far_transfer {
	struct disk_transfer transfer;
	overlay_move move;
	void *context;
};

/* disk_transfer() has pages, and a block is a page. */
static int overlay_far_move(struct disk_transfer *transfer, uint64_t offset, void *bytes, size_t length_bytes)
{
	struct overlay_far_transfer *of = CONTAINER_OF(transfer, struct overlay_far_transfer, transfer);

	if (length_bytes != OVERLAY_BLOCK_BYTES)
		return -RV_EINVAL;
	return of->move(of->context, (uint32_t)(offset / OVERLAY_BLOCK_BYTES), bytes);
}

static int overlay_far_transfer(struct overlay_store *store, uint32_t kind, uint64_t block, uint32_t count,
				overlay_move move, void *context)
{
	struct overlay_far *far = CONTAINER_OF(store, struct overlay_far, store);
	uint64_t sectors_a_block = far->sectors / store->nr_blocks;
	struct overlay_far_transfer of = {
		.transfer = { .number = far->spec.other, .kind = kind, .lba = far->first + block * sectors_a_block,
			      .length_bytes = (uint64_t)count * OVERLAY_BLOCK_BYTES, .before_guest = far->user.before_guest,
			      .author = far->user.owner, .move = overlay_far_move },
		.move = move,
		.context = context,
	};
	int error;

	if (kind == RV_EVENT_DISK_FLUSH)
		of.transfer.lba = of.transfer.length_bytes = 0;
	error = disk_transfer(&of.transfer, far->user.vcpu);
	return error == -RV_ENOENT ? -RV_EAGAIN : error;
}

/* Another at each call, also after a new start: the time stamp counter goes on while what came before is written. */
static uint64_t overlay_far_nonce(void)
{
	static uint64_t count;
	uint64_t nonce = (tsc_read() ^ __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED) << 56) * UINT64_C(0x9e3779b97f4a7c15);

	return nonce ^ nonce >> 32;
}

void overlay_far_begin(struct overlay *overlay, const struct rv_overlay_spec *spec)
{
	struct overlay_far *far = &overlay->far;

	*far = (struct overlay_far){ .spec = *spec };
	far->store = (struct overlay_store){ .transfer = overlay_far_transfer, .nonce = overlay_far_nonce };
	far->log.store = &far->store;
}

/* Which sectors of the other disk: 0, -RV_EAGAIN: it is not known, -RV_EINVAL. */
static int overlay_far_find(struct overlay *overlay)
{
	struct overlay_far *far = &overlay->far;
	struct rv_disk_info info;
	uint64_t sectors, blocks;

	if (far->spec.other / RV_DISKS_A_BUS == RV_DISK_USB)
		return -RV_ENOTSUP; /* a stick may be gone at any time, and be amid a command of the guest's */
	if (!disk_describe_number(far->spec.other, &info) || info.sector_bytes == 0)
		return -RV_EAGAIN;
	if (OVERLAY_BLOCK_BYTES % info.sector_bytes != 0 || far->spec.first >= info.sectors)
		return -RV_EINVAL;
	sectors = far->spec.sectors != 0 ? far->spec.sectors : info.sectors - far->spec.first;
	if (sectors > info.sectors - far->spec.first)
		return -RV_EINVAL;
	blocks = sectors / (OVERLAY_BLOCK_BYTES / info.sector_bytes);
	if (blocks < OVERLAY_BLOCKS_MINIMUM || blocks > OVERLAY_BLOCKS_MAXIMUM)
		return -RV_EINVAL;
	far->store.nr_blocks = blocks;
	far->first = far->spec.first;
	far->sectors = blocks * (OVERLAY_BLOCK_BYTES / info.sector_bytes);
	return 0;
}

static int overlay_far_name(struct overlay *overlay)
{
	struct overlay_disk_name *name = &overlay->far.log.disk;
	struct rv_disk_info info;

	if (!disk_describe_number(overlay->disk, &info))
		return -RV_EAGAIN;
	memset(name, 0, sizeof(*name));
	name->sectors = info.sectors;
	name->sector_bytes = info.sector_bytes;
	_Static_assert(sizeof(name->model) >= sizeof(info.model) && sizeof(name->serial) >= sizeof(info.serial), "names");
	memcpy(name->model, info.model, sizeof(info.model));
	/* virtio's is not known at once, and may never be. */
	if (overlay->disk / RV_DISKS_A_BUS != RV_DISK_VIRTIO)
		memcpy(name->serial, info.serial, sizeof(info.serial));
	return 0;
}

static const struct {
	int error;
	const char *text;
} overlay_far_errors[] = {
	{ OVERLAY_FOREIGN, "there is something else in its range, and no overlay" },
	{ OVERLAY_DAMAGED, "it is damaged: what was on the disk for certain is not there any more" },
	{ OVERLAY_OF_ANOTHER, "what is there is one of another disk, or of another range" },
	{ -RV_EINVAL, "its range has to be of the disk, and of 1 MiB to 64 GiB" },
	{ -RV_ETIMEDOUT, "the disk has not ended a write in time, and may do so yet: nothing there is used until the machine "
			 "is started anew" },
	{ -RV_ENOMEM, "there is not enough memory for its map" },
	{ -RV_EPERM, "a hook of another script decides about that disk" },
	{ -RV_EIO, "the disk has failed a command, or was reset" },
};

int overlay_far_say(struct overlay *overlay, int error)
{
	char name[RV_DISK_NAME_BYTES], other[RV_DISK_NAME_BYTES];

	if (error == 0)
		overlay->far.said_error = 0;
	for (unsigned i = 0; i < ARRAY_LENGTH(overlay_far_errors); i++) {
		if (overlay_far_errors[i].error != error || overlay->far.said_error == error)
			continue;
		overlay->far.said_error = error;
		rv_disk_name((uint16_t)overlay->disk, name);
		rv_disk_name((uint16_t)overlay->far.spec.other, other);
		log_warning("overlay of %s on %s: %s: requests that are sent there are refused", name, other,
			    overlay_far_errors[i].text);
	}
	return error;
}

int overlay_far_open(struct overlay *overlay, const struct overlay_user *user)
{
	struct overlay_far *far = &overlay->far;
	int error;

	far->user = *user;
	if (far->log.state == OVERLAY_OPEN)
		return 0;
	error = overlay_far_find(overlay);
	if (error == 0)
		error = overlay_far_name(overlay);
	if (error == 0)
		error = overlay_log_open(&far->log, far->spec.anew != 0);
	if (error == 0) {
		far->spec.anew = 0; /* the next time it is ours */
		log_info("an overlay is open, of generation %lu: %lu KiB of %lu are used", far->log.generation,
			 far->log.map.nr_blocks * OVERLAY_BLOCK_BYTES / 1024, overlay_log_limit(&far->log) / 1024);
	}
	return overlay_far_say(overlay, error);
}
