/*
 * mediator/net/e1000_setup.c: rings that become ours, and the guest's again; resets; and the registers that switch the card
 * on and off.
 */
#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/time.h"
#include "hook/hook.h"
#include "mediator/net/e1000.h"
#include "mediator/net/nic.h"
#include "mediator/net/tunnel.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "vmm/interrupt_watch.h"

#define E1000_SEND_US 20000 /* that a guest's CPU stands for what the card sends when the first hook comes */
#define E1000_STOP_US 100   /* that the card takes for a frame that it is amid */
#define E1000_RESET_US 20000

/* Memory ------------------------------------------------------------------------------------------- */

static int e1000_ring_take(struct e1000_queue *queue)
{
	if (queue->ring == NULL)
		queue->ring = memory_allocate_device_page();
	return queue->ring != NULL ? 0 : -RV_ENOMEM;
}

int e1000_rings_take(struct e1000 *card)
{
	int error = 0;

	for (unsigned i = 0; error == 0 && i < card->nr_queues; i++) {
		error = e1000_ring_take(&card->rx[i]);
		if (error == 0)
			error = e1000_ring_take(&card->tx[i]);
	}
	return error == 0 ? e1000_receive_take(&card->rx[0]) : error;
}

/* Nothing of it is busy. */
static void e1000_ring_free(struct e1000_queue *queue)
{
	if (queue->ring != NULL)
		memory_free_page(queue->ring);
	queue->ring = NULL;
	for (unsigned i = 0; i < E1000_RX_ENTRIES && queue->buffers[i] != NULL; i++) {
		memory_free_page(queue->buffers[i]);
		queue->buffers[i] = NULL;
	}
	for (unsigned i = 0; i < E1000_SLOTS; i++) {
		if (queue->slots[i] != NULL)
			memory_free_page(queue->slots[i]);
		queue->slots[i] = NULL;
	}
}

void e1000_rings_free(struct e1000 *card)
{
	for (unsigned i = 0; i < card->nr_queues; i++) {
		e1000_ring_free(&card->rx[i]);
		e1000_ring_free(&card->tx[i]);
	}
}

/* Interrupts exit while one may be the card's. */
static void e1000_heed(struct e1000 *card)
{
	bool is_on = card->is_attached && ((card->rctl & E1000_RCTL_EN) || (card->tctl & E1000_TCTL_EN));

	if (card->is_on == is_on)
		return;
	__atomic_store_n(&card->is_on, is_on, __ATOMIC_RELEASE);
	interrupt_want_everywhere(is_on);
}

/* What the card has in the place of what the guest wrote ------------------------------------------------ */

/* A tunnel's own neighbours ask in groups that the guest knows nothing of. */
static uint32_t e1000_rctl_ours(const struct e1000 *card)
{
	uint32_t buffers = E1000_RCTL_DTYP | E1000_RCTL_BSIZE_MASK | E1000_RCTL_BSEX | E1000_RCTL_FLXBUF;

	return (card->rctl & ~buffers) | E1000_RCTL_PAGES | (tunnel_is_wanted() ? E1000_RCTL_MPE : 0);
}

static void e1000_rfctl_put(struct e1000 *card)
{
	if (card->is_82574)
		e1000_put(card, E1000_RFCTL, card->rfctl | (e1000_has_extended(card) ? E1000_RFCTL_EXSTEN : 0));
}

/* Frames that the card makes by itself do not leave where there is a tunnel. */
static uint32_t e1000_control_ours(uint32_t control)
{
	return control & ~(E1000_CTRL_VME | (tunnel_is_wanted() ? E1000_CTRL_TFCE : 0));
}

static uint32_t e1000_tctl_ours(const struct e1000 *card)
{
	return card->tctl & ~(tunnel_is_wanted() ? E1000_TCTL_SWXOFF : 0);
}

/* Reception ------------------------------------------------------------------------------------------ */

static bool e1000_is_set_up(const struct e1000_queue *queue)
{
	return queue->number == 0 || queue->length_bytes != 0;
}

static void e1000_stop_receiving(struct e1000 *card)
{
	e1000_put(card, E1000_RCTL, e1000_rctl_ours(card) & ~E1000_RCTL_EN);
	time_wait_us(E1000_STOP_US);
}

