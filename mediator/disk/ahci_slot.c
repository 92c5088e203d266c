/*
 * mediator/disk/ahci_slot.c: the slots of a port: one with each number at most, made when it is needed.
 */
#include "mediator/disk/ahci.h"

#include "core/memory.h"

#define AHCI_SLOT_PAGES ((sizeof(struct ahci_slot) + PAGE_BYTES - 1) / PAGE_BYTES)

static void ahci_slot_delete(struct ahci_slot *slot)
{
	memory_free_pages(slot->table, AHCI_TABLE_PAGES);
	memory_free_pages(slot, AHCI_SLOT_PAGES);
}

bool ahci_slot_new(struct ahci_port *port)
{
	struct ahci_slot *slot = memory_has_spare_pages(AHCI_SLOT_PAGES) ? memory_allocate_pages(AHCI_SLOT_PAGES) : NULL;

	if (slot == NULL)
		return false;
	slot->table = memory_allocate_device_pages(AHCI_TABLE_PAGES);
	if (slot->table == NULL) {
		memory_free_pages(slot, AHCI_SLOT_PAGES);
		return false;
	}
	slot->port = port;
	bounce_init(&slot->bounce, slot->segments, ARRAY_LENGTH(slot->segments), slot->pages,
		    ARRAY_LENGTH(slot->pages));
	slot->next = port->spare;
	port->spare = slot;
	return true;
}

struct ahci_slot *ahci_take(struct ahci_port *port)
{
	struct ahci_slot *slot;

	if (port->waiting == 0 || port->is_failed || (port->spare == NULL && !ahci_slot_new(port)))
		return NULL;
	slot = port->spare;
	port->spare = slot->next;
	slot->number = (uint8_t)__builtin_ctz(port->waiting);
	slot->request = (struct request){ 0 };
	slot->is_gone = slot->is_queued = slot->is_filler = slot->is_ended = slot->is_bounced = false;
	slot->has_received = slot->has_waited = slot->is_log = false;
	slot->error = 0;
	slot->transferred = 0;
	port->slots[slot->number] = slot;
	port->waiting &= ~ahci_bit(slot);
	return slot;
}

void ahci_slot_free(struct ahci_slot *slot)
{
	struct ahci_port *port = slot->port;

	bounce_release(&slot->bounce);
	if (slot->is_gone) {
		ahci_slot_delete(slot);
		return;
	}
	if (port->headers != NULL)
		ahci_clear_header(port, slot->number);
	port->slots[slot->number] = NULL;
	slot->next = port->spare;
	port->spare = slot;
}

void ahci_slots_delete(struct ahci_port *port)
{
	while (port->spare != NULL) {
		struct ahci_slot *slot = port->spare;

		port->spare = slot->next;
		ahci_slot_delete(slot);
	}
}
