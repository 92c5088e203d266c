/*
 * mediator/virtio/virtio_work.c: has commands go on, as far as they can: at each notification, each interrupt, and where
 * the guest reads what an interrupt is about.
 */
#include "mediator/virtio/virtio.h"

#include "core/instructions.h"
#include "core/time.h"
#include "vmm/interrupt_watch.h"

#define VIRTIO_WAIT_US 1000000 /* that a guest's CPU stands which would do nothing but look */

static bool virtio_is_stopped(const struct virtio_queue *queue)
{
	return queue->is_gone || queue->is_dead || queue->device->is_stopping;
}

/* All that the guest has given. One CPU at a time is at a queue, so that hooks see its commands in order; who
 * comes meanwhile leaves them to that one. */
static bool virtio_pump(struct virtio_queue *queue, struct vcpu *vcpu)
{
	struct virtio_slot *slot;
	bool any = false;

	if (queue->is_pumped)
		return false;
	queue->is_pumped = true;
	queue->nr_users++;
	while (!virtio_is_stopped(queue) && (slot = virtio_take(queue)) != NULL) {
		queue->device->class->begin(slot, vcpu);
		any = true;
	}
	queue->is_pumped = false;
	virtio_queue_put(queue);
	return any;
}

/* One that the device is done with. */
static bool virtio_harvest(struct virtio_queue *queue, struct vcpu *vcpu)
{
	struct virtio_slot *slot = queue->device->is_stopping ? NULL : virtio_done_next(queue);

	if (slot == NULL)
		return false;
	queue->device->class->complete(slot, vcpu);
	return true;
}

bool virtio_queue_work(struct virtio_queue *queue, struct vcpu *vcpu)
{
	struct virtio_device *device = queue->device;
	unsigned number = queue->number;
	bool any = virtio_pump(queue, vcpu);

	while (device->queues[number] != NULL && virtio_harvest(device->queues[number], vcpu))
		any = true;
	return any;
}

static bool virtio_work_once(struct virtio_device *device, struct vcpu *vcpu)
{
	bool any = false;

	for (unsigned i = 0; i < VIRTIO_QUEUES_MAXIMUM; i++) {
		if (device->queues[i] != NULL)
			any |= device->queues[i]->work(device->queues[i], vcpu);
	}
	return any;
}

void virtio_work(struct virtio_device *device, struct vcpu *vcpu)
{
	while (virtio_work_once(device, vcpu))
		;
}

void virtio_heed_wish(struct virtio_queue *queue)
{
	/* By VIRTIO_FEATURE_EVENT_IDX it says what it wants when it is given something: then we see to it, if we can. */
	virtio_set_silent(queue, virtio_has_events(queue->device) ? virtio_has_vectors(queue->device)
								  : !virtio_wants_interrupt(queue));
}

void virtio_wait(struct virtio_device *device, uint32_t number, struct vcpu *vcpu)
{
	uint64_t end = tsc_read() + time_tsc_of_us(VIRTIO_WAIT_US);
	struct virtio_queue *queue;

	while ((queue = device->queues[number]) != NULL && queue->is_silent && queue->nr_out != 0 && tsc_read() < end) {
		spinlock_release(&device->lock);
		cpu_pause();
		spinlock_acquire(&device->lock);
		if ((queue = device->queues[number]) != NULL)
			virtio_heed_wish(queue); /* it may want to be interrupted by now */
		virtio_work(device, vcpu);
	}
	if (queue == NULL || !queue->is_silent)
		return;
	/* Nobody waits for what comes now, nor for what is late. */
	virtio_set_silent(queue, false);
	virtio_work(device, vcpu);
}

void virtio_notified(struct virtio_device *device, uint32_t number, struct vcpu *vcpu)
{
	struct virtio_queue *queue = number < VIRTIO_QUEUES_MAXIMUM ? device->queues[number] : NULL;

	if (queue == NULL)
		return;
	if (device->class->polls)
		virtio_heed_wish(queue);
	virtio_work(device, vcpu);
	if (device->class->polls)
		virtio_wait(device, number, vcpu);
}

static bool virtio_is_pumped(const struct virtio_device *device)
{
	for (unsigned i = 0; i < VIRTIO_QUEUES_MAXIMUM; i++) {
		if (device->queues[i] != NULL && device->queues[i]->is_pumped)
			return true;
	}
	return false;
}

void virtio_isr_read(struct virtio_device *device, struct vcpu *vcpu)
{
	uint64_t end = tsc_read() + time_tsc_of_us(VIRTIO_WAIT_US);

	virtio_work(device, vcpu);
	if (!device->class->polls && virtio_is_pumped(device)) {
		while (virtio_is_pumped(device) && tsc_read() < end) {
			spinlock_release(&device->lock);
			cpu_pause();
			spinlock_acquire(&device->lock);
		}
		virtio_work(device, vcpu);
	}
	device->nr_interrupts++; /* as below */
}

static void virtio_interrupts_taken(void *subject)
{
	struct virtio_device *device;

	for (unsigned i = 0; (device = virtio_device_at(i)) != NULL; i++) {
		if (!__atomic_load_n(&device->is_attached, __ATOMIC_ACQUIRE))
			continue;
		spinlock_acquire(&device->lock);
		virtio_work(device, subject);
		device->nr_interrupts++; /* behind the look: what another CPU still asks hooks about comes late */
		spinlock_release(&device->lock);
	}
}

void virtio_watch_interrupts(void)
{
	static struct watcher watcher = { .notify = virtio_interrupts_taken };
	static bool is_watching;

	if (!is_watching)
		watch_add(&interrupt_taken_watchers, &watcher);
	is_watching = true;
}
