/*
 * mediator/disk/ahci.h: what the files of the AHCI mediator share: a controller, its ports, and the commands on
 * their way. Serial ATA AHCI 1.3.1.
 *
 * While a port is attached, the device has a command list of ours; the guest's it never learns, only where to put
 * received FISes. When the guest sets a bit in PxCI, its command is copied, once, into a slot of the same number,
 * offered as a request, and given to the device with a table of memory that we have made. What is done is offered
 * again if anybody wants to see it; then the guest's bit in PxCI or PxSACT goes.
 *
 *	guest's list --PxCI--> slot: ASKED -> READY -> AT_DEVICE -> DONE -> DONE_ASKED --> PxCI
 *
 * The guest cannot know of an end but by a register: so its reads of these are where ends are taken, and no
 * interrupt needs to be caught. Of commands that the disk does not queue one is at the device at a time, and none
 * beside it, so it is always known which one has failed.
 *
 * What is refused is a command that the device fails, what is dropped one that does nothing (a "filler"), in the
 * same slot: interrupts, errors and the port that stands still after one are real. Where the guest may have had the
 * interrupt of an end that hooks still had, a filler brings another.
 */
#ifndef MEDIATOR_DISK_AHCI_H
#define MEDIATOR_DISK_AHCI_H

#include "core/spinlock.h"
#include "mediator/disk/ahci_regs.h"
#include "mediator/disk/ata.h"
#include "mediator/bounce.h"
#include "mediator/disk/disk_class.h"
#include "mediator/request.h"
#include "rv/kinds.h"
#include "vmm/access.h"
#include "vmm/pci_follow.h"

#define AHCI_TABLE_PAGES 2
#define AHCI_ENTRIES_MAXIMUM ((AHCI_TABLE_PAGES * PAGE_BYTES - AHCI_TABLE_ENTRIES) / AHCI_ENTRY_BYTES)
#define AHCI_DOORS 5 /* BARs by which older drivers get at the registers or at the disks */

/* FAILED: the guest has seen that, and the port stands still until it stops it. STALE: the guest has stopped the
 * port, and the device has not let go of the memory yet. */
enum ahci_slot_state { AHCI_ASKED, AHCI_READY, AHCI_AT_DEVICE, AHCI_DONE, AHCI_DONE_ASKED, AHCI_FAILED, AHCI_STALE };

struct ahci_port;

/* A command of the guest's. */
struct ahci_slot {
	struct request request; /* handle 0: nothing that hooks see */
	struct ahci_port *port;
	struct ahci_slot *next; /* of those that are free */
	uint8_t number;	   /* of the bit */
	uint8_t state;	   /* enum ahci_slot_state */
	bool is_gone;	   /* reset while hooks are asked: who asks frees it */
	bool is_queued;	   /* the disk queues it */
	bool is_filler;	   /* the device has another in its place: `error` is what the guest is to see */
	bool has_failed;   /* DONE: the device says so */
	bool is_ended;	   /* hooks have said all about it */
	bool is_bounced;
	bool is_log;	   /* the answer is in the bounce, and not the disk's */
	bool has_received; /* `received` is what the device has said */
	bool has_waited;   /* the guest may have heard of its end already */
	uint8_t error;	   /* 0: it has succeeded */
	uint32_t transferred;
	uint32_t flags;	   /* the header's first word, as the guest had it */
	uint8_t fis[AHCI_FIS_BYTES], packet[AHCI_PACKET_BYTES];
	uint8_t received[2][AHCI_RECEIVED_FIS_BYTES]; /* PIO setup, D2H */
	const struct ata_opcode *opcode;
	struct ata_opcode other; /* of a command that is in no table */
	uint8_t *table;	   /* for the device: AHCI_TABLE_PAGES */
	struct bounce bounce;
	struct bounce_segment segments[AHCI_ENTRIES_MAXIMUM];
	uint8_t *pages[AHCI_ENTRIES_MAXIMUM];
};

struct ahci_controller;

