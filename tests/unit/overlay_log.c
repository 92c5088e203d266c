/*
 * tests/unit/overlay_log.c: an overlay on a disk whose power is cut: at every write, with whatever part of what the disk
 * had not flushed. What is there after that was written, and not before what was flushed.
 */
#include "mediator/disk/overlay_log.h"

#include "core/memory.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "unit.h"

#define BLOCKS 256
#define SECTOR 512
#define SECTORS_A_BLOCK (OVERLAY_BLOCK_BYTES / SECTOR)
#define CACHE 4096 /* sectors that the disk has not flushed */
#define UNITS 640  /* of the guest's disk, as far as it writes: 80 leaves */
#define NR_VALUES 64
#define LIVES 20
#define ROUNDS 12

/* Memory */
static unsigned nr_taken, nr_pages = UINT32_MAX;

void *memory_allocate_spare_page(void)
{
	if (nr_taken >= nr_pages)
		return NULL;
	nr_taken++;
	return memset(aligned_alloc(PAGE_BYTES, PAGE_BYTES), 0, PAGE_BYTES);
}

void memory_free_page(void *page)
{
	nr_taken--;
	free(page);
}

bool memory_has_spare_pages(uint64_t wanted)
{
	(void)wanted;
	return nr_taken < nr_pages;
}

/* The disk: what it says, what is there for certain, and what it has yet to write, in the order in which it came. */
static uint8_t now[BLOCKS][OVERLAY_BLOCK_BYTES], platter[BLOCKS][OVERLAY_BLOCK_BYTES];
static struct {
	uint64_t sector;
	uint8_t bytes[SECTOR];
} cache[CACHE], cache_then[CACHE];
static unsigned nr_cached, nr_orders;
static unsigned power; /* so many writes and flushes until it is cut */
static int fault;      /* what a transfer fails with then; 0: for good */

static void settle(void)
{
	memcpy(platter, now, sizeof(now));
	nr_cached = 0;
}

static void write_block(uint64_t block, const uint8_t *bytes)
{
	for (unsigned i = 0; i < SECTORS_A_BLOCK; i++) {
		if (nr_cached == CACHE)
			abort();
		cache[nr_cached].sector = block * SECTORS_A_BLOCK + i;
		memcpy(cache[nr_cached++].bytes, bytes + i * SECTOR, SECTOR);
	}
	memcpy(now[block], bytes, OVERLAY_BLOCK_BYTES);
}

/* Of a row of blocks that is cut amid it the first are written. */
static int transfer(struct overlay_store *store, uint32_t kind, uint64_t block, uint32_t count, overlay_move move,
		    void *context)
{
	static _Alignas(8) uint8_t bytes[OVERLAY_BLOCK_BYTES];
	int error = 0;

	if (store->nr_blocks > BLOCKS || block + count > BLOCKS || count > OVERLAY_CHUNK)
		abort();
	if (kind == RV_EVENT_DISK_FLUSH) {
		nr_orders++;
		if (power == 0 || --power == 0)
			return fault != 0 ? fault : -RV_EIO;
		settle();
	}
	for (uint32_t i = 0; error == 0 && i < count; i++) {
		memcpy(bytes, now[block + i], sizeof(bytes));
		error = move(context, i, bytes);
		if (kind != RV_EVENT_DISK_WRITE || error != 0)
			continue;
		nr_orders++;
		if (power == 0 || --power == 0)
			return fault != 0 ? fault : -RV_EIO;
		write_block(block + i, bytes);
	}
	if (kind == RV_EVENT_DISK_READ && power == 0 && fault == 0)
		return -RV_EIO;
	return error;
}

static uint64_t nonce(void)
{
	static uint64_t last = 1;

	return last++;
}

static struct overlay_store store = { .nr_blocks = BLOCKS, .transfer = transfer, .nonce = nonce };
static struct overlay_log overlay = { .store = &store, .disk = { .sectors = 1000000, .sector_bytes = 512, .serial = "ONE" } };

