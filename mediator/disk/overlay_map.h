/*
 * mediator/disk/overlay_map.h: what was written in the place of a disk: a map from its bytes to memory of ours, of a
 * bounded number of pages. A tree as page tables are: nodes of 512 entries, the leaves of 4 KiB each.
 */
#ifndef MEDIATOR_DISK_OVERLAY_MAP_H
#define MEDIATOR_DISK_OVERLAY_MAP_H

#include "rv/types.h"

#define OVERLAY_UNIT_BYTES 512		   /* all offsets and lengths are multiples of it */
#define OVERLAY_BYTES_MAXIMUM (UINT64_C(1) << 48) /* of a disk */

/* Zero, but for the limits, at the beginning; whoever has it sees to it that one CPU at a time is in there. */
struct overlay_map {
	uint64_t root; /* an entry: overlay_map.c */
	uint64_t nr_pages, pages_maximum;
};

enum overlay_share { OVERLAY_NONE, OVERLAY_PART, OVERLAY_ALL };

/* Holds these from now on: 0; -RV_ENOSPC: there is no room, and any part of them is held or not. */
int overlay_map_write(struct overlay_map *map, uint64_t offset, const void *bytes, size_t length_bytes);
/* The same of zeros, which take no room but for how they are cut out; however many. */
int overlay_map_zero(struct overlay_map *map, uint64_t offset, uint64_t length_bytes);

/* How much of that does it hold? */
enum overlay_share overlay_map_share(const struct overlay_map *map, uint64_t offset, uint64_t length_bytes);

/* Puts what it holds of these over `bytes`. */
void overlay_map_read(const struct overlay_map *map, uint64_t offset, void *bytes, size_t length_bytes);

/* The first stretch that it holds from *offset on: sets *offset and *length_bytes (up to most_bytes); false: there is
 * none. */
bool overlay_map_next(const struct overlay_map *map, uint64_t *offset, uint64_t *length_bytes, uint64_t most_bytes);

void overlay_map_free(struct overlay_map *map);

#endif
