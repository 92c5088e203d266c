/*
 * mediator/usb/xhci.h: what the files of the mediator of xHCI share. xhci_regs.h has the manual.
 *
 * What may come in is decided before the guest has a device configured; doorbells are never looked at, nor, as long as no hook
 * wants to see transfers, are endpoints other than 0 and the guest's event rings.
 *
 * The command ring, and the ring of each slot's endpoint 0, are where the guest has put them, so that what the controller
 * tells of them is true. But what the guest reads and writes there is a copy of ours: memory itself holds what was looked
 * at, and behind that a TRB with the wrong cycle bit, at which the controller waits:
 *
 *	guest's view: done | done | next, written | written | ...
 *	memory:       done | done | wrong cycle   | whatever
 *
 * A TRB, or all of a control transfer, is looked at when the guest has given it the right cycle bit. It goes on as it is,
 * or as one that fails. The rings of other endpoints are the same, if a hook may want their transfers; then the guest's
 * event rings are copies too, in which an event stands when hooks have seen it (xhci_harvest.c). All that the device says
 * to the question what it is comes from our copy: when the guest first asks it for more than eight bytes, or has it
 * configured, it is asked by us, and scripts are. Our own transfers are in memory of ours, to which a link leads in the
 * place where the controller waits, and from which another leads back; their events go to the controller's last
 * interrupter, which has a ring of ours and interrupts nobody.
 */
#ifndef MEDIATOR_USB_XHCI_H
#define MEDIATOR_USB_XHCI_H

#include "core/spinlock.h"
#include "mediator/request.h"
#include "mediator/usb/usb_descriptors.h"
#include "mediator/usb/xhci_regs.h"
#include "rv/usb.h"
#include "vmm/access.h"
#include "vmm/grace.h"
#include "vmm/pci_follow.h"

#define XHCI_SEGMENT_TRBS 256  /* of a segment that we can follow */
#define XHCI_SEGMENTS_MAXIMUM 16 /* a ring's */
#define XHCI_TD_TRBS 16	       /* of a control transfer */
#define XHCI_WORK_TRBS (PAGE_BYTES / sizeof(struct xhci_trb))
#define XHCI_STRINGS 4	       /* languages, manufacturer, product, serial */
#define XHCI_STRING_BYTES 255
#define XHCI_READ_US 500000    /* that a guest's CPU stands for all that a device is asked */
#define XHCI_TRIES 3
#define XHCI_ENDPOINTS 32      /* of a slot, as its doorbells count them: 1 is endpoint 0 */
#define XHCI_EVENT_SEGMENTS 8  /* of an event ring */
#define XHCI_HARVESTS 4	       /* interrupters whose events can be looked at */
#define XHCI_TRANSFER_TRBS 512 /* of a transfer of an endpoint but 0 */
#define XHCI_TRANSFERS_MAXIMUM 1024 /* of a ring, that are awaited */
#define XHCI_STALE_MAXIMUM 256 /* pages that are kept until the next reset */

/* Memory of the guest's of which it sees a copy. */
struct xhci_segment {
	struct access_region region; /* from its first TRB on */
	struct grace grace;
	struct xhci_segment *next;   /* of all controllers' */
	struct xhci_ring *ring;	     /* NULL: it is the guest's again */
	struct xhci_trb *trbs;	     /* what the guest sees: a page */
	uint32_t nr_trbs;	     /* of which there is a copy */
};

struct xhci_place {
	struct xhci_segment *segment; /* NULL: nowhere */
	uint32_t index;
	bool cycle;		      /* what its cycle bit is when it is the controller's */
};