/* What each unit may be: the values that were written since the last flush, and what it was before, if that may be. */
static struct {
	unsigned nr_values;
	uint32_t values[NR_VALUES]; /* the last is what it is now; 0: it is not held; 1: zeros */
} units[UNITS], units_then[UNITS];
static uint32_t last_value = 1;

static void forget_units(void)
{
	for (unsigned i = 0; i < UNITS; i++) {
		units[i].nr_values = 1;
		units[i].values[0] = 0;
	}
}

static void add_value(unsigned unit, uint32_t value)
{
	if (units[unit].nr_values == NR_VALUES)
		abort();
	units[unit].values[units[unit].nr_values++] = value;
}

static void flushed(void)
{
	for (unsigned i = 0; i < UNITS; i++) {
		units[i].values[0] = units[i].values[units[i].nr_values - 1];
		units[i].nr_values = 1;
	}
}

/* The guest's side */
static uint8_t buffer[UNITS * OVERLAY_UNIT_BYTES];
static bool given[UNITS];

static int copy(struct overlay_data *data, uint64_t at, void *bytes, size_t length_bytes, bool give)
{
	(void)data;
	if (at + length_bytes > sizeof(buffer))
		abort();
	if (give)
		memset(given + at / OVERLAY_UNIT_BYTES, true, length_bytes / OVERLAY_UNIT_BYTES);
	memcpy(give ? buffer + at : bytes, give ? bytes : buffer + at, length_bytes);
	return 0;
}

static struct overlay_data data = { copy };

static void fill(unsigned unit, uint32_t value)
{
	for (unsigned i = 0; i < OVERLAY_UNIT_BYTES / sizeof(value); i++)
		memcpy(buffer + unit * OVERLAY_UNIT_BYTES + i * sizeof(value), &value, sizeof(value));
}

/* 0: not held; 1: zeros; 2: no one value */
static uint32_t value_of(unsigned unit)
{
	uint32_t first, each;

	if (!given[unit])
		return 0;
	memcpy(&first, buffer + unit * OVERLAY_UNIT_BYTES, sizeof(first));
	for (unsigned i = 1; i < OVERLAY_UNIT_BYTES / sizeof(first); i++) {
		memcpy(&each, buffer + unit * OVERLAY_UNIT_BYTES + i * sizeof(first), sizeof(each));
		if (each != first)
			return 2;
	}
	return first == 0 ? 1 : first;
}

/* A write or a discard: whether it succeeds or not, afterwards both may be there; what is there now is known of success
 * alone. */
static int do_write(unsigned first, unsigned count, bool zeros)
{
	int error;

	for (unsigned i = 0; i < count; i++) {
		uint32_t value = zeros ? 1 : ++last_value < 16 ? last_value = 16 : last_value;

		fill(i, value);
		add_value(first + i, value);
	}
	error = zeros ? overlay_log_zero(&overlay, first * OVERLAY_UNIT_BYTES, count * OVERLAY_UNIT_BYTES)
		      : overlay_log_write(&overlay, first * OVERLAY_UNIT_BYTES, count * OVERLAY_UNIT_BYTES, &data);
	return error;
}

static int do_flush(void)
{
	int error = overlay_log_flush(&overlay);

	if (error == 0)
		flushed();
	return error;
}

/* What is there is one of those that may be; it is that from now on. */
static void check_units(bool is_exact)
{
	memset(given, false, sizeof(given));
	UNIT_EQUAL(overlay_log_read(&overlay, 0, sizeof(buffer), &data), 0);
	for (unsigned i = 0; i < UNITS && unit_why[0] == '\0'; i++) {
		uint32_t value = value_of(i);
		bool found = false;

		for (unsigned at = is_exact ? units[i].nr_values - 1 : 0; at < units[i].nr_values; at++)
			found |= units[i].values[at] == value;
		if (!found)
			unit_fail("unit %u has %u, not one of %u values, the last %u", i, value, units[i].nr_values,
				  units[i].values[units[i].nr_values - 1]);
		units[i].nr_values = 1;
		units[i].values[0] = value;
	}
}