/* With rings of ours, that are empty. */
static void e1000_start_receiving(struct e1000 *card)
{
	e1000_stop_receiving(card);
	e1000_rfctl_put(card);
	for (unsigned i = 0; i < card->nr_queues; i++) {
		e1000_queue_forget(&card->rx[i]);
		card->rx[i].is_programmed = false;
		if (e1000_is_set_up(&card->rx[i]))
			e1000_receive_program(&card->rx[i]);
	}
	e1000_put(card, E1000_RCTL, e1000_rctl_ours(card));
}

void e1000_queue_set_up(struct e1000_queue *queue)
{
	if (!queue->is_tx && !queue->is_programmed && (queue->card->rctl & E1000_RCTL_EN) && e1000_is_set_up(queue) &&
	    queue->card->is_attached)
		e1000_start_receiving(queue->card);
}

/* Attach and detach ------------------------------------------------------------------------------------- */

void e1000_learn_mac(struct e1000 *card, uint32_t low, uint32_t high)
{
	if (low == UINT32_MAX && high == UINT32_MAX)
		return;
	card->mac = 0;
	for (unsigned i = 0; i < 6; i++)
		card->mac = card->mac << 8 | ((i < 4 ? low >> 8 * i : high >> 8 * (i - 4)) & 0xff);
}

static bool e1000_is_sending(struct e1000 *card)
{
	bool any = false;

	for (unsigned i = 0; i < card->nr_queues; i++)
		any |= e1000_get(card, card->tx[i].registers + E1000_HEAD) != e1000_get(card, card->tx[i].registers + E1000_TAIL);
	return any;
}

/* What is on the way is sent or received, and in the guest's rings. */
static void e1000_quiesce(struct e1000 *card)
{
	uint64_t end = tsc_read() + time_tsc_of_us(E1000_SEND_US);

	while ((card->tctl & E1000_TCTL_EN) && e1000_is_sending(card) && tsc_read() < end)
		cpu_pause();
	e1000_put(card, E1000_TCTL, e1000_tctl_ours(card) & ~E1000_TCTL_EN);
	e1000_put(card, E1000_RCTL, card->rctl & ~E1000_RCTL_EN);
	time_wait_us(E1000_STOP_US);
	for (unsigned i = 0; i < card->nr_queues; i++) {
		uint32_t rx = card->rx[i].registers + E1000_DELAY, tx = card->tx[i].registers + E1000_DELAY;

		e1000_put(card, rx, e1000_get(card, rx) | E1000_DELAY_FLUSH);
		e1000_put(card, tx, e1000_get(card, tx) | E1000_DELAY_FLUSH);
	}
	time_wait_us(E1000_STOP_US);
}

static void e1000_learn_queue(struct e1000_queue *queue)
{
	struct e1000 *card = queue->card;

	queue->base_low = e1000_get(card, queue->registers + E1000_BASE_LOW);
	queue->base_high = e1000_get(card, queue->registers + E1000_BASE_HIGH);
	queue->length_bytes = e1000_get(card, queue->registers + E1000_LENGTH);
	queue->head = e1000_get(card, queue->registers + E1000_HEAD) & 0xffff;
	queue->tail = e1000_get(card, queue->registers + E1000_TAIL) & 0xffff;
	queue->contexts[0].is_known = queue->contexts[1].is_known = false;
	e1000_queue_forget(queue);
}

static void e1000_learn(struct e1000 *card)
{
	uint32_t control = e1000_get(card, E1000_CTRL);

	card->rctl = e1000_get(card, E1000_RCTL);
	card->tctl = e1000_get(card, E1000_TCTL);
	card->rfctl = card->is_82574 ? e1000_get(card, E1000_RFCTL) : 0;
	card->psrctl = card->is_82574 ? e1000_get(card, E1000_PSRCTL) : 0;
	card->vet = e1000_get(card, E1000_VET) & 0xffff;
	card->takes_tags = (control & E1000_CTRL_VME) != 0;
	e1000_learn_mac(card, e1000_get(card, E1000_RAL), e1000_get(card, E1000_RAH));
	if ((card->rctl & E1000_RCTL_EN) || (card->tctl & E1000_TCTL_EN))
		e1000_quiesce(card);
	for (unsigned i = 0; i < card->nr_queues; i++) {
		e1000_learn_queue(&card->rx[i]);
		e1000_learn_queue(&card->tx[i]);
	}
	e1000_put(card, E1000_CTRL, e1000_control_ours(control));
	card->has_started = (card->rctl & E1000_RCTL_EN) != 0;
}

