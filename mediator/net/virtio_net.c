/*
 * mediator/net/virtio_net.c: virtio network cards, and what a driver may use of them (Virtual I/O Device Specification
 * 1.2, 5.1).
 */
#include "mediator/net/virtio_net.h"

#include "core/log.h"
#include "core/memory.h"
#include "hook/hook.h"
#include "mediator/net/nic.h"
#include "mediator/net/tunnel.h"
#include "rv/errno.h"
#include "rv/kinds.h"

static uint64_t virtio_net_config_read(const struct virtio_device *device, uint64_t value, uint32_t at)
{
	(void)device;
	(void)at;
	return value;
}

void virtio_net_hide(struct virtio_device *device)
{
	if (tunnel_is_wanted())
		device->hidden = ~(uint32_t)(VIRTIO_NET_MAC | VIRTIO_NET_MRG_RXBUF | VIRTIO_NET_STATUS |
					     VIRTIO_FEATURE_ANY_LAYOUT | VIRTIO_FEATURE_INDIRECT | VIRTIO_FEATURE_EVENT_IDX);
	else if (virtio_config_get(device, VIRTIO_NET_CONFIG_PAIRS, 2) > VIRTIO_NET_PAIRS_MAXIMUM)
		device->hidden = VIRTIO_NET_MQ;
	else
		device->hidden = 0;
}

static void virtio_net_learn(struct virtio_device *device)
{
	struct virtio_net *net = virtio_net_of(device);

	virtio_net_hide(device);
	net->mac = 0;
	for (uint32_t i = 0; i < 6; i++)
		net->mac = net->mac << 8 | (virtio_config_get(device, VIRTIO_NET_CONFIG_MAC + i, 1) & 0xff);
}

/* What the card could do, and does not while packets are seen. */
static void virtio_net_tell_features(const struct virtio_queue *queue)
{
	const struct virtio_device *device = queue->device;
	uint32_t lacking[2] = { 0 };

	if (queue->number != 0)
		return;
	for (uint32_t half = 0; half < (device->is_legacy ? 1u : 2u); half++) {
		virtio_put(device, VIRTIO_DEVICE_SELECT, half);
		lacking[half] = virtio_get(device, VIRTIO_DEVICE_FEATURES) & ~virtio_net_class.features[half];
	}
	virtio_put(device, VIRTIO_DEVICE_SELECT, device->device_select);
	log_info("nic%u: features that are not used, for packets to be seen: 0x%08x%08x", device->index, lacking[1],
		 lacking[0]);
}

static void virtio_net_made(struct virtio_queue *queue)
{
	virtio_net_tell_features(queue);
	if (queue->number == virtio_net_control_number(queue->device))
		return;
	queue->work = queue->number % 2 == 0 ? virtio_net_rx_work : virtio_net_tx_work;
	if (queue->number % 2 != 0)
		return;
	queue->is_quiet = true; /* until the driver is ready */
	virtio_net_rx_stock(queue);
}

static void virtio_net_tell(struct virtio_device *device, struct vcpu *vcpu)
{
	struct request request;

	request_begin(&request, RV_EVENT_NIC_ATTACH);
	request.nic.number = virtio_net_of(device)->nic->number;
	request.nic.mac = virtio_net_of(device)->mac;
	spinlock_release(&device->lock);
	(void)request_offer(&request, vcpu);
	spinlock_acquire(&device->lock);
}

/* From now on the device may look for buffers. Is that new? */
static bool virtio_net_wake(struct virtio_device *device)
{
	bool is_new = false;

	for (unsigned i = 0; i < VIRTIO_QUEUES_MAXIMUM; i++) {
		struct virtio_queue *queue = device->queues[i];

		if (queue == NULL || !queue->is_quiet)
			continue;
		queue->is_quiet = false;
		virtio_notify_device(queue);
		is_new = true;
	}
	return is_new;
}