/* The power is cut: of what the disk has not flushed it has written what `keeps` says of each sector. */
static void cut(bool (*keeps)(unsigned))
{
	for (unsigned i = 0; i < nr_cached; i++) {
		if (keeps(i))
			memcpy((uint8_t *)platter + cache[i].sector * SECTOR, cache[i].bytes, SECTOR);
	}
	memcpy(now, platter, sizeof(now));
	nr_cached = 0;
	overlay_log_close(&overlay);
	overlay.state = OVERLAY_CLOSED;
}

static void new_disk(void)
{
	memset(now, 0, sizeof(now));
	settle();
	overlay_log_close(&overlay);
	overlay.state = OVERLAY_CLOSED;
	power = UINT32_MAX;
	fault = 0;
	forget_units();
}

static unsigned chance; /* of 8 */

static bool keeps_some(unsigned i)
{
	(void)i;
	return unit_random() % 8 < chance;
}

static uint64_t mask; /* of blocks, from the first that is not flushed on */

static bool keeps_masked(unsigned i)
{
	unsigned block = i / SECTORS_A_BLOCK;

	return block >= 64 ? true : mask >> block & 1;
}

/* Short rows of orders, all cuts --------------------------------------------------------------------- */

/* Another each time: writes of leaves that are new, old, and partly written, discards, flushes. */
static int short_step(unsigned step)
{
	switch (step) {
	case 0:
		return do_write(0, 8, false);
	case 1:
		return do_write(6, 4, false);
	case 2:
		return do_flush();
	case 3:
		return do_write(0, 8, false);
	case 4:
		return do_write(3, 30, true);
	case 5:
		return do_write(16, 24, false);
	default:
		return do_write(1, 2, false);
	}
}
#define SHORT_STEPS 7

/* Until the power is gone: how many orders the disk got. */
static unsigned short_run(unsigned first, unsigned orders, bool open_only)
{
	nr_orders = 0;
	power = orders;
	if (overlay_log_open(&overlay, false) == 0 && !open_only) {
		for (unsigned i = 0; i < SHORT_STEPS; i++) {
			if (short_step((first + i) % SHORT_STEPS) != 0)
				break;
		}
	}
	return nr_orders;
}

/* All of them, up to 2^6; beyond that so many by chance. */
#define SUBSETS_BITS 6

static uint8_t saved[sizeof(now)];

static void check_cut(void)
{
	cut(keeps_masked);
	power = UINT32_MAX;
	UNIT_EQUAL(overlay_log_open(&overlay, false), 0);
	if (unit_why[0] == '\0')
		check_units(false);
	cut(keeps_masked); /* what was there once is there again, whatever else is lost */
	UNIT_EQUAL(overlay_log_open(&overlay, false), 0);
	if (unit_why[0] == '\0')
		check_units(true);
}

/* Every subset of the blocks that are not flushed. */
static void check_cuts(unsigned first, unsigned orders)
{
	unsigned nr_blocks, nr_then;

	new_disk();
	(void)short_run(first, orders, false);
	nr_then = nr_cached;
	nr_blocks = nr_cached / SECTORS_A_BLOCK;
	memcpy(saved, platter, sizeof(platter));
	memcpy(units_then, units, sizeof(units));
	memcpy(cache_then, cache, nr_then * sizeof(cache[0]));
	for (unsigned subset = 0; subset < 1u << (nr_blocks < SUBSETS_BITS ? nr_blocks : SUBSETS_BITS) && unit_why[0] == '\0'; subset++) {
		memcpy(platter, saved, sizeof(platter));
		memcpy(units, units_then, sizeof(units));
		memcpy(cache, cache_then, nr_then * sizeof(cache[0]));
		nr_cached = nr_then;
		mask = nr_blocks > SUBSETS_BITS ? unit_random() : subset;
		check_cut();
	}
	if (unit_why[0] != '\0' && strlen(unit_why) < 400)
		sprintf(unit_why + strlen(unit_why), " (from step %u, after %u orders)", first, orders);
}

