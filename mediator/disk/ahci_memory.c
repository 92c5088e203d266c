/*
 * mediator/disk/ahci_memory.c: the memory of the guest's that a port's lists, tables and FISes are in: RAM, or what
 * firmware keeps to itself for that, which no memory map calls RAM. Where the latter is was in the registers before the
 * guest ran, and no other such memory is looked at.
 */
#include "mediator/disk/ahci.h"

#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"
#include "rv/errno.h"
#include "vmm/guest_memory.h"

static bool ahci_memory_is_firmware(const struct ahci_port *port, gpa_t at, uint64_t length_bytes)
{
	uint64_t in_page = at & PAGE_MASK;

	for (unsigned i = 0; i < port->nr_firmware_pages; i++) {
		if (at - in_page == port->firmware_pages[i])
			return length_bytes <= PAGE_BYTES - in_page;
	}
	return false;
}

bool ahci_memory_is_guests(const struct ahci_port *port, gpa_t at, uint64_t length_bytes)
{
	return memory_is_ram(at, length_bytes) || ahci_memory_is_firmware(port, at, length_bytes);
}

int ahci_memory_read(const struct ahci_port *port, gpa_t at, void *buffer, size_t length_bytes)
{
	if (!ahci_memory_is_firmware(port, at, length_bytes))
		return guest_memory_read(at, buffer, length_bytes);
	memcpy(buffer, memory_direct(at), length_bytes);
	return 0;
}

int ahci_memory_write(const struct ahci_port *port, gpa_t at, const void *buffer, size_t length_bytes)
{
	if (!ahci_memory_is_firmware(port, at, length_bytes))
		return guest_memory_write(at, buffer, length_bytes);
	memcpy(memory_direct(at), buffer, length_bytes);
	return 0;
}

static void ahci_memory_note(struct ahci_port *port, gpa_t at)
{
	gpa_t page = at & ~PAGE_MASK;

	if (page == 0 || memory_is_ram(page, PAGE_BYTES) || memory_is_reserved(page, PAGE_BYTES) ||
	    page >= paging_direct_bytes || port->nr_firmware_pages == ARRAY_LENGTH(port->firmware_pages) ||
	    ahci_memory_is_firmware(port, page, 1))
		return;
	port->firmware_pages[port->nr_firmware_pages++] = page;
}

void ahci_memory_find_firmware(struct ahci_port *port)
{
	uint64_t list = ahci_read(port, AHCI_PxCLB) | (uint64_t)ahci_read(port, AHCI_PxCLBU) << 32, table;

	if (!(ahci_read(port, AHCI_PxCMD) & AHCI_PxCMD_ST))
		return;
	ahci_memory_note(port, list);
	ahci_memory_note(port, ahci_read(port, AHCI_PxFB) | (uint64_t)ahci_read(port, AHCI_PxFBU) << 32);
	if (ahci_memory_read(port, list + 8, &table, sizeof(table)) == 0)
		ahci_memory_note(port, table);
}
