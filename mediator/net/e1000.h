/*
 * mediator/net/e1000.h: what the files of the mediator of Intel's gigabit cards share: 82540EM (e1000) and 82574L (e1000e,
 * two queues each way). e1000_regs.h has the manuals.
 *
 * While hooks want packets the card has rings of ours. The registers that say where the guest's rings are, and how far
 * they are used, hold what the guest wrote: they are no registers of the card's.
 *
 * What the guest sends is copied when it moves its tail, and is its own again at once; it is offered, and put into our
 * ring:
 *
 *	guest's ring --tail--> slot: ASKED -> READY -> SENT (in our ring) -> FREE
 *
 * For what comes the card has pages of ours. What it has put there is offered where it is found, and copied into the
 * guest's ring:
 *
 *	our ring --> slot: COMING -> ASKED -> DECIDED --> guest's ring -> FREE
 *
 * Who finds it: whoever reads why the card interrupts (ICR), lets it interrupt again (IMS), or takes an interrupt on
 * whatever CPU, before its guest has it. Where that may have been too early, or the card has nothing to tell, the card is
 * made to interrupt by ICS, which it does by whatever way the guest has chosen.
 *
 * Offloads: hooks see frames as on the wire but for checksums that the card fills in and for its cutting them
 * (e1000_offload.h). VLAN tags are in frames: the card is told not to take them out or put them in, and we do.
 */
#ifndef MEDIATOR_NET_E1000_H
#define MEDIATOR_NET_E1000_H

#include "core/spinlock.h"
#include "mediator/net/e1000_offload.h"
#include "mediator/net/e1000_regs.h"
#include "mediator/net/nic_class.h"
#include "mediator/net/packet.h"
#include "vmm/pci_follow.h"

#define E1000_QUEUES_MAXIMUM 2
#define E1000_SLOTS 48		  /* a queue's, each way */
#define E1000_TX_ENTRIES 256	  /* of our rings: each is a page */
#define E1000_RX_ENTRIES 128
#define E1000_RX_BATCH 32	  /* entries that the card gets back at a time */
#define E1000_SLOT_PAGES 18	  /* the longest frame, with what is before it */
#define E1000_CRC_BYTES 4
#define E1000_SEGMENTS 128	  /* descriptors of a frame */
#define E1000_TAG_BYTES 4	  /* before a frame, so that a tag can be put into it */

enum e1000_slot_state {
	E1000_FREE, E1000_ASKED, E1000_READY, E1000_SENT, E1000_COMING, E1000_DECIDED
};

struct e1000_slot {
	struct request request;
	struct e1000_queue *queue;
	uint8_t state; /* enum e1000_slot_state */
	bool is_gone;  /* ASKED: nobody wants it any more */
	bool has_waited;
	bool is_excessive, is_unreachable;
	uint32_t before_bytes;	  /* of the bounce: before the frame */
	uint16_t end;		  /* SENT: our ring is behind it */
	struct e1000_offload offload;	       /* TX */
	struct e1000_rx_descriptor written;    /* RX: the last that the card wrote */
	uint8_t crc[E1000_CRC_BYTES];	       /* RX, unless SECRC */
	struct e1000_slot *next;	       /* READY, DECIDED */
	struct bounce bounce;
	uint8_t *pages[E1000_SLOT_PAGES];
	struct bounce_segment segments[E1000_SEGMENTS];
};
_Static_assert(sizeof(struct e1000_slot) <= PAGE_BYTES, "a slot is in a page");

struct e1000_queue {
	struct e1000 *card;
	uint8_t number;
	bool is_tx;
	bool is_pumped;	     /* a CPU is at it */
	bool owes_interrupt;
	bool is_programmed;  /* the card has our ring */
	bool is_late;	     /* RX: what the card has put there could not be taken at once */
	bool is_skipping;    /* RX: the rest of a frame that there is no room for */
	bool has_news;	     /* of our ring, that the card is not told */
	uint32_t registers;  /* where its registers are */
	/* The guest's registers: */
	uint32_t base_low, base_high, length_bytes, head, tail;
	struct e1000_context contexts[2]; /* TX: what its context descriptors have said last; of frames that are cut, and others */
	/* Ours: */
	void *ring;
	uint32_t ours_head, ours_tail;
	uint8_t owners[E1000_TX_ENTRIES];   /* whose last descriptor it is, from 1 on; 0: nobody's */
	uint8_t *buffers[E1000_RX_ENTRIES]; /* all or none */
	struct e1000_slot *coming, *first, **last; /* the last two: those that are READY, or DECIDED, in order */
	struct e1000_slot *slots[E1000_SLOTS];
};

struct e1000 {
	struct nic *nic;
	struct spinlock lock; /* guards all that follows; not held while hooks are asked */
	bool is_82574;
	uint8_t nr_queues; /* each way */
	bool is_claimed;
	bool is_attached; /* the card has rings of ours, or will */
	bool is_on;	   /* it sends, or receives: interrupts may be about that */
	bool is_linked;	  /* and the tunnel's service was told that it works */
	bool has_started; /* the guest's driver has enabled reception since the last reset */
	bool is_told_of_drops;
	uint64_t mac;
	/* The guest's, of which the card has others: */
	uint32_t rctl, tctl, rfctl, io_address;
	bool takes_tags; /* CTRL.VME */
	uint32_t vet, psrctl;
	uint64_t nr_interrupts; /* that CPUs have looked for frames for, to the end */
	struct pci_follower memory, ports;
	struct e1000_queue rx[E1000_QUEUES_MAXIMUM], tx[E1000_QUEUES_MAXIMUM];
};

/* All that follows is called under the card's lock; what has a vCPU may give it up while hooks are asked. */

