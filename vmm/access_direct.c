/*
 * vmm/access_direct.c: an access that a script makes by itself: no hook sees it, but mediators and guards do.
 */
#include "vmm/access.h"

#include "vmm/mmio.h"
#include "vmm/msr.h"
#include "vmm/pci.h"
#include "vmm/pio.h"

static enum access_result access_offer(struct access *access)
{
	switch ((enum access_kind)access->kind) {
	case ACCESS_PORT:
		return pio_offer(access);
	case ACCESS_MMIO:
		return mmio_offer(access);
	case ACCESS_MSR:
		return msr_offer(access);
	case ACCESS_PCI:
		return pci_offer(access, pci_hardware_write);
	default:
		return ACCESS_PASS;
	}
}

enum access_result access_perform_direct(struct access *access)
{
	enum access_result result;

	access->direct = true;
	access->value &= access_mask(access);
	result = access_offer(access);
	if (result == ACCESS_DONE || access->fault)
		return ACCESS_DONE;
	if (access->write)
		access_store(access);
	else
		access_fetch(access);
	return ACCESS_PASS;
}
