/*
 * mediator/disk/virtio_request.c: what becomes of a command: it is offered to hooks, goes to the device as they say,
 * and is offered again when the device is done (Virtual I/O Device Specification 1.2, 5.2.6).
 */
#include "mediator/disk/virtio_disk.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "core/time.h"
#include "hook/hook.h"
#include "mediator/disk/cipher.h"
#include "mediator/disk/disk.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "vmm/guest_memory.h"

#define VIRTIO_ID_WAIT_US 1000000

/* The commands that a device gets from us. Others it does not: devices have more names for the same (bits that are not
 * looked at), and there would be a write that is none to hooks. */
static const struct virtio_command {
	uint32_t kind, type;
	enum rv_disk_command purpose; /* where the kind does not say it */
	bool gives, takes, is_range; /* data to the guest; of the guest's; these are a range of sectors */
} virtio_commands[] = {
	{ RV_EVENT_DISK_READ, VIRTIO_IN, .gives = true },
	{ RV_EVENT_DISK_WRITE, VIRTIO_OUT, .takes = true },
	{ RV_EVENT_DISK_FLUSH, VIRTIO_FLUSH, .gives = false },
	{ RV_EVENT_DISK_COMMAND, VIRTIO_GET_ID, .purpose = RV_DISK_COMMAND_IDENTIFY, .gives = true },
	{ RV_EVENT_DISK_DISCARD, VIRTIO_DISCARD, .takes = true, .is_range = true },
	{ RV_EVENT_DISK_DISCARD, VIRTIO_WRITE_ZEROES, .purpose = RV_DISK_COMMAND_WRITE_ZEROES, .takes = true,
	  .is_range = true },
	{ RV_EVENT_DISK_DISCARD, VIRTIO_SECURE_ERASE, .purpose = RV_DISK_COMMAND_SANITIZE, .takes = true,
	  .is_range = true },
};

static const struct virtio_command *virtio_command_of(const struct virtio_slot *slot)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(virtio_commands); i++) {
		if (virtio_commands[i].type == slot->header.type)
			return &virtio_commands[i];
	}
	return NULL;
}

static bool virtio_gives(const struct virtio_slot *slot)
{
	const struct virtio_command *command = virtio_command_of(slot);

	return command != NULL && command->gives;
}

static bool virtio_moves_blocks(const struct virtio_slot *slot)
{
	return slot->header.type == VIRTIO_IN || slot->header.type == VIRTIO_OUT;
}

/* Data --------------------------------------------------------------------------------------------- */

/* Leaves of the segments those that the command is about. */
static void virtio_choose_data(struct virtio_slot *slot, const struct virtio_command *command)
{
	uint32_t first = command->gives ? slot->nr_readable : 0;
	uint32_t end = command->gives ? slot->bounce.nr_segments : command->takes ? slot->nr_readable : 0;

	memmove(slot->segments, slot->segments + first, (end - first) * sizeof(slot->segments[0]));
	slot->bounce.nr_segments = end - first;
}

static int virtio_bounce(struct virtio_slot *slot)
{
	int error = slot->is_bounced ? 0 : bounce_segments_bytes(&slot->bounce) > VIRTIO_BOUNCE_BYTES ? -RV_E2BIG
		    : bounce_take_pages(&slot->bounce, VIRTIO_BOUNCE_BYTES);

	slot->is_bounced = error == 0;
	return error;
}

static int virtio_gather(struct virtio_slot *slot)
{
	bool was_bounced = slot->is_bounced;
	int error = virtio_bounce(slot);

	if (error == 0 && !was_bounced) {
		error = bounce_gather(&slot->bounce);
		slot->is_bounced = error == 0; /* pages that hold nothing are not to be sent */
		if (error != 0)
			bounce_release_pages(&slot->bounce);
	}
	return error;
}

/* The request's data, while it is a write that hooks are asked about, or a read that is done. */
static int virtio_take_data(struct virtio_slot *slot)
{
	return virtio_gives(slot) ? virtio_bounce(slot) : virtio_gather(slot);
}

