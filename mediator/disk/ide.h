/*
 * mediator/disk/ide.h: what the files of the IDE mediator share: a channel with up to two ATA disks, and
 * the command that is in the works on it. ATA/ATAPI-7; Programming Interface for Bus Master IDE Controller 1.0.
 *
 * The guest's writes of the command register, and of the bus master's start bit, are taken; what the guest
 * asked for is offered as a request; then the device gets the same, another, or a harmless command, whose
 * interrupt is the one that the guest waits for. Between, the guest reads "busy". Data by DMA that hooks
 * touch go through a bounce. Data by PIO go through a buffer of ours, a block (one interrupt's worth) at a
 * time, and each block is a request and a command of its own.
 */
#ifndef MEDIATOR_DISK_IDE_H
#define MEDIATOR_DISK_IDE_H

#include "core/spinlock.h"
#include "mediator/disk/ata.h"
#include "mediator/bounce.h"
#include "mediator/disk/disk_class.h"
#include "mediator/request.h"
#include "rv/disk.h"
#include "rv/types.h"
#include "vmm/access.h"
#include "vmm/pci_follow.h"

#define IDE_SECTOR_BYTES ATA_SECTOR_BYTES
#define IDE_BLOCK_BYTES_MAXIMUM (128 * IDE_SECTOR_BYTES)
#define IDE_PAGES_MAXIMUM 512 /* 2 MiB by DMA */
#define IDE_SEGMENTS_MAXIMUM 1024

/* Offsets in the command block, and the one register of the control block. */
enum { IDE_DATA, IDE_ERROR, IDE_COUNT, IDE_LBA0, IDE_LBA1, IDE_LBA2, IDE_DEVICE, IDE_COMMAND };
#define IDE_FEATURES IDE_ERROR
#define IDE_STATUS IDE_COMMAND
#define IDE_COMMAND_PORTS 8

#define IDE_DEVICE_SLAVE 0x10
#define IDE_CONTROL_NIEN 0x02
#define IDE_CONTROL_SRST 0x04

/* The bus master's registers of a channel. */
enum { IDE_BM_COMMAND = 0, IDE_BM_STATUS = 2, IDE_BM_TABLE = 4, IDE_BM_PORTS = 8 };
#define IDE_BM_START 0x01
#define IDE_BM_TO_MEMORY 0x08
#define IDE_BM_ACTIVE 0x01
#define IDE_BM_INTERRUPT 0x04

enum ide_phase {
	IDE_OPEN,      /* guest and device talk with each other */
	IDE_ARMED,     /* a DMA command is taken, the bus master not started: the device has seen nothing */
	IDE_ASKING,    /* hooks are being asked, or have the request wait */
	IDE_RUNNING,   /* DMA, or a command without data, is at the device */
	IDE_GATHERING, /* PIO: the guest gives us a block */
	IDE_SENDING,   /* PIO: a block, or what stands for it, is at the device */
	IDE_FETCHING,  /* PIO: the device gives us a block */
	IDE_GIVING,    /* PIO: the guest gets it from us */
	IDE_FAILED,    /* refused: the guest sees an error until it gives another command */
};

struct ide_channel;

/* What is done with a request that is decided: request->verdict. Under channel->lock. */
typedef void (*ide_decided)(struct ide_channel *channel, struct vcpu *vcpu);

struct ide_channel {
	struct disk_controller common;
	struct spinlock lock; /* guards all that follows; not held while hooks are asked */
	/* First ports. Of the bus master: where it was last accessed, since its BAR may move; 0: nowhere yet. */
	uint16_t command, control, bus_master;
	bool is_claimed;
	struct access_region regions[2]; /* the command block, the control register */
	struct pci_follower master;
	uint16_t master_offset;		 /* in the BAR: the second channel's lies behind the first's */
	struct ata_disk disks[2];

	enum ide_phase phase;
	uint64_t round;		/* counts whatever ends a command before its time */
	uint8_t control_value;	/* last written by the guest */
	bool is_started;	/* the bus master, as the guest has it */
	bool is_to_memory;
	uint32_t table;		/* the guest's, while the device has ours */
	bool has_our_table;

	struct request request;
	ide_decided decided;	/* ASKING: what comes then */
	uint64_t asked_round;	/* likewise */
	bool has_waited;	/* between question and decision the guest ran */
	const struct ata_opcode *opcode;
	struct ata_opcode other; /* of a command that is in no table */
	struct ata_taskfile written; /* what the guest has written so far */
	struct ata_taskfile taskfile; /* of the command */
	unsigned unit;
	uint8_t error;		/* FAILED: what the error register says */
	bool is_dropped;	/* the device was given something else, that succeeds */
	bool is_bounced;

	uint64_t lba;		/* PIO: of the block, as the guest has it */
	uint32_t sectors_left;	/* PIO: with this block */
	uint32_t block_bytes, position;
	uint8_t *block;		/* IDE_BLOCK_BYTES_MAXIMUM, below 4 GiB */
	uint32_t *our_table;	/* for the bus master: a page below 4 GiB */
	struct bounce bounce;
	struct bounce_segment segments[IDE_SEGMENTS_MAXIMUM];
	uint8_t *pages[IDE_PAGES_MAXIMUM]; /* each below 4 GiB */
};

/* ide_registers.c: the registers past all hooks. */
uint8_t ide_read(const struct ide_channel *channel, unsigned offset);
void ide_write(const struct ide_channel *channel, unsigned offset, uint8_t value);
uint8_t ide_alternate_status(const struct ide_channel *channel);
/* Why a command failed; never 0. */
uint8_t ide_error(const struct ide_channel *channel);
/* The guest has written a register of the command block: channel->written knows it. Not read back when a
 * command comes: that would take the bit HOB of the control register, which not all have, and the guest's
 * other CPU could write in between. */
