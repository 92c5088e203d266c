/*
 * mediator/disk/ahci_attach.c: while a port runs, the device has a command list of ours; otherwise its registers
 * say where the guest's is.
 */
#include "mediator/disk/ahci.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/time.h"
#include "rv/errno.h"

#define AHCI_AWAIT_US 500000 /* that a port takes to stop (10.3.2) */
#define AHCI_DRAIN_US 100000
#define AHCI_NOTHING 2048    /* in the page of headers: a table that asks for nothing */

bool ahci_await(const struct ahci_port *port, uint32_t offset, uint32_t mask, uint32_t wanted)
{
	uint64_t end = tsc_read() + time_tsc_of_us(AHCI_AWAIT_US);

	while ((ahci_read(port, offset) & mask) != wanted) {
		if (tsc_read() >= end)
			return false;
		cpu_pause();
	}
	return true;
}

static bool ahci_has_our_list(const struct ahci_port *port)
{
	return (ahci_read(port, AHCI_PxCLB) | (uint64_t)ahci_read(port, AHCI_PxCLBU) << 32) == memory_physical(port->headers);
}

static void ahci_give_list(const struct ahci_port *port, bool ours)
{
	uint64_t list = ours ? memory_physical(port->headers) : port->list[0] | (uint64_t)port->list[1] << 32;

	ahci_write(port, AHCI_PxCLB, (uint32_t)list);
	ahci_write(port, AHCI_PxCLBU, (uint32_t)(list >> 32));
}

void ahci_clear_header(const struct ahci_port *port, unsigned number)
{
	uint64_t nothing = memory_physical(port->headers) + AHCI_NOTHING;
	uint32_t *header = &port->headers[8 * number];

	header[0] = 5;
	header[1] = 0;
	header[2] = (uint32_t)nothing;
	header[3] = (uint32_t)(nothing >> 32);
}

static void ahci_free_unused(struct ahci_port *port)
{
	for (unsigned i = 0; i < AHCI_SLOTS; i++) {
		if (port->slots[i] != NULL)
			return;
	}
	ahci_slots_delete(port);
	if (port->headers != NULL)
		memory_free_page(port->headers);
	port->headers = NULL;
}

void ahci_settle(struct ahci_port *port)
{
	uint32_t busy;

	if ((port->is_attached || port->issued != 0 || port->active != 0) &&
	    !(ahci_read(port, AHCI_PxCMD) & (AHCI_PxCMD_ST | AHCI_PxCMD_CR)))
		ahci_detach(port, false);
	if (port->is_attached || port->headers == NULL)
		return;
	busy = ahci_read(port, AHCI_PxCI) | ahci_read(port, AHCI_PxSACT);
	if (ahci_read(port, AHCI_PxTFD) & ATA_STATUS_BSY)
		busy = UINT32_MAX;
	for (unsigned i = 0; i < AHCI_SLOTS; i++) {
		if (port->slots[i] != NULL && !(busy & ahci_bit(port->slots[i])))
			ahci_slot_free(port->slots[i]);
	}
	ahci_free_unused(port);
}

/* All that is needed, while the port is as it is. */
static int ahci_make_list(struct ahci_port *port)
{
	uint64_t list = ahci_read(port, AHCI_PxCLB) | (uint64_t)ahci_read(port, AHCI_PxCLBU) << 32;

	ahci_settle(port);
	if (port->headers != NULL)
		return -RV_EBUSY;
	if (!ahci_memory_is_guests(port, list, AHCI_LIST_BYTES))
		return -RV_EFAULT;
	port->headers = memory_allocate_device_page();
	if (port->headers == NULL)
		return -RV_ENOMEM;
	if (!ahci_slot_new(port)) {
		ahci_free_unused(port);
		return -RV_ENOMEM;
	}
	for (unsigned i = 0; i < AHCI_SLOTS; i++)
		ahci_clear_header(port, i);
	port->list[0] = (uint32_t)list;
	port->list[1] = (uint32_t)(list >> 32);
	return 0;
}

static void ahci_take_over(struct ahci_port *port)
{
	ahci_give_list(port, true);
	ahci_write(port, AHCI_PxIS, AHCI_PxIS_TFES);
	port->is_failed = port->is_told = false;
	port->shown = 0;
	port->out = 0;
	port->is_attached = true;
}

int ahci_attach(struct ahci_port *port)
{
	int error = ahci_make_list(port);

	if (error == 0)
		ahci_take_over(port);
	return error;
}

