/*
 * mediator/disk/overlay.h: overlays: what is written in the place of disks. Scripts make them, and send requests there
 * (mediator/disk/redirect.c).
 */
#ifndef MEDIATOR_DISK_OVERLAY_H
#define MEDIATOR_DISK_OVERLAY_H

#include "core/spinlock.h"
#include "hook/disk_transfer.h"
#include "mediator/disk/overlay_map.h"

struct overlay {
	struct spinlock lock; /* guards the rest. Nothing but memory's is taken under it */
	uint32_t id;	      /* 0: it is free */
	uint32_t last_id;     /* the last that it had */
	const struct hook_owner *owner;
	uint32_t disk, sector_bytes; /* 0: not known yet */
	bool said_full;
	struct overlay_map map;
};

/* Locks the overlay of an owner's; NULL: it has none of that number, or not any more, or its
 * disk is not known. Context: boot, exit. */
struct overlay *overlay_lock(uint32_t id, const struct hook_owner *owner);

/* What process_options.overlays is. */
extern const struct disk_overlays overlay_operations;

#endif
