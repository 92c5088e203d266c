/*
 * vmm/pci.c: owns the registry of PCI configuration registers and the way to them by ports (PCI
 * Local Bus Specification 3.0, 3.2.2.3.2: configuration mechanism #1). pci_registry_lock guards changes
 * of the registry, pci_ecam.c's claims among them; pci_lock serialises the pair of port accesses that
 * the hardware side makes. No handler is called with either held.
 *
 * Only the data ports are intercepted, and only while something is registered: the address that
 * they go to is read back from the hardware's own CONFIG_ADDRESS, which the guest sets directly. An
 * access of our own restores it. But on a machine without ECAM, one that a script makes while
 * another CPU of the guest stands between selecting a register and accessing it can get in its way.
 */
#include "vmm/pci.h"

#include "core/spinlock.h"
#include "rv/errno.h"
#include "vmm/registry.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_DATA_BYTES 4
#define CONFIG_ENABLE UINT32_C(0x80000000)
#define CONFIG_REGISTER UINT32_C(0xfc)
#define CONFIG_OFFSETS 0x100u /* what this mechanism reaches of a function */

static struct registry pci_registry;
static struct spinlock pci_registry_lock;
static struct spinlock pci_lock;

enum access_result pci_offer(struct access *access)
{
	return registry_walk(&pci_registry, access->address,
			     access->address + access->width_bytes - 1, access);
}

/* The ports' handler: the access to the data ports becomes one to the register that is selected. */
static enum access_result pci_access_port(struct access *access, void *context)
{
	uint64_t port_offset = access->address - CONFIG_DATA;
	struct access config = *access;
	enum access_result result;
	uint32_t selected;

	(void)context;
	/* What starts before or ends behind the data ports is no configuration access. */
	if (access->address < CONFIG_DATA || port_offset + access->width_bytes > CONFIG_DATA_BYTES)
		return ACCESS_PASS;
	selected = pio_hardware_read(CONFIG_ADDRESS, 4);
	if ((selected & CONFIG_ENABLE) == 0)
		return ACCESS_PASS;
	config.kind = ACCESS_PCI;
	config.address = pci_address(selected >> 16 & 0xff, selected >> 11 & 0x1f,
				     selected >> 8 & 0x7,
				     (selected & CONFIG_REGISTER) + (uint32_t)port_offset);
	result = pci_offer(&config);
	access->value = config.value;
	access->resolved = config.resolved;
	return result;
}

static struct access_region pci_ports = {
	.first = CONFIG_DATA,
	.last = CONFIG_DATA + CONFIG_DATA_BYTES - 1,
	.handler = pci_access_port,
	.guard = true, /* what hooks of the ports themselves make of it is the access */
};

static int pci_add(struct access_region *region)
{
	bool first = !pci_registry.first;
	int error;

	if (first) {
		error = pio_register(&pci_ports);
		if (error != 0)
			return error;
	}
	error = pci_ecam_claim(region);
	if (error != 0)
		goto undo_ports;
	registry_add(&pci_registry, region);
	return 0;

undo_ports:
	if (first)
		pio_unregister(&pci_ports);
	return error;
}

int pci_register(struct access_region *region)
{
	int error;

	if (region->first > region->last || region->last > PCI_ADDRESS_LAST)
		return -RV_EINVAL;
	spinlock_acquire(&pci_registry_lock);
	error = pci_add(region);
	spinlock_release(&pci_registry_lock);
	return error;
}

void pci_unregister(struct access_region *region)
{
	spinlock_acquire(&pci_registry_lock);
	if (registry_remove(&pci_registry, region)) {
		pci_ecam_release(region);
		if (!pci_registry.first)
			pio_unregister(&pci_ports);
	}
	spinlock_release(&pci_registry_lock);
}

/* Selects a register, leaving what the guest had selected in *before. False: the mechanism does not
 * reach it. The caller holds pci_lock. */
static bool pci_select(uint64_t address, uint32_t *before)
{
	uint32_t offset = (uint32_t)address & 0xfff;

	if (offset >= CONFIG_OFFSETS)
		return false;
	*before = pio_hardware_read(CONFIG_ADDRESS, 4);
	pio_hardware_write(CONFIG_ADDRESS, 4,
			   CONFIG_ENABLE | (uint32_t)(address >> 12 & 0xffff) << 8 |
				   (offset & CONFIG_REGISTER));
	return true;
}

uint32_t pci_hardware_read(uint64_t address, uint8_t width_bytes)
{
	uint32_t value = UINT32_MAX >> (32 - 8 * width_bytes), before;
	hpa_t memory = pci_ecam_address(address);

	if (memory != 0)
		return (uint32_t)mmio_hardware_read(memory, width_bytes);
	spinlock_acquire(&pci_lock);
	if (pci_select(address, &before)) {
		value = pio_hardware_read((uint16_t)(CONFIG_DATA + (address & 3)), width_bytes);
		pio_hardware_write(CONFIG_ADDRESS, 4, before);
	}
	spinlock_release(&pci_lock);
	return value;
}

void pci_hardware_write(uint64_t address, uint8_t width_bytes, uint32_t value)
{
	hpa_t memory = pci_ecam_address(address);
	uint32_t before;

	if (memory != 0) {
		mmio_hardware_write(memory, width_bytes, value);
		return;
	}
	spinlock_acquire(&pci_lock);
	if (pci_select(address, &before)) {
		pio_hardware_write((uint16_t)(CONFIG_DATA + (address & 3)), width_bytes, value);
		pio_hardware_write(CONFIG_ADDRESS, 4, before);
	}
	spinlock_release(&pci_lock);
}