static void test_all_cuts(void)
{
	for (unsigned first = 0; first < SHORT_STEPS && unit_why[0] == '\0'; first += 3) {
		unsigned all;

		new_disk();
		all = short_run(first, UINT32_MAX, false);
		UNIT_CHECK(all > 15);
		for (unsigned orders = 1; orders <= all + 1 && unit_why[0] == '\0'; orders++)
			check_cuts(first, orders);
	}
}

/* Long ones, by chance ------------------------------------------------------------------------------ */

static int random_step(void)
{
	unsigned first = (unsigned)unit_random() % UNITS, most = unit_random() % 8 == 0 ? UNITS : 40;
	unsigned count = 1 + (unsigned)unit_random() % (UNITS - first < most ? UNITS - first : most);
	unsigned fullest = 0;

	if (unit_random() % 3 == 0) { /* whole leaves */
		first -= first % 8;
		count = count < 8 ? 8 : count - count % 8;
	}
	for (unsigned i = 0; i < UNITS; i++)
		fullest = units[i].nr_values > fullest ? units[i].nr_values : fullest;
	if (fullest + 2 >= NR_VALUES || unit_random() % 10 == 0)
		return do_flush();
	return do_write(first, count, unit_random() % 5 == 0);
}

static void test_lives(void)
{
	uint64_t newest = 0;

	for (unsigned round = 0; round < ROUNDS && unit_why[0] == '\0'; round++) {
		new_disk();
		for (unsigned life = 0; life < LIVES && unit_why[0] == '\0'; life++) {
			power = 1 + (unsigned)unit_random() % (unit_random() % 4 == 0 ? 20 : 1500);
			if (overlay_log_open(&overlay, false) == 0) {
				check_units(false);
				while (unit_why[0] == '\0' && random_step() == 0)
					continue;
			}
			newest = overlay.generation > newest ? overlay.generation : newest;
			UNIT_EQUAL(power, 0);
			chance = (unsigned)unit_random() % 9;
			cut(keeps_some);
			power = UINT32_MAX;
			UNIT_EQUAL(overlay_log_open(&overlay, false), 0);
			if (unit_why[0] == '\0')
				check_units(false);
			overlay_log_close(&overlay);
		}
		UNIT_EQUAL(nr_taken, 0);
	}
	UNIT_CHECK(newest > 50); /* logs were filled */
}

/* A disk that fails now and then, and goes on ------------------------------------------------------- */

static void test_faults(void)
{
	for (unsigned round = 0; round < ROUNDS * 4 && unit_why[0] == '\0'; round++) {
		static const int faults[] = { -RV_EIO, -RV_EAGAIN, -RV_EBUSY };

		if (round % 10 == 0)
			new_disk();
		fault = faults[round % 3];
		power = 1 + (unsigned)unit_random() % 300;
		if (overlay.state != OVERLAY_OPEN && overlay_log_open(&overlay, false) != 0) {
			power = UINT32_MAX;
			UNIT_EQUAL(overlay_log_open(&overlay, false), 0);
		}
		while (unit_why[0] == '\0' && random_step() == 0)
			continue;
		power = UINT32_MAX;
		if (overlay.state != OVERLAY_OPEN)
			UNIT_EQUAL(overlay_log_open(&overlay, false), 0);
		if (unit_why[0] == '\0')
			check_units(false);
	}
	new_disk();
	UNIT_EQUAL(nr_taken, 0);
}

