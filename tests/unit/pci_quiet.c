/*
 * tests/unit/pci_quiet.c: which functions master a bus no more, and do so again.
 */
#include "vmm/pci_quiet.h"

#include "unit.h"
#include "vmm/access.h"
#include "vmm/pci_function.h"

#define ROOT UINT64_C(0x8000000) /* bus 80h: another host bridge's */

enum { DISK, BRIDGE, BELOW, OTHER, IDLE, OTHER_BRIDGE, COUNT };

static struct pci_function functions[COUNT];
static const uint64_t addresses[COUNT] = { 0x0f000, 0x10000, 0x100000, ROOT, ROOT + 0x8000, ROOT + 0xf000 };
static uint32_t commands[COUNT];

struct pci_function *pci_functions = functions;

uint64_t pci_function_address(const struct pci_function *function)
{
	return addresses[function - functions];
}

static uint32_t *command(uint64_t address)
{
	for (unsigned i = 0; i < COUNT; i++) {
		if (addresses[i] + PCI_COMMAND == address)
			return &commands[i];
	}
	return NULL;
}

uint32_t pci_hardware_read(uint64_t address, uint8_t width_bytes)
{
	UNIT_EQUAL(width_bytes, 2);
	return command(address) == NULL ? UINT16_MAX : *command(address);
}

void pci_hardware_write(uint64_t address, uint8_t width_bytes, uint32_t value)
{
	UNIT_EQUAL(width_bytes, 2);
	UNIT_CHECK(command(address) != NULL);
	if (command(address) != NULL)
		*command(address) = value;
}

static void test_roots(void)
{
	static const uint32_t before[COUNT] = { 0x407, 0x7, 0x6, 0x406, 0x2, 0x7 };

	for (unsigned i = 0; i < COUNT; i++) {
		functions[i].next = i + 1 < COUNT ? &functions[i + 1] : NULL;
		functions[i].root = addresses[i] & ~UINT64_C(0xfffff);
		commands[i] = before[i];
	}
	functions[BELOW].bridge = &functions[BRIDGE];
	pci_quiet_begin();
	for (unsigned i = 0; i < COUNT; i++)
		UNIT_EQUAL(commands[i], i == BELOW ? before[i] : before[i] & ~PCI_COMMAND_MASTER);
	pci_quiet_end();
	for (unsigned i = 0; i < COUNT; i++)
		UNIT_EQUAL(commands[i], before[i]);
}

int main(void)
{
	unit_run("pci_quiet_roots", test_roots);
	return unit_failed;
}
