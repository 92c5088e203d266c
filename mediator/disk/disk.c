/*
 * mediator/disk/disk.c: counts the hooks of disk requests, and lists disks.
 */
#include "mediator/disk/disk.h"

#include "core/log.h"
#include "core/paging.h"
#include "mediator/disk/cipher.h"
#include "mediator/disk/disk_class.h"
#include "mediator/disk/disk_plug.h"
#include "rv/errno.h"

/* In the order of numbers. */
static const struct disk_class *const disk_classes[] = { &ide_class, &nvme_class, &ahci_class, &virtio_class, &usb_class };
static struct disk_controller *disk_controllers, **disk_controllers_end = &disk_controllers;
static uint32_t disk_watchers;
static bool disk_is_left_out; /* a controller: at boot only */
static bool disk_takes_firmwares; /* written at boot only */

void disk_take_over(void)
{
	disk_takes_firmwares = true;
}

bool disk_takes_over(void)
{
	return disk_takes_firmwares;
}

void disk_find(void)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(disk_classes); i++)
		disk_classes[i]->find();
}

/* Others go through the list meanwhile. */
void disk_add(struct disk_controller *controller)
{
	controller->news = disk_plug_news;
	__atomic_store_n(disk_controllers_end, controller, __ATOMIC_RELEASE);
	disk_controllers_end = &controller->next;
}

struct disk_controller *disk_controllers_first(void)
{
	return __atomic_load_n(&disk_controllers, __ATOMIC_ACQUIRE);
}

bool disk_classes_add(uint64_t function)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(disk_classes); i++) {
		if (disk_classes[i]->is_one == NULL || !disk_classes[i]->is_one(function))
			continue;
		disk_classes[i]->come(function);
		return true;
	}
	return false;
}

bool disk_is_watched(void)
{
	return __atomic_load_n(&disk_watchers, __ATOMIC_ACQUIRE) != 0;
}

static bool disk_is_clear(const struct disk_controller *controller)
{
	return controller->class->is_clear != NULL && controller->class->is_clear(controller);
}

/* disk_claim() sees it in the list, or we see that disks are watched. */
int disk_claim_added(struct disk_controller *controller)
{
	int error = 0;

	spinlock_acquire(controller->lock);
	if (disk_is_watched())
		error = controller->class->claim(controller);
	spinlock_release(controller->lock);
	return error;
}

/* All of them, or those that may have an encrypted disk. */
static int disk_claim(bool all)
{
	int error = 0;

	if (__atomic_fetch_add(&disk_watchers, 1, __ATOMIC_ACQ_REL) == 0)
		disk_plug_watch();
	for (struct disk_controller *each = disk_controllers; error == 0 && each != NULL; each = each->next) {
		if (each->is_gone || (!all && disk_is_clear(each)))
			continue;
		spinlock_acquire(each->lock);
		error = each->class->claim(each);
		spinlock_release(each->lock);
	}
	if (error != 0)
		disk_unwatch();
	return error;
}

int disk_watch(void)
{
	return disk_claim(true);
}

int disk_watch_encrypted(void)
{
	return disk_is_left_out ? -RV_ENOSPC : disk_claim(false);
}

/* What is under way ends first: whoever sees it end releases the channel, or the controller. */
void disk_unwatch(void)
{
	if (__atomic_sub_fetch(&disk_watchers, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	disk_plug_unwatch();
	for (struct disk_controller *each = disk_controllers; each != NULL; each = each->next) {
		spinlock_acquire(each->lock);
		if (!disk_is_watched())
			each->class->release(each);
		spinlock_release(each->lock);
	}
}

void disk_say_left_out(const char *what, uint64_t function)
{
	disk_is_left_out = true;
	log_warning("%s at PCI %02lx:%02lx.%lu is left out: its requests pass unseen", what, function >> 20 & 0xff,
		    function >> 15 & 31, function >> 12 & 7);
}

int disk_say_out_of_reach(const char *name, unsigned index)
{
	log_warning("%s%u: its registers lie above %lu GiB, out of our reach: no hook can have disks' requests. Firmware "
		    "may have a setting for less (\"above 4G decoding\" off)", name, index, paging_direct_bytes >> 30);
	return -RV_ENOTSUP;
}

/* What the guest has of it. */
static bool disk_describe_by(const struct disk_class *class, unsigned index, struct rv_disk_info *info)
{
	if (!class->describe(index, info))
		return false;
	info->sectors = cipher_guest_sectors(info);
	info->flags = cipher_has(info) ? RV_DISK_ENCRYPTED : 0;
	return true;
}

bool disk_describe(uint32_t position, struct rv_disk_info *info)
{
	if (position == 0)
		disk_plug_look();
	for (unsigned i = 0; i < ARRAY_LENGTH(disk_classes); i++) {
		for (unsigned index = 0; index < RV_DISKS_A_BUS; index++) {
			if (disk_describe_by(disk_classes[i], index, info) && position-- == 0)
				return true;
		}
	}
	return false;
}

/* NULL: no disk can have that number. */
static const struct disk_class *disk_class_of(uint32_t number)
{
	uint32_t bus = number / RV_DISKS_A_BUS;

	return bus < ARRAY_LENGTH(disk_classes) ? disk_classes[bus] : NULL;
}

bool disk_describe_number(uint32_t number, struct rv_disk_info *info)
{
	const struct disk_class *class = disk_class_of(number);

	return class != NULL && disk_describe_by(class, number % RV_DISKS_A_BUS, info);
}

int disk_run_io(uint32_t number, struct disk_io *io)
{
	const struct disk_class *class = disk_class_of(number);

	if (class == NULL)
		return -RV_ENOENT;
	return class->io != NULL ? class->io(number % RV_DISKS_A_BUS, io) : -RV_ENOTSUP;
}

int disk_fail(uint32_t number, uint32_t event)
{
	const struct disk_class *class = disk_class_of(number);

	if (class == NULL)
		return -RV_ENOENT;
	return class->fail != NULL ? class->fail(number % RV_DISKS_A_BUS, event) : -RV_ENOTSUP;
}
