/*
 * mediator/net/nic_transfer.c: packets of scripts' own: copied, looked at whether another script has a say in them, and
 * queued behind what the guest sends or is given.
 */
#include "core/instructions.h"
#include "core/memory.h"
#include "hook/hook.h"
#include "mediator/net/nic.h"
#include "mediator/net/nic_class.h"
#include "mediator/net/packet.h"
#include "mediator/net/tunnel.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "vmm/deadline.h"

#define NIC_TRANSFER_PAGES ((RV_NIC_TRANSFER_BYTES + PAGE_BYTES - 1) / PAGE_BYTES)

static int nic_transfer_read(struct packet_transfer *transfer, struct bounce *bounce)
{
	int error = bounce_take_bytes(bounce, transfer->length_bytes);

	for (uint64_t at = 0; error == 0 && at < bounce->length_bytes; at += PAGE_BYTES) {
		uint64_t left = bounce->length_bytes - at;

		error = transfer->move(transfer, at, bounce->pages[at / PAGE_BYTES], left < PAGE_BYTES ? left : PAGE_BYTES);
	}
	return error;
}

/* Would another's hook be asked, were it the guest's? */
static bool nic_transfer_is_hooked(const struct packet_transfer *transfer, const struct bounce *bounce, struct vcpu *vcpu)
{
	uint32_t kind = transfer->to_guest ? RV_EVENT_NET_RX : RV_EVENT_NET_TX;
	struct request request = { .kind = kind, .asked = kind, .data_bytes = bounce->length_bytes };
	struct event_origin origin = { .vcpu = vcpu, .request = &request };

	frame_parse(&request.frame, bounce->pages[0],
		    bounce->length_bytes < PAGE_BYTES ? (uint32_t)bounce->length_bytes : (uint32_t)PAGE_BYTES,
		    (uint32_t)bounce->length_bytes);
	request.frame.nic = (uint16_t)transfer->number;
	return hook_others_decide(kind, &origin, transfer->author);
}

static int nic_queue(struct nic *nic, const struct bounce *bounce, bool to_guest)
{
	int error;

	spinlock_acquire(nic->lock);
	error = nic->class->transfer(nic, bounce, to_guest);
	spinlock_release(nic->lock);
	return error;
}

int nic_send(struct nic *nic, const uint8_t *frame, uint32_t nr_bytes, bool to_guest)
{
	uint8_t *pages[NIC_TRANSFER_PAGES];
	struct bounce bounce = { 0 };
	int error;

	if (nr_bytes < PACKET_BYTES_MINIMUM || nr_bytes > RV_NIC_TRANSFER_BYTES)
		return -RV_ERANGE;
	bounce_init(&bounce, NULL, 0, pages, NIC_TRANSFER_PAGES);
	error = bounce_take_bytes(&bounce, nr_bytes);
	if (error == 0) {
		bounce_copy(&bounce, 0, (uint8_t *)(uintptr_t)frame, nr_bytes, true);
		error = nic_queue(nic, &bounce, to_guest);
	}
	bounce_release_pages(&bounce);
	return error;
}

/* To the wire, where nothing leaves but by the tunnel: into that. */
static int nic_give(struct nic *nic, const struct bounce *bounce, bool to_guest, struct vcpu *vcpu)
{
	int error;

	if (to_guest || !tunnel_is_wanted())
		return nic_queue(nic, bounce, to_guest);
	error = tunnel_take_script(nic, bounce, tsc_read());
	deadline_look(vcpu);
	return error;
}

int nic_transfer(struct packet_transfer *transfer, struct vcpu *vcpu)
{
	uint8_t *pages[NIC_TRANSFER_PAGES];
	struct bounce bounce = { 0 };
	struct nic *nic = nic_at(transfer->number);
	int error;

	if (nic == NULL)
		return -RV_ENOENT;
	if (nic->class == NULL)
		return -RV_ENOTSUP;
	if (transfer->length_bytes < PACKET_BYTES_MINIMUM || transfer->length_bytes > RV_NIC_TRANSFER_BYTES)
		return -RV_ERANGE;
	bounce_init(&bounce, NULL, 0, pages, NIC_TRANSFER_PAGES);
	error = nic_transfer_read(transfer, &bounce);
	if (error == 0 && nic_transfer_is_hooked(transfer, &bounce, vcpu))
		error = -RV_EPERM;
	if (error == 0)
		error = nic_give(nic, &bounce, transfer->to_guest, vcpu);
	bounce_release_pages(&bounce);
	return error;
}
