/*
 * mediator/virtio/virtio.h: virtio devices on PCI, whatever they are: a device, its queues, and the commands on their
 * way. Virtual I/O Device Specification 1.2, 4.1 (PCI), 2.7 (split rings). What commands mean is a class's: disks
 * (mediator/disk/virtio_disk.h), network cards (mediator/net/virtio_net.h).
 *
 * The device has rings of ours; those of the guest it never learns. When the guest
 * notifies of a queue, the commands in it are copied, descriptors and headers, once, each into a slot, offered as
 * requests, and put into our ring with memory that we have made. What the device puts into our used ring is offered again
 * if anybody wants to see it, and put into the guest's.
 *
 *	guest's available ring --notify--> slot: ASKED -> READY -> AT_DEVICE -> DONE_ASKED --> guest's used ring
 *
 * Who takes what the device is done with: whoever notifies, reads the ISR, or takes an interrupt on whatever CPU,
 * before its guest has it (vmm/interrupt_watch.h). Where a device's interrupt may have come before the guest could find
 * what it is about, because hooks were asked meanwhile, the class sees to another.
 *
 * Of a disk the device interrupts for each command, and again by a command that does nothing (virtio_nudge()); what is
 * refused or dropped is such a command too: every interrupt is the device's. A guest that says in its ring that it
 * wants none polls: it is waited for within the exit, and the device told to be silent.
 */
#ifndef MEDIATOR_VIRTIO_H
#define MEDIATOR_VIRTIO_H

#include "core/spinlock.h"
#include "mediator/bounce.h"
#include "mediator/disk/virtio_disk_regs.h"
#include "mediator/net/virtio_net_regs.h"
#include "mediator/request.h"
#include "mediator/virtio/virtio_regs.h"
#include "rv/types.h"
#include "vmm/access.h"
#include "vmm/pci_follow.h"

#define VIRTIO_QUEUES_MAXIMUM 32
#define VIRTIO_QUEUE_SIZE_MAXIMUM 256  /* that the guest is told, where it may choose */
#define VIRTIO_RING_SIZE_MAXIMUM 1024  /* of ours; a legacy device says how large it is */
#define VIRTIO_RING_SIZE_MINIMUM 4
#define VIRTIO_SLOTS 64 /* a queue's; the last is for nudges */
#define VIRTIO_SLOT_NUDGE (VIRTIO_SLOTS - 1)
#define VIRTIO_SEGMENTS 126	       /* pieces of data in a command that the guest is told of */
#define VIRTIO_TABLE_ENTRIES 252
#define VIRTIO_BOUNCE_PAGES (PAGE_BYTES / sizeof(uint8_t *))
#define VIRTIO_BOUNCE_BYTES (VIRTIO_BOUNCE_PAGES * PAGE_BYTES)
#define VIRTIO_WINDOWS 8
#define VIRTIO_DEVICES_MAXIMUM 96

struct virtio_device;
struct virtio_queue;
struct virtio_slot;

/* ASKED, DONE_ASKED: hooks are. READY: there is no room in our ring. COMING: a part of a frame. DECIDED: a frame, for
 * which the guest has not given memory yet. OWN_DONE: a command of ours, for whoever waits for it. */
enum virtio_slot_state {
	VIRTIO_FREE, VIRTIO_ASKED, VIRTIO_READY, VIRTIO_AT_DEVICE, VIRTIO_COMING, VIRTIO_DONE_ASKED, VIRTIO_DECIDED,
	VIRTIO_OWN_DONE
};

/* What a device is. */
struct virtio_class {
	char name[8];	      /* of its devices, in messages */
	uint32_t features[2]; /* that are let be used */
	uint32_t slot_pages;  /* that a slot takes at most */
	bool polls;	      /* a guest that wants no interrupt is waited for */
	bool keeps_page;      /* a free slot has a page for the next command, which is not cleared in between */
	bool (*is_watched)(void);
	bool (*lets_none_pass)(void); /* before the guest has reset it, nothing reaches the device; NULL: it may */
	/* What the device's configuration gives at that offset, as the guest is to see it. */
	uint64_t (*config_read)(const struct virtio_device *device, uint64_t value, uint32_t at);
	/* A queue is ours: the first, and each. NULL: nothing is to be done. */
	void (*attached)(struct virtio_device *device);
	void (*made)(struct virtio_queue *queue);
	/* The device was in use, was reset, and works again with queues of ours; the features are as the guest has them.
	 * Puts right what it has forgotten. NULL: devices in use stay the guest's. */
	void (*revived)(struct virtio_device *device);
	/* The guest's driver is ready. NULL: as before. */
	void (*started)(struct virtio_device *device, struct vcpu *vcpu);
	/* Reads a command into the slot, by its head: 0; -RV_EINVAL: no device could make sense of it. */
	int (*read)(struct virtio_slot *slot);
	void (*begin)(struct virtio_slot *slot, struct vcpu *vcpu);
	/* The device is done. */
	void (*complete)(struct virtio_slot *slot, struct vcpu *vcpu);
};

