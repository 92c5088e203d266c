/*
 * mediator/disk/virtio_own.c: commands of the hypervisor's own, in a queue of the guest's that is ours because requests
 * are hooked: one more command among those that the device has. It is told not to interrupt meanwhile, since the guest
 * would find nothing. What it is done with of the guest's while we wait is set aside, for no hook can be asked here:
 * the script that wants the command may be amid one. A nudge brings a CPU that sees to that.
 */
#include "mediator/disk/virtio_disk.h"

#include "core/instructions.h"
#include "core/time.h"
#include "mediator/disk/disk_io.h"
#include "rv/errno.h"
#include "rv/kinds.h"

static struct virtio_queue *virtio_own_queue(const struct virtio_device *device)
{
	for (unsigned i = 0; !device->is_stopping && i < VIRTIO_QUEUES_MAXIMUM; i++) {
		if (device->queues[i] != NULL && !device->queues[i]->is_dead)
			return device->queues[i];
	}
	return NULL;
}

static void virtio_own_begin(struct virtio_slot *slot, struct disk_io *io)
{
	slot->request = (struct request){ .disk = { .lba = io->lba } };
	slot->header = (struct virtio_header){ .type = io->kind == RV_EVENT_DISK_READ	 ? VIRTIO_IN
						       : io->kind == RV_EVENT_DISK_WRITE ? VIRTIO_OUT
											 : VIRTIO_FLUSH };
	slot->is_own = slot->is_awaited = slot->is_bounced = true;
	slot->is_filler = false;
	slot->status = VIRTIO_OK;
	slot->done_bytes = slot->bounce.length_bytes = 0;
	slot->bounce.nr_segments = 0;
	if (io->kind != RV_EVENT_DISK_FLUSH)
		bounce_hand_over(&io->bounce, &slot->bounce);
	virtio_send(slot);
}

void virtio_own_complete(struct virtio_slot *slot)
{
	if (slot->is_awaited)
		slot->state = VIRTIO_OWN_DONE;
	else
		virtio_slot_free(slot);
}

/* Until it is done, or the queue is gone, and the slot with it. Another CPU may see the end first. */
static void virtio_own_wait(struct virtio_queue *queue, const struct virtio_slot *slot)
{
	struct virtio_device *device = queue->device;
	uint64_t end = tsc_read() + time_tsc_of_us(DISK_IO_WAIT_US);

	virtio_set_aside(queue);
	while (!queue->is_gone && !device->is_stopping && slot->state != VIRTIO_OWN_DONE && tsc_read() < end) {
		spinlock_release(&device->lock);
		cpu_pause();
		spinlock_acquire(&device->lock);
		virtio_set_aside(queue);
	}
}

/* What the device may have yet it keeps: its late completion, or the reset's end, gives that back. */
static int virtio_own_end(struct virtio_queue *queue, struct virtio_slot *slot, struct disk_io *io)
{
	int error;

	if (queue->is_gone)
		return -RV_EIO;
	if (slot->state != VIRTIO_OWN_DONE) {
		slot->is_awaited = false;
		return queue->device->is_stopping ? -RV_EIO : -RV_ETIMEDOUT;
	}
	error = slot->status == VIRTIO_OK ? 0 : -RV_EIO;
	bounce_hand_over(&slot->bounce, &io->bounce);
	virtio_slot_free(slot);
	return error;
}

/* The device interrupts again, unless it was silent before, which ends by whoever waits then. What it did without one a
 * nudge tells: the end of a command or of an earlier nudge, or that there is room for what had to wait. Also if the guest
 * wants no interrupt now: it looks into its ring before it waits for one, and the command is not there yet. */
static void virtio_own_leave(struct virtio_queue *queue, bool was_silent, bool was_nudged)
{
	if (queue->is_gone || queue->device->is_stopping)
		return;
	if (!was_silent)
		virtio_set_silent(queue, false);
	if (was_nudged || virtio_has_work(queue))
		virtio_nudge(queue);
}

static int virtio_own_do(struct virtio_device *device, struct disk_io *io)
{
	struct virtio_queue *queue = virtio_own_queue(device);
	struct virtio_slot *slot = queue != NULL ? virtio_slot_find(queue) : NULL;
	bool is_silent, is_nudged;
	int error;

	if (slot == NULL)
		return queue == NULL ? -RV_EAGAIN : -RV_EBUSY;
	queue->nr_users++;
	is_silent = queue->is_silent;
	is_nudged = queue->slots[VIRTIO_SLOT_NUDGE]->state != VIRTIO_FREE;
	virtio_set_silent(queue, true);
	virtio_own_begin(slot, io);
	virtio_own_wait(queue, slot);
	error = virtio_own_end(queue, slot, io);
	virtio_own_leave(queue, is_silent, is_nudged);
	virtio_queue_put(queue);
	return error;
}

int virtio_own_io(struct virtio_device *device, struct disk_io *io)
{
	int error;

	spinlock_acquire(&device->lock);
	error = virtio_own_do(device, io);
	spinlock_release(&device->lock);
	return error;
}
