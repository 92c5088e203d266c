/*
 * mediator/disk/disk.c: counts the hooks of disk requests, and lists disks.
 */
#include "mediator/disk/disk.h"

#include "mediator/disk/disk_class.h"
#include "rv/errno.h"

static const struct disk_class *const disk_classes[] = { &ide_class, &nvme_class, &ahci_class, &virtio_class }; /* in the order of numbers */
static uint32_t disk_watchers;

void disk_find(void)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(disk_classes); i++)
		disk_classes[i]->find();
}

bool disk_is_watched(void)
{
	return __atomic_load_n(&disk_watchers, __ATOMIC_ACQUIRE) != 0;
}

int disk_watch(void)
{
	int error = 0;

	__atomic_fetch_add(&disk_watchers, 1, __ATOMIC_ACQ_REL);
	for (unsigned i = 0; error == 0 && i < ARRAY_LENGTH(disk_classes); i++)
		error = disk_classes[i]->claim();
	if (error != 0)
		disk_unwatch();
	return error;
}

/* What is under way ends first: whoever sees it end releases the channel, or the controller. */
void disk_unwatch(void)
{
	if (__atomic_sub_fetch(&disk_watchers, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	for (unsigned i = 0; i < ARRAY_LENGTH(disk_classes); i++)
		disk_classes[i]->release();
}

bool disk_describe(uint32_t position, struct rv_disk_info *info)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(disk_classes); i++) {
		for (unsigned index = 0; index < RV_DISKS_A_BUS; index++) {
			if (disk_classes[i]->describe(index, info) && position-- == 0)
				return true;
		}
	}
	return false;
}

int disk_fail(uint32_t number)
{
	uint32_t bus = number / RV_DISKS_A_BUS;

	if (bus >= ARRAY_LENGTH(disk_classes))
		return -RV_ENOENT;
	return disk_classes[bus]->fail != NULL ? disk_classes[bus]->fail(number % RV_DISKS_A_BUS) : -RV_ENOTSUP;
}
