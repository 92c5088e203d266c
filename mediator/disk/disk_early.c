/*
 * mediator/disk/disk_early.c: asks the classes for a disk, one after the other.
 */
#include "mediator/disk/disk_early.h"

#include "core/string.h"
#include "mediator/disk/disk_class.h"
#include "rv/errno.h"

/* Those first that are read without a reset. */
static const struct disk_class *const disk_early_classes[] = { &ide_class, &ahci_class, &nvme_class, &virtio_class };

bool disk_early_is(const struct disk_early *early, const char *serial)
{
	return serial[0] != '\0' && strcmp(early->serial, serial) == 0;
}

int disk_early_found(struct disk_early *early, const struct rv_disk_info *info)
{
	uint64_t sectors_a_page;

	early->info = *info;
	if (info->sector_bytes == 0 || info->sector_bytes > PAGE_BYTES || PAGE_BYTES % info->sector_bytes != 0)
		return -RV_ENOTSUP;
	sectors_a_page = PAGE_BYTES / info->sector_bytes;
	if (info->sectors / sectors_a_page < early->length_bytes / PAGE_BYTES)
		early->length_bytes = info->sectors / sectors_a_page * PAGE_BYTES;
	return early->length_bytes != 0 ? 0 : -RV_ENOTSUP;
}

int disk_read_early(struct disk_early *early)
{
	int error = -RV_ENOENT;

	early->info = (struct rv_disk_info){ 0 };
	for (unsigned i = 0; error == -RV_ENOENT && i < ARRAY_LENGTH(disk_early_classes); i++)
		error = disk_early_classes[i]->read_early(early);
	return error;
}
