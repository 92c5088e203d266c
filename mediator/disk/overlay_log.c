/*
 * mediator/disk/overlay_log.c: opens an overlay on another disk: which superblock counts, how far its log goes, and what
 * map that makes. What was on the disk for certain has to be there, or all of it is refused.
 */
#include "mediator/disk/overlay_log.h"

#include "core/memory.h"
#include "core/string.h"
#include "rv/errno.h"
#include "rv/kinds.h"

#define OVERLAY_MAP_SHARE 16 /* of the range, at most: memory for the map */
#define OVERLAY_USED_A_PAGE (PAGE_BYTES * 8)

/* Transfers --------------------------------------------------------------------------------------- */

int overlay_log_failed(struct overlay_log *log, int error)
{
	overlay_log_close(log);
	if (error == -RV_ETIMEDOUT)
		log->state = OVERLAY_LOST;
	return error;
}

int overlay_log_read_blocks(struct overlay_log *log, uint64_t block, uint64_t count, overlay_move move, void *context)
{
	int error = log->store->transfer(log->store, RV_EVENT_DISK_READ, block, (uint32_t)count, move, context);

	return error == -RV_EAGAIN ? overlay_log_failed(log, error) : error;
}

static int overlay_log_give(void *context, uint32_t index, void *block)
{
	(void)index;
	memcpy(block, context, OVERLAY_BLOCK_BYTES);
	return 0;
}

static int overlay_log_take(void *context, uint32_t index, void *block)
{
	(void)index;
	memcpy(context, block, OVERLAY_BLOCK_BYTES);
	return 0;
}

int overlay_log_write_block(struct overlay_log *log, uint64_t block, const void *bytes)
{
	int error = log->store->transfer(log->store, RV_EVENT_DISK_WRITE, block, 1, overlay_log_give,
					 (void *)(uintptr_t)bytes);

	return error == 0 ? 0 : overlay_log_failed(log, error);
}

int overlay_log_flush(struct overlay_log *log)
{
	int error = log->store->transfer(log->store, RV_EVENT_DISK_FLUSH, 0, 0, NULL, NULL);

	if (error != 0)
		return overlay_log_failed(log, error);
	log->flushed = log->next;
	return 0;
}

/* Superblocks ------------------------------------------------------------------------------------- */

static bool overlay_log_is_whole(void *block, uint64_t *sum)
{
	uint64_t said = *sum;
	bool is_whole;

	*sum = 0;
	is_whole = overlay_sum(block) == said;
	*sum = said;
	return is_whole;
}

enum overlay_super_state { OVERLAY_SUPER_EMPTY, OVERLAY_SUPER_WHOLE, OVERLAY_SUPER_BAD, OVERLAY_SUPER_OTHER };

static bool overlay_is_empty(const void *block)
{
	const uint64_t *words = block;

	for (unsigned i = 0; i < OVERLAY_BLOCK_BYTES / sizeof(*words); i++) {
		if (words[i] != 0)
			return false;
	}
	return true;
}

static int overlay_log_read_super(struct overlay_log *log, unsigned number, struct overlay_super *super,
				  enum overlay_super_state *state)
{
	struct overlay_super *block = (struct overlay_super *)(void *)log->block;
	int error = overlay_log_read_blocks(log, number, 1, overlay_log_take, block);

	if (error != 0)
		return error;
	*super = *block;
	if (block->magic != OVERLAY_SUPER_MAGIC)
		*state = overlay_is_empty(block) ? OVERLAY_SUPER_EMPTY : OVERLAY_SUPER_OTHER;
	else
		*state = overlay_log_is_whole(block, &block->sum) && block->generation % 2 == number ? OVERLAY_SUPER_WHOLE
												 : OVERLAY_SUPER_BAD;
	return 0;
}

/* The newest, which has the one before beside it, unless it is the first: 0, 1: there are but zeros, OVERLAY_FOREIGN;
 * OVERLAY_DAMAGED. To go by the older where the newer is no good would be to go by blocks that were used again. */
