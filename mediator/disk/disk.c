/*
 * mediator/disk/disk.c: counts the hooks of disk requests, and lists disks.
 */
#include "mediator/disk/disk.h"

#include "mediator/disk/ide.h"

static uint32_t disk_watchers;

void disk_find(void)
{
	ide_find();
}

bool disk_is_watched(void)
{
	return __atomic_load_n(&disk_watchers, __ATOMIC_ACQUIRE) != 0;
}

int disk_watch(void)
{
	struct ide_channel *channel;
	int error = 0;

	__atomic_fetch_add(&disk_watchers, 1, __ATOMIC_ACQ_REL);
	for (unsigned i = 0; error == 0 && (channel = ide_channel_at(i)) != NULL; i++) {
		spinlock_acquire(&channel->lock);
		error = ide_claim(channel);
		spinlock_release(&channel->lock);
	}
	if (error != 0)
		disk_unwatch();
	return error;
}

void disk_unwatch(void)
{
	struct ide_channel *channel;

	if (__atomic_sub_fetch(&disk_watchers, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	for (unsigned i = 0; (channel = ide_channel_at(i)) != NULL; i++) {
		/* What is under way ends first: whoever sees it end releases the channel. */
		spinlock_acquire(&channel->lock);
		if (channel->phase == IDE_OPEN && !disk_is_watched())
			ide_release(channel);
		spinlock_release(&channel->lock);
	}
}

bool disk_describe(uint32_t position, struct rv_disk_info *info)
{
	struct ide_channel *channel;

	for (unsigned i = 0; (channel = ide_channel_at(i)) != NULL; i++) {
		for (unsigned unit = 0; unit < 2; unit++) {
			if (!channel->disks[unit].is_there || position-- != 0)
				continue;
			*info = channel->disks[unit].info;
			return true;
		}
	}
	return false;
}
