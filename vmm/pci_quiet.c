/*
 * vmm/pci_quiet.c: owns the bits that pci_quiet_begin() has cleared; one CPU runs. The list of functions does not grow
 * between its beginning and its end.
 */
#include "vmm/pci_quiet.h"

#include "rv/types.h"
#include "vmm/access.h"
#include "vmm/pci_function.h"

#define QUIET_DEVICES 32u
#define QUIET_FUNCTIONS 8u

static bool quiet_was_master[QUIET_DEVICES * QUIET_FUNCTIONS];
static bool quiet_others_were[PCI_FUNCTIONS_MAXIMUM]; /* by their place in the list: below other host bridges */

static uint64_t quiet_command(uint32_t which)
{
	return pci_address(0, which / QUIET_FUNCTIONS, which % QUIET_FUNCTIONS, PCI_COMMAND);
}

static bool quiet_stop(uint64_t command_at)
{
	uint32_t command = pci_hardware_read(command_at, 2);

	if (command == UINT16_MAX || (command & PCI_COMMAND_MASTER) == 0)
		return false;
	pci_hardware_write(command_at, 2, command & ~PCI_COMMAND_MASTER);
	return true;
}

static void quiet_go_on(uint64_t command_at)
{
	pci_hardware_write(command_at, 2, pci_hardware_read(command_at, 2) | PCI_COMMAND_MASTER);
}

/* What is below a bridge does nothing without the bridge. */
static bool quiet_is_other(const struct pci_function *function)
{
	return function->bridge == NULL && function->root != 0;
}

void pci_quiet_begin(void)
{
	size_t which = 0;

	for (uint32_t i = 0; i < ARRAY_LENGTH(quiet_was_master); i++)
		quiet_was_master[i] = quiet_stop(quiet_command(i));
	for (struct pci_function *function = pci_functions; function != NULL; function = function->next)
		quiet_others_were[which++] = quiet_is_other(function) &&
					     quiet_stop(pci_function_address(function) + PCI_COMMAND);
}

void pci_quiet_end(void)
{
	size_t which = 0;

	for (uint32_t i = 0; i < ARRAY_LENGTH(quiet_was_master); i++) {
		if (quiet_was_master[i])
			quiet_go_on(quiet_command(i));
	}
	for (struct pci_function *function = pci_functions; function != NULL; function = function->next) {
		if (quiet_others_were[which++])
			quiet_go_on(pci_function_address(function) + PCI_COMMAND);
	}
}