void ide_taskfile_note(struct ide_channel *channel, unsigned offset, uint8_t value);
/* As the registers are now: after a reset, or when the channel is claimed. */
void ide_taskfile_learn(struct ide_channel *channel);
/* Gives the device a command: for that LBA and so many sectors in place of those of the taskfile. */
void ide_write_parameters(const struct ide_channel *channel, const struct ata_taskfile *taskfile);
void ide_issue(const struct ide_channel *channel, const struct ata_taskfile *taskfile,
	       const struct ata_opcode *opcode, uint64_t lba, uint32_t sectors);
/* Writes the command register, and waits until the status register is about that. Returns what it says. */
uint8_t ide_give_command(const struct ide_channel *channel, uint8_t code);
/* As long as that takes, after a drive was chosen. */
uint8_t ide_settle(const struct ide_channel *channel);
/* Gives it one without data that fails, or one that succeeds: the interrupt is real. */
void ide_issue_failure(const struct ide_channel *channel);
void ide_issue_success(const struct ide_channel *channel);
/* Waits for an end of BSY, and for DRQ if `data`; false: not within a second, or an error. */
bool ide_wait(const struct ide_channel *channel, bool data);
/* Sectors by PIO, each as soon as the disk is ready for it, whatever it takes for a block; up to one that it
 * fails, or is not ready for within a second: what is taken is whole, or false. */
bool ide_take_data(const struct ide_channel *channel, uint8_t *bytes, uint32_t length_bytes);
void ide_give_data(const struct ide_channel *channel, const uint8_t *bytes, uint32_t length_bytes);

/* ide_identify.c: asks a disk what it is; IDENTIFY DEVICE with its interrupt held back. The channel is idle.
 * disk->is_there says whether there is one. */
void ide_identify(const struct ide_channel *channel, unsigned unit, struct ata_disk *disk);

/* ide_dma.c: how much data the command's DMA moves: of a discard its list of ranges. */
uint64_t ide_dma_bytes(const struct ide_channel *channel);
/* The bus master's table. Reads the guest's, once, into the bounce's segments; makes one of the
 * bounce's pages and gives it to the bus master. 0, -RV_EFAULT, -RV_E2BIG, -RV_ENOMEM. */
int ide_dma_read_table(struct ide_channel *channel, uint64_t most_bytes);
int ide_dma_bounce(struct ide_channel *channel);
void ide_dma_give_table(struct ide_channel *channel);
/* The bus master stands still if it had our table, the guest's is in place again, the pages are free. */
void ide_dma_end(struct ide_channel *channel);

/* ide.c: what a channel does. Under channel->lock, which they give up while hooks are asked. */
void ide_command_written(struct ide_channel *channel, struct vcpu *vcpu, uint8_t code);
void ide_control_written(struct ide_channel *channel, uint8_t value);
void ide_started(struct ide_channel *channel, struct vcpu *vcpu);
/* Whatever the device has finished is taken notice of. */
void ide_harvest(struct ide_channel *channel, struct vcpu *vcpu);

/* ide_pio.c: blocks. */
void ide_pio_begin(struct ide_channel *channel, struct vcpu *vcpu);
/* IDENTIFY DEVICE of a disk that is encrypted. */
void ide_pio_identify(struct ide_channel *channel, struct vcpu *vcpu);
void ide_pio_harvest(struct ide_channel *channel, struct vcpu *vcpu);
uint32_t ide_pio_read(struct ide_channel *channel, struct vcpu *vcpu, uint8_t width_bytes);
void ide_pio_write(struct ide_channel *channel, struct vcpu *vcpu, uint8_t width_bytes, uint32_t value);

/* ide.c, for ide_pio.c. Makes channel->request; its data are the caller's. */
void ide_begin(struct ide_channel *channel, uint64_t lba, uint32_t sectors);
/* Asks the hooks without the lock, and does what is to be done then: at once, or, if the request waits, later;
 * or never, if a reset ends the command. */
void ide_ask(struct ide_channel *channel, struct vcpu *vcpu, ide_decided decided);
/* After that: false: the command is refused, and over; else channel->is_dropped says what they want. */
bool ide_obey(struct ide_channel *channel);
/* The guest sees an error, as request->refusal says it. */
void ide_fail(struct ide_channel *channel);
/* The request's end, if somebody wants to see it. As ide_ask(). */
void ide_ask_done(struct ide_channel *channel, struct vcpu *vcpu, ide_decided decided);

/* A decision that took its time: the device gives its interrupt anew, by a command that does nothing. */
void ide_interrupt_again(struct ide_channel *channel);

/* ide_own.c: a command of ours to one of its disks, as disk_class.h's io. Takes the channel's lock. */
int ide_own_io(struct ide_channel *channel, unsigned unit, struct disk_io *io);

/* ide_claim.c: the ports that are claimed. Prepares a new channel; claims: 0, -RV_ENOMEM, -RV_ENOTSUP: our memory
 * is out of the bus master's reach; releases, while its phase is OPEN. The last two under its lock. */
void ide_prepare(struct ide_channel *channel, uint64_t function);
int ide_claim(struct ide_channel *channel);
void ide_release(struct ide_channel *channel);
/* The same, if nobody watches any more and nothing is in the works. */
void ide_release_unwatched(struct ide_channel *channel);

#endif
