/*
 * mediator/disk/nvme.h: what the files of the NVMe mediator share: a controller, its queues, and the commands
 * on their way. NVM Express Base Specification 2.0c.
 *
 * The device has submission and completion queues of ours, a page each; those of the guest it never learns.
 * When the guest rings a doorbell (which may be in its memory: nvme_doorbells.c), its commands are copied, once,
 * each into a slot, offered as requests, and put into our queue with the slot's number as their identifier and
 * lists of memory that we have made. What completes there is offered again if anybody wants to see it, and put into
 * the guest's queue with the guest's identifier.
 *
 *	guest's SQ --doorbell--> slot: ASKED -> AT_DEVICE -> DONE_ASKED --> guest's CQ
 *
 * Who takes a completion: whoever rings a doorbell, and every CPU that takes an interrupt, before its guest has
 * it (vmm/interrupt_watch.h): the message of an interrupt does not overtake the completion that it is about. So
 * the guest's handler finds what it is called for. Where a completion is put into the guest's queue after its
 * interrupt may have come, because hooks were asked meanwhile, the device is made to interrupt again, by a
 * command that does nothing (nvme_nudge()). What is refused or dropped is such a command too: every interrupt is
 * the device's. Queues without interrupts, and the admin queue, are waited for within the exit.
 */
#ifndef MEDIATOR_DISK_NVME_H
#define MEDIATOR_DISK_NVME_H

#include "core/spinlock.h"
#include "mediator/bounce.h"
#include "mediator/disk/disk_class.h"
#include "mediator/disk/nvme_regs.h"
#include "mediator/request.h"
#include "rv/disk.h"
#include "rv/types.h"
#include "vmm/access.h"
#include "vmm/pci_follow.h"

#define NVME_PAGE_BYTES 4096
#define NVME_QUEUES_MAXIMUM 33 /* with the admin queue */
#define NVME_SQ_ENTRIES 64     /* of ours: a page */
#define NVME_CQ_ENTRIES 256    /* likewise */
/* One command's less than the ring's entries can be on the way; the last slot is for nudges. */
#define NVME_SLOTS 63
#define NVME_SLOT_NUDGE (NVME_SLOTS - 1)
#define NVME_TRANSFER_SHIFT 5 /* MDTS as the guest sees it: 128 KiB */
#define NVME_TRANSFER_PAGES (1u << NVME_TRANSFER_SHIFT)
#define NVME_TRANSFER_BYTES (NVME_TRANSFER_PAGES * NVME_PAGE_BYTES)
/* Admin commands are numbered above those of namespaces in what hooks see. */
#define NVME_COMMAND_ADMIN 0x100

struct nvme_command {
	uint32_t words[16];
};

struct nvme_completion {
	uint32_t words[4]; /* result, reserved, SQ head and number, identifier and phase and status */
};

struct nvme_namespace {
	bool is_known;	      /* the guest has asked what it is, and we have seen the answer */
	uint32_t block_bytes; /* that are transferred for one, with metadata if those go along */
	uint16_t metadata_bytes;
	bool is_extended;     /* the metadata go along with the data */
	struct rv_disk_info info;
};

/* Where the device puts completions, and where the guest finds them. */
struct nvme_cq {
	uint16_t number;
	bool interrupts;
	gpa_t base; /* the guest's: */
	uint32_t size;
	uint32_t tail, head; /* where the next goes; up to where the guest has taken them */
	bool phase;	     /* of the next */
	struct nvme_completion *ring; /* ours: NVME_CQ_ENTRIES */
	uint32_t index, rung; /* what is taken; what the device knows of that */
	bool ring_phase;
};

struct nvme_slot;

/* Where the guest puts commands, and what of them is on its way. */
struct nvme_sq {
	struct nvme_controller *controller;
	uint16_t number;
	uint16_t generation; /* of its commands' identifiers */
	uint16_t cq_number;  /* its completion queue, as the device has it */
	struct nvme_cq *cq;  /* the same, once the queue is made */
	gpa_t base; /* the guest's: */
	uint32_t size;
	uint32_t head, tail; /* what is copied; what the guest has rung for */
	bool is_pumped;	     /* a CPU is at it */
	bool is_closing;     /* the guest deletes it: nothing more is copied */
	bool is_gone;	     /* deleted, or reset. Freed when nr_users is 0 */
	uint32_t nr_users;   /* who has let go of the lock amid it, and will be back */
	struct nvme_command *ring; /* ours: NVME_SQ_ENTRIES */
	uint32_t ring_tail;
	uint32_t nr_out; /* at the device, but for asynchronous events */
	uint32_t nr_kept; /* slots in NVME_DONE */
	bool nudge_again;
	struct nvme_slot *slots[NVME_SLOTS];
};

