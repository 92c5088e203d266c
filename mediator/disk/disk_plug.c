/*
 * mediator/disk/disk_plug.c: owns what comes and goes while the guest runs: which controllers' devices are gone, and
 * which disks scripts have been told of.
 *
 * A guest that gives a new device its place in memory writes to the device's configuration space, before that decodes
 * anything: then it is looked at who is there, and a controller is claimed before it can do anything. That a device is
 * gone nobody says. It is looked for when the guest writes to the configuration space of another in its place, and when
 * a script wants to know.
 *
 * disk_plug_lock guards `is_gone` and `is_free` of all controllers, and what was told. The locks of controllers are
 * inside it. No hook is asked with it held.
 */
#include "mediator/disk/disk_plug.h"

#include "core/log.h"
#include "core/string.h"
#include "mediator/disk/disk.h"
#include "mediator/disk/disk_class.h"
#include "mediator/request.h"
#include "rv/errno.h"
#include "vmm/deadline.h"
#include "vmm/pci.h"
#include "vmm/pci_follow.h"

#define REPORTS_MAXIMUM 8

static void disk_plug_tell(struct deadline *deadline, struct vcpu *vcpu);
static enum access_result disk_plug_written(struct access *access, void *context);

static struct spinlock disk_plug_lock;
static uint64_t disk_told[RV_DISK_BUS_COUNT]; /* a bit a disk */
static struct deadline disk_news = { .expire = disk_plug_tell };
static bool disk_plug_is_watching; /* as the next: under hook_table_lock */
static struct access_region disk_plug_region = {
	.handler = disk_plug_written,
	.band = BAND_MEDIATOR, /* what hooks make of the write is what the device gets */
};

/* Telling ------------------------------------------------------------------------------------------- */

void disk_plug_news(void)
{
	__atomic_fetch_add(&disk_era, 1, __ATOMIC_RELEASE);
	if (hook_wants_requests(RV_EVENT_DISK_ATTACH) || hook_wants_requests(RV_EVENT_DISK_DETACH))
		deadline_set(&disk_news, 0);
}

/* Did that change since it was asked last? */
static bool disk_plug_differs(uint32_t number, bool *is_there)
{
	uint64_t bit = UINT64_C(1) << number % RV_DISKS_A_BUS, *told = &disk_told[number / RV_DISKS_A_BUS];
	struct rv_disk_info info;
	bool differs;

	spinlock_acquire(&disk_plug_lock);
	*is_there = disk_describe_number(number, &info);
	differs = *is_there != ((*told & bit) != 0);
	if (differs)
		*told ^= bit;
	spinlock_release(&disk_plug_lock);
	return differs;
}

/* Also of disks that scripts know already: from the start, or from what the guest has asked for. */
static void disk_plug_tell(struct deadline *deadline, struct vcpu *vcpu)
{
	(void)deadline;
	for (uint32_t number = 0; number <= RV_DISK_LAST; number++) {
		struct request request;
		bool is_there;

		if (!disk_plug_differs(number, &is_there))
			continue;
		request_begin(&request, is_there ? RV_EVENT_DISK_ATTACH : RV_EVENT_DISK_DETACH);
		request.disk.number = (uint16_t)number;
		if (hook_wants_requests(request.kind))
			(void)request_offer(&request, vcpu); /* it does not wait: its source has no hold */
	}
}

/* Going --------------------------------------------------------------------------------------------- */

static void disk_plug_left(struct grace *grace)
{
	__atomic_store_n(&CONTAINER_OF(grace, struct disk_controller, grace)->is_free, true, __ATOMIC_RELEASE);
}

static void disk_plug_end(struct disk_controller *controller)
{
	spinlock_acquire(controller->lock);
	controller->class->leave(controller);
	spinlock_release(controller->lock);
	controller->is_gone = true;
	grace_begin(&controller->grace, disk_plug_left);
	disk_plug_news();
}

/* Not of one of which nobody follows the registers: its place may have got another number meanwhile. */
static bool disk_plug_is_gone(const struct disk_controller *controller)
{
	uint64_t function;

	return !controller->is_gone && controller->class->leave != NULL && controller->registers != NULL &&
	       pci_follow_leads(controller->registers, &function) && !controller->class->is_one(function);
}