static int overlay_log_find(struct overlay_log *log, struct overlay_super *newest)
{
	struct overlay_super supers[OVERLAY_LOGS];
	enum overlay_super_state states[OVERLAY_LOGS];
	unsigned number;
	int error = 0;

	for (unsigned i = 0; error == 0 && i < OVERLAY_LOGS; i++)
		error = overlay_log_read_super(log, i, &supers[i], &states[i]);
	if (error != 0)
		return error;
	if (states[0] == OVERLAY_SUPER_EMPTY && states[1] == OVERLAY_SUPER_EMPTY)
		return 1;
	if (supers[0].magic != OVERLAY_SUPER_MAGIC && supers[1].magic != OVERLAY_SUPER_MAGIC)
		return OVERLAY_FOREIGN;
	number = states[1] == OVERLAY_SUPER_WHOLE &&
		 (states[0] != OVERLAY_SUPER_WHOLE || supers[1].generation > supers[0].generation);
	*newest = supers[number];
	if (states[number] != OVERLAY_SUPER_WHOLE)
		return OVERLAY_DAMAGED;
	if (newest->generation == 1)
		return states[0] == OVERLAY_SUPER_EMPTY ? 0 : OVERLAY_DAMAGED;
	return states[!number] == OVERLAY_SUPER_WHOLE && supers[!number].generation == newest->generation - 1 ? 0
													       : OVERLAY_DAMAGED;
}

static int overlay_log_look_for_data(void *context, uint32_t index, void *block)
{
	bool *has_data = context;

	(void)index;
	*has_data |= !overlay_is_empty(block);
	return 0;
}

/* Nobody has written there, as far as its beginning says. */
static int overlay_log_check_empty(struct overlay_log *log)
{
	bool has_data = false;

	for (uint64_t block = 0; !has_data && block < OVERLAY_BLOCKS_MINIMUM; block += OVERLAY_CHUNK) {
		int error = overlay_log_read_blocks(log, block, OVERLAY_CHUNK, overlay_log_look_for_data, &has_data);

		if (error != 0)
			return error;
	}
	return has_data ? OVERLAY_FOREIGN : 0;
}

/* An empty one: the generation that begins next is its first. Until it is on the disk neither superblock counts,
 * whichever of these is there. */
static int overlay_log_erase(struct overlay_log *log)
{
	int error = 0;

	memset(log->block, 0, OVERLAY_BLOCK_BYTES);
	*(uint64_t *)(void *)log->block = OVERLAY_SUPER_MAGIC;
	for (unsigned i = 0; error == 0 && i < OVERLAY_LOGS; i++)
		error = overlay_log_write_block(log, i, log->block);
	if (error == 0)
		error = overlay_log_flush(log);
	if (error != 0)
		return error;
	memset(log->block, 0, OVERLAY_BLOCK_BYTES);
	return overlay_log_write_block(log, 0, log->block);
}

/* Logs -------------------------------------------------------------------------------------------- */

/* A way through the records of the log. */
struct overlay_walk {
	struct overlay_log *log;
	uint64_t first;	   /* of the transfer, in the log */
	uint64_t end;	   /* the first that is none */
	uint64_t certain;  /* so many are on the disk for certain */
};

static struct overlay_record *overlay_log_record(const struct overlay_log *log, void *block, uint64_t index)
{
	struct overlay_record *record = block;

	if (record->magic != OVERLAY_RECORD_MAGIC || record->generation != log->generation || record->nonce != log->nonce ||
	    record->index != index || record->flushed > index || record->nr_entries > OVERLAY_RECORD_ENTRIES)
		return NULL;
	return overlay_log_is_whole(block, &record->sum) ? record : NULL;
}

static int overlay_log_measure(void *context, uint32_t at, void *block)
{
	struct overlay_walk *walk = context;
	const struct overlay_record *record = overlay_log_record(walk->log, block, walk->first + at);

	if (record == NULL && walk->end > walk->first + at)
		walk->end = walk->first + at;
	if (record != NULL && record->flushed > walk->certain)
		walk->certain = record->flushed;
	return 0;
}

