/*
 * machine_disk.c: the simulated machine's disk, as far as a script itself reads and writes it.
 */
#include "machine.h"

#include "rv/errno.h"

#include <string.h>

enum { MACHINE_WRITTEN_MAXIMUM = 512 };

static struct {
	uint64_t lba;
	uint8_t bytes[MACHINE_SECTOR_BYTES];
} machine_written[MACHINE_WRITTEN_MAXIMUM];
static int machine_nr_written;

/* NULL: nobody wrote it, or there is no room for it. */
static uint8_t *machine_sector(uint64_t lba, bool create)
{
	for (int i = 0; i < machine_nr_written; i++) {
		if (machine_written[i].lba == lba)
			return machine_written[i].bytes;
	}
	if (!create || machine_nr_written == MACHINE_WRITTEN_MAXIMUM)
		return NULL;
	machine_written[machine_nr_written].lba = lba;
	return machine_written[machine_nr_written++].bytes;
}

int machine_disk(uint64_t number, uint64_t lba, void *buffer, uint64_t length_bytes, bool write)
{
	uint64_t sectors = length_bytes / MACHINE_SECTOR_BYTES;
	uint8_t *bytes = buffer;

	if (number != 0)
		return -RV_ENOENT;
	if (length_bytes == 0 || length_bytes % MACHINE_SECTOR_BYTES != 0)
		return -RV_EINVAL;
	if (lba > MACHINE_DISK_SECTORS || sectors > MACHINE_DISK_SECTORS - lba)
		return -RV_ERANGE;
	for (uint64_t i = 0; i < sectors; i++, bytes += MACHINE_SECTOR_BYTES) {
		uint8_t *sector = machine_sector(lba + i, write);

		if (write && sector == NULL)
			return -RV_ENOMEM;
		if (write)
			memcpy(sector, bytes, MACHINE_SECTOR_BYTES);
		else if (sector != NULL)
			memcpy(bytes, sector, MACHINE_SECTOR_BYTES);
		else
			memset(bytes, 0, MACHINE_SECTOR_BYTES);
	}
	return 0;
}
