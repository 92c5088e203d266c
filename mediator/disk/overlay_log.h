/*
 * mediator/disk/overlay_log.h: an overlay on another disk: its map in memory, and its log, data and superblocks there
 * (overlay_format.h). Whoever has one sees to it that one CPU at a time is in there.
 */
#ifndef MEDIATOR_DISK_OVERLAY_LOG_H
#define MEDIATOR_DISK_OVERLAY_LOG_H

#include "mediator/disk/overlay_format.h"
#include "mediator/disk/overlay_map.h"
#include "rv/abi.h"

#define OVERLAY_CHUNK 32 /* blocks of one transfer, and of one record that comes with a write */
#define OVERLAY_USED_PAGES (PAGE_BYTES / sizeof(uint64_t *))

/* Fills the block of a write, or takes that of a read: its number within the transfer. What is not 0 ends it. */
typedef int (*overlay_move)(void *context, uint32_t index, void *block);

/* The range of the other disk. */
struct overlay_store {
	uint64_t nr_blocks; /* known when the overlay is opened */
	/* RV_EVENT_DISK_READ, _WRITE or, without blocks, _FLUSH; OVERLAY_CHUNK blocks at most. 0, what move says, or as
	 * disk_transfer(): -RV_EAGAIN: nobody has the disk; of -RV_ETIMEDOUT it may be done yet, at any time. */
	int (*transfer)(struct overlay_store *store, uint32_t kind, uint64_t block, uint32_t count, overlay_move move,
			void *context);
	uint64_t (*nonce)(void); /* another each time, also after a new start */
};

/* What is read or written, by its owner: copies a part between there and `bytes`. */
struct overlay_data {
	int (*copy)(struct overlay_data *data, uint64_t at, void *bytes, size_t length_bytes, bool give);
};

enum overlay_log_state {
	OVERLAY_CLOSED, /* what is on the disk is not known, or not any more: it has to be opened */
	OVERLAY_OPEN,
	OVERLAY_LOST, /* a write may come at any time: until the machine is started anew there is none */
};

/* What there is in the place of an overlay: no -RV_E*, but likewise negative. */
enum {
	OVERLAY_FOREIGN = -RV_OVERLAY_FOREIGN,	     /* something else */
	OVERLAY_DAMAGED = -RV_OVERLAY_DAMAGED,	     /* one that has lost what was on the disk for certain */
	OVERLAY_OF_ANOTHER = -RV_OVERLAY_OF_ANOTHER, /* one of another disk, or of another range */
};

struct overlay_log {
	struct overlay_store *store;
	struct overlay_map map;
	enum overlay_log_state state;
	struct overlay_disk_name disk;
	uint64_t generation, nonce;
	uint64_t log_blocks; /* of each */
	uint64_t next, flushed; /* records: where the next goes; what is on the disk for certain */
	uint64_t cursor;	/* where the next block is looked for */
	uint64_t nr_used;	/* blocks that hold data, or may yet */
	uint8_t *record, *block; /* a page each, for the while of a call */
	uint64_t **used; /* a bit a block, in pages, whose addresses are in a page */
};

/* Of one that is closed and has its store and disk: reads what is there, and begins a generation. Where there are but
 * zeros, or `anew` whatever there is, an empty one is made. 0; OVERLAY_*; -RV_ENOMEM; -RV_EINVAL: the range is too small
 * or too large; as the store. */
int overlay_log_open(struct overlay_log *log, bool anew);
/* Forgets it; what is on the disk stays. */
void overlay_log_close(struct overlay_log *log);

/* Of one that is open, as all that follow. -RV_ENOSPC: it is full; what the data's copy() says; as the store, and it may be
 * closed or lost then. */
int overlay_log_write(struct overlay_log *log, uint64_t offset, uint64_t length_bytes, struct overlay_data *data);
int overlay_log_zero(struct overlay_log *log, uint64_t offset, uint64_t length_bytes);
/* Gives what it holds of these. */
int overlay_log_read(struct overlay_log *log, uint64_t offset, uint64_t length_bytes, struct overlay_data *data);
/* All that was written stays. */
int overlay_log_flush(struct overlay_log *log);

/* So much data it can have, and has. */
uint64_t overlay_log_limit(const struct overlay_log *log);

/* For the log's own files -------------------------------------------------------------------------- */

static inline uint64_t overlay_log_data(const struct overlay_log *log) /* the first block of data */
{
	return OVERLAY_LOGS + 2 * log->log_blocks;
}

static inline uint64_t overlay_log_start(const struct overlay_log *log, uint64_t generation)
{
	return OVERLAY_LOGS + generation % 2 * log->log_blocks;
}

/* overlay_log.c: fails by the store. */
int overlay_log_failed(struct overlay_log *log, int error);
int overlay_log_read_blocks(struct overlay_log *log, uint64_t block, uint64_t count, overlay_move move, void *context);
int overlay_log_write_block(struct overlay_log *log, uint64_t block, const void *bytes);

/* overlay_generation.c: begins the next generation: all that is held is on the disk then, and all else free. `used` is
 * made anew of the map: OVERLAY_DAMAGED if two leaves have one block. -RV_ENOSPC: no log has room for the map. */
int overlay_log_begin(struct overlay_log *log);
void overlay_log_use(struct overlay_log *log, uint64_t block, bool is_used);
bool overlay_log_is_used(const struct overlay_log *log, uint64_t block);

#endif