struct xhci_ring {
	struct xhci_controller *controller;
	struct xhci_slot *slot; /* NULL: of commands */
	struct xhci_place at;	/* the first that was not looked at */
	uint32_t nr_segments;
	uint32_t round;		/* another with each time that it begins anew, or ends */
	bool is_pumped;		/* a CPU is at it */
	struct xhci_endpoint *endpoint; /* NULL: of commands, or of endpoint 0 */
	struct xhci_transfer *transfers; /* that the controller has, the oldest first; as long as somebody awaits their ends */
	uint32_t nr_transfers;
	struct xhci_transfer *held; /* that hooks are asked about, or have wait: the controller has nothing from it on */
	struct xhci_end *ends; /* the first is decided next */
	bool owes_bell;		/* since the guest has rung something was held: it is to be rung when that is given */
	bool is_stopped;	/* by a command, until the guest rings */
};

/* An endpoint but 0, whose transfers hooks want to see. */
struct xhci_endpoint {
	struct xhci_ring ring;
	uint8_t number;	    /* as in its doorbell: twice the endpoint's, and one more if the device gives */
	uint8_t type;	    /* enum rv_usb_type */
	uint8_t interface, interface_class;
	bool is_stalled;    /* the guest was told so, and has not reset it yet */
};

/* A TRB of a transfer. */
struct xhci_part {
	gpa_t at;
	struct xhci_trb trb; /* as the guest has given it */
	uint64_t parameter;  /* as the controller gets it */
	uint8_t *bounce;     /* the data that it gets then; NULL: the guest's own */
};

/* An event of a ring's that the guest is not told yet: hooks are asked about the transfer that it ends, or have that wait, or it is
 * behind such a one. */
struct xhci_end {
	struct xhci_end *next;
	struct xhci_harvest *harvest;
	uint32_t round;	     /* the harvest's */
	struct xhci_trb event;
	struct xhci_transfer *transfer; /* whose this is a part of; NULL: nobody has looked which it ends */
	uint32_t which;	     /* of its parts the event is about */
	bool is_decided;     /* the guest can be told */
	bool is_gone;	     /* the ring is elsewhere: whoever asks hooks, or resumes, frees the transfer */
};

/* What the guest is told of a transfer that did not reach the device. */
enum xhci_told { XHCI_TOLD_TRUTH, XHCI_TOLD_STALL, XHCI_TOLD_SUCCESS };

struct xhci_transfer {
	struct request request;
	struct xhci_transfer *next;
	struct xhci_ring *ring;
	uint32_t round;	     /* of the ring, when it was taken out of it */
	uint32_t nr_pages;   /* that this takes */
	uint32_t nr_parts;
	uint32_t moved;	     /* of a control transfer: bytes, once that is known */
	bool is_moved_known;
	bool is_bounced;
	uint8_t told;	     /* enum xhci_told */
	uint8_t stage;	     /* enum storage_stage: of a stick's command */
	bool is_short;	     /* of XHCI_TOLD_SUCCESS: so many bytes have come */
	uint32_t told_bytes;
	hpa_t filler;	     /* of the same: that moves in its place; 0: nothing does */
	uint32_t filler_bytes;
	uint8_t filler_part; /* its TRB */
	bool is_taken_back;  /* the guest has made nothing of it */
	struct xhci_end end;
	struct xhci_part parts[];
};

/* A segment of an event ring of the guest's: it reads a copy, in which an event stands when hooks have seen what it tells of. */
struct xhci_event_segment {
	struct access_region region;
	struct grace grace;
	struct xhci_harvest *harvest; /* NULL: it is the guest's again */
	struct xhci_trb *trbs;
	uint32_t nr_trbs;
};

/* The events of an interrupter of the guest's. */
struct xhci_harvest {
	struct xhci_controller *controller;
	uint64_t table;		     /* where the guest has its segments' table */
	struct xhci_event_segment *segments[XHCI_EVENT_SEGMENTS];
	uint32_t nr_segments;
	uint32_t segment, index;     /* of the controller's next event */
	bool cycle;
	/* The guest's next: as many places before as events are kept (struct xhci_end). */
	uint32_t to_segment, to_index;
	bool to_cycle;
	uint32_t nr_fillers;	     /* events that nobody is told of any more, whose places are to be filled */
	uint32_t dequeue[2];	     /* what the guest has written last (ERDP) */
	bool is_pumped;
	uint32_t round;
};

