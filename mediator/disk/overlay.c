/*
 * mediator/disk/overlay.c: owns the overlays that there are. One goes with its owner.
 */
#include "mediator/disk/overlay.h"

#include "core/memory.h"
#include "core/string.h"
#include "mediator/disk/disk.h"
#include "mediator/request.h"
#include "rv/errno.h"
#include "rv/kinds.h"

#define OVERLAYS_MAXIMUM 16
#define OVERLAY_ID_STEP 256 /* the lowest bits say which it is */
#define OVERLAY_NEXT_BYTES MIB(1) /* that are looked through at once */

static struct overlay overlays[OVERLAYS_MAXIMUM];

/* A disk may be one that the guest has yet to find. False: it is not known, or its sectors are odd. */
static bool overlay_knows_disk(struct overlay *overlay)
{
	struct rv_disk_info info;

	if (overlay->sector_bytes != 0)
		return true;
	if (!disk_describe_number(overlay->disk, &info) || info.sector_bytes == 0 ||
	    info.sector_bytes % OVERLAY_UNIT_BYTES != 0 || info.sectors > OVERLAY_BYTES_MAXIMUM / info.sector_bytes)
		return false;
	overlay->sector_bytes = info.sector_bytes;
	return true;
}

/* Of that number, whoever's; 0 is none's. */
static struct overlay *overlay_at(uint32_t id)
{
	return id % OVERLAY_ID_STEP < OVERLAYS_MAXIMUM ? &overlays[id % OVERLAY_ID_STEP] : NULL;
}

struct overlay *overlay_lock(uint32_t id, const struct hook_owner *owner)
{
	struct overlay *overlay = overlay_at(id);

	if (overlay == NULL)
		return NULL;
	spinlock_acquire(&overlay->lock);
	if (id != 0 && overlay->id == id && overlay->owner == owner && overlay_knows_disk(overlay))
		return overlay;
	spinlock_release(&overlay->lock);
	return NULL;
}

/* True: it was free. On a disk if there is a spec of that. */
static bool overlay_take(struct overlay *overlay, const struct hook_owner *owner, uint32_t disk, uint64_t most_bytes,
			 const struct rv_overlay_spec *spec)
{
	bool is_free;

	spinlock_acquire(&overlay->lock);
	is_free = overlay->id == 0;
	if (is_free) {
		overlay->last_id = (overlay->last_id + OVERLAY_ID_STEP) & INT32_MAX;
		if (overlay->last_id < OVERLAY_ID_STEP)
			overlay->last_id = OVERLAY_ID_STEP;
		overlay->last_id = (overlay->last_id & ~(OVERLAY_ID_STEP - 1u)) | (uint32_t)(overlay - overlays);
		overlay->id = overlay->last_id;
		overlay->owner = owner;
		overlay->disk = disk;
		overlay->sector_bytes = 0;
		overlay->said_full = false;
		overlay->map = (struct overlay_map){ .pages_maximum = most_bytes / PAGE_BYTES };
		overlay->is_on_disk = spec != NULL;
		if (spec != NULL)
			overlay_far_begin(overlay, spec);
	}
	spinlock_release(&overlay->lock);
	return is_free;
}

static int overlay_make_as(const struct hook_owner *owner, uint32_t number, uint64_t most_bytes,
			   const struct rv_overlay_spec *spec)
{
	for (unsigned i = 0; i < OVERLAYS_MAXIMUM; i++) {
		if (overlay_take(&overlays[i], owner, number, most_bytes, spec))
			return (int)overlays[i].id;
	}
	return -RV_ENOSPC;
}

static int overlay_make(const struct hook_owner *owner, uint32_t number, uint64_t most_bytes)
{
	return overlay_make_as(owner, number, most_bytes, NULL);
}

/* Does the range of an overlay on that disk meet these sectors (0: up to the end)? An overlay that comes or goes meanwhile
 * does or does not count. */
