/*
 * vmm/pci.c: owns the registry of PCI configuration registers, to which two ways lead: ports
 * (pci_ports.c) and memory (pci_ecam.c). pci_registry_lock guards changes of the registry and the claims
 * on both ways. No handler is called with it held.
 */
#include "vmm/pci.h"

#include "core/spinlock.h"
#include "rv/errno.h"
#include "vmm/pci_ports.h"
#include "vmm/registry.h"

static struct registry pci_registry;
static struct spinlock pci_registry_lock;

/* Regions tell no segments: they mean each. */
enum access_result pci_offer(struct access *access, pci_store store)
{
	uint64_t address = access->address & PCI_ADDRESS_LAST;

	if (registry_walk(&pci_registry, address, address + access->width_bytes - 1, access) == ACCESS_DONE)
		return ACCESS_DONE;
	if (!access->write) {
		pci_follow_read(access);
		return ACCESS_PASS;
	}
	pci_follow_write(access, store);
	return ACCESS_DONE;
}

static int pci_add(struct access_region *region)
{
	int error = pci_ports_claim();

	if (error != 0)
		return error;
	error = pci_ecam_claim(region);
	if (error != 0) {
		pci_ports_release();
		return error;
	}
	registry_add(&pci_registry, region);
	return 0;
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
		pci_ports_release();
	}
	spinlock_release(&pci_registry_lock);
}

/* Do the ports lead there? */
static bool pci_is_port_address(uint64_t address)
{
	return address <= PCI_ADDRESS_LAST && (address & 0xfff) < PCI_PORT_OFFSETS;
}

uint32_t pci_hardware_read(uint64_t address, uint8_t width_bytes)
{
	hpa_t memory = pci_ecam_address(address);

	if (memory != 0)
		return (uint32_t)mmio_hardware_read(memory, width_bytes);
	if (!pci_is_port_address(address))
		return UINT32_MAX >> (32 - 8 * width_bytes);
	return pci_ports_config(address, width_bytes, false, 0);
}

void pci_hardware_write(uint64_t address, uint8_t width_bytes, uint32_t value)
{
	hpa_t memory = pci_ecam_address(address);

	if (memory != 0)
		mmio_hardware_write(memory, width_bytes, value);
	else if (pci_is_port_address(address))
		(void)pci_ports_config(address, width_bytes, true, value);
}