/* A write that may come at any time leaves nothing to be relied upon, until a new start. */
static void test_late(void)
{
	new_disk();
	UNIT_EQUAL(overlay_log_open(&overlay, false), 0);
	fault = -RV_ETIMEDOUT;
	power = 1;
	UNIT_EQUAL(do_write(0, 8, false), -RV_ETIMEDOUT);
	power = UINT32_MAX;
	UNIT_EQUAL(overlay.state, OVERLAY_LOST);
	UNIT_EQUAL(overlay_log_open(&overlay, false), -RV_ETIMEDOUT);
	new_disk();
}

/* Full --------------------------------------------------------------------------------------------- */

static int write_leaf(unsigned leaf, uint32_t value)
{
	for (unsigned i = 0; i < 8; i++)
		fill(i, value);
	return overlay_log_write(&overlay, (uint64_t)leaf * OVERLAY_LEAF_BYTES, OVERLAY_LEAF_BYTES, &data);
}

static void test_full(void)
{
	unsigned most, error = 0;

	new_disk();
	UNIT_EQUAL(overlay_log_open(&overlay, false), 0);
	most = (unsigned)(overlay_log_limit(&overlay) / OVERLAY_LEAF_BYTES);
	UNIT_CHECK(most > 150);
	for (unsigned i = 0; i < most && error == 0; i++)
		UNIT_EQUAL(write_leaf(i, i + 100), 0);
	UNIT_EQUAL(write_leaf(most, 1), -RV_ENOSPC);
	UNIT_EQUAL(overlay.state, OVERLAY_OPEN);
	for (unsigned i = 0; i < 3 * most; i++) /* what is held can be written however often */
		UNIT_EQUAL(write_leaf(i % most, i + 1000), 0);
	UNIT_EQUAL(overlay_log_zero(&overlay, 0, 10 * OVERLAY_LEAF_BYTES), 0); /* which makes room */
	UNIT_EQUAL(write_leaf(most, 1), 0);
	cut(keeps_some);
	UNIT_EQUAL(overlay_log_open(&overlay, false), 0);
	new_disk();
}

/* So many discards that no log has room for them: writes are refused, and it can be opened all the same. */
static void test_full_of_zeros(void)
{
	unsigned count = 0;
	int error = 0;

	new_disk();
	UNIT_EQUAL(overlay_log_open(&overlay, false), 0);
	while (error == 0 && count < 100000)
		error = overlay_log_zero(&overlay, 2 * (uint64_t)count++ * OVERLAY_LEAF_BYTES, OVERLAY_LEAF_BYTES);
	UNIT_EQUAL(error, -RV_ENOSPC);
	UNIT_CHECK(count > 3000);
	UNIT_EQUAL(overlay.state, OVERLAY_OPEN);
	UNIT_EQUAL(write_leaf(1000001, 5), -RV_ENOSPC);
	for (unsigned i = 0; i < 5; i++) {
		overlay_log_close(&overlay);
		UNIT_EQUAL(overlay_log_open(&overlay, false), 0);
		UNIT_EQUAL(overlay_map_share(&overlay.map, 0, OVERLAY_LEAF_BYTES), OVERLAY_ALL);
		UNIT_EQUAL(overlay_map_share(&overlay.map, OVERLAY_LEAF_BYTES, OVERLAY_LEAF_BYTES), OVERLAY_NONE);
		(void)write_leaf(1000001 + 2 * i, 5);
	}
	new_disk();
}

static void test_memory(void)
{
	for (unsigned pages = 0; pages < 40 && unit_why[0] == '\0'; pages++) {
		int error;

		new_disk();
		nr_pages = pages;
		error = overlay_log_open(&overlay, false);
		UNIT_CHECK(error == 0 || error == -RV_ENOMEM);
		for (unsigned i = 0; error == 0 && i < 40; i++)
			error = write_leaf(i * 5000, i + 1);
		nr_pages = UINT32_MAX;
		UNIT_CHECK(error == 0 || error == -RV_ENOMEM || error == -RV_ENOSPC);
		overlay_log_close(&overlay);
		UNIT_EQUAL(nr_taken, 0);
		UNIT_EQUAL(overlay_log_open(&overlay, false), 0);
	}
	new_disk();
}