/* DONE: there is no room for it in the guest's queue. OWN_DONE: it is not the guest's, and who waits for it frees
 * it; or is_spare, and what came of it is for the guest's next that waits. */
enum nvme_slot_state { NVME_FREE, NVME_ASKED, NVME_AT_DEVICE, NVME_DONE_ASKED, NVME_DONE, NVME_OWN_DONE };

/* A command of the guest's. */
struct nvme_slot {
	struct request request;
	struct nvme_sq *sq;
	uint16_t number;     /* its identifier at the device */
	uint16_t identifier; /* the guest's */
	uint8_t state;	     /* enum nvme_slot_state */
	bool is_filler;	     /* the device has a command that does nothing in its place: `status` is what it says */
	bool is_own;	     /* of ours: nvme_own.c */
	bool is_awaited;     /* likewise: somebody looks for its end */
	bool is_spare;	     /* it waits for an event, and the guest has been told of one by it: the next that waits is this */
	bool is_bounced;
	bool has_waited;     /* between question and decision guests ran */
	uint16_t status;
	uint64_t nr_interrupts; /* the controller's, when it was done */
	struct nvme_command command; /* the guest's, as it was copied */
	struct nvme_completion completion;
	struct nvme_cq *new_cq; /* CREATE_CQ, CREATE_SQ: what is made if the device agrees */
	struct nvme_sq *new_sq;
	struct bounce bounce;
	struct bounce_segment segments[NVME_TRANSFER_PAGES + 1];
	uint8_t *pages[NVME_TRANSFER_PAGES];
	uint64_t *list; /* NVME_TRANSFER_PAGES of them, in a page that the device reads */
};

/* A pair of queues that firmware's driver had made before us, and how far it has come. */
struct nvme_firmware_pair {
	gpa_t sq, cq;
	uint32_t sq_size, cq_size, tail, head;
	bool phase; /* of the next completion */
};

struct nvme_firmware {
	bool is_noted;
	uint32_t aqa;
	struct nvme_firmware_pair admin, io; /* io: number 1 */
};

struct nvme_controller {
	struct disk_controller common;
	struct spinlock lock; /* guards all that follows; not held while hooks are asked */
	uint64_t function;
	uint16_t index;
	bool is_claimed;
	bool is_attached; /* the device has our queues */
	bool is_stopping; /* it is disabled, and may not have let go of them yet */
	bool has_failed;  /* so a script says: the guest is told, and nothing goes on, until it is disabled */
	struct pci_follower registers, doorbells;
	gpa_t base;		/* of the BAR, where it was last accessed */
	uint32_t doorbell_bytes; /* from one to the next */
	uint32_t aqa, asq[2], acq[2]; /* attached: as the guest has them */
	uint8_t *shadow_doorbells, *event_indexes; /* the guest's, in its memory (nvme_doorbells.c); NULL: it has none */
	uint64_t nr_interrupts;	/* that CPUs have looked for completions for, to the end */
	uint16_t generation;	/* of the newest submission queue */
	uint32_t queues_end;	/* from here on there is none but our own: what looks at all goes up to here */
	uint16_t own_number;	/* of the queues that are ours alone; 0: there are none left for us */
	bool own_is_begun;	/* they are there, or about to be */
	uint32_t transfer_bytes; /* that the device takes for a command, as far as it has said */
	struct nvme_sq *sqs[NVME_QUEUES_MAXIMUM]; /* 0: the admin queue */
	struct nvme_cq *cqs[NVME_QUEUES_MAXIMUM];
	char model[48], serial[24];
	struct nvme_namespace namespaces[RV_NVME_NAMESPACES];
	struct nvme_firmware firmware;
};

static inline uint32_t nvme_opcode(const struct nvme_slot *slot)
{
	return slot->command.words[NVME_WORD_CODE] & 0xff;
}

/* Of a namespace, which has one: 1 to RV_NVME_NAMESPACES. */
static inline uint16_t nvme_disk_number(const struct nvme_controller *controller, uint32_t namespace)
{
	return (uint16_t)(RV_DISK_NVME * RV_DISKS_A_BUS + controller->index * RV_NVME_NAMESPACES + namespace - 1);
}

static inline uint64_t nvme_pair(const uint32_t *words)
{
	return words[0] | (uint64_t)words[1] << 32;
}

