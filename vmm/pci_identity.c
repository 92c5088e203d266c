/*
 * vmm/pci_identity.c: a direct-mapped cache of PCI functions' ids, one entry a slot of the address
 * hash. Absent functions are never remembered: they may be plugged in. pci_identity_lock guards it.
 */
#include "vmm/pci_identity.h"

#include "core/spinlock.h"
#include "core/string.h"
#include "vmm/pci.h"

#define PCI_IDENTITY_SLOTS 256
#define PCI_CLASS_OFFSET 0x08

struct pci_identity_slot {
	uint32_t function; /* bus << 8 | device << 3 | function, plus one; 0: empty */
	uint64_t generation; /* pci_numbers_generation before it was read: of another, it says nothing */
	struct pci_identity identity;
};

static struct pci_identity_slot pci_identity_slots[PCI_IDENTITY_SLOTS];
static struct spinlock pci_identity_lock;

static struct pci_identity pci_identity_read(uint64_t function_address)
{
	uint32_t ids = pci_hardware_read(function_address, 4);
	struct pci_identity identity = { .vendor_id = (uint16_t)ids,
					 .device_id = (uint16_t)(ids >> 16) };

	identity.class = identity.vendor_id == 0xffff
				 ? 0xffffff
				 : pci_hardware_read(function_address | PCI_CLASS_OFFSET, 4) >> 8;
	return identity;
}

struct pci_identity pci_identity_of(uint64_t address)
{
	uint32_t function = (uint32_t)(address >> 12);
	struct pci_identity_slot *slot =
		&pci_identity_slots[(function ^ function >> 8) % PCI_IDENTITY_SLOTS];
	struct pci_identity identity;
	uint64_t generation;

	spinlock_acquire(&pci_identity_lock);
	generation = __atomic_load_n(&pci_numbers_generation, __ATOMIC_ACQUIRE);
	if (slot->function == function + 1 && slot->generation == generation) {
		identity = slot->identity;
	} else {
		identity = pci_identity_read((uint64_t)function << 12);
		if (identity.vendor_id != 0xffff) {
			slot->function = function + 1;
			slot->generation = generation;
			slot->identity = identity;
		}
	}
	spinlock_release(&pci_identity_lock);
	return identity;
}

void pci_identity_forget(void)
{
	spinlock_acquire(&pci_identity_lock);
	memset(pci_identity_slots, 0, sizeof(pci_identity_slots));
	spinlock_release(&pci_identity_lock);
}