/* Of a slot, in a page that the device reaches. */
struct virtio_area {
	struct virtio_descriptor table[VIRTIO_TABLE_ENTRIES];
	union {
		struct {
			struct virtio_header header;
			uint8_t id[VIRTIO_ID_BYTES]; /* of a nudge */
			uint8_t status;
		};
		struct virtio_net_header net; /* of what is sent */
	};
};

/* A command of the guest's. */
struct virtio_slot {
	struct request request;
	struct virtio_queue *queue;
	uint16_t number;
	uint16_t head;	     /* how the guest calls it */
	uint8_t state;	     /* enum virtio_slot_state */
	bool is_filler;	     /* the device has a command that does nothing in its place: `status` is what it says */
	bool is_bounced;
	bool is_unreachable; /* its data are no memory of the guest's */
	bool is_excessive;   /* in more pieces than there are segments */
	bool has_waited;     /* between question and decision guests ran */
	bool was_silent;     /* the device did not interrupt for it */
	bool is_own;	     /* of ours: mediator/disk/virtio_own.c */
	bool is_awaited;     /* ... for which somebody waits yet */
	uint8_t status;	     /* that the guest gets */
	uint16_t nr_readable; /* of the segments */
	uint16_t ring_head;  /* how the device calls it */
	uint16_t nr_entries; /* of the table */
	gpa_t status_address; /* where the guest looks for the command's end */
	uint32_t used_bytes; /* that the guest is told were written */
	uint64_t done_bytes, part_bytes; /* of bounced data: the device has done, and has */
	uint64_t nr_interrupts; /* the device's, when it was done */
	union {
		struct virtio_header header; /* the guest's, as it was copied */
		struct virtio_net_header net;
	};
	uint32_t device_bytes;	     /* that the device has written */
	uint32_t header_bytes;	     /* of what came: before the frame, in `bounce` */
	struct virtio_slot *next;    /* DECIDED, or set aside */
	struct virtio_area *area;
	struct bounce bounce;
	struct bounce_segment segments[VIRTIO_SEGMENTS + 1]; /* one for the status, while a chain is read */
};

/* What the device reads and writes. */
struct virtio_ring {
	uint32_t size, nr_pages;
	struct virtio_descriptor *descriptors;
	struct virtio_available *available;
	struct virtio_used *used;
};

/* Where the guest has its own. */
struct virtio_guest_ring {
	gpa_t descriptors, available, used;
	uint32_t size;
};

/* What a guest has said about a queue. */
struct virtio_setup {
	uint32_t addresses[6], page;
	uint16_t size; /* 0: not said */
};

/* What firmware's driver had set up before us: one queue, the first. */
struct virtio_firmware {
	bool is_noted;
	uint32_t features[2];
	struct virtio_setup setup;
};

struct virtio_queue {
	struct virtio_device *device;
	uint16_t number;
	struct virtio_guest_ring guest;
	uint16_t taken, given; /* free-running: what is copied; what is put into its used ring */
	bool is_pumped;	       /* a CPU is at it */
	bool is_dead;	       /* the guest put nonsense into it */
	bool is_gone;	       /* reset. Freed when nr_users is 0 */
	bool is_silent;	       /* the device is told not to interrupt */
	bool nudge_again;
	bool is_quiet;	       /* the device is not notified */
	bool owes_interrupt;
	bool is_due; /* VIRTIO_FEATURE_EVENT_IDX: the guest waits for what it was given, and we have not interrupted since */
	bool (*work)(struct virtio_queue *queue, struct vcpu *vcpu); /* has all go on that can; any? */
	struct virtio_slot *coming, *first_decided, **last_decided; /* of frames that come */
	struct virtio_slot *first_aside, **last_aside; /* the device is done with them; who saw that could ask no hooks */
	uint32_t nr_coming, buffer_pages;
	uint32_t nr_users;     /* who has let go of the lock amid it, and will be back */
	struct virtio_ring ring; /* ours: */
	uint16_t available_index;
	uint64_t used_index, silent_end; /* what was taken; before here the device may have been silent */
	uint32_t nr_out, nr_ready; /* at the device, or READY; of these the latter */
	uint32_t nr_free;	   /* descriptors, a list: */
	uint16_t free_head, next[VIRTIO_RING_SIZE_MAXIMUM];
	uint8_t owner[VIRTIO_RING_SIZE_MAXIMUM]; /* which slot's head a descriptor is; VIRTIO_SLOTS: none's */
	struct virtio_slot *slots[VIRTIO_SLOTS];
};

