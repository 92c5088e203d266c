/*
 * mediator/disk/overlay_map.h: what was written in the place of a disk: a map from its bytes to memory of ours, of a
 * bounded number of pages, or to blocks of another disk (mediator/disk/overlay_log.h). A tree as page tables are: nodes
 * of 512 entries, the leaves of 4 KiB each.
 */
#ifndef MEDIATOR_DISK_OVERLAY_MAP_H
#define MEDIATOR_DISK_OVERLAY_MAP_H

#include "rv/types.h"

#define OVERLAY_UNIT_BYTES 512		   /* all offsets and lengths are multiples of it */
#define OVERLAY_BYTES_MAXIMUM (UINT64_C(1) << 48) /* of a disk */
#define OVERLAY_LEAF_BYTES 4096
#define OVERLAY_LEAF_UNITS 0xffu /* a bit each */

/* Zero, but for the limits, at the beginning; whoever has it sees to it that one CPU at a time is in there. */
struct overlay_map {
	uint64_t root; /* an entry: overlay_map.c */
	uint64_t nr_pages, pages_maximum;
	bool has_blocks; /* leaves are blocks of another disk, by their numbers: reserve(), place() and leaf() instead of write() and read() */
	uint64_t nr_blocks; /* that leaves have */
};

enum overlay_share { OVERLAY_NONE, OVERLAY_PART, OVERLAY_ALL };

/* Holds these from now on: 0; -RV_ENOSPC: there is no room, and any part of them is held or not. */
int overlay_map_write(struct overlay_map *map, uint64_t offset, const void *bytes, size_t length_bytes);
/* The same of zeros, which take no room but for how they are cut out; however many. Of blocks whole leaves only. */
int overlay_map_zero(struct overlay_map *map, uint64_t offset, uint64_t length_bytes);

/* How much of that does it hold? */
enum overlay_share overlay_map_share(const struct overlay_map *map, uint64_t offset, uint64_t length_bytes);

/* Puts what it holds of these over `bytes`. */
void overlay_map_read(const struct overlay_map *map, uint64_t offset, void *bytes, size_t length_bytes);

/* The first stretch that it holds from *offset on: sets *offset and *length_bytes (up to most_bytes); false: there is
 * none. */
bool overlay_map_next(const struct overlay_map *map, uint64_t *offset, uint64_t *length_bytes, uint64_t most_bytes);

/* Makes the way to these leaves, so that place() has it: 0, -RV_ENOSPC. */
int overlay_map_reserve(struct overlay_map *map, uint64_t offset, uint64_t length_bytes);
/* The leaf at an offset is that block from now on, of which units are held. */
void overlay_map_place(struct overlay_map *map, uint64_t offset, uint64_t block, unsigned units);
/* The block of the leaf at an offset, and the units that are held: zeros where there is no block (0). *span: how many
 * bytes from the offset's multiple of that on are so; those of a block are a leaf's. */
uint64_t overlay_map_leaf(const struct overlay_map *map, uint64_t offset, unsigned *units, uint64_t *span);

void overlay_map_free(struct overlay_map *map);

#endif
