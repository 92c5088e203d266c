/*
 * machine_pci.c: the simulated machine's PCI functions and their configuration space.
 */
#include "machine.h"

#include <stdlib.h>
#include <string.h>

static struct machine_pci pci_functions[MACHINE_PCI_MAXIMUM];
static unsigned int pci_count;

struct machine_pci *machine_pci_find(uint16_t bdf)
{
	for (unsigned int i = 0; i < pci_count; i++) {
		if (pci_functions[i].bdf == bdf)
			return &pci_functions[i];
	}
	return NULL;
}

static void pci_store(struct machine_pci *pci, unsigned int offset, unsigned int width_bytes,
		      uint64_t value)
{
	memcpy(&pci->config[offset], &value, width_bytes);
}

struct machine_pci *machine_pci_add(uint16_t bdf, uint16_t vendor_id, uint16_t device_id,
				    uint32_t class_code)
{
	struct machine_pci *pci = machine_pci_find(bdf);

	if (!pci && pci_count == MACHINE_PCI_MAXIMUM)
		abort();
	if (!pci)
		pci = &pci_functions[pci_count++];
	memset(pci, 0, sizeof(*pci));
	pci->bdf = bdf;
	pci_store(pci, 0x00, 2, vendor_id);
	pci_store(pci, 0x02, 2, device_id);
	pci_store(pci, 0x08, 4, (uint64_t)class_code << 8 | 1);
	return pci;
}

void machine_pci_set_bar(struct machine_pci *pci, unsigned int number, uint32_t address,
			 uint32_t bytes)
{
	pci_store(pci, 0x10 + 4 * number, 4, address);
	pci->bar_bytes[number] = bytes;
}

uint64_t machine_pci_read(uint16_t bdf, unsigned int offset, unsigned int width_bytes)
{
	const struct machine_pci *pci = machine_pci_find(bdf);
	uint64_t value = 0;

	if (!pci)
		return (1ull << width_bytes * 8) - 1;
	if (offset > MACHINE_PCI_CONFIG_BYTES - width_bytes)
		return 0;
	memcpy(&value, &pci->config[offset], width_bytes);
	return value;
}

/* A BAR keeps only the address bits that its size leaves (PCI Local Bus 3.0, 6.2.5.1). */
static void pci_write_bar(struct machine_pci *pci, unsigned int number, uint32_t value)
{
	uint32_t old = (uint32_t)machine_pci_read(pci->bdf, 0x10 + 4 * number, 4);
	uint32_t flags = old & (old & 1 ? 3u : 15u), bytes = pci->bar_bytes[number];

	pci_store(pci, 0x10 + 4 * number, 4, bytes ? (value & ~(bytes - 1)) | flags : 0);
}

void machine_pci_write(uint16_t bdf, unsigned int offset, unsigned int width_bytes, uint64_t value)
{
	struct machine_pci *pci = machine_pci_find(bdf);

	if (!pci || offset < 4 || offset > MACHINE_PCI_CONFIG_BYTES - width_bytes)
		return;
	if (offset >= 0x10 && offset < 0x28 && width_bytes == 4)
		pci_write_bar(pci, (offset - 0x10) / 4, (uint32_t)value);
	else
		pci_store(pci, offset, width_bytes, value);
}

bool machine_pci_bar(uint16_t bdf, unsigned int number, struct rv_pci_bar *bar)
{
	const struct machine_pci *pci = machine_pci_find(bdf);
	uint32_t low;

	if (!pci || number >= sizeof(pci->bar_bytes) / sizeof(pci->bar_bytes[0]) || !pci->bar_bytes[number])
		return false;
	low = (uint32_t)machine_pci_read(bdf, 0x10 + 4 * number, 4);
	*bar = (struct rv_pci_bar){ .address = low & ~(low & 1 ? 3u : 15u), .size_bytes = pci->bar_bytes[number],
				    .flags = RV_PCI_BAR_DECODED | (low & 1 ? RV_PCI_BAR_PORT : 0) };
	return true;
}

bool machine_pci_switch_off(uint16_t bdf)
{
	struct machine_pci *pci = machine_pci_find(bdf);

	if (pci)
		pci_store(pci, 4, 2, machine_pci_read(bdf, 4, 2) & ~7u);
	return pci != NULL;
}
