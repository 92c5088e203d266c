/*
 * mediator/disk/disk.c: counts the hooks of disk requests, and lists disks.
 */
#include "mediator/disk/disk.h"

#include "mediator/disk/ide.h"
#include "mediator/disk/nvme.h"

static uint32_t disk_watchers;

void disk_find(void)
{
	ide_find();
	nvme_find();
}

bool disk_is_watched(void)
{
	return __atomic_load_n(&disk_watchers, __ATOMIC_ACQUIRE) != 0;
}

static int disk_claim_ide(void)
{
	struct ide_channel *channel;
	int error = 0;

	for (unsigned i = 0; error == 0 && (channel = ide_channel_at(i)) != NULL; i++) {
		spinlock_acquire(&channel->lock);
		error = ide_claim(channel);
		spinlock_release(&channel->lock);
	}
	return error;
}

static int disk_claim_nvme(void)
{
	struct nvme_controller *controller;
	int error = 0;

	for (unsigned i = 0; error == 0 && (controller = nvme_controller_at(i)) != NULL; i++) {
		spinlock_acquire(&controller->lock);
		error = nvme_claim(controller);
		spinlock_release(&controller->lock);
	}
	return error;
}

int disk_watch(void)
{
	int error;

	__atomic_fetch_add(&disk_watchers, 1, __ATOMIC_ACQ_REL);
	error = disk_claim_ide();
	if (error == 0)
		error = disk_claim_nvme();
	if (error != 0)
		disk_unwatch();
	return error;
}

/* What is under way ends first: whoever sees it end releases the channel, or the controller. */
void disk_unwatch(void)
{
	struct ide_channel *channel;
	struct nvme_controller *controller;

	if (__atomic_sub_fetch(&disk_watchers, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	for (unsigned i = 0; (channel = ide_channel_at(i)) != NULL; i++) {
		spinlock_acquire(&channel->lock);
		ide_release_unwatched(channel);
		spinlock_release(&channel->lock);
	}
	for (unsigned i = 0; (controller = nvme_controller_at(i)) != NULL; i++) {
		spinlock_acquire(&controller->lock);
		if (!disk_is_watched())
			nvme_release(controller);
		spinlock_release(&controller->lock);
	}
}

/* Counts down to the one at the position. */
static bool disk_is_at(uint32_t *position)
{
	return (*position)-- == 0;
}

bool disk_describe(uint32_t position, struct rv_disk_info *info)
{
	struct ide_channel *channel;
	struct nvme_controller *controller;

	for (unsigned i = 0; (channel = ide_channel_at(i)) != NULL; i++) {
		for (unsigned unit = 0; unit < 2; unit++) {
			*info = channel->disks[unit].info;
			if (channel->disks[unit].is_there && disk_is_at(&position))
				return true;
		}
	}
	for (unsigned i = 0; (controller = nvme_controller_at(i)) != NULL; i++) {
		for (unsigned unit = 0; unit < RV_NVME_NAMESPACES; unit++) {
			*info = controller->namespaces[unit].info;
			if (controller->namespaces[unit].is_known && disk_is_at(&position))
				return true;
		}
	}
	return false;
}
