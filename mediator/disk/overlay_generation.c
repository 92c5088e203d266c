/*
 * mediator/disk/overlay_generation.c: begins a generation of an overlay's log: the map as it is, in the other log, and a
 * superblock that says so.
 */
#include "mediator/disk/overlay_log.h"

#include "core/string.h"
#include "rv/errno.h"
#include "rv/kinds.h"

#define OVERLAY_LOG_SPARE 2
#define OVERLAY_BITS 64
#define OVERLAY_BITS_A_PAGE (PAGE_BYTES * 8)

void overlay_log_use(struct overlay_log *log, uint64_t block, bool is_used)
{
	uint64_t *word = &log->used[block / OVERLAY_BITS_A_PAGE][block % OVERLAY_BITS_A_PAGE / OVERLAY_BITS];
	uint64_t bit = UINT64_C(1) << block % OVERLAY_BITS;

	log->nr_used += is_used && !(*word & bit);
	*word = is_used ? *word | bit : *word & ~bit;
}

bool overlay_log_is_used(const struct overlay_log *log, uint64_t block)
{
	return log->used[block / OVERLAY_BITS_A_PAGE][block % OVERLAY_BITS_A_PAGE / OVERLAY_BITS] >> block % OVERLAY_BITS & 1;
}

/* The next generation while it is made. */
struct overlay_snapshot {
	struct overlay_log *log;
	struct overlay_record *record;
	uint64_t generation, nonce, index;
	uint64_t most; /* records */
};

static int snapshot_write(struct overlay_snapshot *snapshot)
{
	struct overlay_record *record = snapshot->record;
	struct overlay_log *log = snapshot->log;
	int error;

	if (snapshot->index == snapshot->most)
		return -RV_ENOSPC;
	record->magic = OVERLAY_RECORD_MAGIC;
	record->generation = snapshot->generation;
	record->nonce = snapshot->nonce;
	record->index = snapshot->index;
	record->sum = overlay_sum(record);
	error = overlay_log_write_block(log, overlay_log_start(log, snapshot->generation) + snapshot->index, record);
	if (error != 0)
		return error;
	memset(record, 0, sizeof(*record));
	snapshot->index++;
	return 0;
}

static int snapshot_add(struct overlay_snapshot *snapshot, const struct overlay_entry *entry)
{
	snapshot->record->entries[snapshot->record->nr_entries++] = *entry;
	return snapshot->record->nr_entries == OVERLAY_RECORD_ENTRIES ? snapshot_write(snapshot) : 0;
}

/* The blocks come behind the zeros, over them: so there are no more stretches of zeros than were asked for, and a log
 * has room for what a log has made. */
static int snapshot_zeros(struct overlay_snapshot *snapshot)
{
	const struct overlay_map *map = &snapshot->log->map;
	uint64_t start = 0, span, offset;
	bool has_zeros = false;
	int error = 0;

	for (offset = 0; error == 0 && offset < OVERLAY_BYTES_MAXIMUM; offset += span) {
		unsigned units;
		uint64_t block = overlay_map_leaf(map, offset, &units, &span);

		if (units == OVERLAY_LEAF_UNITS) {
			has_zeros |= block == 0;
			continue;
		}
		if (has_zeros)
			error = snapshot_add(snapshot, &(struct overlay_entry){ .offset_units = start,
										.leaves = (offset - start) / OVERLAY_LEAF_BYTES });
		has_zeros = false;
		start = offset + span;
	}
	if (error == 0 && has_zeros)
		error = snapshot_add(snapshot, &(struct overlay_entry){ .offset_units = start,
									.leaves = (offset - start) / OVERLAY_LEAF_BYTES });
	return error;
}

/* Of one that is on the disk for certain nobody asks for the sum. */
static int snapshot_blocks(struct overlay_snapshot *snapshot)
{
	const struct overlay_map *map = &snapshot->log->map;
	uint64_t span;
	int error = 0;

	for (uint64_t offset = 0; error == 0 && offset < OVERLAY_BYTES_MAXIMUM; offset += span) {
		unsigned units;
		uint64_t block = overlay_map_leaf(map, offset, &units, &span);

		if (block != 0)
			error = snapshot_add(snapshot, &(struct overlay_entry){ .offset_units = offset | units,
										.block = (uint32_t)block });
	}
	return error;
}

/* What the map has, and nothing else. */
static int overlay_log_count(struct overlay_log *log)
{
	uint64_t span;

	for (unsigned i = 0; i < OVERLAY_USED_PAGES && log->used[i] != NULL; i++)
		memset(log->used[i], 0, PAGE_BYTES);
	log->nr_used = 0;
	for (uint64_t offset = 0; offset < OVERLAY_BYTES_MAXIMUM; offset += span) {
		unsigned units;
		uint64_t block = overlay_map_leaf(&log->map, offset, &units, &span);

		if (block != 0 && overlay_log_is_used(log, block))
			return OVERLAY_DAMAGED;
		if (block != 0)
			overlay_log_use(log, block, true);
	}
	return 0;
}

static int overlay_log_write_super(struct overlay_log *log, const struct overlay_snapshot *snapshot)
{
	struct overlay_super *super = (struct overlay_super *)(void *)log->record;

	memset(super, 0, OVERLAY_BLOCK_BYTES);
	*super = (struct overlay_super){
		.magic = OVERLAY_SUPER_MAGIC,
		.generation = snapshot->generation,
		.nonce = snapshot->nonce,
		.nr_blocks = log->store->nr_blocks,
		.snapshot = snapshot->index,
		.disk = log->disk,
	};
	super->sum = overlay_sum(super);
	return overlay_log_write_block(log, snapshot->generation % 2, super);
}

/* While the guest writes, room is left for more than a snapshot; what a log has had room for can be opened. */
int overlay_log_begin(struct overlay_log *log)
{
	struct overlay_snapshot snapshot = { .log = log, .record = (struct overlay_record *)(void *)log->record,
					     .generation = log->generation + 1, .nonce = log->store->nonce(),
					     .most = log->log_blocks - (log->state == OVERLAY_OPEN ? OVERLAY_LOG_SPARE : 0) };
	int error;

	memset(log->record, 0, OVERLAY_BLOCK_BYTES);
	error = snapshot_zeros(&snapshot);
	if (error == 0)
		error = snapshot_blocks(&snapshot);
	if (error == 0 && snapshot.record->nr_entries != 0)
		error = snapshot_write(&snapshot);
	if (error == 0) /* the data too, of all that the snapshot has */
		error = overlay_log_flush(log);
	if (error == 0)
		error = overlay_log_write_super(log, &snapshot);
	if (error == 0)
		error = overlay_log_flush(log);
	if (error != 0)
		return error;
	log->generation = snapshot.generation;
	log->nonce = snapshot.nonce;
	log->next = log->flushed = snapshot.index;
	error = overlay_log_count(log);
	return error == 0 ? 0 : overlay_log_failed(log, error);
}
