/*
 * mediator/net/virtio_net_control.c: commands of the driver's to the card, as they are, one at a time; they are waited for,
 * as drivers do (Virtual I/O Device Specification 1.2, 5.1.6.5).
 *
 * A card that was in use when its queues became ours has forgotten by its reset which addresses and VLANs it passes, and
 * nobody can be asked. So it passes all from then on, and commands about that are answered in its place; drivers look
 * themselves at what they get.
 */
#include "mediator/net/virtio_net.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "core/time.h"
#include "rv/errno.h"
#include "vmm/guest_memory.h"

#define VIRTIO_NET_CONTROL_US 200000

uint32_t virtio_net_control_number(const struct virtio_device *device)
{
	if (!virtio_net_has(device, VIRTIO_NET_CTRL_VQ))
		return UINT32_MAX;
	/* It is behind all pairs that the device has. */
	return 2 * (virtio_net_has(device, VIRTIO_NET_MQ) ? virtio_config_get(device, VIRTIO_NET_CONFIG_PAIRS, 2) : 1);
}

int virtio_net_control_read(struct virtio_slot *slot)
{
	struct virtio_net_command command;
	struct virtio_chain chain = { .bounce = &slot->bounce, .header = &command, .header_bytes = sizeof(command) };

	if (virtio_chain_walk(slot->queue, slot->head, &chain) != 0 || chain.header_done != sizeof(command) ||
	    chain.last_bytes == 0)
		return -RV_EINVAL;
	slot->is_excessive = chain.is_excessive;
	slot->is_unreachable = chain.is_unreachable;
	slot->status_address = chain.last;
	slot->bounce.nr_segments = chain.nr_readable;
	memcpy(&slot->header, &command, sizeof(command));
	return 0;
}

/* It is in the slot, what goes with it in the bounce. What the card answers; VIRTIO_NET_ERR too if it does not. */
static uint8_t virtio_net_control_do(struct virtio_slot *slot, const struct virtio_net_command *command)
{
	struct virtio_queue *queue = slot->queue;
	uint64_t end = tsc_read() + time_tsc_of_us(VIRTIO_NET_CONTROL_US);

	memcpy(&slot->area->header, command, sizeof(*command));
	slot->area->status = VIRTIO_NET_ERR;
	slot->nr_entries = 0;
	virtio_append(slot, memory_physical(&slot->area->header), sizeof(*command), 0);
	if (slot->bounce.length_bytes != 0)
		virtio_append(slot, memory_physical(slot->bounce.pages[0]), slot->bounce.length_bytes, 0);
	virtio_append_last(slot, memory_physical(&slot->area->status), 1, VIRTIO_DESCRIPTOR_WRITE);
	virtio_submit(slot);
	while (virtio_done_next(queue) != slot) {
		if (tsc_read() >= end) {
			virtio_queue_kill(queue, "a command that the card does not answer");
			return VIRTIO_NET_ERR;
		}
		cpu_pause();
	}
	return __atomic_load_n(&slot->area->status, __ATOMIC_RELAXED);
}

static bool virtio_net_control_is_filter(const struct virtio_net_command *command)
{
	return command->class == VIRTIO_NET_CLASS_RX || command->class == VIRTIO_NET_CLASS_VLAN ||
	       (command->class == VIRTIO_NET_CLASS_MAC && command->number == VIRTIO_NET_MAC_TABLE_SET);
}

/* What goes with it is copied: at most a page. */
static bool virtio_net_control_gather(struct virtio_slot *slot)
{
	uint64_t bytes = bounce_segments_bytes(&slot->bounce);

	slot->bounce.length_bytes = 0;
	if (slot->is_excessive || slot->is_unreachable || bytes > PAGE_BYTES)
		return false;
	return bytes == 0 || (bounce_take_bytes(&slot->bounce, bytes) == 0 && bounce_gather_at(&slot->bounce, 0) == 0);
}

void virtio_net_control_begin(struct virtio_slot *slot)
{
	struct virtio_queue *queue = slot->queue;
	struct virtio_net_command command;
	uint8_t answer = VIRTIO_NET_ERR;

	memcpy(&command, &slot->header, sizeof(command));
	if (queue->device->is_live && virtio_net_control_is_filter(&command))
		answer = VIRTIO_NET_OK;
	else if (virtio_net_control_gather(slot))
		answer = virtio_net_control_do(slot, &command);
	if (queue->is_dead)
		return; /* the card has the slot's memory yet */
	if (guest_memory_write(slot->status_address, &answer, 1) == 0)
		slot->used_bytes = 1;
	else
		slot->used_bytes = 0;
	virtio_post(slot);
	virtio_slot_free(slot);
	virtio_net_interrupt(queue);
}

/* One of ours. */
static void virtio_net_control_tell(struct virtio_queue *queue, uint8_t class, uint8_t number, const void *data,
				    uint32_t length_bytes)
{
	struct virtio_net_command command = { class, number };
	struct virtio_slot *slot = queue->is_dead ? NULL : virtio_slot_find(queue);
	uint8_t answer = VIRTIO_NET_ERR;

	if (slot != NULL && bounce_take_bytes(&slot->bounce, length_bytes) == 0) {
		memcpy(slot->bounce.pages[0], data, length_bytes);
		answer = virtio_net_control_do(slot, &command);
	}
	if (slot != NULL && !queue->is_dead)
		virtio_slot_free(slot);
	if (answer != VIRTIO_NET_OK)
		log_warning("nic%u: it does not take a command again that it had before: %u %u", queue->device->index, class,
			    number);
}

/* Up to the last whose driver has given memory for what comes. */
static uint16_t virtio_net_pairs_used(const struct virtio_device *device)
{
	uint16_t pairs = 1;

	for (uint16_t i = 0; i < VIRTIO_NET_PAIRS_MAXIMUM; i++) {
		struct virtio_queue *queue = device->queues[2 * i];

		if (queue != NULL && 2 * i != virtio_net_control_number(device) &&
		    (queue->taken != 0 || virtio_count_available(queue) != 0))
			pairs = i + 1;
	}
	return pairs;
}

void virtio_net_control_restore(struct virtio_device *device, uint64_t mac)
{
	uint32_t number = virtio_net_control_number(device);
	struct virtio_queue *queue = number < VIRTIO_QUEUES_MAXIMUM ? device->queues[number] : NULL;
	uint16_t pairs = virtio_net_pairs_used(device);
	uint8_t address[6], on = 1;

	if (queue == NULL)
		return;
	for (unsigned i = 0; i < sizeof(address); i++)
		address[i] = (uint8_t)(mac >> 8 * (5 - i));
	if (virtio_net_has(device, VIRTIO_NET_CTRL_RX))
		virtio_net_control_tell(queue, VIRTIO_NET_CLASS_RX, VIRTIO_NET_RX_PROMISC, &on, sizeof(on));
	if (virtio_net_has(device, VIRTIO_NET_CTRL_MAC_ADDR))
		virtio_net_control_tell(queue, VIRTIO_NET_CLASS_MAC, VIRTIO_NET_MAC_ADDR_SET, address, sizeof(address));
	if (virtio_net_has(device, VIRTIO_NET_MQ))
		virtio_net_control_tell(queue, VIRTIO_NET_CLASS_MQ, VIRTIO_NET_MQ_PAIRS_SET, &pairs, sizeof(pairs));
	log_info("nic%u: it was in use: it passes all addresses and VLANs now, until the guest resets it", device->index);
}
