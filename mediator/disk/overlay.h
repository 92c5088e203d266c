/*
 * mediator/disk/overlay.h: overlays: what is written in the place of disks, in memory or on another disk. Scripts make
 * them, and send requests there (mediator/disk/redirect.c).
 */
#ifndef MEDIATOR_DISK_OVERLAY_H
#define MEDIATOR_DISK_OVERLAY_H

#include "core/spinlock.h"
#include "hook/disk_transfer.h"
#include "mediator/disk/overlay_log.h"
#include "rv/abi.h"

/* One on another disk: its range there, and who asks for something while that is done. */
struct overlay_far {
	struct overlay_store store;
	struct overlay_log log;
	struct rv_overlay_spec spec;
	uint64_t first, sectors; /* once they are known */
	struct overlay_user user;
	bool guest_flushes; /* else all that it writes is flushed: it may think that the disk has no cache */
	int said_error;	    /* the last that the log has told */
};

struct overlay {
	struct spinlock lock; /* guards the rest. Of one in memory nothing but memory's is taken under it, of one on a disk
			       * what disk_transfer() takes */
	uint32_t id;	      /* 0: it is free */
	uint32_t last_id;     /* the last that it had */
	const struct hook_owner *owner;
	uint32_t disk, sector_bytes; /* 0: not known yet */
	bool said_full;
	bool is_on_disk;
	struct overlay_map map; /* in memory */
	struct overlay_far far;
};

/* Locks the overlay of an owner's; NULL: it has none of that number, or not any more, or its
 * disk is not known. Context: boot, exit; under no lock but an owner's. */
struct overlay *overlay_lock(uint32_t id, const struct hook_owner *owner);

/* Under its lock: what requests do. The first has it opened, as RV_SYS_OVERLAY_OPEN, and is before all others. -RV_ENOSPC:
 * it is full; what the data's copy() says. */
int overlay_open(struct overlay *overlay, const struct overlay_user *user);
int overlay_write(struct overlay *overlay, uint64_t offset, uint64_t length_bytes, struct overlay_data *data);
int overlay_zero(struct overlay *overlay, uint64_t offset, uint64_t length_bytes);
int overlay_read(struct overlay *overlay, uint64_t offset, uint64_t length_bytes, struct overlay_data *data);
/* The guest has all on the medium that it wrote: by a flush; or by one write, is_forced or not, where that is due. */
int overlay_flush(struct overlay *overlay);
int overlay_settle(struct overlay *overlay, bool is_forced);
/* What it holds; of one that is open. */
const struct overlay_map *overlay_held(const struct overlay *overlay);

/* What process_options.overlays is. */
extern const struct disk_overlays overlay_operations;

/* overlay_far.c: those on a disk. */
void overlay_far_begin(struct overlay *overlay, const struct rv_overlay_spec *spec);
int overlay_far_open(struct overlay *overlay, const struct overlay_user *user);
/* Says an error, if it is not what it said last; returns it. */
int overlay_far_say(struct overlay *overlay, int error);

#endif
