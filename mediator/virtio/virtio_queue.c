/*
 * mediator/virtio/virtio_queue.c: the rings, the guest's and ours, and the slots between them (Virtual I/O Device
 * Specification 1.2, 2.7). What the device can write is read once, and believed as far as it makes sense.
 */
#include "mediator/virtio/virtio.h"

#include "core/log.h"
#include "core/memory.h"
#include "rv/errno.h"
#include "vmm/guest_memory.h"

_Static_assert(sizeof(struct virtio_area) <= PAGE_BYTES, "an area is in a page");
_Static_assert(sizeof(struct virtio_slot) <= PAGE_BYTES, "a slot is in a page");
_Static_assert(VIRTIO_SEGMENTS + 3 <= VIRTIO_TABLE_ENTRIES, "header, data and status are in a table");

#define VIRTIO_RING_OFFSET(which) offsetof(struct virtio_##which, ring)

/* Where they are is what the legacy interface wants (2.7.2). */
static bool virtio_ring_make(struct virtio_ring *ring, uint32_t size)
{
	uint64_t available = size * sizeof(struct virtio_descriptor);
	uint64_t used = align_up(available + VIRTIO_RING_OFFSET(available) + 2 * size + 2, PAGE_BYTES);
	uint64_t end = used + VIRTIO_RING_OFFSET(used) + size * sizeof(struct virtio_used_entry) + 2;
	uint8_t *memory;

	ring->size = size;
	ring->nr_pages = (uint32_t)(align_up(end, PAGE_BYTES) / PAGE_BYTES);
	memory = memory_allocate_device_pages(ring->nr_pages);
	if (memory == NULL)
		return false;
	ring->descriptors = (struct virtio_descriptor *)(void *)memory;
	ring->available = (struct virtio_available *)(void *)(memory + available);
	ring->used = (struct virtio_used *)(void *)(memory + used);
	return true;
}

static struct virtio_slot *virtio_slot_new(struct virtio_queue *queue, uint16_t number)
{
	struct virtio_slot *slot = memory_allocate_spare_page();
	uint8_t **pages = slot != NULL ? memory_allocate_spare_page() : NULL;
	struct virtio_area *area = pages != NULL ? memory_allocate_device_page() : NULL;

	if (area == NULL) {
		if (pages != NULL)
			memory_free_page(pages);
		if (slot != NULL)
			memory_free_page(slot);
		return NULL;
	}
	slot->queue = queue;
	slot->number = number;
	slot->area = area;
	bounce_init(&slot->bounce, slot->segments, ARRAY_LENGTH(slot->segments), pages, VIRTIO_BOUNCE_PAGES);
	queue->slots[number] = slot;
	return slot;
}

struct virtio_queue *virtio_queue_new(struct virtio_device *device, const struct virtio_guest_ring *guest,
				      uint32_t ring_size)
{
	struct virtio_queue *queue = memory_allocate(sizeof(*queue));

	if (queue == NULL)
		return NULL;
	queue->device = device;
	queue->number = device->queue_select;
	queue->guest = *guest;
	queue->work = virtio_queue_work;
	queue->last_decided = &queue->first_decided;
	queue->last_aside = &queue->first_aside;
	queue->nr_free = ring_size;
	for (uint32_t i = 0; i < ring_size; i++) {
		queue->next[i] = (uint16_t)(i + 1);
		queue->owner[i] = VIRTIO_SLOTS;
	}
	/* With one slot there is always a way on, and the interrupt can always be had. */
	if (virtio_ring_make(&queue->ring, ring_size) && virtio_slot_new(queue, 0) != NULL &&
	    virtio_slot_new(queue, VIRTIO_SLOT_NUDGE) != NULL)
		return queue;
	virtio_queue_end(queue);
	return NULL;
}

void virtio_queue_put(struct virtio_queue *queue)
{
	if (--queue->nr_users != 0 || !queue->is_gone)
		return;
	if (queue->ring.descriptors != NULL)
		memory_free_pages(queue->ring.descriptors, queue->ring.nr_pages);
	memory_free(queue);
}

/* Does it wait on the way through the hooks? Not any more. */
static bool virtio_slot_waits(struct virtio_slot *slot)
{
	return (slot->state == VIRTIO_ASKED || slot->state == VIRTIO_DONE_ASKED) && request_cancel(&slot->request);
}