static int virtio_data(struct request *request, uint64_t offset, void *buffer, size_t length_bytes, bool write)
{
	struct virtio_slot *slot = CONTAINER_OF(request, struct virtio_slot, request);
	int error = virtio_take_data(slot);

	if (error == 0)
		bounce_copy(&slot->bounce, offset, buffer, length_bytes, write);
	return error;
}

static uint8_t *virtio_data_at(struct request *request, uint64_t offset, size_t *length_bytes)
{
	struct virtio_slot *slot = CONTAINER_OF(request, struct virtio_slot, request);

	return virtio_take_data(slot) == 0 ? bounce_at(&slot->bounce, offset, length_bytes) : NULL;
}

/* Commands ------------------------------------------------------------------------------------------- */

/* Each returns 0, or a status. */

static uint8_t virtio_prepare_blocks(struct virtio_slot *slot)
{
	uint32_t block_sectors = virtio_disk_of(slot->queue->device)->block_sectors;
	uint64_t bytes = bounce_segments_bytes(&slot->bounce);

	if (slot->header.sector % block_sectors != 0 || bytes % (block_sectors * VIRTIO_SECTOR_BYTES) != 0)
		return VIRTIO_IOERR;
	slot->request.disk.lba = slot->header.sector / block_sectors;
	slot->request.disk.sectors = (uint32_t)(bytes / (block_sectors * VIRTIO_SECTOR_BYTES));
	slot->request.data_bytes = slot->header.type == VIRTIO_OUT ? bytes : 0;
	return 0;
}

/* What is erased: one range, as the guest was told, so that hooks see all of it. It is copied now. */
static uint8_t virtio_prepare_range(struct virtio_slot *slot)
{
	uint32_t block_sectors = virtio_disk_of(slot->queue->device)->block_sectors;
	struct virtio_range range;
	uint64_t first;

	if (bounce_segments_bytes(&slot->bounce) != sizeof(range))
		return VIRTIO_UNSUPPORTED;
	if (virtio_gather(slot) != 0)
		return VIRTIO_IOERR;
	bounce_copy(&slot->bounce, 0, &range, sizeof(range), false);
	first = range.sector % block_sectors;
	slot->request.disk.lba = range.sector / block_sectors;
	slot->request.disk.sectors = (uint32_t)((first + range.nr_sectors + block_sectors - 1) / block_sectors);
	slot->request.data = virtio_data;
	slot->request.data_bytes = sizeof(range);
	return 0;
}

static uint8_t virtio_prepare(struct virtio_slot *slot)
{
	const struct virtio_command *command = virtio_command_of(slot);

	if (command == NULL)
		return VIRTIO_UNSUPPORTED;
	if (slot->is_unreachable || slot->is_excessive)
		return VIRTIO_IOERR;
	virtio_choose_data(slot, command);
	request_begin(&slot->request, command->kind);
	slot->request.disk = (struct request_disk){
		.number = virtio_disk_of(slot->queue->device)->info.number,
		.command = (uint16_t)command->type,
		.queue = slot->queue->number,
		.purpose = command->purpose,
	};
	if (command->gives && bounce_segments_bytes(&slot->bounce) <= VIRTIO_BOUNCE_BYTES)
		slot->request.answer_bytes = bounce_segments_bytes(&slot->bounce);
	if (command->gives || command->takes) {
		slot->request.data = virtio_data;
		slot->request.data_at = virtio_data_at;
	}
	cipher_begin(&slot->request);
	return command->is_range ? virtio_prepare_range(slot) : virtio_moves_blocks(slot) ? virtio_prepare_blocks(slot) : 0;
}

/* To the device ------------------------------------------------------------------------------------- */

/* Has the device do nothing, and the guest get that status. That there is room for this is seen to by
 * VIRTIO_RING_SIZE_MINIMUM. */
static void virtio_answer(struct virtio_slot *slot, uint8_t status)
{
	struct virtio_header filler = { .type = VIRTIO_GET_ID };

	slot->is_filler = true;
	slot->status = status;
	(void)virtio_chain_write(slot, &filler, true);
	virtio_submit(slot);
}