/* e1000_find.c. The next behind position; NULL: none. */
struct e1000 *e1000_at(unsigned position);
/* Releases what nobody watches, if it can be now. */
void e1000_release_if_idle(struct e1000 *card);

/* e1000_setup.c, likewise: from the registers RAL and RAH, which are all ones where they cannot be had. */
void e1000_learn_mac(struct e1000 *card, uint32_t low, uint32_t high);

/* e1000_access.c: registers of the card's, past all hooks, by memory, or else by ports; nothing where it decodes neither. */
uint32_t e1000_get(struct e1000 *card, uint32_t offset);
void e1000_put(struct e1000 *card, uint32_t offset, uint32_t value);
bool e1000_is_reachable(struct e1000 *card);

/* e1000_registers.c: the guest's. */
enum access_result e1000_memory_access(struct access *access, int64_t offset, void *card);
enum access_result e1000_port_access(struct access *access, int64_t offset, void *card);

/* e1000_setup.c */
/* Memory for all queues, but for buffers of the second. 0, or -RV_ENOMEM. */
int e1000_rings_take(struct e1000 *card);
void e1000_rings_free(struct e1000 *card);
/* The card, in whatever state, gets rings of ours, if it can be reached. */
void e1000_attach(struct e1000 *card);
/* The second queue is used from now on, if it was not. */
void e1000_queue_set_up(struct e1000_queue *queue);
/* Gives it the guest's. False: something is on its way. */
bool e1000_detach(struct e1000 *card);
void e1000_control_written(struct e1000 *card, uint32_t value);
void e1000_rctl_written(struct e1000 *card, uint32_t value, struct vcpu *vcpu);
void e1000_tctl_written(struct e1000 *card, uint32_t value);
bool e1000_has_extended(const struct e1000 *card); /* of what is received */
void e1000_rfctl_written(struct e1000 *card, uint32_t value);

/* e1000_slot.c */
/* A free one, with no memory yet; NULL: there is none. */
struct e1000_slot *e1000_slot_find(struct e1000_queue *queue);
void e1000_slot_free(struct e1000_slot *slot);
/* Asks the hooks without the lock, and does what is to be done then: at once, or, if the request waits, later; nothing, if
 * a reset ends the frame. The slot may be free then. */
void e1000_ask(struct e1000_slot *slot, struct vcpu *vcpu);
/* No frame of the queue is wanted any more. */
void e1000_queue_forget(struct e1000_queue *queue);
/* Is any of its frames on its way? */
bool e1000_queue_is_busy(const struct e1000_queue *queue);
/* Behind all that are READY, or DECIDED. */
void e1000_queue_append(struct e1000_slot *slot, enum e1000_slot_state state);
/* Takes the first of these away, which there is. */
struct e1000_slot *e1000_queue_shift(struct e1000_queue *queue);
/* A slot's frame as a request. */
void e1000_frame_begin(struct e1000_slot *slot, uint32_t kind);

/* e1000_tx.c: what the guest has in its ring. */
bool e1000_tx_work(struct e1000_queue *queue, struct vcpu *vcpu);
void e1000_tx_decided(struct e1000_slot *slot);
int e1000_tx_transmit(struct e1000_queue *queue, const struct bounce *frame); /* as nic_class.transfer */
/* e1000_tunnel.c, where there is a tunnel. A frame that the guest sends goes there, as the card would have sent it. */
void e1000_tunnel_divert(struct e1000_slot *slot);
/* Says that the card works, if it does and that is new; nothing where there is none. */
void e1000_tunnel_link(struct e1000 *card);
/* e1000_send.c: our ring. Takes what is sent; puts there what is READY; tells the card. */
bool e1000_send_work(struct e1000_queue *queue);
/* Gives the card our ring, empty. The card does not send. */
void e1000_send_program(struct e1000_queue *queue);

/* e1000_receive.c: our ring. */
bool e1000_receive_work(struct e1000_queue *queue, struct vcpu *vcpu);
/* Gives the card our ring, with all buffers. The card does not receive. */
void e1000_receive_program(struct e1000_queue *queue);
/* Pages for it: 0 or -RV_ENOMEM. */
int e1000_receive_take(struct e1000_queue *queue);
/* e1000_rx.c: the guest's. */
void e1000_rx_decided(struct e1000_slot *slot);
int e1000_rx_deliver(struct e1000_queue *queue, const struct bounce *frame); /* as nic_class.transfer */
/* All that there is room for. */
bool e1000_rx_give_all(struct e1000_queue *queue);

/* e1000_work.c: has all go on that can. */
void e1000_work(struct e1000 *card, struct vcpu *vcpu);
void e1000_interrupt(struct e1000_queue *queue);
void e1000_watch_interrupts(void);

static inline uint32_t e1000_entry_bytes(const struct e1000_queue *queue)
{
	return !queue->is_tx && (queue->card->rctl & E1000_RCTL_DTYP) == E1000_RCTL_DTYP_SPLIT ? E1000_RX_SPLIT_BYTES : 16;
}

/* How many descriptors the guest's ring has; 0: it has not set it up. */
static inline uint32_t e1000_entries(const struct e1000_queue *queue)
{
	return queue->length_bytes / e1000_entry_bytes(queue);
}

static inline gpa_t e1000_entry_address(const struct e1000_queue *queue, uint32_t index)
{
	return ((uint64_t)queue->base_high << 32 | queue->base_low) + (uint64_t)index * e1000_entry_bytes(queue);
}

/* How many of them, from `head` on, are the card's. */
static inline uint32_t e1000_count(const struct e1000_queue *queue)
{
	uint32_t entries = e1000_entries(queue);

	if (queue->head >= entries || queue->tail >= entries) /* nonsense */
		return 0;
	return queue->tail >= queue->head ? queue->tail - queue->head : entries - queue->head + queue->tail;
}

#endif