/* A part of a BAR that is claimed, or of configuration space. */
struct virtio_window {
	struct virtio_device *device;
	uint8_t type;	     /* VIRTIO_CAP_..., VIRTIO_LEGACY */
	uint32_t multiplier; /* of VIRTIO_CAP_NOTIFY */
	struct pci_follower follower;
};
#define VIRTIO_LEGACY 0 /* as a type: registers in ports */

struct virtio_device {
	const struct virtio_class *class;
	struct spinlock lock; /* guards all that follows; not held while hooks are asked */
	uint64_t function;
	uint16_t index;
	uint16_t msix;	     /* where the capability is, 0: nowhere */
	bool is_claimed;
	uint32_t hidden;     /* features of the lower half that this one does not offer either */
	bool is_seen;	     /* all that the guest has set up since the last reset */
	bool is_attached;    /* a queue is ours, or was */
	bool is_stopping;    /* it is reset, and may not have let go of them yet */
	bool is_broken;	     /* a queue is dead */
	bool is_told;	     /* features: the device has them */
	bool is_live;	     /* it was in use when its queues became ours: virtio_live.c */
	bool has_indirect;   /* it takes tables */
	bool is_legacy;	     /* the interface that the guest used last, and where its registers are: */
	uint64_t base;
	uint32_t device_select, driver_select, features[2]; /* as the guest has them: */
	uint16_t queue_select;
	struct virtio_setup setups[VIRTIO_QUEUES_MAXIMUM];
	struct virtio_firmware firmware;
	uint64_t nr_interrupts; /* that CPUs have looked for completions for, to the end */
	struct virtio_queue *queues[VIRTIO_QUEUES_MAXIMUM];
	uint64_t notify[VIRTIO_QUEUES_MAXIMUM]; /* where, if not by a legacy port */
	unsigned nr_windows;
	struct virtio_window windows[VIRTIO_WINDOWS];
};

/* virtio_find.c: the machine's devices that there is a class for; they stay where they are. NULL behind the last. */
struct virtio_device *virtio_device_at(unsigned position);
/* Makes a new one, that is zero but for its class, index and function: finds its registers. False: it is such that we
 * cannot be between. Context: boot, exit. */
bool virtio_device_init(struct virtio_device *device, bool is_transitional);
void virtio_device_add(struct virtio_device *device); /* from now on it is watched; at most VIRTIO_DEVICES_MAXIMUM */
/* Claims its registers, if they are not. 0; -RV_EINVAL: they are out of our reach; what the registries say. Under its
 * lock. */
int virtio_claim(struct virtio_device *device);
/* Releases its registers, unless queues are ours, or are about to be: then that is done when the guest resets it. Under
 * its lock. */
void virtio_release(struct virtio_device *device);
/* It is not there any more: ends what is on its way, without a word to it, and releases its registers. Under its lock. */
void virtio_leave_device(struct virtio_device *device);

/* Do the guest and we say by places in rings who wants to hear of what? The device and we do not. */
static inline bool virtio_has_events(const struct virtio_device *device)
{
	return (device->features[0] & VIRTIO_FEATURE_EVENT_IDX) != 0;
}

/* All that follows is called under the device's lock; what has a vCPU may give it up while hooks are asked. */

