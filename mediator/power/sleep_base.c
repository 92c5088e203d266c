/*
 * mediator/power/sleep_base.c: chipsets have the base of ACPI's ports in a register of PCI
 * configuration space, which a guest may change: PIIX4 and ICH at 40h (PMBASE), VIA at 48h, AMD's older
 * ones at 58h, each in a bridge of bus 0. So we look for the register that holds the base, and what is
 * written to it vanishes from then on. There is firmware that leaves it as a reset does when the machine wakes, so that
 * we put it back, with what follows, which on an ICH switches these ports on (ACPI_CNTL).
 */
#include "mediator/power/sleep.h"

#include "core/acpi.h"
#include "core/log.h"
#include "vmm/access.h"
#include "vmm/pci_ports.h"
#include "vmm/suspend.h"

#define PCI_CLASS 0xb
#define PCI_CLASS_BRIDGE 0x06
#define PCI_HEADER_TYPE 0xe
#define PCI_FIRST 0x10u /* behind what every function has */
#define PCI_END 0x100u
#define IS_PORT 0x1u

#define BASES_MAXIMUM 4

static struct access_region sleep_bases[BASES_MAXIMUM];
static uint32_t sleep_base_values[BASES_MAXIMUM][2];
static size_t sleep_nr_bases;

static enum access_result sleep_handle_base(struct access *access, void *context)
{
	static bool said;

	(void)context;
	if (!access->write)
		return ACCESS_PASS;
	if (!__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
		log_notice("the guest would move ACPI's ports: they stay where they are");
	return ACCESS_DONE;
}

static void sleep_restore_bases(void *vcpu)
{
	(void)vcpu;
	for (size_t i = 0; i < sleep_nr_bases; i++) {
		uint64_t address = sleep_bases[i].first;

		(void)pci_ports_config(address, 4, true, sleep_base_values[i][0]);
		if ((address & (PCI_END - 1)) + 4 < PCI_END)
			(void)pci_ports_config(address + 4, 4, true, sleep_base_values[i][1]);
	}
}

static int sleep_claim_base_of(uint32_t device, uint32_t function, uint16_t port)
{
	for (uint32_t offset = PCI_FIRST; offset < PCI_END; offset += 4) {
		uint64_t address = pci_address(0, device, function, offset);
		uint32_t value = pci_hardware_read(address, 4);
		struct access_region *region = &sleep_bases[sleep_nr_bases];
		int error;

		if ((value & UINT16_MAX & ~IS_PORT) != port || sleep_nr_bases == BASES_MAXIMUM)
			continue;
		*region = (struct access_region){ .first = address, .last = address + 3,
						  .handler = sleep_handle_base, .band = BAND_GUARD };
		error = pci_register(region);
		if (error != 0)
			return error;
		sleep_base_values[sleep_nr_bases][0] = value;
		sleep_base_values[sleep_nr_bases][1] = offset + 4 < PCI_END ? pci_hardware_read(address + 4, 4) : 0;
		sleep_nr_bases++;
	}
	return 0;
}

static int sleep_search_base(uint16_t port)
{
	for (uint32_t device = 0; device < 32; device++) {
		for (uint32_t function = 0; function < 8; function++) {
			uint64_t address = pci_address(0, device, function, 0);
			uint32_t class = pci_hardware_read(address + PCI_CLASS, 1);
			int error = 0;

			if (pci_hardware_read(address, 2) != UINT16_MAX && class == PCI_CLASS_BRIDGE)
				error = sleep_claim_base_of(device, function, port);
			if (error != 0)
				return error;
			/* Others need not decode the function number. */
			if (function == 0 &&
			    (pci_hardware_read(address + PCI_HEADER_TYPE, 1) & 0x80) == 0)
				break;
		}
	}
	return 0;
}

int sleep_claim_base(void)
{
	static struct watcher watcher = { .notify = sleep_restore_bases };
	size_t count;
	const struct acpi_register *registers = acpi_registers(&count);

	watch_add(&suspend_watchers, &watcher);
	for (size_t i = 0; i < count; i++) {
		uint64_t port = registers[i].address;

		/* The base is where the first block is: PM1's status (4.8.3.1). */
		if (registers[i].role == ACPI_PM1_STATUS && registers[i].space == ACPI_SPACE_PORT &&
		    port <= UINT16_MAX) {
			int error = sleep_search_base((uint16_t)port);

			if (error != 0)
				return error;
		}
	}
	return 0;
}