enum xhci_state {
	XHCI_NONE,	/* nothing is known of it */
	XHCI_DEFAULT,	/* a device without an address */
	XHCI_ADDRESSED, /* it has one, and was not asked yet */
	XHCI_ASKED,	/* scripts are */
	XHCI_ALLOWED,
	XHCI_REFUSED,
};

struct xhci_known {
	struct rv_usb_info info;
	struct usb_identity identity;
	uint16_t language;
	uint8_t string_bytes[XHCI_STRINGS];
	uint8_t strings[XHCI_STRINGS][XHCI_STRING_BYTES];
};
_Static_assert(sizeof(struct xhci_known) <= PAGE_BYTES, "what is known is in a page");

struct xhci_slot {
	struct xhci_ring ring; /* of endpoint 0 */
	uint8_t number;
	uint8_t state;	       /* enum xhci_state */
	uint8_t nr_tries;
	bool is_verified;      /* it has answered the same twice, since it was allowed */
	bool was_allowed;      /* before its reset, and `known` is of then */
	bool is_told;	       /* scripts know of it */
	bool owes_detach;
	struct request_usb gone; /* of whom that is to be told */
	uint32_t route, port, speed;
	uint32_t work_at;      /* the next of `work` */
	/* A page each, all or none; the first three are the controller's to reach: */
	uint8_t *context;      /* the input context of the last Address Device */
	struct xhci_trb *work; /* transfers of our own */
	uint8_t *data;
	uint8_t *descriptors;
	struct xhci_known *known;
	uint8_t *configuration; /* a page: the input context of the last Configure Endpoint of an endpoint below */
	struct xhci_endpoint *endpoints[XHCI_ENDPOINTS]; /* those that were wanted once */
	struct storage *storage; /* mediator/usb/storage.h; NULL: it never had any */
};

struct xhci_controller {
	uint64_t function;
	unsigned index;
	bool is_claimed;
	bool is_seen;	       /* from a reset on */
	uint32_t nr_pumps;     /* rings that a CPU is at */
	bool was_silent;       /* a device has not answered since they are */
	bool has_slept;	       /* it has forgotten where commands are, and has not been told again */
	bool is_learned;       /* the next six */
	uint8_t operational, nr_slots;
	uint16_t interrupter;  /* ours; 0: there is none */
	uint32_t runtime, doorbells, context_bytes, capabilities;
	bool has_64_bits;
	uint32_t crcr[2];      /* as the guest has written it */
	uint32_t config;       /* how many slots the guest has enabled since it was reset */
	struct pci_follower registers;
	struct xhci_ring commands;
	struct xhci_slot *slots[256];
	struct xhci_erst *erst; /* pages that the controller may reach, all or none */
	struct xhci_trb *events;
	uint8_t *sink;	       /* what the guest has read and does not get */
	uint32_t event_at;
	bool event_cycle;
	bool watches_transfers;
	bool hears_bells;      /* doorbells exit, from the first transfer that waits on */
	bool hears_dequeues;   /* so do the guest's accesses to how far it has read events, from the first end that waits on */
	bool has_full_ends;    /* the guest has no room for some that could be told */
	struct pci_follower bells, dequeues;
	struct xhci_harvest harvests[XHCI_HARVESTS];
	struct xhci_transfer *stale; /* given up while the controller could still read their data: until the next reset */
	uint32_t nr_stale;
};

/* Guards all of this, of all controllers; not held while hooks are asked. */
extern struct spinlock xhci_lock;

/* All that follows is called under it; what has a vCPU may give it up while hooks are asked. */