/* virtio_layout.c: registers of the hardware, past all hooks, by the interface in use. */
struct virtio_place {
	uint8_t offset, width_bytes, name; /* enum virtio_register */
};
const struct virtio_place *virtio_places(bool is_legacy, unsigned *count);
uint32_t virtio_get(const struct virtio_device *device, enum virtio_register name);
void virtio_put(const struct virtio_device *device, enum virtio_register name, uint32_t value);
/* Does it interrupt by messages of MSI-X now? */
bool virtio_has_vectors(const struct virtio_device *device);
/* Where the device's own configuration begins in legacy ports (4.1.4.10). */
uint32_t virtio_legacy_config(const struct virtio_device *device);
/* A part of that, 1 to 4 bytes; 0 where it is not to be had. */
uint32_t virtio_config_get(const struct virtio_device *device, uint32_t offset, uint8_t width_bytes);
/* Finds out which interface can be used now; false: none. */
bool virtio_locate(struct virtio_device *device);
/* Where in memory the device is notified of the selected queue; 0: by the legacy port, or nowhere. */
uint64_t virtio_notify_address(const struct virtio_device *device);
/* `value`, that the configuration gives at an offset, but with a number of `bytes` (2 or 4) in it no more than `most`. */
uint64_t virtio_clamp(const struct virtio_device *device, uint64_t value, uint32_t at, uint32_t field, uint32_t bytes,
		      uint32_t most);

/* The same, with the number `most` in the place of the four bytes there, as far as they are among these. */
uint64_t virtio_replace(uint64_t value, uint32_t at, uint32_t field, uint32_t most);

static inline bool virtio_lets_none_pass(const struct virtio_device *device)
{
	return device->class->lets_none_pass != NULL && device->class->lets_none_pass();
}

/* virtio_registers.c: the windows as the guest sees them, one handler for each type. */
enum access_result virtio_registers_access(struct access *access, int64_t offset, void *window);
enum access_result virtio_notify_access(struct access *access, int64_t offset, void *window);
enum access_result virtio_isr_access(struct access *access, int64_t offset, void *window);
enum access_result virtio_config_access(struct access *access, int64_t offset, void *window);
enum access_result virtio_pci_access(struct access *access, int64_t offset, void *window);

/* virtio_setup.c: features, reset, and queues that become ours. */
/* The device is to become what the guest writes to its status. */
void virtio_status_written(struct virtio_device *device, uint32_t value, struct vcpu *vcpu);
/* Ends what is on its way. */
void virtio_end(struct virtio_device *device);
/* Gives all up if the device has been reset, by whatever way. */
void virtio_settle(struct virtio_device *device);
uint32_t virtio_features_offered(const struct virtio_device *device);
/* The selected queue, where the guest says it is. */
void virtio_enable_queue(struct virtio_device *device);
void virtio_reset_written(struct virtio_device *device); /* the selected queue is to be reset */
/* Are the guest's rings all in its own memory? */
bool virtio_are_rings(const struct virtio_guest_ring *guest);
/* The selected queue is to be ours, with such a ring for the device: 0 or an error; and it is. */
int virtio_make_queue(struct virtio_device *device, const struct virtio_guest_ring *guest, uint32_t ring_size);
void virtio_begin_queue(struct virtio_device *device);
void virtio_become_ours(struct virtio_device *device); /* a queue is, or is about to be */
void virtio_tell_features(struct virtio_device *device);
/* What a driver has said before us, read back from the device's registers: 32 of its features, and of the selected queue
 * (4.1.4.3, 4.1.4.10). */
uint32_t virtio_read_features(const struct virtio_device *device, uint32_t half);
void virtio_read_setup(const struct virtio_device *device, struct virtio_setup *setup);
/* Resets the device; false: it has not done so in time. */
bool virtio_stop(struct virtio_device *device);
/* The device has the selected queue in that ring from now on; by the modern interface. */
void virtio_put_our_ring(const struct virtio_device *device, const struct virtio_ring *ring);
void virtio_page_written(struct virtio_device *device, uint32_t page);

/* virtio_live.c: a device that the guest uses already becomes ours. NULL: it is; else why it stays as it is. */
const char *virtio_live_attach(struct virtio_device *device);

/* virtio_firmware.c: a device that firmware's driver has in use. Notes how, before anybody resets it. Context: boot. */
void virtio_firmware_note(struct virtio_device *device);
/* Has that driver's queue go on by us, if there was one; whatever is not as it should be: the device stays reset. Context:
 * boot, before the guest runs. */
void virtio_firmware_take_over(struct virtio_device *device);

/* virtio_queue.c: rings, ours and the guest's. */
struct virtio_queue *virtio_queue_new(struct virtio_device *device, const struct virtio_guest_ring *guest,
				      uint32_t ring_size);
