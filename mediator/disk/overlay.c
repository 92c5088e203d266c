/*
 * mediator/disk/overlay.c: owns the overlays that there are. One goes with its owner.
 */
#include "mediator/disk/overlay.h"

#include "core/memory.h"
#include "mediator/disk/disk.h"
#include "rv/errno.h"

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

/* True: it was free. */
static bool overlay_take(struct overlay *overlay, const struct hook_owner *owner, uint32_t disk, uint64_t most_bytes)
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
	}
	spinlock_release(&overlay->lock);
	return is_free;
}

static int overlay_make(const struct hook_owner *owner, uint32_t number, uint64_t most_bytes)
{
	for (unsigned i = 0; i < OVERLAYS_MAXIMUM; i++) {
		if (overlay_take(&overlays[i], owner, number, most_bytes))
			return (int)overlays[i].id;
	}
	return -RV_ENOSPC;
}

/* *lba is within the greatest disk, or it is no question. */
static int overlay_next(const struct hook_owner *owner, uint32_t id, uint64_t *lba, uint64_t *sectors)
{
	struct overlay *overlay = overlay_lock(id, owner);
	uint64_t offset, length_bytes = 0;
	bool found;

	if (overlay == NULL)
		return -RV_ENOENT;
	found = *lba < OVERLAY_BYTES_MAXIMUM / overlay->sector_bytes;
	offset = found ? *lba * overlay->sector_bytes : 0;
	found = found && overlay_map_next(&overlay->map, &offset, &length_bytes, OVERLAY_NEXT_BYTES);
	if (found) {
		*lba = offset / overlay->sector_bytes;
		*sectors = length_bytes / overlay->sector_bytes;
	}
	spinlock_release(&overlay->lock);
	return found ? 0 : -RV_ENOENT;
}

static int overlay_read(const struct hook_owner *owner, uint32_t id, uint64_t offset, void *bytes, size_t length_bytes)
{
	struct overlay *overlay = overlay_lock(id, owner);

	if (overlay == NULL)
		return -RV_ENOENT;
	overlay_map_read(&overlay->map, offset, bytes, length_bytes);
	spinlock_release(&overlay->lock);
	return 0;
}

/* 0 of a disk that nobody has found. */
static int64_t overlay_used(const struct hook_owner *owner, uint32_t id)
{
	struct overlay *overlay = overlay_lock(id, owner);
	int64_t bytes;

	if (overlay == NULL)
		return 0;
	bytes = (int64_t)(overlay->map.nr_pages * PAGE_BYTES);
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
			overlay->id = 0;
			overlay->owner = NULL;
		}
		spinlock_release(&overlay->lock);
	}
}

const struct disk_overlays overlay_operations = {
	.make = overlay_make,
	.next = overlay_next,
	.read = overlay_read,
	.used = overlay_used,
	.forget = overlay_forget,
};
