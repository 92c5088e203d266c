/*
 * mediator/net/e1000_registers.c: the registers as the guest sees them: those that the card has otherwise hold what the
 * guest wrote; all others are the card's.
 */
#include "mediator/net/e1000.h"
#include "vmm/access.h"
#include "vmm/deadline.h"

/* Where in the card an older card's address is. */
static uint32_t e1000_register_of(uint32_t offset)
{
	if (offset >= E1000_RX_OLD && offset <= E1000_RX_OLD + E1000_TAIL)
		return offset - E1000_RX_OLD + E1000_RX;
	if (offset >= E1000_TX_OLD && offset <= E1000_TX_OLD + E1000_TAIL)
		return offset - E1000_TX_OLD + E1000_TX;
	return offset;
}

/* The register of the guest's that is at that place in a queue's; NULL: it is another. */
static uint32_t *e1000_ring_register(struct e1000_queue *queue, uint32_t at)
{
	switch (at) {
	case E1000_BASE_LOW:
		return &queue->base_low;
	case E1000_BASE_HIGH:
		return &queue->base_high;
	case E1000_LENGTH:
		return &queue->length_bytes;
	case E1000_HEAD:
		return &queue->head;
	case E1000_TAIL:
		return &queue->tail;
	default:
		return NULL;
	}
}

/* The queue that a register is of; NULL: none. */
static struct e1000_queue *e1000_queue_of(struct e1000 *card, uint32_t offset)
{
	for (unsigned i = 0; i < card->nr_queues; i++) {
		if (offset - card->tx[i].registers < E1000_QUEUE_BYTES)
			return &card->tx[i];
		if (offset - card->rx[i].registers < E1000_QUEUE_BYTES)
			return &card->rx[i];
	}
	return NULL;
}

/* Reads --------------------------------------------------------------------------------------------- */

static uint32_t e1000_register_read(struct e1000 *card, uint32_t offset, struct vcpu *vcpu)
{
	struct e1000_queue *queue = e1000_queue_of(card, offset);
	uint32_t *shadow = queue != NULL ? e1000_ring_register(queue, offset - queue->registers) : NULL;
	uint32_t value;

	if (shadow != NULL) { /* a guest that polls may look at nothing else */
		e1000_work(card, vcpu);
		return *shadow;
	}
	switch (offset) {
	case E1000_CTRL:
		value = e1000_get(card, offset);
		return card->takes_tags ? value | E1000_CTRL_VME : value;
	case E1000_RCTL:
		return card->rctl;
	case E1000_RFCTL:
		return card->is_82574 ? card->rfctl : e1000_get(card, offset); /* the 82540 has none */
	case E1000_ICR: /* the causes that it takes are about what is found now */
		value = e1000_get(card, offset);
		e1000_work(card, vcpu);
		card->nr_interrupts++; /* as e1000_interrupts_taken() */
		return value;
	default:
		return e1000_get(card, offset);
	}
}

/* Writes -------------------------------------------------------------------------------------------- */

static void e1000_ring_written(struct e1000_queue *queue, uint32_t at, uint32_t *shadow, uint32_t value,
			       struct vcpu *vcpu)
{
	*shadow = at == E1000_BASE_LOW ? value & ~15u : at == E1000_LENGTH ? value & 0xfff80 : value;
	if (at == E1000_HEAD || at == E1000_TAIL)
		*shadow = value & 0xffff;
	if (at != E1000_TAIL)
		return;
	e1000_queue_set_up(queue);
	e1000_work(queue->card, vcpu);
}

/* What has nothing to do there, and could be a way past hooks. */
static bool e1000_is_kept(uint32_t offset)
{
	return (offset >= E1000_RX_FIFO && offset <= E1000_RX_FIFO_LAST) ||
	       (offset >= E1000_TX_FIFO && offset <= E1000_TX_FIFO_LAST) ||
	       (offset >= E1000_HOST_INTERFACE && offset <= E1000_HOST_INTERFACE_LAST) || offset >= E1000_PACKET_BUFFER;
}

