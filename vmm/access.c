/*
 * vmm/access.c: what is done to an access of whatever kind: asking the hardware, answering, denying.
 */
#include "vmm/access.h"

static void access_fetch_msr(struct access *access)
{
	if (!msr_hardware_read((uint32_t)access->address, &access->value))
		access->fault = true;
}

void access_fetch(struct access *access)
{
	if (access->resolved || access->write)
		return;
	access->resolved = true;
	switch ((enum access_kind)access->kind) {
	case ACCESS_PORT:
		access->value = pio_hardware_read((uint16_t)access->address, access->width_bytes);
		break;
	case ACCESS_MMIO:
		access->value = mmio_hardware_read(access->address, access->width_bytes);
		break;
	case ACCESS_MSR:
		access_fetch_msr(access);
		break;
	case ACCESS_CPUID:
		cpuid_hardware(access->vcpu, (uint32_t)access->address,
			       (uint32_t)(access->address >> 32), access->cpuid);
		break;
	case ACCESS_PCI:
		access->value = pci_hardware_read(access->address, access->width_bytes);
		break;
	case ACCESS_KIND_COUNT:
		break;
	}
}

void access_deny(struct access *access)
{
	access->resolved = true;
	access->fault = access->kind == ACCESS_MSR;
	if (access->kind == ACCESS_CPUID)
		access->cpuid[0] = access->cpuid[1] = access->cpuid[2] = access->cpuid[3] = 0;
	else if (!access->write)
		access->value = access_mask(access);
}

void access_drop(struct access *access)
{
	if (access->kind != ACCESS_MSR && !access->write) {
		access_deny(access);
		return;
	}
	access->fault = false;
	access->resolved = true;
	if (!access->write)
		access->value = 0;
}

void access_answer(struct access *access)
{
	if (access->write)
		return;
	access->resolved = true;
	access->fault = false;
}

void access_store(struct access *access)
{
	switch ((enum access_kind)access->kind) {
	case ACCESS_PORT:
		pio_hardware_write((uint16_t)access->address, access->width_bytes,
				   (uint32_t)access->value);
		break;
	case ACCESS_MMIO:
		mmio_hardware_write(access->address, access->width_bytes, access->value);
		break;
	case ACCESS_MSR:
		access->fault = !msr_hardware_write((uint32_t)access->address, access->value);
		break;
	case ACCESS_PCI:
		pci_hardware_write(access->address, access->width_bytes, (uint32_t)access->value);
		break;
	default:
		break;
	}
}