static bool overlay_is_on(uint32_t disk, uint64_t first, uint64_t sectors)
{
	for (unsigned i = 0; i < OVERLAYS_MAXIMUM; i++) {
		const struct overlay *overlay = &overlays[i];
		const struct rv_overlay_spec *spec = &overlay->far.spec;

		if (overlay->id == 0 || !overlay->is_on_disk || spec->other != disk)
			continue;
		if ((sectors == 0 || spec->first < first + sectors) && (spec->sectors == 0 || first < spec->first + spec->sectors))
			return true;
	}
	return false;
}

/* Whatever hooks have made of it, the guest does not write where an overlay is. */
static bool overlay_forbids(const struct request *request)
{
	return (request->kind == RV_EVENT_DISK_WRITE || request->kind == RV_EVENT_DISK_DISCARD) && request->disk.sectors != 0 &&
	       overlay_is_on(request->disk.number, request->disk.lba, request->disk.sectors);
}

static int overlay_make_on_disk(const struct hook_owner *owner, const struct rv_overlay_spec *spec)
{
	if (spec->disk == spec->other || spec->first > OVERLAY_BYTES_MAXIMUM || spec->sectors > OVERLAY_BYTES_MAXIMUM)
		return -RV_EINVAL;
	if (overlay_is_on(spec->other, spec->first, spec->sectors))
		return -RV_EBUSY;
	request_forbids = overlay_forbids;
	return overlay_make_as(owner, spec->disk, 0, spec);
}

/* What requests do ---------------------------------------------------------------------------------- */

int overlay_open(struct overlay *overlay, const struct overlay_user *user)
{
	return overlay->is_on_disk ? overlay_far_open(overlay, user) : 0;
}

const struct overlay_map *overlay_held(const struct overlay *overlay)
{
	return overlay->is_on_disk ? &overlay->far.log.map : &overlay->map;
}

int overlay_write(struct overlay *overlay, uint64_t offset, uint64_t length_bytes, struct overlay_data *data)
{
	uint8_t unit[OVERLAY_UNIT_BYTES];
	int error = 0;

	if (overlay->is_on_disk)
		return overlay_far_say(overlay, overlay_log_write(&overlay->far.log, offset, length_bytes, data));
	for (uint64_t at = 0; error == 0 && at < length_bytes; at += sizeof(unit)) {
		error = data->copy(data, at, unit, sizeof(unit), false);
		if (error == 0)
			error = overlay_map_write(&overlay->map, offset + at, unit, sizeof(unit));
	}
	return error;
}

int overlay_zero(struct overlay *overlay, uint64_t offset, uint64_t length_bytes)
{
	if (overlay->is_on_disk)
		return overlay_far_say(overlay, overlay_log_zero(&overlay->far.log, offset, length_bytes));
	return overlay_map_zero(&overlay->map, offset, length_bytes);
}

int overlay_read(struct overlay *overlay, uint64_t offset, uint64_t length_bytes, struct overlay_data *data)
{
	uint8_t unit[OVERLAY_UNIT_BYTES];
	int error = 0;

	if (overlay->is_on_disk)
		return overlay_far_say(overlay, overlay_log_read(&overlay->far.log, offset, length_bytes, data));
	for (uint64_t at = 0; error == 0 && at < length_bytes; at += sizeof(unit)) {
		if (overlay_map_share(&overlay->map, offset + at, sizeof(unit)) == OVERLAY_NONE)
			continue;
		overlay_map_read(&overlay->map, offset + at, unit, sizeof(unit));
		error = data->copy(data, at, unit, sizeof(unit), true);
	}
	return error;
}

int overlay_flush(struct overlay *overlay)
{
	overlay->far.guest_flushes = true;
	return overlay->is_on_disk ? overlay_far_say(overlay, overlay_log_flush(&overlay->far.log)) : 0;
}

int overlay_settle(struct overlay *overlay, bool is_forced)
{
	if (!overlay->is_on_disk || (overlay->far.guest_flushes && !is_forced))
		return 0;
	return overlay_far_say(overlay, overlay_log_flush(&overlay->far.log));
}

/* What scripts ask for ------------------------------------------------------------------------------ */

/* -RV_EAGAIN: a disk is not known yet. */
static struct overlay *overlay_lock_open(uint32_t id, const struct overlay_user *user, int *error)
{
	struct overlay *overlay = overlay_lock(id, user->owner);