/* Foreign and damaged ------------------------------------------------------------------------------- */

static void test_foreign(void)
{
	new_disk();
	now[200][100] = 1; /* within the first MiB */
	settle();
	UNIT_EQUAL(overlay_log_open(&overlay, false), OVERLAY_FOREIGN);
	UNIT_EQUAL(now[200][100], 1);
	UNIT_EQUAL(overlay_log_open(&overlay, true), 0);
	UNIT_EQUAL(write_leaf(1, 7), 0);
	UNIT_EQUAL(overlay_log_flush(&overlay), 0);
	overlay_log_close(&overlay);
	strcpy(overlay.disk.serial, "TWO");
	UNIT_EQUAL(overlay_log_open(&overlay, false), OVERLAY_OF_ANOTHER);
	strcpy(overlay.disk.serial, "ONE");
	store.nr_blocks = BLOCKS - 1;
	UNIT_EQUAL(overlay_log_open(&overlay, false), -RV_EINVAL);
	store.nr_blocks = BLOCKS;
	UNIT_EQUAL(overlay_log_open(&overlay, false), 0);
	UNIT_EQUAL(overlay_map_share(&overlay.map, OVERLAY_LEAF_BYTES, OVERLAY_LEAF_BYTES), OVERLAY_ALL);
	overlay_log_close(&overlay);
	UNIT_EQUAL(overlay_log_open(&overlay, true), 0); /* anew */
	UNIT_EQUAL(overlay_map_share(&overlay.map, OVERLAY_LEAF_BYTES, OVERLAY_LEAF_BYTES), OVERLAY_NONE);
	new_disk();
}

/* Amid making one anew over another, the power is cut: the old one is there as it was, or none is. */
static void test_anew_cut(void)
{
	for (unsigned orders = 1; orders < 12 && unit_why[0] == '\0'; orders++) {
		for (unsigned part = 0; part < 64 && unit_why[0] == '\0'; part++) {
			int error;

			new_disk();
			(void)short_run(0, UINT32_MAX, false);
			UNIT_EQUAL(do_flush(), 0);
			overlay_log_close(&overlay);
			power = orders;
			error = overlay_log_open(&overlay, true);
			mask = part;
			cut(keeps_masked);
			power = UINT32_MAX;
			if (error == 0)
				forget_units();
			error = overlay_log_open(&overlay, false);
			if (error == 0 && overlay.map.nr_blocks == 0)
				forget_units(); /* it was made */
			UNIT_CHECK(error == 0 || error == OVERLAY_DAMAGED);
			if (error == 0)
				check_units(true);
			overlay_log_close(&overlay);
			UNIT_EQUAL(overlay_log_open(&overlay, true), 0);
		}
	}
	new_disk();
}

/* A bit of what was flushed is wrong: it is refused, or what it holds is right all the same. */
static void test_damaged(void)
{
	unsigned nr_refused = 0, nr_right = 0;

	new_disk();
	(void)short_run(0, UINT32_MAX, false);
	UNIT_EQUAL(do_flush(), 0);
	UNIT_EQUAL(do_write(40, 1, false), 0); /* says that all before was */
	UNIT_EQUAL(do_flush(), 0);
	overlay_log_close(&overlay);
	memcpy(saved, now, sizeof(now));
	for (unsigned block = 0; block < OVERLAY_LOGS + 32 && unit_why[0] == '\0'; block++) {
		for (unsigned i = 0; i < 40 && unit_why[0] == '\0'; i++) {
			unsigned at = i < 16 ? i * 8 : (unsigned)unit_random() % OVERLAY_BLOCK_BYTES;
			int error;

			memcpy(now, saved, sizeof(now));
			now[block][at] ^= (uint8_t)(1 << unit_random() % 8);
			settle();
			error = overlay_log_open(&overlay, false);
			nr_refused += error != 0;
			nr_right += error == 0;
			UNIT_CHECK(error == 0 || error == OVERLAY_DAMAGED || (error == OVERLAY_FOREIGN && block == 1));
			if (error == 0) {
				/* The last record is the only one that nothing follows: it may be missing. */
				add_value(40, units[40].values[0]);
				units[40].values[0] = 0;
				units[40].nr_values = 2;
				add_value(40, 1);
				units[40].values[2] = units[40].values[1];
				memset(given, false, sizeof(given));
				UNIT_EQUAL(overlay_log_read(&overlay, 0, sizeof(buffer), &data), 0);
				for (unsigned unit = 0; unit < UNITS && unit_why[0] == '\0'; unit++) {
					if (unit != 40)
						UNIT_EQUAL(value_of(unit), units[unit].values[0]);
				}
				units[40].values[0] = units[40].values[2];
				units[40].nr_values = 1;
			}
			overlay_log_close(&overlay);
		}
	}
	UNIT_CHECK(nr_refused > 100 && nr_right > 100);
	new_disk();
}