static void e1000_register_write(struct e1000 *card, uint32_t offset, uint32_t value, struct vcpu *vcpu)
{
	struct e1000_queue *queue = e1000_queue_of(card, offset);
	uint32_t *shadow = queue != NULL ? e1000_ring_register(queue, offset - queue->registers) : NULL;

	if (shadow != NULL) {
		e1000_ring_written(queue, offset - queue->registers, shadow, value, vcpu);
		return;
	}
	if (e1000_is_kept(offset))
		return;
	switch (offset) {
	case E1000_CTRL:
	case E1000_CTRL + 4: /* the same again (317453, 13.4.1) */
		e1000_control_written(card, value);
		break;
	case E1000_RCTL:
		e1000_rctl_written(card, value, vcpu);
		break;
	case E1000_TCTL:
		e1000_tctl_written(card, value);
		e1000_work(card, vcpu);
		break;
	case E1000_RFCTL:
		e1000_rfctl_written(card, value);
		break;
	case E1000_VET:
		card->vet = value & 0xffff;
		e1000_put(card, offset, value);
		break;
	case E1000_PSRCTL:
		card->psrctl = value;
		e1000_put(card, offset, value);
		break;
	default:
		e1000_put(card, offset, value);
	}
}

/* Accesses ------------------------------------------------------------------------------------------ */

/* Begins one: under the lock. False: `result` says what becomes of it: it is a script's own, which would be a way past
 * hooks of others; it begins before the registers, as no driver's does; or there is no claim any more. */
static bool e1000_enter(struct e1000 *card, struct access *access, int64_t offset, enum access_result *result)
{
	*result = ACCESS_DONE;
	access->fault |= access->direct;
	if (access->direct || offset < 0) {
		if (!access->write)
			access->value = 0;
		access->resolved = true;
		return false;
	}
	spinlock_acquire(&card->lock);
	if (!card->is_claimed) {
		spinlock_release(&card->lock);
		*result = ACCESS_PASS;
		return false;
	}
	if (!card->is_attached)
		e1000_attach(card); /* its registers could not be had before */
	if (!card->is_attached) { /* nor can they now */
		spinlock_release(&card->lock);
		access_deny(access);
		return false;
	}
	return true;
}

static enum access_result e1000_leave(struct e1000 *card, struct access *access)
{
	e1000_release_if_idle(card);
	spinlock_release(&card->lock);
	/* A guest that polls with its interrupts off looks at nothing else: what waits may be due. */
	deadline_look(access->vcpu);
	access->resolved = true;
	return ACCESS_DONE;
}

/* Registers have four bytes (10.1): of a wider access both are, of writes to a part of one none. */
static void e1000_registers_access(struct e1000 *card, struct access *access, uint32_t offset)
{
	uint32_t skipped = offset % 4, first = e1000_register_of(offset - skipped);
	uint64_t value;

	if (access->write) {
		if (skipped != 0 || access->width_bytes < 4)
			return;
		e1000_register_write(card, first, (uint32_t)access->value, access->vcpu);
		if (access->width_bytes == 8)
			e1000_register_write(card, e1000_register_of(offset + 4), (uint32_t)(access->value >> 32),
					     access->vcpu);
		return;
	}
	value = e1000_register_read(card, first, access->vcpu);
	if (skipped + access->width_bytes > 4)
		value |= (uint64_t)e1000_register_read(card, e1000_register_of(offset - skipped + 4), access->vcpu) << 32;
	access->value = value >> 8 * skipped & access_mask(access);
}

enum access_result e1000_memory_access(struct access *access, int64_t offset, void *context)
{
	struct e1000 *card = context;
	enum access_result result;

	if (!e1000_enter(card, access, offset, &result))
		return result;
	e1000_registers_access(card, access, (uint32_t)offset);
	return e1000_leave(card, access);
}

/* The side door: which register is ours to know; the card's own is for us. */
enum access_result e1000_port_access(struct access *access, int64_t offset, void *context)
{
	struct e1000 *card = context;
	enum access_result result;

	if (!e1000_enter(card, access, offset, &result))
		return result;
	if (!access->write)
		access->value = 0;
	if (offset == E1000_IO_ADDRESS && access->write && access->width_bytes == 4)
		card->io_address = (uint32_t)access->value;
	else if (offset < E1000_IO_DATA && !access->write)
		access->value = card->io_address >> 8 * (uint32_t)offset & access_mask(access);
	else if (offset >= E1000_IO_DATA && card->io_address < E1000_REGISTERS_END - 4)
		e1000_registers_access(card, access, (card->io_address & ~3u) + ((uint32_t)offset - E1000_IO_DATA));
	return e1000_leave(card, access);
}
