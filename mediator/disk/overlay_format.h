/*
 * mediator/disk/overlay_format.h: how an overlay lies on another disk, in blocks of 4 KiB of a range of it.
 *
 *	0, 1		superblocks: that of a generation is at its number modulo 2. The newest that is whole counts
 *	2 ...		two logs, each a sixteenth of all blocks: that of a generation is at its number modulo 2
 *	the rest	data, a block for each leaf of the map that has any
 *
 * A log is a row of records, a block each, with the entries of one write or discard. Its first `snapshot` records are
 * the whole map as it was when the generation began, on the disk before the superblock was. Those behind come as the
 * guest writes, and end where a block is not the next record of this generation, or is one whose data are not there.
 *
 * Nothing is written over what is held: new data have a new block. Blocks that are given up are used again in the next
 * generation, which begins when all that gave them up is on the disk; likewise the other log. So whatever the disk
 * loses of what it has not flushed, what is there is a beginning of what was written, and all of it that was flushed.
 */
#ifndef MEDIATOR_DISK_OVERLAY_FORMAT_H
#define MEDIATOR_DISK_OVERLAY_FORMAT_H

#include "rv/types.h"

#define OVERLAY_BLOCK_BYTES 4096
#define OVERLAY_BLOCKS_MINIMUM 256
#define OVERLAY_BLOCKS_MAXIMUM (UINT64_C(1) << 24) /* 64 GiB */
#define OVERLAY_LOGS 2 /* the block where the first log begins */
#define OVERLAY_LOG_SHARE 16
#define OVERLAY_SUPER_MAGIC UINT64_C(0x315250554c565652)  /* "RVVLUPR1" */
#define OVERLAY_RECORD_MAGIC UINT64_C(0x314345524c565652) /* "RVVLREC1" */

/* The disk that is overlaid, so that none is taken for another. */
struct overlay_disk_name {
	uint64_t sectors;
	uint32_t sector_bytes, reserved;
	char model[48], serial[24];
};

/* The rest of its block is zeros: all of it lies in one sector, and is there or not. */
struct overlay_super {
	uint64_t magic;
	uint64_t sum; /* overlay_sum() of the block with 0 here */
	uint64_t generation;
	uint64_t nonce; /* which no other generation has, nor an attempt at this one that came to nothing */
	uint64_t nr_blocks;
	uint64_t snapshot; /* records */
	struct overlay_disk_name disk;
};
_Static_assert(sizeof(struct overlay_super) <= 512, "a superblock is in one sector");

/* units != 0: the leaf at that offset is `block`, whose data have that sum. Else `value` leaves from there on are zeros. */
struct overlay_entry {
	uint64_t offset_units; /* a multiple of 4 KiB, and a bit for each unit */
	union {
		struct {
			uint32_t block, sum;
		};
		uint64_t leaves;
	};
};

#define OVERLAY_RECORD_ENTRIES 252

struct overlay_record {
	uint64_t magic;
	uint64_t sum; /* of the block with 0 here */
	uint64_t generation, nonce;
	uint64_t index;	  /* in the log */
	uint64_t flushed; /* so many records of this log, and their data, are on the disk for certain */
	uint32_t nr_entries, reserved[3];
	struct overlay_entry entries[OVERLAY_RECORD_ENTRIES];
};
_Static_assert(sizeof(struct overlay_record) == OVERLAY_BLOCK_BYTES, "a record is a block");

/* Finds each change of one word, and others but once in 2^64. */
static inline uint64_t overlay_sum(const void *block)
{
	const uint64_t *words = block;
	uint64_t sum = 0;

	for (unsigned i = 0; i < OVERLAY_BLOCK_BYTES / sizeof(*words); i++) {
		sum = (sum ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
		sum ^= sum >> 32;
	}
	return sum;
}

#endif