/* xhci_find.c. The controller at that position; NULL: there are not so many. */
struct xhci_controller *xhci_at(unsigned position);
void xhci_find_one(uint64_t function); /* boot, without lock */
int xhci_claim(struct xhci_controller *controller);
void xhci_release(struct xhci_controller *controller);
/* The rings are the guest's again, and no slot is known. */
void xhci_forget(struct xhci_controller *controller);
uint32_t xhci_get(struct xhci_controller *controller, uint32_t offset);
void xhci_put(struct xhci_controller *controller, uint32_t offset, uint32_t value);
bool xhci_learn(struct xhci_controller *controller);
/* Where no TRB ever comes for a controller with that cycle state. */
hpa_t xhci_dead_end(const struct xhci_controller *controller, bool cycle);

/* xhci_registers.c */
enum access_result xhci_registers_access(struct access *access, int64_t offset, void *controller);

/* xhci_ring.c */
/* From now on the ring's next TRB is there. 0; -RV_EFAULT: nothing can be there; -RV_EBUSY: another ring is; -RV_ENOMEM;
 * what mmio_register() says. It is as it was then. Where it was stays ours: the controller may refuse the command by which the
 * guest wants it, and be there still. */
int xhci_ring_begin(struct xhci_ring *ring, gpa_t address, bool cycle);
/* It is where it began last, for sure: its other segments are the guest's again. */
void xhci_ring_leave_others(struct xhci_ring *ring);
/* Is that in its memory? */
bool xhci_ring_has(const struct xhci_ring *ring, gpa_t address);
void xhci_ring_end(struct xhci_ring *ring);
/* Has the guest given that one to the controller? */
bool xhci_place_is_valid(const struct xhci_place *place);
static inline struct xhci_trb xhci_place_trb(const struct xhci_place *place)
{
	return place->segment->trbs[place->index];
}
gpa_t xhci_place_address(const struct xhci_place *place);
/* The one behind it, by its link if it is one. False: there can be none. */
bool xhci_ring_next(struct xhci_ring *ring, struct xhci_place *place);
/* Gives the controller the ring's next nr TRBs, at these places, as they are in `trbs`. False: the ring has no end, and
 * they are not given. */
bool xhci_ring_give(struct xhci_ring *ring, const struct xhci_place *places, const struct xhci_trb *trbs, unsigned nr);
/* In the place where the controller waits it finds a link to memory of ours, or waits. */
void xhci_ring_detour(struct xhci_ring *ring, hpa_t to);
void xhci_ring_wait(struct xhci_ring *ring);
/* Looks at all that the guest has given. */
void xhci_ring_pump(struct xhci_ring *ring, struct vcpu *vcpu);

/* xhci_bell.c. When a transfer waits, what the guest rings is rung in vain: when it goes on we ring, unless the guest has stopped
 * the endpoint. So from the first that waits on doorbells exit. 0, or as pci_follow(). */
int xhci_bells_hear(struct xhci_controller *controller);
void xhci_bells_unhear(struct xhci_controller *controller);
enum access_result xhci_bells_access(struct access *access, int64_t offset, void *controller);
/* Does the controller say that the endpoint runs? Then it can be rung, and nothing is started that the guest has stopped. */
bool xhci_ring_runs(const struct xhci_ring *ring);
/* If that is owed. */
void xhci_bell_ring(struct xhci_ring *ring);
/* That endpoint's ring, 1: endpoint 0's; NULL: nobody looks at it. */
struct xhci_ring *xhci_ring_of(struct xhci_slot *slot, uint32_t endpoint);

/* xhci_command.c, xhci_control.c: at the ring's next TRB. False: there is nothing to do now. */
bool xhci_command_step(struct xhci_ring *ring, struct vcpu *vcpu);
bool xhci_control_step(struct xhci_ring *ring, struct vcpu *vcpu);

/* xhci_read.c: asks the device for all that it says of itself. NULL, or why it cannot come in; `again`: it is to say the
 * same. *is_early: it says too little yet. */
