/*
 * mediator/disk/ide_claim.c: the ports of a channel that are claimed, and what the guest reads and writes
 * there.
 */
#include "mediator/disk/ide.h"

#include "core/instructions.h"
#include "core/memory.h"
#include "mediator/disk/disk.h"
#include "rv/errno.h"
#include "vmm/pio.h"

/* What the status register says, if the device itself says `status`. */
static uint8_t ide_dress_status(const struct ide_channel *channel, uint8_t status)
{
	switch (channel->phase) {
	case IDE_ARMED:
	case IDE_ASKING:
		return ATA_STATUS_BSY | ATA_STATUS_DRDY | ATA_STATUS_DSC;
	case IDE_SENDING:
	case IDE_FETCHING:
		return status | ATA_STATUS_BSY;
	case IDE_GATHERING:
	case IDE_GIVING:
		return ATA_STATUS_DRDY | ATA_STATUS_DSC | ATA_STATUS_DRQ;
	case IDE_FAILED:
		return status & ATA_STATUS_BSY ? status : ATA_STATUS_DRDY | ATA_STATUS_DSC | ATA_STATUS_ERR;
	default:
		return status;
	}
}

/* The device is done, and hooks are asked on another CPU: what the guest is told here is that it is busy, and it may
 * take the interrupt for another's. So it needs one more. */
static void ide_note_look(struct ide_channel *channel)
{
	channel->has_waited |= channel->phase == IDE_ASKING && channel->request.kind == RV_EVENT_DISK_DONE;
}

static uint8_t ide_status_read(struct ide_channel *channel, struct vcpu *vcpu, bool alternate)
{
	ide_harvest(channel, vcpu);
	ide_note_look(channel);
	return ide_dress_status(channel, alternate ? ide_alternate_status(channel)
						   : ide_read(channel, IDE_STATUS));
}

/* The bus master, as it were if it had been given the guest's command. */
static uint8_t ide_master_read(struct ide_channel *channel, struct vcpu *vcpu, unsigned offset)
{
	uint8_t value;
	bool is_waiting;

	if (offset == IDE_BM_STATUS) {
		ide_harvest(channel, vcpu);
		ide_note_look(channel);
	}
	value = port_read8((uint16_t)(channel->bus_master + offset));
	is_waiting = channel->phase == IDE_ASKING || channel->phase == IDE_ARMED;
	if (offset == IDE_BM_COMMAND)
		value = (uint8_t)((value & ~IDE_BM_START) | channel->is_started);
	if (offset == IDE_BM_STATUS && is_waiting && channel->is_started)
		value = (uint8_t)((value & ~IDE_BM_INTERRUPT) | IDE_BM_ACTIVE);
	if (offset >= IDE_BM_TABLE && channel->has_our_table)
		value = (uint8_t)(channel->table >> 8 * (offset - IDE_BM_TABLE));
	return value;
}

static void ide_master_command_written(struct ide_channel *channel, struct vcpu *vcpu, uint8_t value)
{
	bool starts = (value & IDE_BM_START) && !channel->is_started;
	bool is_ours = channel->phase == IDE_ARMED || channel->phase == IDE_ASKING ||
		       channel->phase == IDE_FAILED;

	channel->is_started = (value & IDE_BM_START) != 0;
	channel->is_to_memory = (value & IDE_BM_TO_MEMORY) != 0;
	if (!channel->is_started)
		ide_harvest(channel, vcpu);
	port_write8(channel->bus_master + IDE_BM_COMMAND,
		    is_ours ? value & (uint8_t)~IDE_BM_START : value);
	if (starts && channel->phase == IDE_ARMED)
		ide_started(channel, vcpu);
}

static void ide_master_write(struct ide_channel *channel, struct vcpu *vcpu, unsigned offset, uint8_t value)
{
	unsigned shift = 8 * (offset - IDE_BM_TABLE);

	if (offset == IDE_BM_COMMAND)
		ide_master_command_written(channel, vcpu, value);
	else if (offset >= IDE_BM_TABLE && channel->has_our_table)
		channel->table = (channel->table & ~(0xffu << shift)) | (uint32_t)value << shift;
	else
		port_write8((uint16_t)(channel->bus_master + offset), value);
}

/* One register, by its port. */
static uint8_t ide_register_read(struct ide_channel *channel, struct vcpu *vcpu, uint16_t port)
{
	uint16_t offset = (uint16_t)(port - channel->command);
	uint16_t master = (uint16_t)(port - channel->bus_master);

	if (port == channel->control)
		return ide_status_read(channel, vcpu, true);
	if (offset == IDE_STATUS)
		return ide_status_read(channel, vcpu, false);
	if (offset == IDE_ERROR && channel->phase == IDE_FAILED)
		return channel->error;
	if (channel->bus_master != 0 && master < IDE_BM_PORTS)
		return ide_master_read(channel, vcpu, master);
	return (uint8_t)pio_hardware_read(port, 1);
}

/* A parameter of a command; or a port that is none of ours, beside one. */
static void ide_parameter_write(struct ide_channel *channel, uint16_t port, uint8_t value)
{
	ide_taskfile_note(channel, (uint16_t)(port - channel->command), value);
	pio_hardware_write(port, 1, value);
}

static void ide_register_write(struct ide_channel *channel, struct vcpu *vcpu, uint16_t port, uint8_t value)
{
	uint16_t offset = (uint16_t)(port - channel->command);
	uint16_t master = (uint16_t)(port - channel->bus_master);

	if (port == channel->control)
		ide_control_written(channel, value);
	else if (offset == IDE_COMMAND)
		ide_command_written(channel, vcpu, value);
	else if (channel->bus_master != 0 && master < IDE_BM_PORTS)
		ide_master_write(channel, vcpu, master, value);
	else
		ide_parameter_write(channel, port, value);
}

