/*
 * mediator/disk/ahci_doors.c: ways to the registers, or to the disks, other than the memory that the registers are in.
 * A pair of ports, index and data, leads to the same registers (Serial ATA AHCI 1.3.1, 2.4: the capability); what else
 * there is in ports is for drivers of IDE, and not there while hooks are.
 */
#include "mediator/disk/ahci.h"

#include "mediator/disk/disk.h"
#include "rv/errno.h"
#include "vmm/pci_function.h"

#define SATA_CAPABILITY 0x12
#define SATA_CAPABILITY_BARS 4 /* where: the BAR's place in configuration space / 4, offset / 4 << 4 */
#define DOOR_BYTES_MAXIMUM 0x100
#define PAIR_DATA 4

static void ahci_find_pair(struct ahci_controller *controller)
{
	uint64_t function = controller->function;
	uint32_t at, where;

	controller->pair_bar = AHCI_DOORS;
	if (!(pci_hardware_read(function | PCI_STATUS, 2) & PCI_STATUS_CAPABILITIES))
		return;
	at = pci_hardware_read(function | PCI_CAPABILITIES, 1) & 0xfc;
	for (unsigned i = 0; at != 0 && i < 48; i++) {
		if (pci_hardware_read(function | at, 1) == SATA_CAPABILITY) {
			where = pci_hardware_read(function | (at + SATA_CAPABILITY_BARS), 4);
			if ((where & 15) >= 4 && (where & 15) < 4 + AHCI_DOORS)
				controller->pair_bar = (uint8_t)((where & 15) - 4);
			controller->pair_offset = where >> 4 << 2 & 0xffff;
			return;
		}
		at = pci_hardware_read(function | (at + 1), 1) & 0xfc;
	}
}

/* The data port is the register that the index says. */
static void ahci_pair_access(struct ahci_controller *controller, struct access *access, uint32_t offset)
{
	uint16_t index = (uint16_t)(access->address - offset + controller->pair_offset);
	uint32_t at = offset - controller->pair_offset;

	if (at < PAIR_DATA && at + access->width_bytes <= PAIR_DATA) {
		if (access->write)
			pio_hardware_write((uint16_t)access->address, access->width_bytes, (uint32_t)access->value);
		else
			access->value = pio_hardware_read((uint16_t)access->address, access->width_bytes);
		return;
	}
	at = (pio_hardware_read(index, 4) & ~3u) + at - PAIR_DATA;
	if (at < AHCI_PORTS + AHCI_PORTS_MAXIMUM * AHCI_PORT_BYTES - 8)
		ahci_registers_access(controller, access, at);
	else
		access_deny(access);
}

static enum access_result ahci_door_access(struct access *access, int64_t offset, void *context)
{
	const struct ahci_door *door = context;
	struct ahci_controller *controller = door->controller;
	uint32_t pair = controller->pair_offset;
	struct pci_bar bar;

	if (access->direct || offset < 0) {
		access->fault |= access->direct;
		access_deny(access);
		return ACCESS_DONE;
	}
	if (door->follower.number != controller->pair_bar || offset < pair || offset >= pair + 2 * PAIR_DATA ||
	    pci_bar_get(controller->function, AHCI_BAR, &bar) != 0 || !bar.decoded) {
		access_deny(access);
		return ACCESS_DONE;
	}
	spinlock_acquire(&controller->lock);
	controller->base = bar.address;
	ahci_pair_access(controller, access, (uint32_t)offset);
	ahci_release_unwatched(controller);
	spinlock_release(&controller->lock);
	access->resolved = true;
	return ACCESS_DONE;
}

void ahci_doors_prepare(struct ahci_controller *controller)
{
	ahci_find_pair(controller);
	for (uint8_t i = 0; i < AHCI_DOORS; i++) {
		struct ahci_door *door = &controller->doors[i];

		door->controller = controller;
		door->follower = (struct pci_follower){
			.region = { .band = BAND_MEDIATOR },
			.function = controller->function,
			.number = i,
			.last = DOOR_BYTES_MAXIMUM - 1,
			.handler = ahci_door_access,
			.context = door,
		};
	}
}

int ahci_doors_claim(struct ahci_controller *controller)
{
	for (unsigned i = 0; i < AHCI_DOORS; i++) {
		struct pci_bar bar;
		int error = 0;

		if (pci_bar_get(controller->function, i, &bar) == 0 && bar.port)
			error = pci_follow(&controller->doors[i].follower);
		if (error != 0 && error != -RV_ENOENT)
			return error;
	}
	return 0;
}

void ahci_doors_release(struct ahci_controller *controller)
{
	for (unsigned i = 0; i < AHCI_DOORS; i++)
		pci_unfollow(&controller->doors[i].follower);
}