void virtio_queue_end(struct virtio_queue *queue)
{
	queue->nr_users++;
	queue->is_gone = true;
	for (unsigned i = 0; i < VIRTIO_SLOTS; i++) {
		struct virtio_slot *slot = queue->slots[i];

		if (slot == NULL)
			continue;
		if (virtio_slot_waits(slot))
			queue->nr_users--;
		else if (slot->state == VIRTIO_ASKED || slot->state == VIRTIO_DONE_ASKED)
			continue; /* by who asks */
		virtio_slot_free(slot);
	}
	virtio_queue_put(queue);
}

void virtio_queue_kill(struct virtio_queue *queue, const char *why)
{
	queue->is_dead = true;
	queue->device->is_broken = true;
	log_warning("%s%u: %s in queue %u: it takes no more requests until the guest resets the device",
		    queue->device->class->name, queue->device->index, why, queue->number);
}

void virtio_slot_free(struct virtio_slot *slot)
{
	struct virtio_queue *queue = slot->queue;

	slot->state = VIRTIO_FREE;
	if (!queue->is_gone && queue->device->class->keeps_page) {
		bounce_keep_page(&slot->bounce);
		return;
	}
	bounce_release(&slot->bounce);
	if (!queue->is_gone)
		return;
	bounce_release_spare(&slot->bounce);
	queue->slots[slot->number] = NULL;
	memory_free_page(slot->bounce.pages);
	memory_free_page(slot->area);
	memory_free_page(slot);
}

/* Commands of the guest's -------------------------------------------------------------------------- */

/* As long as something is on its way whose end gives memory back, the next waits where that is short. */
struct virtio_slot *virtio_slot_find(struct virtio_queue *queue)
{
	if (queue->nr_out != 0 && !memory_has_device_pages(queue->device->class->slot_pages + 1))
		return NULL;
	for (uint16_t i = 0; i < VIRTIO_SLOT_NUDGE; i++) {
		if (queue->slots[i] == NULL)
			return virtio_slot_new(queue, i);
		if (queue->slots[i]->state == VIRTIO_FREE)
			return queue->slots[i];
	}
	return NULL;
}

/* The rings were seen to be the guest's memory when the queue was made. */
static uint16_t virtio_available_read(const struct virtio_queue *queue, uint64_t offset)
{
	uint16_t value = 0;

	(void)guest_memory_read(queue->guest.available + offset, &value, sizeof(value));
	return value;
}

uint16_t virtio_count_available(struct virtio_queue *queue)
{
	uint16_t count = (uint16_t)(virtio_available_read(queue, offsetof(struct virtio_available, index)) - queue->taken);

	if (count > queue->guest.size)
		virtio_queue_kill(queue, "more than there is room for");
	__atomic_thread_fence(__ATOMIC_ACQUIRE); /* the entries are there since the index says so */
	return queue->is_dead ? 0 : count;
}

/* Behind the guest's ring of used entries, with VIRTIO_FEATURE_EVENT_IDX: it notifies of what it puts at that place
 * (2.7.10). */
static void virtio_put_event(struct virtio_queue *queue, uint16_t event)
{
	uint8_t *used = memory_direct(queue->guest.used);
	size_t at = VIRTIO_RING_OFFSET(used) + queue->guest.size * sizeof(struct virtio_used_entry);

	__atomic_store_n((uint16_t *)(void *)(used + at), event, __ATOMIC_RELAXED);
}

