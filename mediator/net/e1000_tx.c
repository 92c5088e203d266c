/*
 * mediator/net/e1000_tx.c: what the guest has in its ring to be sent (82574 Datasheet, 7.2; 317453, 3.3): each descriptor
 * is copied once, and its memory, and only the copies count from then on.
 */
#include "core/log.h"
#include "core/string.h"
#include "hook/hook.h"
#include "mediator/net/e1000.h"
#include "mediator/net/tunnel.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "vmm/guest_memory.h"

static bool e1000_tx_read(const struct e1000_queue *queue, uint32_t ahead, struct e1000_tx_descriptor *descriptor)
{
	uint32_t index = (queue->head + ahead) % e1000_entries(queue);

	return guest_memory_read(e1000_entry_address(queue, index), descriptor, sizeof(*descriptor)) == 0;
}

/* So many are done: the guest has them back, and is told where it wants to be. */
static void e1000_tx_finish(struct e1000_queue *queue, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t index = (queue->head + i) % e1000_entries(queue);
		struct e1000_tx_descriptor descriptor;

		if (!e1000_tx_read(queue, i, &descriptor) || !(descriptor.lower & (E1000_TX_RS | E1000_TX_RPS)))
			continue;
		descriptor.upper = (descriptor.upper & ~E1000_TX_STATUS) | E1000_TX_DD;
		(void)guest_memory_write(e1000_entry_address(queue, index) + offsetof(struct e1000_tx_descriptor, upper),
					 &descriptor.upper, sizeof(descriptor.upper));
	}
	queue->head = (queue->head + count) % e1000_entries(queue);
}

static bool e1000_is_context(const struct e1000_tx_descriptor *descriptor)
{
	return (descriptor->lower & E1000_TX_DEXT) && !(descriptor->lower & E1000_TX_DTYP);
}

/* The 82540 keeps one for frames that are cut, and one for others (317453, 3.3.5). */
static void e1000_tx_note_context(struct e1000_queue *queue, const struct e1000_tx_descriptor *descriptor)
{
	struct e1000_context context = { true, descriptor->address, descriptor->lower, descriptor->upper };
	bool is_cut = (descriptor->lower & E1000_TX_TSE) != 0;

	if (queue->card->is_82574)
		queue->contexts[!is_cut] = context;
	queue->contexts[is_cut] = context;
}

/* What is no frame is done at once. */
static void e1000_tx_take_contexts(struct e1000_queue *queue)
{
	struct e1000_tx_descriptor descriptor;

	for (uint32_t left = e1000_count(queue); left != 0; left--) {
		if (!e1000_tx_read(queue, 0, &descriptor) || !e1000_is_context(&descriptor))
			return;
		e1000_tx_note_context(queue, &descriptor);
		e1000_tx_finish(queue, 1);
	}
}

static void e1000_tx_add_segment(struct e1000_slot *slot, const struct e1000_tx_descriptor *descriptor)
{
	uint32_t length_bytes = descriptor->lower & E1000_TX_DEXT ? E1000_TX_LENGTH(descriptor->lower)
								  : E1000_TX_LEGACY_LENGTH(descriptor->lower);
	int error = length_bytes != 0 ? bounce_add_segment(&slot->bounce, descriptor->address, length_bytes) : 0;

	slot->is_excessive |= error == -RV_E2BIG;
	slot->is_unreachable |= error == -RV_EFAULT;
}

/* How many descriptors the next frame has, of which the first and the last are told; 0: it is not all there. */
static uint32_t e1000_tx_walk(struct e1000_queue *queue, struct e1000_slot *slot, struct e1000_tx_descriptor *first,
			      struct e1000_tx_descriptor *last)
{
	uint32_t count = e1000_count(queue);