/* The device has let go of it. */
void virtio_queue_end(struct virtio_queue *queue);
void virtio_queue_put(struct virtio_queue *queue); /* one user less */
void virtio_queue_kill(struct virtio_queue *queue, const char *why);
/* A free slot with the guest's next command; NULL: there is none of either. */
struct virtio_slot *virtio_take(struct virtio_queue *queue);
/* A free slot; NULL: there is none, or no memory for its data. */
struct virtio_slot *virtio_slot_find(struct virtio_queue *queue);
void virtio_slot_free(struct virtio_slot *slot);
/* Gives the device what is in the slot's table. */
void virtio_submit(struct virtio_slot *slot);
/* The next that the device is done with; NULL: there is none. */
struct virtio_slot *virtio_done_next(struct virtio_queue *queue);
/* Takes what the device is done with, where no hook may be asked: completes the commands of ours, and nudges; those of
 * the guest's are for virtio_queue_work(). */
void virtio_set_aside(struct virtio_queue *queue);
/* Is there something for virtio_queue_work() to do? */
bool virtio_has_work(struct virtio_queue *queue);
/* Tells the device whether to interrupt. */
void virtio_set_silent(struct virtio_queue *queue, bool silent);
/* Gives the guest the slot's command back. */
void virtio_post(struct virtio_slot *slot);
/* The same of any, in two steps: what is put `ahead` of what was given, and so many of these given. */
void virtio_put_used(struct virtio_queue *queue, uint32_t ahead, uint16_t head, uint32_t length_bytes);
void virtio_give_used(struct virtio_queue *queue, uint32_t count);
/* How many commands of the guest's are not taken; more than there is room for: the queue is dead then, and 0. */
uint16_t virtio_count_available(struct virtio_queue *queue);
/* The head of the one `ahead` of what was taken. */
uint16_t virtio_head_at(const struct virtio_queue *queue, uint32_t ahead);
/* Has the device look at the queue. */
void virtio_notify_queue(const struct virtio_device *device, uint32_t number);
void virtio_notify_device(const struct virtio_queue *queue);
/* Is the guest to notify of commands that it puts there from now on? What it has put there before it knows is for the
 * caller to look for. With VIRTIO_FEATURE_EVENT_IDX that is about the next only, and virtio_take() says so too where it
 * finds none. */
void virtio_want_notice(struct virtio_queue *queue, bool wants);
/* Does the guest want an interrupt for what it was given? */
bool virtio_wants_interrupt(const struct virtio_queue *queue);

/* virtio_chain.c: lists of memory. */
struct virtio_chain {
	struct bounce *bounce; /* whose segments become the pieces, but for the header's */
	void *header;	       /* the first bytes of what the device reads, so many, go there */
	uint32_t header_bytes, header_done;
	uint16_t nr_readable;  /* of the segments */
	bool is_unreachable, is_excessive; /* pieces are no memory of the guest's; are too many */
	gpa_t last;	       /* of the last that is written: where it begins, how long it is; 0: there is none */
	uint64_t last_bytes;
	uint32_t nr_before_last; /* segments */
};
/* Reads the guest's, once: 0; -RV_EINVAL: no device could make sense of it. */
int virtio_chain_walk(const struct virtio_queue *queue, uint16_t head, struct virtio_chain *chain);
/* Appends to the slot's table; the last that does ends it. */
void virtio_append(struct virtio_slot *slot, uint64_t address, uint64_t length_bytes, uint16_t flags);
void virtio_append_last(struct virtio_slot *slot, uint64_t address, uint64_t length_bytes, uint16_t flags);

/* virtio_work.c: has all go on that can. */
void virtio_work(struct virtio_device *device, struct vcpu *vcpu);
/* Of a queue of commands, as virtio_queue.work. */
bool virtio_queue_work(struct virtio_queue *queue, struct vcpu *vcpu);
/* The guest says that there is something in a queue. */
void virtio_notified(struct virtio_device *device, uint32_t number, struct vcpu *vcpu);
/* Has the device be silent if the guest polls: until virtio_wait(). */
void virtio_heed_wish(struct virtio_queue *queue);
/* For a guest that polls: until the device has done all, or for a while. */
void virtio_wait(struct virtio_device *device, uint32_t number, struct vcpu *vcpu);
/* The guest takes an interrupt of the device's pin back, and will look at its rings once: what they are about is there
 * then, also what another CPU is amid. Of a disk that one makes the device interrupt again. */
void virtio_isr_read(struct virtio_device *device, struct vcpu *vcpu);
void virtio_watch_interrupts(void);

#endif