/* Is a command at the device that leaves no trace in PxCI? Firmware sets bits in PxSACT for others too, which stay. */
static bool ahci_has_queued(const struct ahci_port *port)
{
	uint64_t list = ahci_read(port, AHCI_PxCLB) | (uint64_t)ahci_read(port, AHCI_PxCLBU) << 32, table;
	uint32_t active = ahci_read(port, AHCI_PxSACT);
	uint8_t code;

	for (unsigned i = 0; i < AHCI_SLOTS; i++) {
		if (!(active & UINT32_C(1) << i))
			continue;
		if (ahci_memory_read(port, list + i * AHCI_HEADER_BYTES + 8, &table, sizeof(table)) != 0 ||
		    ahci_memory_read(port, (table & ~UINT64_C(127)) + 2, &code, sizeof(code)) != 0 ||
		    ata_queued_opcode_of(code) != NULL)
			return true;
	}
	return false;
}

bool ahci_join(struct ahci_port *port)
{
	uint32_t command = ahci_read(port, AHCI_PxCMD);

	if (!(command & AHCI_PxCMD_ST) || ahci_read(port, AHCI_PxCI) != 0 || ahci_has_queued(port) ||
	    (ahci_read(port, AHCI_PxTFD) & (ATA_STATUS_BSY | ATA_STATUS_DRQ)) ||
	    (ahci_read(port, AHCI_PxFBS) & AHCI_PxFBS_EN) || ahci_make_list(port) != 0)
		return false;
	ahci_write(port, AHCI_PxCMD, command & ~AHCI_PxCMD_ST);
	if (ahci_await(port, AHCI_PxCMD, AHCI_PxCMD_CR, 0))
		ahci_take_over(port);
	ahci_write(port, AHCI_PxCMD, command);
	return port->is_attached;
}

void ahci_leave(struct ahci_port *port)
{
	uint32_t command = ahci_read(port, AHCI_PxCMD);

	ahci_write(port, AHCI_PxCMD, command & ~AHCI_PxCMD_ST);
	if (ahci_await(port, AHCI_PxCMD, AHCI_PxCMD_CR, 0))
		ahci_detach(port, true);
	ahci_write(port, AHCI_PxCMD, command);
}

void ahci_stop(struct ahci_port *port, uint32_t command)
{
	uint64_t end = tsc_read() + time_tsc_of_us(AHCI_DRAIN_US);

	/* Emulators go on with what they had when a port is stopped, and write to memory that was ours. */
	while ((port->out & (ahci_read(port, AHCI_PxCI) | ahci_read(port, AHCI_PxSACT))) &&
	       !(ahci_read(port, AHCI_PxIS) & AHCI_PxIS_TFES) && tsc_read() < end)
		cpu_pause();
	ahci_write(port, AHCI_PxCMD, command);
	(void)ahci_await(port, AHCI_PxCMD, AHCI_PxCMD_CR, 0);
	ahci_settle(port);
}

/* What becomes of a slot when its port is stopped. */
static void ahci_slot_end(struct ahci_slot *slot, bool is_reset)
{
	bool is_asked = slot->state == AHCI_ASKED || slot->state == AHCI_DONE_ASKED;

	if ((slot->state == AHCI_AT_DEVICE || slot->state == AHCI_STALE) && !is_reset) {
		slot->state = AHCI_STALE;
	} else if (is_asked && !request_cancel(&slot->request)) {
		slot->is_gone = true;
		slot->port->slots[slot->number] = NULL;
	} else {
		ahci_slot_free(slot);
	}
}

void ahci_detach(struct ahci_port *port, bool is_reset)
{
	for (unsigned i = 0; i < AHCI_SLOTS; i++) {
		if (port->slots[i] != NULL)
			ahci_slot_end(port->slots[i], is_reset);
	}
	port->issued = port->active = port->waiting = port->out = 0;
	port->is_failed = port->is_told = port->has_news[0] = port->has_news[1] = false;
	port->has_log &= !is_reset;
	port->shown = 0;
	/* After a loss of power it has none, or the one that the guest has written since. */
	if (port->is_attached && ahci_has_our_list(port))
		ahci_give_list(port, false);
	port->is_attached = false;
	ahci_free_unused(port);
}

void ahci_restart(struct ahci_port *port)
{
	uint32_t command = ahci_read(port, AHCI_PxCMD) & ~AHCI_PxCMD_ST;

	ahci_write(port, AHCI_PxCMD, command);
	(void)ahci_await(port, AHCI_PxCMD, AHCI_PxCMD_CR, 0);
	if (ahci_read(port, AHCI_PxTFD) & (ATA_STATUS_BSY | ATA_STATUS_DRQ)) {
		ahci_write(port, AHCI_PxCMD, command | AHCI_PxCMD_CLO);
		(void)ahci_await(port, AHCI_PxCMD, AHCI_PxCMD_CLO, 0);
	}
	ahci_write(port, AHCI_PxIS, AHCI_PxIS_TFES);
	ahci_write(port, AHCI_PxCMD, command | AHCI_PxCMD_ST);
	port->is_failed = false;
}
