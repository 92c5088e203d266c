/*
 * mediator/net/e1000_work.c: has frames go on, as far as they can: at each access that may be about them, each interrupt.
 */
#include "mediator/net/e1000.h"
#include "vmm/interrupt_watch.h"

void e1000_work(struct e1000 *card, struct vcpu *vcpu)
{
	bool any;

	do {
		any = false;
		for (unsigned i = 0; i < card->nr_queues; i++) {
			any |= e1000_receive_work(&card->rx[i], vcpu);
			any |= e1000_tx_work(&card->tx[i], vcpu);
		}
	} while (any && card->is_attached);
}

/* The causes that the card has for that queue, with or without MSI-X (82574 Datasheet, 10.2.4.1). */
void e1000_interrupt(struct e1000_queue *queue)
{
	uint32_t cause = queue->is_tx ? E1000_CAUSE_TXDW : E1000_CAUSE_RXT0;

	if (queue->card->is_82574)
		cause |= (queue->is_tx ? E1000_CAUSE_TXQ0 : E1000_CAUSE_RXQ0) << queue->number;
	queue->owes_interrupt = false;
	e1000_put(queue->card, E1000_ICS, cause);
}

static void e1000_interrupts_taken(void *subject)
{
	struct e1000 *card;

	for (unsigned i = 0; (card = e1000_at(i)) != NULL; i++) {
		if (!__atomic_load_n(&card->is_on, __ATOMIC_ACQUIRE))
			continue;
		spinlock_acquire(&card->lock);
		if (card->is_attached)
			e1000_work(card, subject);
		card->nr_interrupts++; /* behind the look: what another CPU still asks hooks about comes late */
		e1000_release_if_idle(card);
		spinlock_release(&card->lock);
	}
}

void e1000_watch_interrupts(void)
{
	static struct watcher watcher = { .notify = e1000_interrupts_taken };
	static bool is_watching;

	if (!is_watching)
		watch_add(&interrupt_taken_watchers, &watcher);
	is_watching = true;
}
