/*
 * mediator/disk/overlay_blocks.c: what is written to an overlay on another disk, and read there. First the data go into
 * blocks that nobody needs, then a record says so, then the map knows it: a write that fails on its way has not been.
 */
#include "mediator/disk/overlay_log.h"

#include "core/string.h"
#include "rv/errno.h"
#include "rv/kinds.h"

/* Some leaves of a write: from `first` on, of which [offset, end) is written. */
struct overlay_chunk {
	struct overlay_log *log;
	struct overlay_data *data;
	uint64_t start; /* where the data begin */
	uint64_t first, offset, end;
	uint32_t count, at; /* leaves; where a transfer begins */
	struct overlay_entry entries[OVERLAY_CHUNK];
};

static uint64_t overlay_least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Free blocks, once the map has the way: 0, -RV_ENOSPC. */
static int overlay_chunk_make_room(struct overlay_chunk *chunk)
{
	struct overlay_log *log = chunk->log;
	uint64_t all = log->store->nr_blocks - overlay_log_data(log), new = 0, span;
	unsigned units;
	int error = overlay_map_reserve(&log->map, chunk->first, chunk->count * OVERLAY_LEAF_BYTES);

	for (uint32_t i = 0; i < chunk->count; i++)
		new += overlay_map_leaf(&log->map, chunk->first + i * OVERLAY_LEAF_BYTES, &units, &span) == 0;
	if (error == 0 && new != 0 && log->map.nr_blocks + new > overlay_log_limit(log) / OVERLAY_BLOCK_BYTES)
		error = -RV_ENOSPC;
	if (error == 0 && (log->next == log->log_blocks || log->nr_used + chunk->count > all))
		error = overlay_log_begin(log);
	return error == 0 && log->nr_used + chunk->count > all ? -RV_ENOSPC : error;
}

/* There is one. */
static uint32_t overlay_log_take_block(struct overlay_log *log)
{
	uint64_t block;

	do {
		block = log->cursor;
		log->cursor = block + 1 < log->store->nr_blocks ? block + 1 : overlay_log_data(log);
	} while (overlay_log_is_used(log, block));
	overlay_log_use(log, block, true);
	return (uint32_t)block;
}

/* The units of a leaf that are written. */
static unsigned overlay_chunk_units(const struct overlay_chunk *chunk, uint64_t leaf)
{
	uint64_t from = chunk->offset > leaf ? chunk->offset - leaf : 0;
	uint64_t to = overlay_least(chunk->end - leaf, OVERLAY_LEAF_BYTES);

	return ((1u << to / OVERLAY_UNIT_BYTES) - 1) & ~((1u << from / OVERLAY_UNIT_BYTES) - 1);
}

static int overlay_take_old(void *context, uint32_t index, void *block)
{
	(void)index;
	memcpy(context, block, OVERLAY_BLOCK_BYTES);
	return 0;
}

/* What the leaf holds and is not written has to be in its new block too: log->block. */
static int overlay_chunk_merge(struct overlay_chunk *chunk, uint64_t leaf, unsigned written, unsigned *held)
{
	struct overlay_log *log = chunk->log;
	uint64_t span, block = overlay_map_leaf(&log->map, leaf, held, &span);

	memset(log->block, 0, OVERLAY_BLOCK_BYTES);
	if (written == OVERLAY_LEAF_UNITS || block == 0)
		return 0;
	return overlay_log_read_blocks(log, block, 1, overlay_take_old, log->block);
}

static int overlay_chunk_fill(void *context, uint32_t index, void *block)
{
	struct overlay_chunk *chunk = context;
	uint32_t number = chunk->at + index;
	uint64_t leaf = chunk->first + number * (uint64_t)OVERLAY_LEAF_BYTES;
	uint64_t from = chunk->offset > leaf ? chunk->offset - leaf : 0;
	uint64_t to = overlay_least(chunk->end - leaf, OVERLAY_LEAF_BYTES);
	int error;

	if (from != 0 || to != OVERLAY_LEAF_BYTES)
		memcpy(block, chunk->log->block, OVERLAY_BLOCK_BYTES);
	error = chunk->data->copy(chunk->data, leaf + from - chunk->start, (uint8_t *)block + from, to - from, false);
	chunk->entries[number].sum = (uint32_t)overlay_sum(block);
	return error;
}