static void e1000_say_seen(const struct e1000 *card)
{
	log_info("nic%u: its queues are ours: packets are seen", card->nic->number);
}

void e1000_attach(struct e1000 *card)
{
	if (!e1000_is_reachable(card) || e1000_get(card, E1000_STATUS) == UINT32_MAX)
		return;
	e1000_learn(card);
	card->is_attached = true;
	e1000_heed(card);
	for (unsigned i = 0; i < card->nr_queues; i++)
		e1000_send_program(&card->tx[i]);
	if (card->rctl & E1000_RCTL_EN)
		e1000_start_receiving(card);
	e1000_put(card, E1000_TCTL, e1000_tctl_ours(card));
	if (card->has_started)
		e1000_say_seen(card);
}

static void e1000_say_unseen(const struct e1000 *card, const char *why)
{
	if (card->has_started)
		log_info("nic%u: %sits queues are the guest's", card->nic->number, why);
}

static void e1000_give_back(struct e1000_queue *queue)
{
	struct e1000 *card = queue->card;

	e1000_queue_forget(queue);
	queue->is_programmed = false;
	e1000_put(card, queue->registers + E1000_BASE_LOW, queue->base_low);
	e1000_put(card, queue->registers + E1000_BASE_HIGH, queue->base_high);
	e1000_put(card, queue->registers + E1000_LENGTH, queue->length_bytes);
	e1000_put(card, queue->registers + E1000_HEAD, queue->head);
	e1000_put(card, queue->registers + E1000_TAIL, queue->tail);
}

static bool e1000_is_busy(const struct e1000 *card)
{
	for (unsigned i = 0; i < card->nr_queues; i++) {
		if (card->tx[i].is_pumped || card->rx[i].is_pumped || e1000_queue_is_busy(&card->tx[i]))
			return true;
		for (unsigned k = 0; k < E1000_SLOTS; k++) {
			if (card->rx[i].slots[k] != NULL && card->rx[i].slots[k]->state == E1000_ASKED)
				return true;
		}
	}
	return false;
}

bool e1000_detach(struct e1000 *card)
{
	if (e1000_is_busy(card) || hook_wants_requests(RV_EVENT_NET_RX))
		return false;
	if (card->rctl & E1000_RCTL_EN)
		e1000_stop_receiving(card);
	for (unsigned i = 0; i < card->nr_queues; i++)
		(void)e1000_receive_work(&card->rx[i], NULL); /* nobody is asked */
	e1000_put(card, E1000_TCTL, e1000_tctl_ours(card) & ~E1000_TCTL_EN);
	for (unsigned i = 0; i < card->nr_queues; i++) {
		e1000_give_back(&card->rx[i]);
		e1000_give_back(&card->tx[i]);
	}
	if (card->is_82574)
		e1000_put(card, E1000_RFCTL, card->rfctl);
	if (card->takes_tags)
		e1000_put(card, E1000_CTRL, e1000_get(card, E1000_CTRL) | E1000_CTRL_VME);
	e1000_put(card, E1000_RCTL, card->rctl);
	e1000_put(card, E1000_TCTL, e1000_tctl_ours(card));
	card->is_attached = false;
	e1000_heed(card);
	e1000_say_unseen(card, "");
	return true;
}

/* What the guest writes -------------------------------------------------------------------------------- */

static void e1000_clear_queue(struct e1000_queue *queue)
{
	e1000_queue_forget(queue);
	queue->is_programmed = queue->has_news = false;
	queue->base_low = queue->base_high = queue->length_bytes = queue->head = queue->tail = 0;
	queue->contexts[0].is_known = queue->contexts[1].is_known = false;
}