/* nvme_find.c: the machine's controllers; they stay where they are. NULL behind the last. */
struct nvme_controller *nvme_controller_at(unsigned position);
/* Releases its registers, unless its queues are ours: then that is done when the guest resets it. Under its lock. */
void nvme_release(struct nvme_controller *controller);

/* All that follows is called under the controller's lock; what has a vCPU may give it up while hooks are
 * asked. */

/* nvme_registers.c: the registers as the guest sees them, and past all hooks. */
enum access_result nvme_registers_access(struct access *access, int64_t offset, void *context);
enum access_result nvme_doorbell_access(struct access *access, int64_t offset, void *context);
uint32_t nvme_read(const struct nvme_controller *controller, uint32_t offset);
void nvme_write(const struct nvme_controller *controller, uint32_t offset, uint32_t value);
void nvme_ring(const struct nvme_controller *controller, uint32_t queue, bool completions, uint32_t value);

/* nvme_doorbells.c: doorbells in the guest's memory. From now on it has them in these two pages: 0, or a status. */
uint16_t nvme_doorbells_set(struct nvme_controller *controller, gpa_t doorbells, gpa_t events);
/* A queue begins to have its doorbell there, if the guest has such. */
void nvme_doorbells_begin_sq(const struct nvme_sq *sq);
void nvme_doorbells_begin_cq(const struct nvme_controller *controller, const struct nvme_cq *cq);
/* Is the queue's tail in memory? Else it is what was written to the register. */
bool nvme_doorbells_have(const struct nvme_sq *sq);
/* Takes that tail. If it has moved it is to be taken once more before the guest goes on, which may not have rung. */
bool nvme_doorbells_take_tail(struct nvme_sq *sq);
/* Takes the head, if it is in memory; and the guest is to ring when it moves that on. */
void nvme_doorbells_take_head(const struct nvme_controller *controller, struct nvme_cq *cq);
/* The guest has rung the register of a queue for which it is to do so each time. */
void nvme_doorbells_rung(const struct nvme_controller *controller, uint32_t queue, bool completions, uint32_t value);
/* Is there room for all in a page? */
static inline bool nvme_doorbells_fit(const struct nvme_controller *controller)
{
	return 2 * NVME_QUEUES_MAXIMUM * controller->doorbell_bytes <= NVME_PAGE_BYTES;
}

/* nvme_queue.c: queues, ours and the guest's. */
struct nvme_cq *nvme_cq_new(uint16_t number, gpa_t base, uint32_t size);
struct nvme_sq *nvme_sq_new(struct nvme_controller *controller, uint16_t number, struct nvme_cq *cq, gpa_t base,
			    uint32_t size);
void nvme_cq_free(struct nvme_cq *cq);
/* The device has let go of it. */
void nvme_sq_end(struct nvme_sq *sq);
void nvme_sq_put(struct nvme_sq *sq); /* one user less */
/* A free slot with the guest's next command; NULL: there is none of either. */
struct nvme_slot *nvme_take(struct nvme_sq *sq);
/* A free slot; NULL: there is none. */
struct nvme_slot *nvme_slot_find(struct nvme_sq *sq);
void nvme_slot_free(struct nvme_slot *slot);
void nvme_submit(struct nvme_slot *slot, const struct nvme_command *command);
/* The slot that a completion of the device's is about, which is not there any more; NULL: none. */
struct nvme_slot *nvme_slot_of(struct nvme_controller *controller, const struct nvme_completion *completion);
/* What the device knows the guest's identifier as; one that it does not know, if it has no such command. */
uint16_t nvme_identifier_at_device(const struct nvme_sq *sq, uint16_t identifier);
/* The device's next completion; false: there is none. */
bool nvme_cq_next(struct nvme_cq *cq, struct nvme_completion *completion);
/* Tells the device what is taken. */
void nvme_cq_taken(struct nvme_controller *controller, struct nvme_cq *cq);
/* Gives the guest the slot's completion, and frees the slot; or keeps it until there is room. */
void nvme_post(struct nvme_slot *slot);
/* One that waits for an event, whose is_spare is that; NULL: none. */
struct nvme_slot *nvme_slot_of_event(const struct nvme_sq *sq, bool is_spare);
/* Gives the guest another completion of the slot's; false: there is no room. */
bool nvme_post_beside(struct nvme_slot *slot, const struct nvme_completion *completion);
/* The guest has made room. */
void nvme_post_kept(struct nvme_controller *controller, struct nvme_cq *cq);