/* The stretch of leaves from chunk->at on that one transfer can do: one alone where there is something to merge. */
static uint32_t overlay_chunk_stretch(const struct overlay_chunk *chunk)
{
	const struct overlay_entry *first = &chunk->entries[chunk->at];
	uint32_t count = 1;

	while (chunk->at + count < chunk->count && first->block + count == first[count].block &&
	       overlay_chunk_units(chunk, chunk->first + chunk->at * (uint64_t)OVERLAY_LEAF_BYTES) == OVERLAY_LEAF_UNITS &&
	       overlay_chunk_units(chunk, chunk->first + (chunk->at + count) * (uint64_t)OVERLAY_LEAF_BYTES) == OVERLAY_LEAF_UNITS)
		count++;
	return count;
}

static int overlay_chunk_write_data(struct overlay_chunk *chunk)
{
	struct overlay_log *log = chunk->log;
	uint32_t count;
	int error = 0;

	for (uint32_t i = 0; i < chunk->count; i++)
		chunk->entries[i].block = overlay_log_take_block(log);
	for (chunk->at = 0; error == 0 && chunk->at < chunk->count; chunk->at += count) {
		uint64_t leaf = chunk->first + chunk->at * (uint64_t)OVERLAY_LEAF_BYTES;
		unsigned written = overlay_chunk_units(chunk, leaf), held;

		count = overlay_chunk_stretch(chunk);
		error = overlay_chunk_merge(chunk, leaf, written, &held);
		for (uint32_t i = 0; i < count; i++)
			chunk->entries[chunk->at + i].offset_units = leaf + i * OVERLAY_LEAF_BYTES;
		if (written == OVERLAY_LEAF_UNITS)
			held = written;
		for (uint32_t i = 0; i < count; i++)
			chunk->entries[chunk->at + i].offset_units |= written | held;
		if (error == 0)
			error = log->store->transfer(log->store, RV_EVENT_DISK_WRITE, chunk->entries[chunk->at].block, count,
						     overlay_chunk_fill, chunk);
	}
	return error;
}

static int overlay_log_append(struct overlay_log *log, const struct overlay_entry *entries, uint32_t count)
{
	struct overlay_record *record = (struct overlay_record *)(void *)log->record;

	memset(record, 0, sizeof(*record));
	record->magic = OVERLAY_RECORD_MAGIC;
	record->generation = log->generation;
	record->nonce = log->nonce;
	record->index = log->next;
	record->flushed = log->flushed;
	record->nr_entries = count;
	memcpy(record->entries, entries, count * sizeof(*entries));
	record->sum = overlay_sum(record);
	return overlay_log_write_block(log, overlay_log_start(log, log->generation) + log->next, record);
}

static int overlay_chunk_write(struct overlay_chunk *chunk)
{
	struct overlay_log *log = chunk->log;
	int error = overlay_chunk_make_room(chunk);

	if (error != 0)
		return error;
	error = overlay_chunk_write_data(chunk);
	if (error != 0) /* nobody knows of these blocks; what comes late is another matter, as soon as they are used again */
		return error == -RV_ETIMEDOUT ? overlay_log_failed(log, error) : error;
	error = overlay_log_append(log, chunk->entries, chunk->count);
	if (error != 0)
		return error;
	log->next++;
	for (uint32_t i = 0; i < chunk->count; i++)
		overlay_map_place(&log->map, chunk->entries[i].offset_units & ~PAGE_MASK, chunk->entries[i].block,
				  chunk->entries[i].offset_units & OVERLAY_LEAF_UNITS);
	return 0;
}

int overlay_log_write(struct overlay_log *log, uint64_t offset, uint64_t length_bytes, struct overlay_data *data)
{
	struct overlay_chunk chunk = { .log = log, .data = data, .start = offset };
	uint64_t end = offset + length_bytes;
	int error = 0;

	while (error == 0 && offset < end) {
		chunk.first = offset & ~PAGE_MASK;
		chunk.offset = offset;
		chunk.end = overlay_least(end, chunk.first + OVERLAY_CHUNK * OVERLAY_LEAF_BYTES);
		chunk.count = (uint32_t)((chunk.end - chunk.first + OVERLAY_LEAF_BYTES - 1) / OVERLAY_LEAF_BYTES);
		error = overlay_chunk_write(&chunk);
		offset = chunk.end;
	}
	return error;
}

/* Zeros ------------------------------------------------------------------------------------------- */

static int overlay_copy_zeros(struct overlay_data *data, uint64_t at, void *bytes, size_t length_bytes, bool give)
{
	(void)data, (void)at, (void)give;
	memset(bytes, 0, length_bytes);
	return 0;
}

