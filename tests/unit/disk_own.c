/*
 * tests/unit/disk_own.c: see the header.
 */
#include "disk_own.h"

#include "core/string.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "unit.h"

unsigned disk_own_nr_done, disk_own_nr_failed;

static int tags[DISK_OWN_BLOCKS]; /* what each block holds; -1: not known */
static bool is_late; /* one was not done in time, as on a busy machine, and may be done at any time now */

void disk_own_begin(void)
{
	memset(tags, 0, sizeof(tags));
	is_late = false;
}

void disk_own_forget(void)
{
	memset(tags, -1, sizeof(tags));
}

/* Did the device never have it? */
static bool is_refused(int error)
{
	return error == -RV_EAGAIN || error == -RV_EBUSY || error == -RV_ENOTSUP;
}

int disk_own_do(int (*io)(struct disk_io *io), uint64_t first, uint32_t block_bytes, uint32_t most, bool is_checked)
{
	static const uint32_t kinds[] = { RV_EVENT_DISK_WRITE, RV_EVENT_DISK_READ, RV_EVENT_DISK_READ, RV_EVENT_DISK_FLUSH };
	static uint8_t last_tag;
	uint8_t *pages[DISK_IO_PAGES];
	struct disk_io command = { .kind = kinds[unit_random() % 4], .sector_bytes = block_bytes };
	bool writes = command.kind == RV_EVENT_DISK_WRITE;
	uint32_t at = (uint32_t)(unit_random() % (DISK_OWN_BLOCKS - most));
	int error;

	bounce_init(&command.bounce, NULL, 0, pages, DISK_IO_PAGES);
	if (command.kind != RV_EVENT_DISK_FLUSH) {
		command.sectors = 1 + (uint32_t)(unit_random() % most);
		command.lba = first + at;
		if (bounce_take_bytes(&command.bounce, command.sectors * block_bytes) != 0) {
			bounce_release(&command.bounce);
			return -RV_ENOMEM;
		}
	}
	last_tag += writes;
	for (uint32_t i = 0; i < command.bounce.nr_pages; i++)
		memset(pages[i], last_tag, PAGE_BYTES);
	error = io(&command);
	is_late |= error == -RV_ETIMEDOUT;
	disk_own_nr_done += error == 0;
	disk_own_nr_failed += error != 0;
	for (uint32_t i = 0; i < command.sectors; i++) {
		int *tag = &tags[at + i];
		uint8_t byte = 0;

		if (error == 0 && !writes)
			bounce_copy(&command.bounce, i * block_bytes + 7, &byte, 1, false);
		if (error == 0 && !writes && is_checked && !is_late && *tag >= 0)
			UNIT_EQUAL(byte, *tag);
		if (writes && !is_refused(error))
			*tag = error == 0 ? last_tag : -1;
	}
	bounce_release(&command.bounce);
	return error;
}