void virtio_send(struct virtio_slot *slot)
{
	struct virtio_header header = { .type = slot->header.type };

	if (virtio_moves_blocks(slot))
		header.sector = (slot->request.disk.lba + slot->request.disk.front) * virtio_disk_of(slot->queue->device)->block_sectors +
				slot->done_bytes / VIRTIO_SECTOR_BYTES;
	if (virtio_chain_write(slot, &header, virtio_gives(slot)))
		virtio_submit(slot);
	else
		virtio_answer(slot, VIRTIO_IOERR);
}

/* Is what the device gives to come to us first, or what it gets from us? Also if it is in too many pieces. */
static bool virtio_wants_bounce(const struct virtio_slot *slot)
{
	uint32_t most = slot->queue->ring.size - 2;

	return slot->header.type == VIRTIO_GET_ID || slot->bounce.nr_segments > most ||
	       (virtio_gives(slot) && request_is_read(&slot->request, RV_EVENT_DISK_DONE));
}

static void virtio_start(struct virtio_slot *slot)
{
	int error = !virtio_wants_bounce(slot) ? 0 : virtio_gives(slot) ? virtio_bounce(slot) : virtio_gather(slot);

	slot->done_bytes = 0;
	if (error == 0) {
		virtio_send(slot);
		return;
	}
	log_warning("virtio%u: a request is refused: %s", slot->queue->device->index,
		    error == -RV_ENOMEM ? "there is not enough memory for its data: give more with memory="
					: "it has more data than hooks can have");
	virtio_answer(slot, VIRTIO_IOERR);
}

/* Success without the device: what is read is zeros, or what a hook has given. */
static void virtio_drop(struct virtio_slot *slot)
{
	virtio_answer(slot, virtio_gives(slot) && virtio_bounce(slot) != 0 ? VIRTIO_IOERR : VIRTIO_OK);
}

/* Never a success. */
static uint8_t virtio_refused(const struct virtio_slot *slot)
{
	uint32_t refusal = slot->request.refusal;

	if ((refusal & RV_REFUSAL_STATUS) && (uint8_t)refusal != VIRTIO_OK)
		return (uint8_t)refusal;
	return refusal == RV_DISK_REASON_UNSUPPORTED ? VIRTIO_UNSUPPORTED : VIRTIO_IOERR;
}

/* What hooks have decided is done. */
static void virtio_go_on(struct virtio_slot *slot)
{
	if (slot->request.verdict == RV_VERDICT_DENY)
		virtio_answer(slot, virtio_refused(slot));
	else if (slot->request.verdict == RV_VERDICT_DROP)
		virtio_drop(slot);
	else
		virtio_start(slot);
}

/* Is it time to nudge? The guest has the command back, and its interrupt may have come before. */
static void virtio_give_back(struct virtio_slot *slot)
{
	struct virtio_queue *queue = slot->queue;
	bool is_late = slot->has_waited || slot->was_silent || queue->device->nr_interrupts != slot->nr_interrupts;

	(void)guest_memory_write(slot->status_address, &slot->status, sizeof(slot->status));
	virtio_post(slot);
	virtio_slot_free(slot);
	if (is_late && virtio_wants_interrupt(queue))
		virtio_nudge(queue);
}

/* What hooks have decided of the end is done, and the guest has it. */
static void virtio_finish(struct virtio_slot *slot)
{
	bool gives = virtio_gives(slot);

	if (slot->request.verdict == RV_VERDICT_DENY)
		slot->status = virtio_refused(slot);
	else if (slot->status == VIRTIO_OK && slot->is_bounced && gives && bounce_scatter(&slot->bounce) != 0)
		slot->status = VIRTIO_IOERR;
	slot->used_bytes = (uint32_t)(slot->status == VIRTIO_OK && gives ? bounce_segments_bytes(&slot->bounce) : 0) + 1;
	virtio_give_back(slot);
}