/* Afterwards the card has no memory of ours any more (82574 Datasheet, 4.3.1). */
static void e1000_reset(struct e1000 *card, uint32_t value)
{
	uint64_t end = tsc_read() + time_tsc_of_us(E1000_RESET_US);

	card->rctl &= ~E1000_RCTL_EN;
	e1000_put(card, E1000_RCTL, e1000_rctl_ours(card));
	e1000_put(card, E1000_TCTL, e1000_tctl_ours(card) & ~E1000_TCTL_EN);
	time_wait_us(E1000_STOP_US);
	e1000_put(card, E1000_CTRL, e1000_control_ours(value));
	time_wait_us(E1000_STOP_US); /* in which it is not to be asked */
	while ((e1000_get(card, E1000_CTRL) & E1000_CTRL_RST) && tsc_read() < end)
		cpu_pause();
	for (unsigned i = 0; i < card->nr_queues; i++) {
		e1000_clear_queue(&card->rx[i]);
		e1000_clear_queue(&card->tx[i]);
	}
	card->rctl = card->tctl = card->rfctl = 0;
	card->psrctl = card->is_82574 ? e1000_get(card, E1000_PSRCTL) : 0;
	card->vet = e1000_get(card, E1000_VET) & 0xffff;
	e1000_heed(card);
	e1000_say_unseen(card, "reset: ");
	card->takes_tags = card->has_started = card->is_linked = false;
}

void e1000_control_written(struct e1000 *card, uint32_t value)
{
	if (value & E1000_CTRL_RST) {
		e1000_reset(card, value);
		return;
	}
	card->takes_tags = (value & E1000_CTRL_VME) != 0;
	e1000_put(card, E1000_CTRL, e1000_control_ours(value));
}

static void e1000_tell(struct e1000 *card, struct vcpu *vcpu)
{
	struct request request;

	e1000_learn_mac(card, e1000_get(card, E1000_RAL), e1000_get(card, E1000_RAH));
	if (!hook_wants_requests(RV_EVENT_NIC_ATTACH))
		return;
	request_begin(&request, RV_EVENT_NIC_ATTACH);
	request.nic.number = card->nic->number;
	request.nic.mac = card->mac;
	spinlock_release(&card->lock);
	(void)request_offer(&request, vcpu);
	spinlock_acquire(&card->lock);
}

void e1000_rctl_written(struct e1000 *card, uint32_t value, struct vcpu *vcpu)
{
	bool was_on = (card->rctl & E1000_RCTL_EN) && (e1000_get(card, E1000_RCTL) & E1000_RCTL_EN);
	bool is_other = ((card->rctl ^ value) & E1000_RCTL_DTYP) != 0;

	card->rctl = value;
	e1000_heed(card);
	if ((value & E1000_RCTL_EN) && (!was_on || is_other)) {
		e1000_start_receiving(card);
	} else {
		e1000_put(card, E1000_RCTL, e1000_rctl_ours(card));
	}
	e1000_tunnel_link(card);
	for (unsigned i = 0; !(value & E1000_RCTL_EN) && i < card->nr_queues; i++) {
		e1000_queue_forget(&card->rx[i]);
		card->rx[i].is_programmed = false;
	}
	if (!(value & E1000_RCTL_EN) || card->has_started)
		return;
	card->has_started = true;
	e1000_say_seen(card);
	e1000_tell(card, vcpu);
}

/* It may have been reset by other ways than its own register: then it has no ring of ours. */
static bool e1000_has_our_ring(struct e1000_queue *queue)
{
	return queue->is_programmed &&
	       e1000_get(queue->card, queue->registers + E1000_BASE_LOW) == (uint32_t)memory_physical(queue->ring) &&
	       e1000_get(queue->card, queue->registers + E1000_LENGTH) != 0;
}

void e1000_tctl_written(struct e1000 *card, uint32_t value)
{
	bool was_on = (e1000_get(card, E1000_TCTL) & E1000_TCTL_EN) != 0;

	card->tctl = value;
	e1000_heed(card);
	for (unsigned i = 0; (value & E1000_TCTL_EN) && !was_on && i < card->nr_queues; i++) {
		if (!e1000_has_our_ring(&card->tx[i]))
			e1000_send_program(&card->tx[i]);
	}
	e1000_put(card, E1000_TCTL, e1000_tctl_ours(card));
	e1000_tunnel_link(card);
}

void e1000_rfctl_written(struct e1000 *card, uint32_t value)
{
	bool was_extended = e1000_has_extended(card);

	card->rfctl = value;
	if (!card->is_82574)
		e1000_put(card, E1000_RFCTL, value);
	else if ((card->rctl & E1000_RCTL_EN) && was_extended != e1000_has_extended(card))
		e1000_start_receiving(card);
	else
		e1000_rfctl_put(card);
}