/* Bits are slots. */
struct ahci_port {
	struct ahci_controller *controller;
	uint8_t number;
	bool is_there;
	bool is_attached;  /* the device has our list */
	bool is_pumped;	   /* a CPU is at it */
	bool is_failed;	   /* the device stands still, until it is started anew */
	bool is_told;	   /* and the guest has been told of that, and stops the port */
	bool has_log;	   /* a queued command was refused: */
	uint8_t log[14];   /* the beginning of what the disk would say of it */
	bool is_slow;	   /* it has not ended a command of ours in time, or not let go of it */
	bool has_hidden;   /* something is done, and the guest is not to know yet */
	bool has_news[2];  /* an end is shown, in PxCI, or of a queued one in PxSACT, that the guest has not looked for */
	uint32_t issued;   /* PxCI as the guest has it, */
	uint32_t active;   /* and PxSACT */
	uint32_t waiting;  /* of issued: not looked at yet */
	uint32_t out;	   /* at the device */
	uint16_t shown;	   /* PxTFD in the place of the device's; 0: the device's */
	uint32_t list[2];  /* PxCLB and PxCLBU, as the guest has them */
	uint32_t *headers; /* ours: AHCI_SLOTS of eight words, in a page */
	struct ahci_slot *slots[AHCI_SLOTS];
	struct ahci_slot *spare; /* free ones; attached, there is always one of either */
	struct ata_disk disk;
	gpa_t firmware_pages[3]; /* that are no RAM, and that firmware has its list and the like in */
	uint8_t nr_firmware_pages;
};

struct ahci_controller {
	struct disk_controller common;
	struct spinlock lock; /* guards all that follows; not held while hooks are asked */
	uint64_t function;
	uint16_t index;
	bool is_claimed;
	gpa_t base; /* of the BAR, where it was last accessed */
	uint8_t pair_bar;     /* AHCI_DOORS: none */
	uint32_t pair_offset; /* index, data: where registers can be had by ports */
	struct pci_follower registers;
	struct ahci_door {
		struct pci_follower follower;
		struct ahci_controller *controller;
	} doors[AHCI_DOORS];
	struct ahci_port ports[AHCI_PORTS_MAXIMUM];
};

static inline uint32_t ahci_bit(const struct ahci_slot *slot)
{
	return UINT32_C(1) << slot->number;
}

/* Alone at the device? */
static inline bool ahci_is_exclusive(const struct ahci_slot *slot)
{
	return !slot->is_queued || slot->is_filler;
}

/* Does the guest get data that we look at, or that hooks may? */
static inline bool ahci_gives(const struct ahci_slot *slot)
{
	return slot->request.handle != 0 &&
	       (slot->is_log || slot->opcode->kind == RV_EVENT_DISK_READ || slot->opcode->code == ATA_IDENTIFY);
}

static inline uint16_t ahci_disk_number(const struct ahci_port *port)
{
	return (uint16_t)(RV_DISK_SATA * RV_DISKS_A_BUS + port->controller->index * RV_SATA_PORTS + port->number);
}

static inline gpa_t ahci_header_address(const struct ahci_slot *slot)
{
	return (slot->port->list[0] | (uint64_t)slot->port->list[1] << 32) + slot->number * AHCI_HEADER_BYTES;
}

/* All that follows is called under the controller's lock; what has a vCPU may give it up while hooks are
 * asked. */

/* ahci_find.c: releases its registers once nobody watches and nothing is on its way. */
void ahci_release_unwatched(struct ahci_controller *controller);

/* ahci_doors.c: finds the ways round the registers; claims them: 0, or what the registries say. */
void ahci_doors_prepare(struct ahci_controller *controller);
int ahci_doors_claim(struct ahci_controller *controller);
void ahci_doors_release(struct ahci_controller *controller);

/* ahci_registers.c: the registers past all hooks, and as the guest sees them. */
uint32_t ahci_read(const struct ahci_port *port, uint32_t offset);
void ahci_write(const struct ahci_port *port, uint32_t offset, uint32_t value);
enum access_result ahci_access(struct access *access, int64_t offset, void *context);
/* One access of the guest's, of 1 to 8 bytes, wherever it came in. */
void ahci_registers_access(struct ahci_controller *controller, struct access *access, uint32_t offset);

/* ahci_memory.c: as guest_memory_read() and its like, and what firmware has for the port. */
int ahci_memory_read(const struct ahci_port *port, gpa_t at, void *buffer, size_t length_bytes);
int ahci_memory_write(const struct ahci_port *port, gpa_t at, const void *buffer, size_t length_bytes);
bool ahci_memory_is_guests(const struct ahci_port *port, gpa_t at, uint64_t length_bytes);
/* Before the guest. */
void ahci_memory_find_firmware(struct ahci_port *port);

