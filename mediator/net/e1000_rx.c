/*
 * mediator/net/e1000_rx.c: what has come goes into the guest's ring (82574 Datasheet, 7.1.4 to 7.1.6), in the layout that
 * it has chosen. Where it uses packet split the card has found no header to split at, as it may: frames go through the
 * buffers of a descriptor one after the other.
 */
#include "core/memory.h"
#include "core/string.h"
#include "mediator/net/e1000.h"
#include "rv/errno.h"
#include "vmm/guest_memory.h"

#define CRC_POLYNOMIAL 0xedb88320u /* IEEE 802.3, 3.2.9 */

static uint32_t e1000_crc(const struct bounce *bounce, uint64_t from)
{
	uint32_t crc = UINT32_MAX;

	for (uint64_t at = from; at < bounce->length_bytes; at++) {
		crc ^= bounce->pages[at / PAGE_BYTES][at % PAGE_BYTES];
		for (unsigned i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? CRC_POLYNOMIAL : 0);
	}
	return ~crc;
}

/* What the card has found out about sums holds no more. */
static void e1000_rx_spoil(struct e1000_slot *slot)
{
	struct e1000_rx_descriptor *written = &slot->written;
	uint32_t crc = e1000_crc(&slot->bounce, 0);

	memcpy(slot->crc, &crc, sizeof(crc));
	if (e1000_has_extended(slot->queue->card)) {
		written->extended.status |= E1000_RX_IXSM;
		written->extended.status &= ~E1000_RX_EXTENDED_CHECKSUM_ERRORS;
	} else {
		written->legacy.status |= E1000_RX_IXSM;
		written->legacy.errors &= (uint8_t)~E1000_RX_CHECKSUM_ERRORS;
	}
}

static void e1000_rx_set_tag(struct e1000_slot *slot, uint16_t tag, bool is_there)
{
	struct e1000_rx_descriptor *written = &slot->written;

	if (e1000_has_extended(slot->queue->card)) {
		written->extended.status = (written->extended.status & ~E1000_RX_VP) | (is_there ? E1000_RX_VP : 0);
		written->extended.tag = tag;
	} else {
		written->legacy.status = (uint8_t)((written->legacy.status & ~E1000_RX_VP) | (is_there ? E1000_RX_VP : 0));
		written->legacy.tag = tag;
	}
}

/* The tag goes from the frame to the descriptor, as the card would have it. */
static void e1000_rx_take_tag(struct e1000_slot *slot)
{
	const struct e1000 *card = slot->queue->card;
	uint8_t *bytes = slot->bounce.pages[0];
	bool is_tagged = card->takes_tags && slot->bounce.length_bytes >= PACKET_BYTES_MINIMUM + E1000_TAG_BYTES &&
			 (uint32_t)(bytes[12] << 8 | bytes[13]) == card->vet;

	e1000_rx_set_tag(slot, is_tagged ? (uint16_t)(bytes[14] << 8 | bytes[15]) : 0, is_tagged);
	if (!is_tagged)
		return;
	memmove(bytes + E1000_TAG_BYTES, bytes, 12);
	slot->before_bytes = E1000_TAG_BYTES;
}

void e1000_rx_decided(struct e1000_slot *slot)
{
	bool has_crc = !(slot->queue->card->rctl & E1000_RCTL_SECRC);

	if (slot->request.verdict == RV_VERDICT_DENY || slot->request.verdict == RV_VERDICT_DROP) {
		e1000_slot_free(slot);
		return;
	}
	if (slot->request.data_changed)
		e1000_rx_spoil(slot);
	e1000_rx_take_tag(slot);
	if (has_crc && bounce_resize(&slot->bounce, slot->bounce.length_bytes + E1000_CRC_BYTES) == 0)
		bounce_copy(&slot->bounce, slot->bounce.length_bytes - E1000_CRC_BYTES, slot->crc, E1000_CRC_BYTES, true);
	e1000_queue_append(slot, E1000_DECIDED);
}

/* The guest's buffers ---------------------------------------------------------------------------------- */

/* Of a descriptor (10.2.5.1, 10.2.5.3): how many, and how long each is. */
static unsigned e1000_rx_buffers(const struct e1000 *card, uint32_t bytes[E1000_RX_SPLIT_BUFFERS])
{
	uint32_t flexible = (card->rctl & E1000_RCTL_FLXBUF) >> E1000_RCTL_FLXBUF_SHIFT;

	if ((card->rctl & E1000_RCTL_DTYP) == E1000_RCTL_DTYP_SPLIT) {
		bytes[0] = (card->psrctl & 0x7f) * 128;
		for (unsigned i = 1; i < E1000_RX_SPLIT_BUFFERS; i++)
			bytes[i] = (card->psrctl >> 8 * i & 0x3f) * (uint32_t)KIB(1);
		return E1000_RX_SPLIT_BUFFERS;
	}
	if (card->is_82574 && flexible != 0)
		bytes[0] = flexible * (uint32_t)KIB(1);
	else if (card->rctl & E1000_RCTL_BSEX)
		bytes[0] = (uint32_t)KIB(32) >> E1000_RCTL_BSIZE(card->rctl);
	else
		bytes[0] = (uint32_t)KIB(2) >> E1000_RCTL_BSIZE(card->rctl);
	return 1;
}