/* All of the log is looked at: a record behind a gap may say that there should be none. */
static int overlay_log_walk(struct overlay_walk *walk)
{
	struct overlay_log *log = walk->log;
	uint64_t start = overlay_log_start(log, log->generation);
	int error = 0;

	for (walk->first = 0; error == 0 && walk->first < log->log_blocks; walk->first += OVERLAY_CHUNK) {
		uint64_t left = log->log_blocks - walk->first;

		error = overlay_log_read_blocks(log, start + walk->first, left < OVERLAY_CHUNK ? left : OVERLAY_CHUNK,
						overlay_log_measure, walk);
	}
	if (error != 0)
		return error;
	return walk->end < walk->certain ? OVERLAY_DAMAGED : 0;
}

static int overlay_log_measure_data(void *context, uint32_t index, void *block)
{
	(void)index;
	*(uint32_t *)context = (uint32_t)overlay_sum(block);
	return 0;
}

/* Are the data there that a record is about? 1: not all of them. */
static int overlay_log_check_data(struct overlay_log *log, const struct overlay_record *record)
{
	for (uint32_t i = 0; i < record->nr_entries; i++) {
		const struct overlay_entry *entry = &record->entries[i];
		uint32_t sum = 0;
		int error;

		if ((entry->offset_units & OVERLAY_LEAF_UNITS) == 0)
			continue;
		error = overlay_log_read_blocks(log, entry->block, 1, overlay_log_measure_data, &sum);
		if (error != 0 || sum != entry->sum)
			return error != 0 ? error : 1;
	}
	return 0;
}

/* False: no such entry was ever made. */
static bool overlay_log_is_sound(const struct overlay_log *log, const struct overlay_entry *entry)
{
	uint64_t offset = entry->offset_units & ~PAGE_MASK;

	if (offset >= OVERLAY_BYTES_MAXIMUM || (entry->offset_units & PAGE_MASK & ~(uint64_t)OVERLAY_LEAF_UNITS) != 0)
		return false;
	if ((entry->offset_units & OVERLAY_LEAF_UNITS) != 0)
		return entry->block >= overlay_log_data(log) && entry->block < log->store->nr_blocks;
	return entry->leaves != 0 && entry->leaves <= (OVERLAY_BYTES_MAXIMUM - offset) / OVERLAY_LEAF_BYTES;
}

static int overlay_log_apply(struct overlay_log *log, const struct overlay_record *record)
{
	int error = 0;

	for (uint32_t i = 0; error == 0 && i < record->nr_entries; i++) {
		const struct overlay_entry *entry = &record->entries[i];
		uint64_t offset = entry->offset_units & ~PAGE_MASK;
		unsigned units = entry->offset_units & OVERLAY_LEAF_UNITS;

		if (units == 0) {
			error = overlay_map_zero(&log->map, offset, entry->leaves * OVERLAY_LEAF_BYTES);
			continue;
		}
		error = overlay_map_reserve(&log->map, offset, OVERLAY_LEAF_BYTES);
		if (error == 0)
			overlay_map_place(&log->map, offset, entry->block, units);
	}
	return error == -RV_ENOSPC ? -RV_ENOMEM : error;
}

/* Up to the end, or to the first that may not be on the disk and whose data are not. */
static int overlay_log_replay(struct overlay_log *log, uint64_t certain, uint64_t end)
{
	uint64_t start = overlay_log_start(log, log->generation), index;
	int error = 0;

	for (index = 0; error == 0 && index < end; index++) {
		const struct overlay_record *record;

		error = overlay_log_read_blocks(log, start + index, 1, overlay_log_take, log->record);
		record = error == 0 ? overlay_log_record(log, log->record, index) : NULL;
		if (error == 0 && record == NULL)
			error = -RV_EIO; /* it was there a moment ago */
		for (uint32_t i = 0; error == 0 && i < record->nr_entries; i++)
			error = overlay_log_is_sound(log, &record->entries[i]) ? 0 : OVERLAY_DAMAGED;
		if (error == 0 && index >= certain)
			error = overlay_log_check_data(log, record);
		if (error == 0)
			error = overlay_log_apply(log, record);
	}
	log->next = log->flushed = index;
	return error == 1 ? 0 : error;
}