/* The hooks have decided, unless a reset has ended the command meanwhile. */
static void virtio_decided(struct virtio_slot *slot)
{
	struct virtio_queue *queue = slot->queue;

	if (queue->is_gone || queue->device->is_stopping)
		virtio_slot_free(slot);
	else if (slot->state == VIRTIO_ASKED)
		virtio_go_on(slot);
	else
		virtio_finish(slot);
	virtio_queue_put(queue);
}

static void virtio_resume(struct request *request, struct vcpu *vcpu)
{
	struct virtio_slot *slot = CONTAINER_OF(request, struct virtio_slot, request);
	struct virtio_device *device = slot->queue->device;
	uint32_t number = slot->queue->number;

	spinlock_acquire(&device->lock);
	slot->has_waited = true;
	virtio_heed_wish(slot->queue);
	virtio_decided(slot);
	virtio_work(device, vcpu);
	virtio_wait(device, number, vcpu);
	spinlock_release(&device->lock);
}

static void virtio_learn_id(const struct virtio_slot *slot, const uint8_t *id)
{
	virtio_name(virtio_disk_of(slot->queue->device), id, VIRTIO_ID_BYTES);
}

/* What it said of the command, or, if it had a filler, what was to be said. */
static void virtio_take_status(struct virtio_slot *slot)
{
	uint8_t status = __atomic_load_n(&slot->area->status, __ATOMIC_RELAXED);

	if (slot->is_filler && status == VIRTIO_OK)
		virtio_learn_id(slot, slot->area->id);
	if (slot->is_filler)
		return;
	slot->status = status;
	/* In a buffer that is shorter there is a part of it, which may be another disk's. */
	if (slot->header.type == VIRTIO_GET_ID && status == VIRTIO_OK && slot->bounce.nr_pages != 0 &&
	    slot->bounce.length_bytes >= VIRTIO_ID_BYTES)
		virtio_learn_id(slot, slot->bounce.pages[0]);
}

/* Asks the hooks without the lock, and does what is to be done then: at once, or, if the request waits, later;
 * nothing, if a reset ends the command. The slot may be gone then. */
static void virtio_ask(struct virtio_slot *slot, enum virtio_slot_state state, struct vcpu *vcpu)
{
	struct virtio_device *device = slot->queue->device;
	bool is_decided;

	slot->state = (uint8_t)state;
	slot->has_waited = false;
	slot->queue->nr_users++;
	slot->request.resume = virtio_resume;
	spinlock_release(&device->lock);
	is_decided = request_offer(&slot->request, vcpu);
	spinlock_acquire(&device->lock);
	if (is_decided)
		virtio_decided(slot);
}

bool virtio_await_alone(struct virtio_slot *slot, uint64_t us)
{
	uint64_t end = tsc_read() + time_tsc_of_us(us);
	const struct virtio_slot *done = NULL;

	while (done == NULL && tsc_read() < end) {
		done = virtio_done_next(slot->queue);
		cpu_pause();
	}
	if (done == slot)
		slot->state = VIRTIO_FREE;
	return done == slot;
}

/* Which disk it is has to be known before anything is read or written where disks are encrypted, and drivers need not
 * ask. The first command waits for the answer; without one it is a disk without a serial number. */
static void virtio_ask_id(struct virtio_queue *queue)
{
	struct virtio_slot *slot = queue->slots[VIRTIO_SLOT_NUDGE];

	if (slot->state != VIRTIO_FREE || queue->nr_out != 0)
		return;
	virtio_answer(slot, VIRTIO_OK);
	if (!virtio_await_alone(slot, VIRTIO_ID_WAIT_US))
		return;
	virtio_take_status(slot);
	virtio_disk_of(queue->device)->is_named = true;
}

static void virtio_begin(struct virtio_slot *slot, struct vcpu *vcpu)
{
	uint8_t status;

	if (cipher_is_wanted() && !virtio_disk_of(slot->queue->device)->is_named)
		virtio_ask_id(slot->queue);
	status = virtio_prepare(slot);
	if (status != 0)
		virtio_answer(slot, status);
	else if (!request_is_wanted(&slot->request))
		virtio_go_on(slot);
	else
		virtio_ask(slot, VIRTIO_ASKED, vcpu);
}