void virtio_want_notice(struct virtio_queue *queue, bool wants)
{
	struct virtio_used *used = memory_direct(queue->guest.used);

	if (virtio_has_events(queue->device)) /* a place that it has passed is far ahead of it */
		virtio_put_event(queue, (uint16_t)(queue->taken + (wants ? virtio_count_available(queue) : UINT16_MAX)));
	else
		__atomic_store_n(&used->flags, wants ? 0 : VIRTIO_NO_NOTIFY, __ATOMIC_RELAXED);
	/* The guest looks whether to notify after it has put something there; we the other way round. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Is there another command? If not, the guest notifies of the next. */
static bool virtio_is_next(struct virtio_queue *queue)
{
	if (virtio_count_available(queue) != 0)
		return true;
	if (queue->is_dead || !virtio_has_events(queue->device))
		return false;
	virtio_want_notice(queue, true);
	return virtio_count_available(queue) != 0;
}

uint16_t virtio_head_at(const struct virtio_queue *queue, uint32_t ahead)
{
	uint16_t at = (uint16_t)(queue->taken + ahead);

	return virtio_available_read(queue, VIRTIO_RING_OFFSET(available) + 2 * (at % queue->guest.size));
}

struct virtio_slot *virtio_take(struct virtio_queue *queue)
{
	struct virtio_slot *slot = virtio_is_next(queue) ? virtio_slot_find(queue) : NULL;

	if (slot == NULL)
		return NULL;
	slot->head = virtio_head_at(queue, 0);
	queue->taken++;
	slot->request = (struct request){ 0 };
	slot->is_filler = slot->is_bounced = slot->is_own = false;
	if (queue->device->class->read(slot) == 0)
		return slot;
	virtio_slot_free(slot);
	virtio_queue_kill(queue, "a chain of descriptors that is none");
	return NULL;
}

bool virtio_wants_interrupt(const struct virtio_queue *queue)
{
	if (virtio_has_events(queue->device))
		return queue->is_due;
	/* The guest looks for used entries after it has said that it wants interrupts; we the other way round. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !(virtio_available_read(queue, offsetof(struct virtio_available, flags)) & VIRTIO_NO_INTERRUPT);
}

void virtio_put_used(struct virtio_queue *queue, uint32_t ahead, uint16_t head, uint32_t length_bytes)
{
	struct virtio_used *used = memory_direct(queue->guest.used);
	struct virtio_used_entry *entry = &used->ring[(uint16_t)(queue->given + ahead) % queue->guest.size];

	__atomic_store_n(&entry->head, head, __ATOMIC_RELAXED);
	__atomic_store_n(&entry->length_bytes, length_bytes, __ATOMIC_RELAXED);
}

void virtio_give_used(struct virtio_queue *queue, uint32_t count)
{
	struct virtio_used *used = memory_direct(queue->guest.used);
	uint64_t event_at = VIRTIO_RING_OFFSET(available) + 2 * queue->guest.size;

	queue->given = (uint16_t)(queue->given + count);
	/* The guest finds them by the index. */
	__atomic_store_n(&used->index, queue->given, __ATOMIC_RELEASE);
	if (!virtio_has_events(queue->device))
		return;
	/* The guest looks for used entries after it has said of which it wants to hear; we the other way round. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	queue->is_due |= (uint16_t)(queue->given - virtio_available_read(queue, event_at) - 1) < count;
}

void virtio_post(struct virtio_slot *slot)
{
	virtio_put_used(slot->queue, 0, slot->head, slot->used_bytes);
	virtio_give_used(slot->queue, 1);
}

/* The device's ring -------------------------------------------------------------------------------- */

void virtio_notify_queue(const struct virtio_device *device, uint32_t number)
{
	if (device->notify[number] != 0)
		mmio_hardware_write(device->notify[number], 2, number);
	else
		virtio_put(device, VIRTIO_NOTIFY, number);
}

void virtio_notify_device(const struct virtio_queue *queue)
{
	const struct virtio_device *device = queue->device;

	/* The device looks again after it has said that it wants to be notified. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (queue->is_quiet || __atomic_load_n(&queue->ring.used->flags, __ATOMIC_RELAXED) & VIRTIO_NO_NOTIFY)
		return;
	virtio_notify_queue(device, queue->number);
}

/* Puts a table's entries, or one for all of it, into free descriptors. */
static void virtio_describe(struct virtio_slot *slot, uint32_t count)
{
	struct virtio_queue *queue = slot->queue;
	uint16_t at = queue->free_head;

	slot->ring_head = at;
	queue->owner[at] = (uint8_t)slot->number;
	queue->nr_free -= count;
	for (uint32_t i = 0; i < count; i++, at = queue->next[at]) {
		queue->ring.descriptors[at] = slot->area->table[i];
		queue->ring.descriptors[at].next = queue->next[at];
		queue->free_head = queue->next[at];
	}
	if (queue->device->has_indirect)
		queue->ring.descriptors[slot->ring_head] = (struct virtio_descriptor){
			.address = memory_physical(slot->area->table),
			.length_bytes = (uint32_t)(slot->nr_entries * sizeof(struct virtio_descriptor)),
			.flags = VIRTIO_DESCRIPTOR_INDIRECT,
		};
}

static uint32_t virtio_descriptors_of(const struct virtio_slot *slot)
{
	return slot->queue->device->has_indirect ? 1 : slot->nr_entries;
}

static bool virtio_push(struct virtio_slot *slot)
{
	struct virtio_queue *queue = slot->queue;
	struct virtio_available *available = queue->ring.available;

	if (queue->nr_free < virtio_descriptors_of(slot))
		return false;
	virtio_describe(slot, virtio_descriptors_of(slot));
	slot->state = VIRTIO_AT_DEVICE;
	available->ring[queue->available_index % queue->ring.size] = slot->ring_head;
	queue->available_index++;
	__atomic_store_n(&available->index, queue->available_index, __ATOMIC_RELEASE);
	virtio_notify_device(queue);
	return true;
}

void virtio_submit(struct virtio_slot *slot)
{
	slot->queue->nr_out++;
	slot->state = VIRTIO_READY;
	if (!virtio_push(slot))
		slot->queue->nr_ready++;
}

/* There is room again. */
static void virtio_push_ready(struct virtio_queue *queue)
{
	for (unsigned i = 0; queue->nr_ready != 0 && i < VIRTIO_SLOTS; i++) {
		struct virtio_slot *slot = queue->slots[i];

		if (slot != NULL && slot->state == VIRTIO_READY && virtio_push(slot))
			queue->nr_ready--;
	}
}

static void virtio_descriptors_free(struct virtio_slot *slot)
{
	struct virtio_queue *queue = slot->queue;
	uint32_t count = virtio_descriptors_of(slot);
	uint16_t last = slot->ring_head;

	queue->owner[slot->ring_head] = VIRTIO_SLOTS;
	for (uint32_t i = 1; i < count; i++)
		last = queue->next[last];
	queue->next[last] = queue->free_head;
	queue->free_head = slot->ring_head;
	queue->nr_free += count;
}

static uint16_t virtio_done_count(const struct virtio_queue *queue)
{
	return (uint16_t)(__atomic_load_n(&queue->ring.used->index, __ATOMIC_ACQUIRE) - (uint16_t)queue->used_index);
}

/* The next in the device's ring. */
static struct virtio_slot *virtio_used_next(struct virtio_queue *queue)
{
	while (virtio_done_count(queue) != 0) {
		bool was_silent = queue->is_silent || queue->used_index < queue->silent_end;
		struct virtio_used_entry entry = queue->ring.used->ring[queue->used_index++ % queue->ring.size];
		struct virtio_slot *slot;

		if (entry.head >= queue->ring.size || queue->owner[entry.head] >= VIRTIO_SLOTS)
			continue; /* the device's mistake */
		slot = queue->slots[queue->owner[entry.head]];
		virtio_descriptors_free(slot);
		queue->nr_out--;
		slot->was_silent = was_silent;
		slot->device_bytes = entry.length_bytes;
		virtio_push_ready(queue);
		return slot;
	}
	return NULL;
}

struct virtio_slot *virtio_done_next(struct virtio_queue *queue)
{
	struct virtio_slot *slot = queue->first_aside;

	if (slot == NULL)
		return virtio_used_next(queue);
	queue->first_aside = slot->next;
	if (queue->first_aside == NULL)
		queue->last_aside = &queue->first_aside;
	return slot;
}

void virtio_set_aside(struct virtio_queue *queue)
{
	struct virtio_slot *slot;

	while (!queue->is_gone && !queue->device->is_stopping && (slot = virtio_used_next(queue)) != NULL) {
		if (slot->is_own || slot->number == VIRTIO_SLOT_NUDGE) {
			queue->device->class->complete(slot, NULL);
			continue;
		}
		slot->next = NULL;
		*queue->last_aside = slot;
		queue->last_aside = &slot->next;
	}
}

bool virtio_has_work(struct virtio_queue *queue)
{
	return queue->first_aside != NULL || virtio_done_count(queue) != 0 || virtio_count_available(queue) != 0;
}

void virtio_set_silent(struct virtio_queue *queue, bool silent)
{
	if (queue->is_silent == silent)
		return;
	queue->is_silent = silent;
	__atomic_store_n(&queue->ring.available->flags, silent ? VIRTIO_NO_INTERRUPT : 0, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	/* From what it puts there now on, it interrupts. */
	if (!silent)
		queue->silent_end = queue->used_index + virtio_done_count(queue);
}