	for (uint32_t i = 0; i < count; i++) {
		if (!e1000_tx_read(queue, i, last)) {
			slot->is_unreachable = true;
			return count; /* the ring itself is nowhere */
		}
		if (i == 0)
			*first = *last;
		if (e1000_is_context(last))
			e1000_tx_note_context(queue, last); /* amid a frame: it is for the next */
		else
			e1000_tx_add_segment(slot, last);
		if (!e1000_is_context(last) && (last->lower & E1000_TX_EOP))
			return i + 1;
	}
	slot->is_excessive |= count != 0 && count + 1 >= e1000_entries(queue);
	return slot->is_excessive ? count : 0; /* it never will be */
}

/* What the descriptors want done: options are the first's, what a legacy one says is the last's (7.2.10, 7.2.12). */
static void e1000_tx_read_offload(struct e1000_slot *slot, const struct e1000_tx_descriptor *first,
				  const struct e1000_tx_descriptor *last)
{
	struct e1000_offload *offload = &slot->offload;

	*offload = (struct e1000_offload){ .command = last->lower & (E1000_TX_IFCS | E1000_TX_IDE) };
	if (first->lower & E1000_TX_DEXT) {
		offload->is_cut = (first->lower & E1000_TX_TSE) != 0;
		offload->sums_ip = (first->upper & E1000_TX_IXSM) != 0;
		offload->sums_transport = (first->upper & E1000_TX_TXSM) != 0;
		offload->context = slot->queue->contexts[offload->is_cut];
	} else if ((last->lower & E1000_TX_IC) && !(last->lower & E1000_TX_DEXT)) {
		offload->sums_transport = true;
		offload->context = (struct e1000_context){
			.is_known = true,
			.places = (uint64_t)E1000_TX_CSS(last->upper) << 32 | (uint64_t)E1000_TX_CSO(last->lower) << 40,
		};
	}
}

/* Before the frame there is room for that. */
static void e1000_tx_insert_tag(struct e1000_slot *slot, uint32_t type, uint32_t tag)
{
	uint8_t *bytes = slot->bounce.pages[0];

	memmove(bytes, bytes + E1000_TAG_BYTES, 12);
	bytes[12] = (uint8_t)(type >> 8);
	bytes[13] = (uint8_t)type;
	bytes[14] = (uint8_t)(tag >> 8);
	bytes[15] = (uint8_t)tag;
	slot->before_bytes = 0;
}

static uint8_t *e1000_tx_headers(const struct e1000_slot *slot, uint32_t *nr_bytes, uint32_t *length_bytes)
{
	*length_bytes = (uint32_t)slot->bounce.length_bytes - slot->before_bytes;
	*nr_bytes = PAGE_BYTES - slot->before_bytes < *length_bytes ? (uint32_t)PAGE_BYTES - slot->before_bytes : *length_bytes;
	return slot->bounce.pages[0] + slot->before_bytes;
}

/* The frame as it will be on the wire, but for what the card does. NULL: it is; else why it is none. */
static const char *e1000_tx_make(struct e1000_slot *slot, const struct e1000_tx_descriptor *first,
				 const struct e1000_tx_descriptor *last)
{
	struct e1000 *card = slot->queue->card;
	uint32_t nr_bytes, length_bytes;
	const char *why;
	uint8_t *bytes;

	if (slot->is_excessive || slot->is_unreachable)
		return slot->is_excessive ? "it is in too many pieces" : "it is not in the guest's memory";
	slot->before_bytes = E1000_TAG_BYTES;
	why = packet_gather(&slot->bounce, E1000_TAG_BYTES);
	if (why != NULL)
		return why;
	e1000_tx_read_offload(slot, first, last);
	if ((slot->offload.is_cut || slot->offload.sums_ip || slot->offload.sums_transport) && !slot->offload.context.is_known)
		return "what the card is to fill in was said before it was seen";
	if (card->takes_tags && (last->lower & E1000_TX_VLE)) {
		e1000_tx_insert_tag(slot, card->vet, E1000_TX_TAG(last->upper));
		if (!e1000_offload_shift(&slot->offload, E1000_TAG_BYTES))
			return "its headers are too long";
	}
	bytes = e1000_tx_headers(slot, &nr_bytes, &length_bytes);
	return e1000_offload_begin(&slot->offload, bytes, nr_bytes, length_bytes) ? NULL : "it is not as its descriptors say";
}