/* From the device -------------------------------------------------------------------------------------- */

/* True: there is more of it, and the device has that now. */
static bool virtio_continue(struct virtio_slot *slot)
{
	if (slot->is_filler || !slot->is_bounced || slot->status != VIRTIO_OK)
		return false;
	slot->done_bytes += slot->part_bytes;
	if (slot->done_bytes >= slot->bounce.length_bytes)
		return false;
	virtio_send(slot);
	return true;
}

static void virtio_complete(struct virtio_slot *slot, struct vcpu *vcpu)
{
	struct request *request = &slot->request;
	bool is_refused;

	if (slot->number == VIRTIO_SLOT_NUDGE) {
		slot->state = VIRTIO_FREE;
		if (slot->queue->nudge_again)
			virtio_nudge(slot->queue);
		return;
	}
	virtio_take_status(slot);
	if (virtio_continue(slot))
		return;
	if (slot->is_own) {
		virtio_own_complete(slot);
		return;
	}
	is_refused = slot->is_filler && slot->status != VIRTIO_OK;
	request->verdict = RV_VERDICT_PASS;
	slot->nr_interrupts = slot->queue->device->nr_interrupts;
	slot->has_waited = false;
	if (request->handle == 0 || is_refused || !request_is_awaited(request, RV_EVENT_DISK_DONE)) {
		virtio_finish(slot);
		return;
	}
	request->kind = RV_EVENT_DISK_DONE;
	request->end_tsc = tsc_read();
	request->disk.status = slot->status;
	request->data = virtio_data;
	request->data_at = virtio_data_at;
	request->data_bytes = slot->is_bounced && virtio_gives(slot) && slot->status == VIRTIO_OK
				      ? slot->bounce.length_bytes : 0;
	virtio_ask(slot, VIRTIO_DONE_ASKED, vcpu);
}

void virtio_nudge(struct virtio_queue *queue)
{
	struct virtio_slot *slot = queue->slots[VIRTIO_SLOT_NUDGE];

	virtio_set_silent(queue, false);
	queue->nudge_again = slot->state != VIRTIO_FREE;
	if (!queue->nudge_again)
		virtio_answer(slot, VIRTIO_OK);
}

/* Features that are not here: packed rings, event indices (each notification is one, and the device interrupts for each
 * command), queues that are reset by themselves, data in notifications, the device's order, virtual functions, zones,
 * SCSI commands. */
const struct virtio_class virtio_disk_class = {
	.name = "virtio",
	.features = {
		VIRTIO_FEATURE_SIZE_MAX | VIRTIO_FEATURE_SEG_MAX | VIRTIO_FEATURE_GEOMETRY | VIRTIO_FEATURE_RO |
			VIRTIO_FEATURE_BLK_SIZE | VIRTIO_FEATURE_FLUSH | VIRTIO_FEATURE_TOPOLOGY |
			VIRTIO_FEATURE_CONFIG_WCE | VIRTIO_FEATURE_MQ | VIRTIO_FEATURE_DISCARD |
			VIRTIO_FEATURE_WRITE_ZEROES | VIRTIO_FEATURE_SECURE_ERASE | VIRTIO_FEATURE_ANY_LAYOUT |
			VIRTIO_FEATURE_INDIRECT,
		VIRTIO_FEATURE_HIGH_VERSION_1 | VIRTIO_FEATURE_HIGH_ACCESS_PLATFORM |
			VIRTIO_FEATURE_HIGH_ORDER_PLATFORM,
	},
	.slot_pages = VIRTIO_BOUNCE_PAGES,
	.polls = true,
	.is_watched = disk_is_watched,
	.lets_none_pass = cipher_is_wanted,
	.config_read = virtio_disk_config_read,
	.attached = virtio_learn,
	.read = virtio_chain_read,
	.begin = virtio_begin,
	.complete = virtio_complete,
};
