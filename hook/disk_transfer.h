/*
 * hook/disk_transfer.h: what is read from a disk, or written to it, for an owner of hooks itself: process/ asks for
 * it, mediator/disk/ does it.
 */
#ifndef HOOK_DISK_TRANSFER_H
#define HOOK_DISK_TRANSFER_H

#include "rv/types.h"

struct hook_owner;
struct vcpu;

struct disk_transfer {
	uint32_t number; /* of the disk (rv/disk.h) */
	uint32_t kind;	 /* RV_EVENT_DISK_READ, _WRITE or _FLUSH */
	uint64_t lba, length_bytes;
	bool before_guest;		 /* no guest has run */
	const struct hook_owner *author; /* whose hooks are not looked at */
	/* Copies a part of the data: of a write to `bytes`, of a read from there. 0, or an error that ends the
	 * transfer. Of a flush it is not called. */
	int (*move)(struct disk_transfer *transfer, uint64_t offset, void *bytes, size_t length_bytes);
};

/* Does it: what process_options.transfer_disk is. */
typedef int (*disk_transfer_do)(struct disk_transfer *transfer, struct vcpu *vcpu);

/* Who asks for something of an overlay's. */
struct overlay_user {
	const struct hook_owner *owner;
	struct vcpu *vcpu;
	bool before_guest; /* no guest has run */
};

struct rv_overlay_spec;

/* Overlays, process_options.overlays: what is written in the place of a disk, in memory or on another. Each is an
 * owner's; another's is none: -RV_ENOENT. */
struct disk_overlays {
	/* A new one of a disk that there is or will be, of so many bytes of memory at most. Its number, above 0;
	 * -RV_ENOSPC: there are too many. */
	int (*make)(const struct hook_owner *owner, uint32_t number, uint64_t most_bytes);
	/* One on another disk, as RV_SYS_OVERLAY_ON_DISK. */
	int (*make_on_disk)(const struct hook_owner *owner, const struct rv_overlay_spec *spec);
	/* As RV_SYS_OVERLAY_OPEN; so do the next two fail. */
	int (*open)(const struct overlay_user *user, uint32_t id);
	/* The first sectors that it holds from *lba on; -RV_ENOENT: none. */
	int (*next)(const struct overlay_user *user, uint32_t id, uint64_t *lba, uint64_t *sectors);
	/* What it holds of these bytes, over what is there. */
	int (*read)(const struct overlay_user *user, uint32_t id, uint64_t offset, void *bytes, size_t length_bytes);
	/* Bytes of memory, or of the other disk, that it takes; or may. */
	int64_t (*used)(const struct hook_owner *owner, uint32_t id, bool is_limit);
	void (*forget)(const struct hook_owner *owner);		      /* it is gone, and all of its with it */
};

#endif