/* ahci_attach.c: lists, ours and the guest's. */
/* Waits, not for long, until the bits are set, or not; false: they are not. */
bool ahci_await(const struct ahci_port *port, uint32_t offset, uint32_t mask, uint32_t wanted);
/* A port that does not run gets our list: 0; -RV_EBUSY: the device still has memory that it got before; -RV_EFAULT: the
 * guest's list is not in its RAM; -RV_ENOMEM. */
int ahci_attach(struct ahci_port *port);
/* The same to one that runs, if the device has nothing to do; else, or if that fails, it stays as it is. */
bool ahci_join(struct ahci_port *port);
/* Gives an attached one that has nothing to do its list back. */
void ahci_leave(struct ahci_port *port);
/* If the device looked at that slot without having been told to, it would find that nothing is asked for. */
void ahci_clear_header(const struct ahci_port *port, unsigned number);
/* The guest stops the port by that value of PxCMD: all that is on its way ends. */
void ahci_stop(struct ahci_port *port, uint32_t command);
/* The device was reset in another way. is_reset: it has certainly let go of all memory. */
void ahci_detach(struct ahci_port *port, bool is_reset);
/* Frees what is stale, as far as the device has let go of it. */
void ahci_settle(struct ahci_port *port);
/* Has a device that stands still after an error take commands again. */
void ahci_restart(struct ahci_port *port);

/* ahci_slot.c: slots. One more that is free; false: there is no memory. */
bool ahci_slot_new(struct ahci_port *port);
/* One with the number of the guest's next command; NULL: there is none, or no memory: then another's end is waited
 * for. */
struct ahci_slot *ahci_take(struct ahci_port *port);
void ahci_slot_free(struct ahci_slot *slot);
/* Gives back the memory of all that are free. */
void ahci_slots_delete(struct ahci_port *port);

/* ahci_command.c: the guest's command is read, once: 0; -RV_EFAULT: not the guest's RAM; -RV_E2BIG; -RV_EINVAL. */
int ahci_command_read(struct ahci_slot *slot);
/* What it asks for, and in how many sectors, as its FIS says. */
void ahci_command_describe(struct ahci_slot *slot);
/* Is it for what is behind a port multiplier? */
bool ahci_is_multiplied(const struct ahci_slot *slot);
/* What its registers say for a count of sectors: of a discard how long its list is. */
uint32_t ahci_command_blocks(const struct ahci_slot *slot);
/* Writes it, or the filler, where the device reads it. */
void ahci_command_write(struct ahci_slot *slot);
/* The FISes that the device would have sent for it are put where the guest finds them; and the reverse. */
void ahci_received_write(struct ahci_slot *slot);
void ahci_received_read(struct ahci_slot *slot);

/* ahci_request.c: from a command to a request, and to the device. */
void ahci_begin(struct ahci_slot *slot, struct vcpu *vcpu);
/* The guest looks which commands have ended, by PxSACT which of those that are queued: it knows now what it had an
 * interrupt for. */
void ahci_looked(struct ahci_port *port, bool is_queued);
/* The device is done. */
void ahci_complete(struct ahci_slot *slot, struct vcpu *vcpu);

/* ahci_log.c: a queued command was refused; is that what the guest asks about? Then the answer goes into a bounce of a
 * sector. */
void ahci_log_write(struct ahci_slot *slot);
bool ahci_log_is_asked(const struct ahci_slot *slot);
void ahci_log_answer(struct ahci_slot *slot);

/* ahci_work.c: has all go on that can. */
void ahci_work(struct ahci_port *port, struct vcpu *vcpu);

/* ahci_own.c: asks the disk at a port what it is; before the guest, and if nothing is on its way. */
void ahci_identify(struct ahci_port *port);
/* What it has answered, to us or to the guest. */
void ahci_identified(struct ahci_port *port, const uint16_t *words);
/* A command to the disk at a port, as disk_class.h's io. Takes the controller's lock. */
int ahci_own_io(struct ahci_port *port, struct disk_io *io);
/* As disk_class.h's read_early, of a port's disk. */
int ahci_port_read_early(const struct ahci_port *port, struct disk_early *early);

#endif
