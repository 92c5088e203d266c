/*
 * where.c: which sectors of its disk a file has: what the file system says (FIEMAP), and where its partition begins.
 * Asks no hypervisor.
 */
#include "ritectl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define WHERE_EXTENTS 64      /* asked for at a time */
#define WHERE_RANGES 4096     /* of a file, at most */
#define WHERE_SECTOR_BYTES 512 /* the kernel's, in which it tells where partitions begin */
/* Not known, not there yet, in another's sectors, or not as the file has it. */
#define WHERE_USELESS                                                                                             \
	(FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC | FIEMAP_EXTENT_ENCODED | FIEMAP_EXTENT_NOT_ALIGNED |      \
	 FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_DATA_TAIL)

struct where_range {
	uint64_t first, last;
};

struct where {
	const char *file;
	char disk[64];
	uint64_t begin_bytes; /* of the file system on its disk */
	uint64_t sector_bytes;
	size_t nr_ranges;
	struct where_range ranges[WHERE_RANGES];
};

/* A file of the kernel's about a block device; false: there is none. */
static bool where_read(dev_t device, const char *name, char *text, size_t text_bytes)
{
	char path[160];
	FILE *file;
	bool good;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", major(device), minor(device), name);
	file = fopen(path, "r");
	if (file == NULL)
		return false;
	good = fgets(text, (int)text_bytes, file) != NULL;
	fclose(file);
	text[good ? strcspn(text, "\n") : 0] = '\0';
	return good;
}

static bool where_has(dev_t device, const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", major(device), minor(device), name);
	return access(path, F_OK) == 0;
}

/* The last part of where the kernel has a device, or what that is a part of. */
static void where_name(dev_t device, const char *above, char *name, size_t name_bytes)
{
	char path[160], *real;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u%s", major(device), minor(device), above);
	real = realpath(path, NULL);
	snprintf(name, name_bytes, "%s", real != NULL ? strrchr(real, '/') + 1 : "?");
	free(real);
}

static void where_find_disk(struct where *where, dev_t device)
{
	bool is_part = where_has(device, "partition");
	char text[40];

	if (major(device) == 0 || !where_has(device, "dev"))
		fail(STATUS_SCRIPT, "%s: its file system does not say on which disk it is", where->file);
	if (where_has(device, "dm") || where_has(device, "md") || where_has(device, "loop"))
		fail(STATUS_SCRIPT, "%s: its file system is on a device that is made of others (LVM, RAID, encryption, a loop): "
		     "which sectors of a disk it has is not known", where->file);
	where_name(device, is_part ? "/.." : "", where->disk, sizeof(where->disk));
	if (is_part && !where_read(device, "start", text, sizeof(text)))
		fail(STATUS_SCRIPT, "%s: where its partition begins is not known", where->file);
	where->begin_bytes = is_part ? strtoull(text, NULL, 10) * WHERE_SECTOR_BYTES : 0;
	if (!where_read(device, is_part ? "../queue/logical_block_size" : "queue/logical_block_size", text, sizeof(text)))
		fail(STATUS_SCRIPT, "%s: the size of its disk's sectors is not known", where->file);
	where->sector_bytes = strtoull(text, NULL, 10);
	if (where->sector_bytes == 0)
		fail(STATUS_SCRIPT, "%s: the size of its disk's sectors is not known", where->file);
}

static void where_add(struct where *where, const struct fiemap_extent *extent)
{
	uint64_t begin = where->begin_bytes + extent->fe_physical, end = begin + extent->fe_length;
	struct where_range *last = where->nr_ranges != 0 ? &where->ranges[where->nr_ranges - 1] : NULL;
	struct where_range range = { begin / where->sector_bytes, (end - 1) / where->sector_bytes };

	if (extent->fe_flags & WHERE_USELESS)
		fail(STATUS_SCRIPT, "%s: a part of it has no sectors of its own (it is inline, compressed, or not written yet)",
		     where->file);
	if (last != NULL && range.first == last->last + 1) {
		last->last = range.last;
		return;
	}
	if (where->nr_ranges == WHERE_RANGES)
		fail(STATUS_SCRIPT, "%s: it is in more than %d pieces", where->file, WHERE_RANGES);
	where->ranges[where->nr_ranges++] = range;
}

/* The next extents from an offset on, which becomes that behind them. False: these were the last. */
static bool where_ask(struct where *where, int file, uint64_t *offset)
{
	static union {
		struct fiemap map;
		uint8_t bytes[sizeof(struct fiemap) + WHERE_EXTENTS * sizeof(struct fiemap_extent)];
	} answer;
	const struct fiemap_extent *extent = NULL;

	memset(&answer, 0, sizeof(answer));
	answer.map.fm_start = *offset;
	answer.map.fm_length = UINT64_MAX - *offset;
	answer.map.fm_flags = FIEMAP_FLAG_SYNC;
	answer.map.fm_extent_count = WHERE_EXTENTS;
	if (ioctl(file, FS_IOC_FIEMAP, &answer) != 0)
		fail(STATUS_SCRIPT, "%s: its file system does not say where it is: %s", where->file, strerror(errno));
	for (unsigned i = 0; i < answer.map.fm_mapped_extents; i++) {
		extent = &answer.map.fm_extents[i];
		if (extent->fe_length != 0)
			where_add(where, extent);
		*offset = extent->fe_logical + extent->fe_length;
	}
	return extent != NULL && !(extent->fe_flags & FIEMAP_EXTENT_LAST) && extent->fe_length != 0;
}

static void where_print(const struct where *where)
{
	if (settings.json) {
		fputs("{\"type\":\"where\",\"data\":{\"file\":", settings.output);
		output_json_text(where->file, strlen(where->file));
		fprintf(settings.output, ",\"disk\":\"%s\",\"sector_bytes\":%lu,\"ranges\":[", where->disk,
			(unsigned long)where->sector_bytes);
	}
	for (size_t i = 0; i < where->nr_ranges; i++)
		fprintf(settings.output, settings.json ? "%s[%lu,%lu]" : "%s%lu..%lu", i != 0 ? "," : "",
			(unsigned long)where->ranges[i].first, (unsigned long)where->ranges[i].last);
	fputs(settings.json ? "]}}\n" : "\n", settings.output);
	output_flush();
	if (!settings.json && !settings.quiet)
		fprintf(stderr, "ritectl: %s: on %s, sectors of %lu bytes\n", where->file, where->disk,
			(unsigned long)where->sector_bytes);
}

int show_where(const char *path)
{
	static struct where where;
	uint64_t offset = 0;
	struct stat status;
	int file = open(path, O_RDONLY | O_CLOEXEC);

	where.file = path;
	if (file < 0 || fstat(file, &status) != 0)
		fail(STATUS_USAGE, "%s: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
		fail(STATUS_USAGE, "%s: it is no file", path);
	where_find_disk(&where, status.st_dev);
	while (where_ask(&where, file, &offset))
		;
	close(file);
	if (where.nr_ranges == 0)
		fail(STATUS_SCRIPT, "%s: it is empty, and has no sectors", path);
	where_print(&where);
	return STATUS_OK;
}