/* What no overlay ever wrote, with sums that are right. */
static void try_hostile(void)
{
	struct overlay_record *record;
	struct overlay_super *super;
	int error;

	new_disk();
	(void)short_run(0, UINT32_MAX, false);
	(void)overlay_log_flush(&overlay);
	overlay_log_close(&overlay);
	super = (struct overlay_super *)(void *)now[1];
	record = (struct overlay_record *)(void *)now[OVERLAY_LOGS + BLOCKS / OVERLAY_LOG_SHARE + unit_random() % 4];
	for (unsigned k = 0; k < 3; k++) {
		struct overlay_entry *entry = &record->entries[unit_random() % 4];

		record->nr_entries = unit_random() % 8 == 0 ? (uint32_t)unit_random() : record->nr_entries;
		record->flushed = unit_random() % 16 == 0 ? unit_random() : record->flushed;
		entry->offset_units = unit_random() >> unit_random() % 64;
		entry->leaves = unit_random() >> unit_random() % 64;
		if (unit_random() % 2)
			entry->block = (uint32_t)unit_random() % (BLOCKS + 10);
	}
	if (unit_random() % 4 == 0)
		super->snapshot = unit_random() % 20;
	super->sum = record->sum = 0;
	super->sum = overlay_sum(super);
	record->sum = overlay_sum(record);
	settle();
	error = overlay_log_open(&overlay, false);
	UNIT_CHECK(error == 0 || error == OVERLAY_DAMAGED || error == -RV_ENOMEM || error == -RV_ENOSPC);
	if (error == 0) {
		memset(given, false, sizeof(given));
		UNIT_EQUAL(overlay_log_read(&overlay, 0, sizeof(buffer), &data), 0);
		(void)do_write(0, 8, false);
		for (unsigned k = 0; k < UNITS; k++)
			units[k].nr_values = 1;
	}
}

static void test_hostile(void)
{
	for (unsigned i = 0; i < 500 && unit_why[0] == '\0'; i++)
		try_hostile();
	new_disk();
}

#ifdef UNIT_FUZZED
void unit_sequence(void)
{
	try_hostile();
	new_disk();
	UNIT_EQUAL(nr_taken, 0);
}
#endif

int main(void)
{
	unit_run("an overlay's disk is cut at every write, whatever it has not flushed", test_all_cuts);
	unit_run("an overlay's disk is cut again and again", test_lives);
	unit_run("an overlay's disk fails now and then", test_faults);
	unit_run("an overlay's disk may write late", test_late);
	unit_run("an overlay's disk is full", test_full);
	unit_run("an overlay's disk is full of discards", test_full_of_zeros);
	unit_run("an overlay on a disk, and no memory", test_memory);
	unit_run("an overlay is not made over what is there", test_foreign);
	unit_run("an overlay that is made anew is cut", test_anew_cut);
	unit_run("an overlay's disk has wrong bits", test_damaged);
	unit_run("an overlay's disk has what no overlay wrote", test_hostile);
	return unit_failed;
}