/* nvme_request.c: from a command to a request, and to the device. */
void nvme_begin(struct nvme_slot *slot, struct vcpu *vcpu);
/* Has the device do nothing, and the guest get that status. */
void nvme_answer(struct nvme_slot *slot, uint16_t status);
/* Has it do nothing: for the interrupt. */
void nvme_nudge(struct nvme_sq *sq);
/* The device is done. */
void nvme_complete(struct nvme_slot *slot, struct vcpu *vcpu);

/* nvme_admin.c: commands that are about the controller. False: it is a request as any. */
bool nvme_admin_begin(struct nvme_slot *slot);
/* The controller tells of an event, as disk_class.fail. */
int nvme_tell(struct nvme_controller *controller, uint32_t event);
/* What a success of the device's means. */
void nvme_admin_complete(struct nvme_slot *slot);
/* A command that makes a queue, with a ring of ours. */
void nvme_create(struct nvme_slot *slot, const void *ring, uint32_t entries);
/* It is made. */
void nvme_queue_made(struct nvme_slot *slot);

/* nvme_own.c: commands of ours. The guest sets the number of queues: the device is asked for one more, and the guest is
 * told of one less. */
void nvme_own_ask_more(struct nvme_command *command);
void nvme_own_hide(struct nvme_controller *controller, struct nvme_completion *completion);
/* The guest has a queue: now we make ours. */
void nvme_own_begin(struct nvme_controller *controller);
/* Of a slot that is_own. One that is_awaited is for who waits. */
void nvme_own_complete(struct nvme_slot *slot);
/* As disk_class.h's io. Takes the controller's lock. */
int nvme_io(unsigned index, struct disk_io *io);

/* nvme_early.c: as disk_class.h's read_early. */
int nvme_read_early(struct disk_early *disk);
/* Resets it, asks it what it and its namespaces are, and leaves it disabled: 0; -RV_ENOMEM; -RV_ENOENT; -RV_EIO. Context:
 * boot. */
int nvme_identify_early(struct nvme_controller *controller);
/* Enables or disables it. False: it does not do so in time. */
bool nvme_enable_early(const struct nvme_controller *controller, bool enable);

/* nvme_firmware.c: a controller that firmware's driver has in use. Notes how, before anybody resets it. Context: boot. */
void nvme_firmware_note(struct nvme_controller *controller);
/* Has that driver's queues go on by us, if there were any; whatever is not as it should be: the controller stays disabled.
 * Context: boot, before the guest runs. */
void nvme_firmware_take_over(struct nvme_controller *controller);

/* nvme_work.c: has all go on that can. */
void nvme_work(struct nvme_controller *controller, struct vcpu *vcpu);
/* Takes one completion of the device's; false: there is none. Of our own queue it needs no vCPU. */
bool nvme_harvest(struct nvme_controller *controller, struct nvme_cq *cq, struct vcpu *vcpu);
/* Until the device has done all that it was given, or for a while, if it is a queue that no interrupt tells of:
 * the admin queue, and those that the guest polls. */
void nvme_wait(struct nvme_controller *controller, uint32_t queue, struct vcpu *vcpu);
void nvme_watch_interrupts(void);

/* nvme_attach.c: gives a controller that is about to be enabled our admin queues: 0, -RV_ENOTSUP, -RV_EFAULT (the
 * guest's queues are not in its RAM), -RV_ENOMEM. Takes all queues away from one that is disabled. */
int nvme_attach(struct nvme_controller *controller);
void nvme_detach(struct nvme_controller *controller);
/* Ends what is on its way, without a word to the device. */
void nvme_end(struct nvme_controller *controller);

/* nvme_prp.c: lists of memory (4.1.1). Reads the guest's, once: 0; -RV_EINVAL: an offset that may not be;
 * -RV_EFAULT: not the guest's RAM; -RV_E2BIG. Makes one of the bounce's pages, or of its segments. */
int nvme_prp_read(struct bounce *bounce, uint64_t prp1, uint64_t prp2, uint64_t length_bytes);
void nvme_prp_write(struct nvme_command *command, const struct bounce *bounce, uint64_t *list, bool pages);

/* nvme_namespace.c: what the guest's IDENTIFY tells us, and what it is told. */
void nvme_identified_controller(struct nvme_controller *controller, uint8_t *data);
void nvme_identified_namespace(struct nvme_controller *controller, uint32_t number, uint8_t *data);
/* NULL: it is none, or not known yet. */
const struct nvme_namespace *nvme_namespace_of(const struct nvme_controller *controller, uint32_t number);
void nvme_forget_namespaces(struct nvme_controller *controller);

#endif
