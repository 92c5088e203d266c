/*
 * mediator/net/virtio_net_find.c: the machine's virtio network cards, for nic.c.
 */
#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "mediator/net/virtio_net.h"
#include "rv/errno.h"

static bool virtio_net_find(struct nic *nic, uint32_t ids)
{
	size_t nr_pages = align_up(sizeof(struct virtio_net), PAGE_BYTES) / PAGE_BYTES;
	bool is_transitional = ids >> 16 == VIRTIO_NET_TRANSITIONAL;
	struct virtio_net *net;

	if ((ids & 0xffff) != VIRTIO_VENDOR || (!is_transitional && ids >> 16 != VIRTIO_NET))
		return false;
	net = memory_allocate_pages(nr_pages);
	if (net == NULL)
		return false;
	net->nic = nic;
	net->device.class = &virtio_net_class;
	net->device.function = nic->function;
	net->device.index = nic->number;
	if (!virtio_device_init(&net->device, is_transitional)) {
		memory_free_pages(net, nr_pages);
		return false;
	}
	virtio_net_hide(&net->device);
	if (virtio_locate(&net->device))
		virtio_net_class.attached(&net->device);
	nic->device = net;
	nic->lock = &net->device.lock;
	virtio_device_add(&net->device);
	return true;
}

static struct virtio_net *virtio_net_of_nic(const struct nic *nic)
{
	return nic->device;
}

static int virtio_net_claim(struct nic *nic)
{
	int error = virtio_claim(&virtio_net_of_nic(nic)->device);

	if (error != -RV_EINVAL)
		return error;
	log_warning("nic%u: its registers lie above %lu GiB, out of our reach: no hook can have packets. Firmware may have "
		    "a setting for less (\"above 4G decoding\" off)", nic->number, paging_direct_bytes >> 30);
	return -RV_ENOTSUP;
}

static void virtio_net_release(struct nic *nic)
{
	virtio_release(&virtio_net_of_nic(nic)->device);
}

static int virtio_net_transfer(struct nic *nic, const struct bounce *frame, bool to_guest)
{
	struct virtio_device *device = &virtio_net_of_nic(nic)->device;
	struct virtio_queue *queue = device->queues[to_guest ? 0 : 1];

	if (!device->is_attached || device->is_stopping || queue == NULL || queue->is_dead ||
	    !(virtio_get(device, VIRTIO_STATUS) & VIRTIO_STATUS_DRIVER_OK))
		return -RV_EAGAIN;
	return to_guest ? virtio_net_rx_deliver(queue, frame) : virtio_net_tx_transmit(queue, frame);
}

static void virtio_net_describe(const struct nic *nic, struct rv_nic_info *info)
{
	const struct virtio_device *device = &virtio_net_of_nic(nic)->device;
	bool is_up = device->is_legacy || !virtio_net_has(device, VIRTIO_NET_STATUS) ||
		     (virtio_config_get(device, VIRTIO_NET_CONFIG_STATUS, 2) & 1);

	info->mac = virtio_net_of_nic(nic)->mac;
	info->flags |= (device->is_attached ? RV_NIC_ATTACHED : 0) | (is_up ? RV_NIC_LINK : 0);
}

const struct nic_class nic_virtio_class = {
	.name = "virtio",
	.find = virtio_net_find,
	.claim = virtio_net_claim,
	.release = virtio_net_release,
	.transfer = virtio_net_transfer,
	.describe = virtio_net_describe,
};
