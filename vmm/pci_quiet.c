/*
 * vmm/pci_quiet.c: owns the bits that pci_quiet_begin() has cleared; one CPU runs.
 */
#include "vmm/pci_quiet.h"

#include "rv/types.h"
#include "vmm/access.h"
#include "vmm/pci_regs.h"

#define QUIET_DEVICES 32u
#define QUIET_FUNCTIONS 8u

static bool quiet_was_master[QUIET_DEVICES * QUIET_FUNCTIONS];

static uint64_t quiet_command(uint32_t which)
{
	return pci_address(0, which / QUIET_FUNCTIONS, which % QUIET_FUNCTIONS, PCI_COMMAND);
}

void pci_quiet_begin(void)
{
	for (uint32_t i = 0; i < ARRAY_LENGTH(quiet_was_master); i++) {
		uint32_t command = pci_hardware_read(quiet_command(i), 2);

		quiet_was_master[i] = command != UINT16_MAX && (command & PCI_COMMAND_MASTER) != 0;
		if (quiet_was_master[i])
			pci_hardware_write(quiet_command(i), 2, command & ~PCI_COMMAND_MASTER);
	}
}

void pci_quiet_end(void)
{
	for (uint32_t i = 0; i < ARRAY_LENGTH(quiet_was_master); i++) {
		if (quiet_was_master[i])
			pci_hardware_write(quiet_command(i), 2,
					   pci_hardware_read(quiet_command(i), 2) | PCI_COMMAND_MASTER);
	}
}