const char *xhci_read_device(struct xhci_slot *slot, bool again, bool *is_early);
/* Our interrupter, and its next event; false: there is none. */
void xhci_events_start(struct xhci_controller *controller);
bool xhci_event_take(struct xhci_controller *controller, struct xhci_trb *event);

/* xhci_insert.c: a transfer of ours before the ring's next, whose TRBs are the first nr of `work`, with their data's address and
 * their status but the interrupter; it has room for one more. The CPU stands meanwhile. Returns how it has ended; but SUCCESS and
 * SHORT PACKET the ring is to go no further; 0: it has not, in time, and the controller may have the data yet. */
uint32_t xhci_ring_insert_all(struct xhci_ring *ring, struct xhci_trb *work, uint32_t nr, uint64_t end_tsc);
/* One of one TRB, two with that room. False: the device has not moved it all in time, and the ring is to go no further. */
bool xhci_ring_insert(struct xhci_ring *ring, struct xhci_trb *work, hpa_t data, uint32_t bytes, uint64_t us);

/* xhci_slot.c */
/* The slot of that number, with its memory; NULL: there is no memory, or no such slot. */
struct xhci_slot *xhci_slot_take(struct xhci_controller *controller, uint32_t number);
/* It is to be decided now whether the device may come in, if that has not been. */
void xhci_slot_settle(struct xhci_slot *slot, struct vcpu *vcpu);
/* May it be configured? Looks a second time. */
bool xhci_slot_may_configure(struct xhci_slot *slot, struct vcpu *vcpu);
void xhci_slot_refuse(struct xhci_slot *slot, const char *why);
/* Its device is gone. */
void xhci_slot_clear(struct xhci_slot *slot);
/* Tells of those that are gone. Without the lock. */
void xhci_tell_detached(struct xhci_controller *controller, struct vcpu *vcpu);

struct request_usb xhci_slot_facts(const struct xhci_slot *slot);

/* xhci_endpoint.c: Configure Endpoint, of a device that may be configured. False: it is to fail. */
bool xhci_endpoints_configure(struct xhci_slot *slot, struct xhci_trb *trb);
/* All endpoints but 0 are gone. */
void xhci_endpoints_end(struct xhci_slot *slot);
/* Set TR Dequeue Pointer: as the last. */
bool xhci_endpoint_moved(struct xhci_slot *slot, const struct xhci_trb *trb, struct vcpu *vcpu);
/* Reset Endpoint: of one that only the guest thinks halted it becomes Stop Endpoint, behind which it is as behind the other
 * (4.8.3). */
void xhci_endpoint_reset(struct xhci_slot *slot, struct xhci_trb *trb);

/* xhci_transfer.c. A transfer is a struct request (mediator/request.h) while hooks are asked, and can wait as any other: nothing behind
 * it in its ring is looked at then, and xhci_transfer_resume() has the ring go on, from whatever CPU's exit. What becomes of
 * the ring meanwhile (Set TR Dequeue, Configure Endpoint, resets) ends that by xhci_transfers_forget(). */
bool xhci_transfer_step(struct xhci_ring *ring, struct vcpu *vcpu);
/* One that somebody wants to see; NULL: nobody does, or (*error) there is no memory. */
struct xhci_transfer *xhci_transfer_begin(struct xhci_ring *ring, const struct xhci_place *places, const struct xhci_trb *trbs,
					  unsigned nr, int *error);
/* Asks hooks, for which it gives up the lock. False: the ring has gone elsewhere, and the transfer is freed; or it waits (request.h),
 * at the head of its ring, which goes on when that is over: it is nobody's business here any more. */
