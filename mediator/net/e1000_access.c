/*
 * mediator/net/e1000_access.c: the card's own registers, wherever its BARs are now.
 */
#include "mediator/net/e1000.h"

/* Where a register is; false: by ports, if `base` is not 0, or not to be had. */
static bool e1000_find_memory(struct e1000 *card, uint64_t *base)
{
	bool is_port;

	if (pci_follow_base(&card->memory, base, &is_port))
		return true;
	if (card->ports.number == PCI_CONFIGURATION || !pci_follow_base(&card->ports, base, &is_port))
		*base = 0;
	return false;
}

bool e1000_is_reachable(struct e1000 *card)
{
	uint64_t base;

	return e1000_find_memory(card, &base) || base != 0;
}

uint32_t e1000_get(struct e1000 *card, uint32_t offset)
{
	uint64_t base;

	if (e1000_find_memory(card, &base))
		return (uint32_t)mmio_hardware_read(base + offset, 4);
	if (base == 0)
		return UINT32_MAX;
	pio_hardware_write((uint16_t)(base + E1000_IO_ADDRESS), 4, offset);
	return pio_hardware_read((uint16_t)(base + E1000_IO_DATA), 4);
}

void e1000_put(struct e1000 *card, uint32_t offset, uint32_t value)
{
	uint64_t base;

	if (e1000_find_memory(card, &base)) {
		mmio_hardware_write(base + offset, 4, value);
	} else if (base != 0) {
		pio_hardware_write((uint16_t)(base + E1000_IO_ADDRESS), 4, offset);
		pio_hardware_write((uint16_t)(base + E1000_IO_DATA), 4, value);
	}
}