static int overlay_log_load(struct overlay_log *log, const struct overlay_super *super)
{
	struct overlay_walk walk = { .log = log, .end = log->log_blocks, .certain = super->snapshot };
	int error;

	if (super->nr_blocks != log->store->nr_blocks || memcmp(&super->disk, &log->disk, sizeof(log->disk)) != 0)
		return OVERLAY_OF_ANOTHER;
	log->generation = super->generation;
	log->nonce = super->nonce;
	error = overlay_log_walk(&walk);
	return error != 0 ? error : overlay_log_replay(log, walk.certain, walk.end);
}

/* ------------------------------------------------------------------------------------------------- */

void overlay_log_close(struct overlay_log *log)
{
	overlay_map_free(&log->map);
	for (unsigned i = 0; log->used != NULL && i < OVERLAY_USED_PAGES && log->used[i] != NULL; i++)
		memory_free_page(log->used[i]);
	if (log->used != NULL)
		memory_free_page(log->used);
	log->used = NULL;
	if (log->record != NULL)
		memory_free_page(log->record);
	if (log->block != NULL)
		memory_free_page(log->block);
	log->record = log->block = NULL;
	log->state = log->state == OVERLAY_LOST ? OVERLAY_LOST : OVERLAY_CLOSED;
}

static int overlay_log_take_memory(struct overlay_log *log)
{
	uint64_t nr_pages = (log->store->nr_blocks + OVERLAY_USED_A_PAGE - 1) / OVERLAY_USED_A_PAGE;

	log->record = memory_allocate_spare_page();
	log->block = memory_allocate_spare_page();
	log->used = memory_allocate_spare_page();
	if (log->record == NULL || log->block == NULL || log->used == NULL)
		return -RV_ENOMEM;
	for (uint64_t i = 0; i < nr_pages; i++) {
		log->used[i] = memory_allocate_spare_page();
		if (log->used[i] == NULL)
			return -RV_ENOMEM;
	}
	return 0;
}

static int overlay_log_begin_open(struct overlay_log *log, bool anew)
{
	struct overlay_super super;
	int error = overlay_log_take_memory(log);

	if (error == 0)
		error = overlay_log_find(log, &super);
	if (error == 0 && !anew)
		return overlay_log_load(log, &super);
	if (error == 1 && !anew)
		return overlay_log_check_empty(log);
	return anew && (error >= 0 || error == OVERLAY_FOREIGN || error == OVERLAY_DAMAGED) ? overlay_log_erase(log) : error;
}

int overlay_log_open(struct overlay_log *log, bool anew)
{
	int error;

	if (log->state == OVERLAY_LOST)
		return -RV_ETIMEDOUT;
	if (log->store->nr_blocks < OVERLAY_BLOCKS_MINIMUM || log->store->nr_blocks > OVERLAY_BLOCKS_MAXIMUM)
		return -RV_EINVAL;
	log->log_blocks = log->store->nr_blocks / OVERLAY_LOG_SHARE;
	log->map = (struct overlay_map){ .pages_maximum = log->store->nr_blocks / OVERLAY_MAP_SHARE + 64, .has_blocks = true };
	log->generation = log->next = log->flushed = 0;
	log->cursor = overlay_log_data(log);
	error = overlay_log_begin_open(log, anew);
	if (error == 0)
		error = overlay_log_begin(log);
	if (error != 0)
		return overlay_log_failed(log, error);
	log->state = OVERLAY_OPEN;
	return 0;
}

/* A part is left, so that what is held can be written again however full it is. */
uint64_t overlay_log_limit(const struct overlay_log *log)
{
	uint64_t blocks = log->store->nr_blocks - overlay_log_data(log);

	return (blocks - blocks / OVERLAY_LOG_SHARE - OVERLAY_CHUNK) * OVERLAY_BLOCK_BYTES;
}