static void virtio_net_started(struct virtio_device *device, struct vcpu *vcpu)
{
	bool is_new = virtio_net_wake(device);

	if (is_new && tunnel_is_wanted())
		tunnel_link();
	if (is_new && hook_wants_requests(RV_EVENT_NIC_ATTACH))
		virtio_net_tell(device, vcpu);
}

/* Of queues of commands: that for control is an even one. */
static bool virtio_net_sends(const struct virtio_queue *queue)
{
	return queue->number % 2 != 0;
}

static int virtio_net_read(struct virtio_slot *slot)
{
	return virtio_net_sends(slot->queue) ? virtio_net_tx_read(slot) : virtio_net_control_read(slot);
}

static void virtio_net_begin(struct virtio_slot *slot, struct vcpu *vcpu)
{
	if (virtio_net_sends(slot->queue))
		virtio_net_tx_begin(slot, vcpu);
	else
		virtio_net_control_begin(slot);
}

/* A card that was in use: interrupts may have been lost, and what it was told. */
static void virtio_net_revived(struct virtio_device *device)
{
	virtio_net_control_restore(device, virtio_net_of(device)->mac);
	(void)virtio_net_wake(device);
	for (unsigned i = 0; i < VIRTIO_QUEUES_MAXIMUM; i++) {
		if (device->queues[i] == NULL || i == virtio_net_control_number(device))
			continue;
		device->queues[i]->is_due = true;
		virtio_net_interrupt(device->queues[i]);
	}
}

/* Not: packed rings, headers of other sizes (hashes, segments that the device has joined), queues chosen
 * by hashes, standby. */
const struct virtio_class virtio_net_class = {
	.name = "nic",
	.features = {
		VIRTIO_NET_CSUM | VIRTIO_NET_GUEST_CSUM | VIRTIO_NET_CTRL_GUEST_OFFLOADS | VIRTIO_NET_MTU |
			VIRTIO_NET_MAC | VIRTIO_NET_GUEST_TSO4 | VIRTIO_NET_GUEST_TSO6 | VIRTIO_NET_GUEST_ECN |
			VIRTIO_NET_GUEST_UFO | VIRTIO_NET_HOST_TSO4 | VIRTIO_NET_HOST_TSO6 | VIRTIO_NET_HOST_ECN |
			VIRTIO_NET_HOST_UFO | VIRTIO_NET_MRG_RXBUF | VIRTIO_NET_STATUS | VIRTIO_NET_CTRL_VQ |
			VIRTIO_NET_CTRL_RX | VIRTIO_NET_CTRL_VLAN | VIRTIO_NET_CTRL_RX_EXTRA | VIRTIO_NET_GSO |
			VIRTIO_NET_GUEST_ANNOUNCE | VIRTIO_NET_MQ |
			VIRTIO_NET_CTRL_MAC_ADDR | VIRTIO_FEATURE_ANY_LAYOUT | VIRTIO_FEATURE_INDIRECT |
			VIRTIO_FEATURE_EVENT_IDX,
		VIRTIO_FEATURE_HIGH_VERSION_1 | VIRTIO_FEATURE_HIGH_ACCESS_PLATFORM |
			VIRTIO_FEATURE_HIGH_ORDER_PLATFORM | VIRTIO_FEATURE_HIGH_RING_RESET |
			VIRTIO_NET_HIGH_SPEED_DUPLEX,
	},
	.slot_pages = VIRTIO_NET_SLOT_PAGES,
	.keeps_page = true,
	.is_watched = nic_is_watched,
	.lets_none_pass = tunnel_is_wanted,
	.config_read = virtio_net_config_read,
	.attached = virtio_net_learn,
	.made = virtio_net_made,
	.revived = virtio_net_revived,
	.started = virtio_net_started,
	.read = virtio_net_read,
	.begin = virtio_net_begin,
	.complete = virtio_net_tx_complete,
};