void disk_plug_look(void)
{
	spinlock_acquire(&disk_plug_lock);
	for (struct disk_controller *each = disk_controllers_first(); each != NULL; each = each->next) {
		if (disk_plug_is_gone(each))
			disk_plug_end(each);
	}
	spinlock_release(&disk_plug_lock);
}

/* Coming -------------------------------------------------------------------------------------------- */

struct disk_controller *disk_reuse(const struct disk_class *class, uint64_t function)
{
	struct disk_controller *found = NULL;

	for (struct disk_controller *each = disk_controllers_first(); each != NULL; each = each->next) {
		if (each->class == class && each->is_gone && __atomic_load_n(&each->is_free, __ATOMIC_ACQUIRE) &&
		    (found == NULL || each->function == function))
			found = each;
	}
	return found;
}

void disk_renew(struct disk_controller *common, void *controller, size_t length_bytes)
{
	struct disk_controller kept = *common;

	memset(controller, 0, length_bytes);
	kept.is_gone = kept.is_free = false;
	*common = kept;
}

/* The controller at that address; NULL: none that is known. */
static struct disk_controller *disk_plug_at(uint64_t function)
{
	struct disk_controller *controller = disk_controllers_first();

	for (; controller != NULL; controller = controller->next) {
		uint64_t address = controller->function;

		if (controller->is_gone || controller->class->leave == NULL)
			continue;
		if (controller->registers != NULL)
			(void)pci_follow_leads(controller->registers, &address);
		if (address == function)
			return controller;
	}
	return NULL;
}

static void disk_plug_report(uint64_t function, int error)
{
	static unsigned said;

	if (said++ < REPORTS_MAXIMUM)
		log_error("PCI %02lx:%02lx.%lu: a disk's controller has come and is not let be used, since its requests could not "
			  "be seen (error %d)", function >> 20 & 0xff, function >> 15 & 31, function >> 12 & 7, -error);
}

/* One that has come, and others are told of; again, if that failed before. False: the guest is not to have it. */
static bool disk_plug_claim(struct disk_controller *controller, uint64_t function)
{
	int error = disk_claim_added(controller);

	/* It works already, and how large its registers are nobody knows: until the guest asks for that. */
	if (error != 0 && error != -RV_ENODATA)
		disk_plug_report(function, error);
	return error == 0 || error == -RV_ENODATA;
}

/* Who is there? False: one that cannot be claimed. */
static bool disk_plug_settle(uint64_t function)
{
	struct disk_controller *controller = disk_plug_at(function);

	if (controller != NULL && !controller->class->is_one(function)) {
		disk_plug_end(controller);
		controller = NULL;
	}
	if (controller != NULL)
		return !controller->has_come || disk_plug_claim(controller, function);
	if (!disk_classes_add(function))
		return true;
	controller = disk_plug_at(function);
	if (controller == NULL)
		return true; /* it is left out, as the log says */
	controller->has_come = true;
	return disk_plug_claim(controller, function);
}

static enum access_result disk_plug_written(struct access *access, void *context)
{
	bool is_good;

	(void)context;
	if (!access->write)
		return ACCESS_PASS;
	spinlock_acquire(&disk_plug_lock);
	is_good = disk_plug_settle(access->address & ~UINT64_C(0xfff));
	spinlock_release(&disk_plug_lock);
	return is_good ? ACCESS_PASS : ACCESS_DONE;
}

void disk_plug_watch(void)
{
	int error;

	disk_plug_region.last = PCI_ADDRESS_LAST;
	error = pci_register(&disk_plug_region);
	disk_plug_is_watching = error == 0;
	if (error != 0)
		log_warning("disks that are plugged in later pass unseen: PCI's configuration space cannot be watched (error %d)", -error);
}

void disk_plug_unwatch(void)
{
	if (disk_plug_is_watching)
		pci_unregister(&disk_plug_region);
	disk_plug_is_watching = false;
}