/* Nobody but us interrupts for it. */
static void e1000_tx_drop(struct e1000_slot *slot, const char *why)
{
	struct e1000 *card = slot->queue->card;

	/* Once, for a guest can go on and on. */
	if (why != NULL && !card->is_told_of_drops)
		log_warning("nic%u: a packet is dropped: %s", card->nic->number, why);
	card->is_told_of_drops |= why != NULL;
	slot->queue->owes_interrupt = true;
	e1000_slot_free(slot);
}

void e1000_tx_decided(struct e1000_slot *slot)
{
	uint32_t nr_bytes, length_bytes;
	uint8_t *bytes;

	if (slot->request.verdict == RV_VERDICT_DENY || slot->request.verdict == RV_VERDICT_DROP) {
		e1000_tx_drop(slot, NULL);
		return;
	}
	bytes = e1000_tx_headers(slot, &nr_bytes, &length_bytes);
	e1000_offload_end(&slot->offload, bytes, nr_bytes, length_bytes);
	if (tunnel_is_wanted()) {
		e1000_tunnel_divert(slot);
		e1000_tx_drop(slot, NULL);
		return;
	}
	e1000_queue_append(slot, E1000_READY);
}

/* The next frame. False: there is none, or no room. */
static bool e1000_tx_take(struct e1000_queue *queue, struct vcpu *vcpu)
{
	struct e1000_tx_descriptor first = { 0 }, last = { 0 };
	struct e1000_slot *slot;
	const char *why;
	uint32_t count;

	if (!(queue->card->tctl & E1000_TCTL_EN))
		return false;
	e1000_tx_take_contexts(queue);
	slot = e1000_count(queue) != 0 ? e1000_slot_find(queue) : NULL;
	if (slot == NULL)
		return false;
	count = e1000_tx_walk(queue, slot, &first, &last);
	if (count == 0) {
		e1000_slot_free(slot);
		return false;
	}
	why = e1000_tx_make(slot, &first, &last);
	e1000_tx_finish(queue, count);
	if (why != NULL) {
		e1000_tx_drop(slot, why);
		return true;
	}
	e1000_frame_begin(slot, RV_EVENT_NET_TX);
	if (hook_wants_requests(RV_EVENT_NET_TX))
		e1000_ask(slot, vcpu);
	else
		e1000_tx_decided(slot);
	return true;
}

int e1000_tx_transmit(struct e1000_queue *queue, const struct bounce *frame)
{
	struct e1000_slot *slot;

	if (!(queue->card->tctl & E1000_TCTL_EN) || !queue->is_programmed)
		return -RV_EAGAIN;
	(void)e1000_send_work(queue);
	slot = e1000_slot_find(queue);
	if (slot == NULL)
		return -RV_EBUSY;
	if (packet_copy(&slot->bounce, 0, frame) != 0)
		return -RV_ENOMEM;
	slot->before_bytes = 0;
	slot->offload = (struct e1000_offload){ .command = E1000_TX_IFCS };
	e1000_queue_append(slot, E1000_READY);
	(void)e1000_send_work(queue);
	return 0;
}

/* One CPU at a time, so that frames keep their order; who comes meanwhile leaves them to that one. */
bool e1000_tx_work(struct e1000_queue *queue, struct vcpu *vcpu)
{
	bool any;

	if (queue->is_pumped)
		return false;
	queue->is_pumped = true;
	any = e1000_send_work(queue);
	while (queue->card->is_attached && e1000_tx_take(queue, vcpu))
		any = true;
	any |= e1000_send_work(queue);
	queue->is_pumped = false;
	if (queue->owes_interrupt)
		e1000_interrupt(queue);
	return any;
}