	*error = overlay == NULL ? -RV_EAGAIN : overlay_open(overlay, user);
	if (overlay != NULL && *error != 0)
		spinlock_release(&overlay->lock);
	return *error == 0 ? overlay : NULL;
}

static int overlay_open_now(const struct overlay_user *user, uint32_t id)
{
	int error;
	struct overlay *overlay = overlay_lock_open(id, user, &error);

	if (overlay != NULL)
		spinlock_release(&overlay->lock);
	return error;
}

/* *lba is within the greatest disk, or it is no question. */
static int overlay_next(const struct overlay_user *user, uint32_t id, uint64_t *lba, uint64_t *sectors)
{
	int error;
	struct overlay *overlay = overlay_lock_open(id, user, &error);
	uint64_t offset, length_bytes = 0;
	bool found;

	if (overlay == NULL)
		return error;
	found = *lba < OVERLAY_BYTES_MAXIMUM / overlay->sector_bytes;
	offset = found ? *lba * overlay->sector_bytes : 0;
	found = found && overlay_map_next(overlay_held(overlay), &offset, &length_bytes, OVERLAY_NEXT_BYTES);
	if (found) {
		*lba = offset / overlay->sector_bytes;
		*sectors = length_bytes / overlay->sector_bytes;
	}
	spinlock_release(&overlay->lock);
	return found ? 0 : -RV_ENOENT;
}

struct overlay_bytes {
	struct overlay_data data;
	uint8_t *bytes;
};

static int overlay_give_bytes(struct overlay_data *data, uint64_t at, void *bytes, size_t length_bytes, bool give)
{
	(void)give;
	memcpy(CONTAINER_OF(data, struct overlay_bytes, data)->bytes + at, bytes, length_bytes);
	return 0;
}

static int overlay_read_bytes(const struct overlay_user *user, uint32_t id, uint64_t offset, void *bytes,
			      size_t length_bytes)
{
	int error;
	struct overlay *overlay = overlay_lock_open(id, user, &error);
	struct overlay_bytes of = { { overlay_give_bytes }, bytes };

	if (overlay == NULL)
		return error;
	error = overlay_read(overlay, offset, length_bytes, &of.data);
	spinlock_release(&overlay->lock);
	return error;
}

static int64_t overlay_count(const struct overlay *overlay, bool is_limit)
{
	if (!overlay->is_on_disk)
		return (int64_t)((is_limit ? overlay->map.pages_maximum : overlay->map.nr_pages) * PAGE_BYTES);
	if (overlay->far.log.state != OVERLAY_OPEN)
		return 0;
	return (int64_t)(is_limit ? overlay_log_limit(&overlay->far.log) : overlay->far.log.map.nr_blocks * OVERLAY_BLOCK_BYTES);
}

/* 0 of a disk that nobody has found. */
static int64_t overlay_used(const struct hook_owner *owner, uint32_t id, bool is_limit)
{
	struct overlay *overlay = overlay_lock(id, owner);
	int64_t bytes;

	if (overlay == NULL)
		return 0;
	bytes = overlay_count(overlay, is_limit);
	spinlock_release(&overlay->lock);
	return bytes;
}

static void overlay_forget(const struct hook_owner *owner)
{
	for (unsigned i = 0; i < OVERLAYS_MAXIMUM; i++) {
		struct overlay *overlay = &overlays[i];

		spinlock_acquire(&overlay->lock);
		if (overlay->id != 0 && overlay->owner == owner) {
			overlay_map_free(&overlay->map);
			if (overlay->is_on_disk)
				overlay_log_close(&overlay->far.log);
			overlay->is_on_disk = false;
			overlay->id = 0;
			overlay->owner = NULL;
		}
		spinlock_release(&overlay->lock);
	}
}

const struct disk_overlays overlay_operations = {
	.make = overlay_make,
	.make_on_disk = overlay_make_on_disk,
	.open = overlay_open_now,
	.next = overlay_next,
	.read = overlay_read_bytes,
	.used = overlay_used,
	.forget = overlay_forget,
};