/* As it is in the guest's memory. */
union e1000_rx_entry {
	struct e1000_rx_descriptor plain;
	uint64_t addresses[E1000_RX_SPLIT_BUFFERS];
	struct {
		struct e1000_rx_descriptor descriptor;
		uint16_t header_status, lengths[E1000_RX_SPLIT_BUFFERS - 1];
		uint64_t reserved;
	} split;
};
_Static_assert(sizeof(union e1000_rx_entry) == E1000_RX_SPLIT_BYTES, "7.1.6");

/* The descriptor is written, and then that it is done: until that the guest leaves the rest alone. */
static void e1000_rx_write_back(gpa_t address, union e1000_rx_entry *entry, uint32_t bytes, bool is_extended)
{
	uint64_t status_at = is_extended ? offsetof(struct e1000_rx_descriptor, extended.status)
					 : offsetof(struct e1000_rx_descriptor, legacy.status);
	uint8_t *status = (uint8_t *)entry + status_at;
	uint8_t done = *status | E1000_RX_DD;

	*status &= (uint8_t)~E1000_RX_DD;
	(void)guest_memory_write(address, entry, bytes);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	(void)guest_memory_write(address + status_at, &done, 1);
}

/* A part of the frame into the next descriptor's buffers; memory that is none gets nothing. */
static void e1000_rx_fill(struct e1000_queue *queue, const struct e1000_slot *slot, uint64_t *offset,
			  const uint32_t bytes[E1000_RX_SPLIT_BUFFERS], unsigned count)
{
	uint32_t entry_bytes = e1000_entry_bytes(queue), filled[E1000_RX_SPLIT_BUFFERS] = { 0 };
	gpa_t address = e1000_entry_address(queue, queue->head);
	bool is_extended = e1000_has_extended(queue->card);
	union e1000_rx_entry entry = { 0 };
	uint8_t last = 0;

	(void)guest_memory_read(address, &entry, entry_bytes);
	for (unsigned i = 0; i < count; i++) {
		struct bounce_segment segment = { entry.addresses[i], bytes[i] };
		uint64_t before = *offset, left = slot->bounce.length_bytes - before;

		filled[i] = left < bytes[i] ? (uint32_t)left : bytes[i];
		(void)bounce_scatter_part(&slot->bounce, offset, &segment, 1);
		*offset = before + filled[i];
	}
	last = *offset == slot->bounce.length_bytes ? E1000_RX_EOP : 0;
	if (is_extended) {
		entry.plain = slot->written;
		entry.plain.extended.length = (uint16_t)filled[0];
		entry.plain.extended.status = (entry.plain.extended.status & ~E1000_RX_EOP) | last;
		entry.split.header_status = 0;
		for (unsigned i = 1; i < count; i++)
			entry.split.lengths[i - 1] = (uint16_t)filled[i];
	} else {
		entry.plain.second = slot->written.second; /* the address stays */
		entry.plain.legacy.length = (uint16_t)filled[0];
		entry.plain.legacy.status = (uint8_t)((entry.plain.legacy.status & ~E1000_RX_EOP) | last);
	}
	e1000_rx_write_back(address, &entry, entry_bytes, is_extended);
	queue->head = (queue->head + 1) % e1000_entries(queue);
}

/* The first frame that is decided. False: there is none, or the guest has no memory for it yet. */
static bool e1000_rx_give(struct e1000_queue *queue)
{
	struct e1000_slot *slot = queue->first;
	uint32_t bytes[E1000_RX_SPLIT_BUFFERS], room = 0, needed;
	unsigned count = e1000_rx_buffers(queue->card, bytes);
	uint64_t offset;

	if (slot == NULL)
		return false;
	for (unsigned i = 0; i < count; i++)
		room += bytes[i];
	offset = slot->before_bytes;
	needed = room != 0 ? (uint32_t)((slot->bounce.length_bytes - offset + room - 1) / room) : 0;
	if (needed > e1000_count(queue) && needed < e1000_entries(queue)) {
		slot->has_waited = true;
		return false;
	}
	if (needed != 0 && needed <= e1000_count(queue)) {
		for (uint32_t i = 0; i < needed; i++)
			e1000_rx_fill(queue, slot, &offset, bytes, count);
		queue->owes_interrupt |= slot->has_waited;
	}
	(void)e1000_queue_shift(queue);
	e1000_slot_free(slot); /* with what there will never be room for */
	return true;
}

int e1000_rx_deliver(struct e1000_queue *queue, const struct bounce *frame)
{
	struct e1000_slot *slot;

	if (!(queue->card->rctl & E1000_RCTL_EN) || !queue->is_programmed)
		return -RV_EAGAIN;
	slot = e1000_slot_find(queue);
	if (slot == NULL)
		return -RV_EBUSY;
	if (packet_copy(&slot->bounce, 0, frame) != 0)
		return -RV_ENOMEM;
	slot->before_bytes = 0;
	slot->written = (struct e1000_rx_descriptor){ 0 };
	slot->request = (struct request){ .verdict = RV_VERDICT_PASS, .data_changed = true };
	slot->has_waited = true; /* the card does not interrupt for it */
	e1000_rx_decided(slot);
	if (queue->is_pumped) /* whoever is at it does the rest */
		return 0;
	(void)e1000_rx_give_all(queue);
	if (queue->owes_interrupt)
		e1000_interrupt(queue);
	return 0;
}

bool e1000_rx_give_all(struct e1000_queue *queue)
{
	bool any = false;

	while (e1000_rx_give(queue))
		any = true;
	return any;
}