static int overlay_log_zero_part(struct overlay_log *log, uint64_t offset, uint64_t end)
{
	struct overlay_data zeros = { overlay_copy_zeros };

	return offset < end ? overlay_log_write(log, offset, end - offset, &zeros) : 0;
}

/* The map first: should it have no room for all of them, then any part is zeros, and no record says so. */
static int overlay_log_zero_leaves(struct overlay_log *log, uint64_t offset, uint64_t end)
{
	struct overlay_entry entry = { .offset_units = offset, .leaves = (end - offset) / OVERLAY_LEAF_BYTES };
	int error = log->next == log->log_blocks ? overlay_log_begin(log) : 0;

	if (error == 0)
		error = overlay_map_zero(&log->map, offset, end - offset);
	if (error == 0)
		error = overlay_log_append(log, &entry, 1);
	log->next += error == 0;
	return error;
}

int overlay_log_zero(struct overlay_log *log, uint64_t offset, uint64_t length_bytes)
{
	uint64_t end = offset + length_bytes, first = (offset + PAGE_MASK) & ~PAGE_MASK, last = end & ~PAGE_MASK;
	int error;

	if (first >= last)
		return overlay_log_zero_part(log, offset, end);
	error = overlay_log_zero_part(log, offset, first);
	if (error == 0)
		error = overlay_log_zero_leaves(log, first, last);
	return error != 0 ? error : overlay_log_zero_part(log, last, end);
}

/* Reading ----------------------------------------------------------------------------------------- */

struct overlay_reading {
	struct overlay_data *data;
	uint64_t start, leaf, offset, end; /* where the data begin; the transfer's first leaf; what is wanted */
	unsigned units;
};

/* What is held of a leaf, from a block or zeros (NULL). */
static int overlay_give_leaf(const struct overlay_reading *reading, uint64_t leaf, unsigned units, uint8_t *block)
{
	uint8_t zeros[OVERLAY_UNIT_BYTES];
	int error = 0;

	for (unsigned i = 0; error == 0 && i < OVERLAY_LEAF_BYTES / OVERLAY_UNIT_BYTES; i++) {
		uint64_t at = leaf + i * OVERLAY_UNIT_BYTES;

		if (!(units >> i & 1) || at < reading->offset || at >= reading->end)
			continue;
		memset(zeros, 0, sizeof(zeros)); /* whoever takes them may change them */
		error = reading->data->copy(reading->data, at - reading->start,
					    block != NULL ? block + i * OVERLAY_UNIT_BYTES : zeros, OVERLAY_UNIT_BYTES, true);
	}
	return error;
}

static int overlay_give_block(void *context, uint32_t index, void *block)
{
	const struct overlay_reading *reading = context;

	return overlay_give_leaf(reading, reading->leaf + index * (uint64_t)OVERLAY_LEAF_BYTES, reading->units, block);
}

/* Leaves whose blocks follow each other, and that hold the same units. */
static uint64_t overlay_stretch_of_blocks(const struct overlay_log *log, const struct overlay_reading *reading, uint64_t block)
{
	uint64_t count = 1, span;
	unsigned units;

	while (count < OVERLAY_CHUNK && reading->leaf + count * OVERLAY_LEAF_BYTES < reading->end &&
	       overlay_map_leaf(&log->map, reading->leaf + count * OVERLAY_LEAF_BYTES, &units, &span) == block + count &&
	       units == reading->units)
		count++;
	return count;
}

int overlay_log_read(struct overlay_log *log, uint64_t offset, uint64_t length_bytes, struct overlay_data *data)
{
	struct overlay_reading reading = { .data = data, .start = offset, .offset = offset, .end = offset + length_bytes };
	uint64_t count;
	int error = 0;

	for (reading.leaf = offset & ~PAGE_MASK; error == 0 && reading.leaf < reading.end;
	     reading.leaf += count * OVERLAY_LEAF_BYTES) {
		uint64_t span, block = overlay_map_leaf(&log->map, reading.leaf, &reading.units, &span);

		count = block != 0 ? overlay_stretch_of_blocks(log, &reading, block) : 1;
		if (block != 0)
			error = overlay_log_read_blocks(log, block, count, overlay_give_block, &reading);
		else if (reading.units != 0)
			error = overlay_give_leaf(&reading, reading.leaf, reading.units, NULL);
	}
	return error;
}