bool xhci_transfer_ask(struct xhci_transfer *transfer, struct vcpu *vcpu);
/* xhci_control.c: one of endpoint 0 is decided. */
void xhci_control_settle(struct xhci_transfer *transfer, struct vcpu *vcpu);
/* The controller has got it: it is kept as long as somebody awaits its end. */
void xhci_transfer_given(struct xhci_transfer *transfer);
void xhci_transfer_free(struct xhci_transfer *transfer);
/* Is it still what the guest has at the head of the ring? */
bool xhci_transfer_is_there(const struct xhci_transfer *transfer);
/* Its data are in memory of ours from now on, where the device is to put them. 0; -RV_ENOMEM; -RV_EFAULT. */
int xhci_transfer_bounce(struct xhci_transfer *transfer);
/* Is what was taken out of the ring last what the transfer is of? Then what is decided of it is done: as xhci_transfer_step. */
bool xhci_transfer_is_taken(const struct xhci_transfer *transfer);
bool xhci_transfer_settle(struct xhci_transfer *transfer);
/* The controller gets no more of it. False, always. */
bool xhci_ring_stop(struct xhci_ring *ring, const char *why);
/* The guest has made nothing of that TRB: if its event would have told of a stall, that comes no more, and the ring goes on. */
void xhci_transfer_taken_back(struct xhci_ring *ring, gpa_t at);
/* The ring begins elsewhere, or ends: nobody hears of those that it has. */
void xhci_transfers_forget(struct xhci_ring *ring);
/* As many pages as struct disk_io has at most, that it may reach yet, are freed when it is reset. */
void xhci_keep_pages(struct xhci_controller *controller, uint8_t *const *pages, uint32_t nr);
/* The controller was reset: it reads nothing any more. */
void xhci_transfers_free_stale(struct xhci_controller *controller);

/* xhci_end.c: an event of the controller's: what it is to be the guest is told, now or when hooks have decided. Gives up the lock.
 * False: there is no memory to keep it. */
bool xhci_transfer_event(struct xhci_harvest *harvest, const struct xhci_trb *event, struct vcpu *vcpu);
/* What can be told now, in its order. */
void xhci_ends_go_on(struct xhci_ring *ring, struct vcpu *vcpu);
/* The guest is told nothing of these any more. */
void xhci_ends_forget(struct xhci_ring *ring);
/* Hooks are gone: it is told of all that is kept. */
void xhci_ends_release(struct xhci_ring *ring);
/* The guest has made nothing of the transfer that begins there. */
void xhci_end_taken_back(struct xhci_ring *ring, gpa_t at);
/* What has come is zeros. */
void xhci_transfer_clear(struct xhci_transfer *transfer);

/* xhci_dequeue.c: where the guest's events are, of which it may have fewer than the controller has written. */
/* Has it a place for one more? */
bool xhci_harvest_has_room(const struct xhci_harvest *harvest);
void xhci_harvest_put(struct xhci_harvest *harvest, const struct xhci_trb *event);
/* One that was kept will not be told. */
void xhci_harvest_drop(struct xhci_harvest *harvest);
/* The controller interrupts, as for events that it has written. */
void xhci_harvest_interrupt(struct xhci_harvest *harvest);
/* One place on. */
void xhci_harvest_step(const struct xhci_harvest *harvest, uint32_t *segment, uint32_t *index, bool *cycle);
/* Before the first is kept. 0, or as pci_follow(). */
int xhci_dequeues_hear(struct xhci_controller *controller);
void xhci_dequeues_unhear(struct xhci_controller *controller);
enum access_result xhci_dequeues_access(struct access *access, int64_t offset, void *controller);

/* xhci_harvest.c. While hooks want to see transfers: streams are concealed, and, from the first transfer on, events looked
 * at. 0, or as pci_follow(). */
int xhci_watch_transfers(struct xhci_controller *controller, bool watches);
/* The guest's event rings are where the registers say. Does nothing where they are looked at already. */
void xhci_harvest_begin(struct xhci_controller *controller);
void xhci_harvest_end(struct xhci_controller *controller);
bool xhci_harvests(const struct xhci_controller *controller);

static inline struct xhci_slot *xhci_slot_of(const struct xhci_controller *controller, uint32_t number)
{
	return number != 0 && number <= controller->nr_slots ? controller->slots[number] : NULL;
}

#endif
