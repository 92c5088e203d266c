/*
 * vmm/pci_isolate.c: owns nothing: it looks at the hardware each time.
 */
#include "vmm/pci_isolate.h"

#include "vmm/pci_regs.h"

#define OFFSET_MASK UINT64_C(0xfff)
#define CAPABILITIES_MAXIMUM 480 /* of 8 bytes each at least, between PCI_EXTENDED and the end */

/* Of SR-IOV's capability; 0: there is none. */
static unsigned pci_virtual_control(uint64_t address)
{
	unsigned at = PCI_EXTENDED;

	for (unsigned i = 0; i < CAPABILITIES_MAXIMUM && at >= PCI_EXTENDED; i++) {
		uint32_t header = pci_hardware_read(address | at, 4);

		if (header == 0 || header == UINT32_MAX)
			break;
		if (PCI_EXTENDED_KIND(header) == PCI_EXTENDED_SRIOV)
			return at + PCI_SRIOV_CONTROL;
		at = PCI_EXTENDED_NEXT(header);
	}
	return 0;
}

uint64_t pci_isolate_value(const struct access *access)
{
	unsigned first = (unsigned)(access->address & OFFSET_MASK), control = 0;
	uint64_t value = access->value;

	if (first + access->width_bytes > PCI_EXTENDED)
		control = pci_virtual_control(access->address & ~OFFSET_MASK);
	for (unsigned i = 0; i < access->width_bytes; i++) {
		uint64_t bits = first + i == PCI_COMMAND			    ? PCI_COMMAND_ALL
				: control != 0 && first + i == control ? PCI_SRIOV_ENABLES : 0;

		value &= ~(bits << 8 * i);
	}
	return value;
}

void pci_isolate_virtual_functions(uint64_t address)
{
	unsigned control = pci_virtual_control(address);
	uint32_t value = control != 0 ? pci_hardware_read(address | control, 2) : 0;

	if (value & PCI_SRIOV_ENABLES)
		pci_hardware_write(address | control, 2, value & ~PCI_SRIOV_ENABLES);
}