/* Data by PIO, if it is us who the guest has it from or gives it to. */
static bool ide_data_access(struct ide_channel *channel, struct access *access)
{
	if (access->address != channel->command || channel->phase == IDE_OPEN ||
	    channel->phase == IDE_RUNNING || channel->phase == IDE_FAILED)
		return false;
	ide_harvest(channel, access->vcpu);
	if (access->write)
		ide_pio_write(channel, access->vcpu, access->width_bytes, (uint32_t)access->value);
	else
		access->value = ide_pio_read(channel, access->vcpu, access->width_bytes) & access_mask(access);
	return true;
}

/* The pointer of the bus master's table is a register of four bytes, and some take no part of it alone. */
static bool ide_table_access(struct ide_channel *channel, struct access *access)
{
	if (channel->bus_master == 0 || access->width_bytes != 4 ||
	    access->address != (uint64_t)channel->bus_master + IDE_BM_TABLE)
		return false;
	if (channel->has_our_table) {
		if (access->write)
			channel->table = (uint32_t)access->value;
		else
			access->value = channel->table;
	} else if (access->write) {
		port_write32((uint16_t)access->address, (uint32_t)access->value);
	} else {
		access->value = port_read32((uint16_t)access->address);
	}
	return true;
}

/* Registers of a byte: a wider access is one of each, as the bus makes it. */
static void ide_bytes_access(struct ide_channel *channel, struct access *access)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < access->width_bytes; i++) {
		uint16_t port = (uint16_t)(access->address + i);

		if (access->write)
			ide_register_write(channel, access->vcpu, port, (uint8_t)(access->value >> 8 * i));
		else
			value |= (uint64_t)ide_register_read(channel, access->vcpu, port) << 8 * i;
	}
	if (!access->write)
		access->value = value;
}

/* The data register has two bytes, or four: as hardware has it. */
static bool ide_open_data_access(const struct ide_channel *channel, struct access *access)
{
	if (access->address != channel->command)
		return false;
	if (access->write)
		pio_hardware_write(channel->command, access->width_bytes, (uint32_t)access->value);
	else
		access->value = pio_hardware_read(channel->command, access->width_bytes);
	return true;
}

static enum access_result ide_handle(struct access *access, void *context)
{
	struct ide_channel *channel = context;

	if (access->direct) { /* a script's own would be a way round those of others */
		access->fault = true;
		return ACCESS_DONE;
	}
	spinlock_acquire(&channel->lock);
	if (!ide_data_access(channel, access) && !ide_table_access(channel, access) &&
	    !ide_open_data_access(channel, access))
		ide_bytes_access(channel, access);
	ide_release_unwatched(channel);
	spinlock_release(&channel->lock);
	/* Without an interrupt a guest that polls may be the only occasion. */
	deadline_look(access->vcpu);
	access->resolved = true;
	return ACCESS_DONE;
}

static enum access_result ide_handle_master(struct access *access, int64_t offset, void *context)
{
	struct ide_channel *channel = context;

	__atomic_store_n(&channel->bus_master,
			 (uint16_t)(access->address - (uint64_t)offset + channel->master_offset), __ATOMIC_RELAXED);
	return ide_handle(access, channel);
}

static void ide_set_region(struct ide_channel *channel, unsigned index, uint16_t first, unsigned nr_ports)
{
	channel->regions[index] = (struct access_region){
		.first = first,
		.last = (uint64_t)first + nr_ports - 1,
		.handler = ide_handle,
		.context = channel,
		.band = BAND_MEDIATOR,
	};
}

static int ide_allocate(struct ide_channel *channel)
{
	if (memory_reserved_start + memory_reserved_bytes > GIB(4))
		return -RV_ENOTSUP;
	if (channel->block == NULL)
		channel->block = memory_allocate_pages(IDE_BLOCK_BYTES_MAXIMUM / PAGE_BYTES);
	if (channel->our_table == NULL)
		channel->our_table = memory_allocate_device_page();
	return channel->block == NULL || channel->our_table == NULL ? -RV_ENOMEM : 0;
}

int ide_claim(struct ide_channel *channel)
{
	int error = channel->is_claimed ? 0 : ide_allocate(channel);

	if (error != 0 || channel->is_claimed)
		return error;
	ide_taskfile_learn(channel);
	for (unsigned i = 0; error == 0 && i < ARRAY_LENGTH(channel->regions); i++)
		error = pio_register(&channel->regions[i]);
	if (error == 0)
		error = pci_follow(&channel->master);
	if (error == -RV_ENOENT) /* without a bus master there is no DMA */
		error = 0;
	if (error != 0)
		ide_release(channel);
	channel->is_claimed = error == 0;
	return error;
}

void ide_release(struct ide_channel *channel)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(channel->regions); i++)
		pio_unregister(&channel->regions[i]);
	pci_unfollow(&channel->master);
	channel->is_claimed = false;
}

void ide_release_unwatched(struct ide_channel *channel)
{
	if (!disk_is_watched() && channel->phase == IDE_OPEN)
		ide_release(channel);
}

void ide_prepare(struct ide_channel *channel, uint64_t function)
{
	bounce_init(&channel->bounce, channel->segments, IDE_SEGMENTS_MAXIMUM, channel->pages, IDE_PAGES_MAXIMUM);
	ide_set_region(channel, 0, channel->command, IDE_COMMAND_PORTS);
	ide_set_region(channel, 1, channel->control, 1);
	channel->master = (struct pci_follower){
		.region = { .band = BAND_MEDIATOR },
		.function = function,
		.number = 4,
		.first = channel->master_offset,
		.last = channel->master_offset + IDE_BM_PORTS - 1u,
		.handler = ide_handle_master,
		.context = channel,
	};
}
