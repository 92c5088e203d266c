/*
 * vmm/pci_ports.c: owns ports CF8h to CFFh, the way to PCI configuration space that every PC has (PCI
 * Local Bus Specification 3.0, 3.2.2.3.2: configuration mechanism #1).
 *
 * Whoever accesses a register selects it first, and another CPU may select another one in between. So
 * while configuration space is claimed, both steps exit: what the guest has selected is kept here, a
 * handler is asked about the register that was selected when the access began, and that register is
 * selected and accessed under pci_ports_lock, in which the ports' owner hardware is left as the guest
 * has set it. An access of our own, from whatever CPU, claims the ports for itself.
 *
 * pci_ports_lock guards the hardware's CONFIG_ADDRESS and the copy of it. pci_ports_claims_lock counts
 * the claims; it is outside of the former and of the port registry's. No handler is called with one held.
 */
#include "vmm/pci_ports.h"

#include "core/cpu.h"
#include "core/instructions.h"
#include "core/spinlock.h"
#include "vmm/pci.h"
#include "vmm/pio.h"
#include "vmm/vcpu.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_DATA_BYTES 4
#define CONFIG_ENABLE UINT32_C(0x80000000)
#define CONFIG_EXTENDED UINT32_C(0x0f000000) /* AMD: bits 11 to 8 of the register */
#define CONFIG_EXTENDED_SHIFT 24
#define CONFIG_REGISTER UINT32_C(0xfc)

static enum access_result pci_ports_access(struct access *access, void *context);

static struct spinlock pci_ports_claims_lock;
static unsigned pci_ports_claims;
static struct spinlock pci_ports_lock;
static bool pci_ports_kept;	    /* pci_ports_selected is the guest's CONFIG_ADDRESS */
static uint32_t pci_ports_selected;

static struct access_region pci_ports_region = {
	.first = CONFIG_ADDRESS,
	.last = CONFIG_DATA + CONFIG_DATA_BYTES - 1,
	.handler = pci_ports_access,
	.band = BAND_GUARD, /* what hooks of the ports themselves make of it is the access */
};

int pci_ports_claim(void)
{
	int error = 0;

	spinlock_acquire(&pci_ports_claims_lock);
	if (pci_ports_claims == 0) {
		error = pio_register(&pci_ports_region);
		/* From now on no CPU of the guest changes it by itself. */
		vcpu_intercepts_changed();
		spinlock_acquire(&pci_ports_lock);
		pci_ports_selected = pio_raw_read(CONFIG_ADDRESS, 4);
		pci_ports_kept = error == 0;
		spinlock_release(&pci_ports_lock);
	}
	if (error == 0)
		pci_ports_claims++;
	spinlock_release(&pci_ports_claims_lock);
	return error;
}

void pci_ports_release(void)
{
	spinlock_acquire(&pci_ports_claims_lock);
	if (--pci_ports_claims == 0) {
		spinlock_acquire(&pci_ports_lock);
		pci_ports_kept = false;
		spinlock_release(&pci_ports_lock);
		pio_unregister(&pci_ports_region);
	}
	spinlock_release(&pci_ports_claims_lock);
}

/* The guest's CONFIG_ADDRESS. Under pci_ports_lock. */
static uint32_t pci_ports_current(void)
{
	return pci_ports_kept ? pci_ports_selected : pio_raw_read(CONFIG_ADDRESS, 4);
}

/* An access to a data port with this register selected, and as the guest had it afterwards. */
static uint32_t pci_ports_data(uint32_t select, uint16_t port, uint8_t width_bytes, bool write,
			       uint32_t value)
{
	uint32_t before;

	spinlock_acquire(&pci_ports_lock);
	before = pci_ports_current();
	if (before != select)
		pio_raw_write(CONFIG_ADDRESS, 4, select);
	if (write)
		pio_raw_write(port, width_bytes, value);
	else
		value = pio_raw_read(port, width_bytes);
	if (before != select)
		pio_raw_write(CONFIG_ADDRESS, 4, before);
	spinlock_release(&pci_ports_lock);
	return value;
}

uint32_t pci_ports_hardware(uint16_t port, uint8_t width_bytes, bool write, uint32_t value)
{
	spinlock_acquire(&pci_ports_lock);
	if (!write) {
		value = pio_raw_read(port, width_bytes);
	} else {
		pio_raw_write(port, width_bytes, value);
		if (port == CONFIG_ADDRESS && width_bytes == 4)
			pci_ports_selected = value;
	}
	spinlock_release(&pci_ports_lock);
	return value;
}

/* Is there another CPU that may stand between its selecting a register and the access to it? */
static bool pci_ports_are_shared(void)
{
	return cpus_count > 1 && cpu_get(0)->vcpu != NULL;
}

uint32_t pci_ports_config(uint64_t address, uint8_t width_bytes, bool write, uint32_t value)
{
	uint32_t select = CONFIG_ENABLE | (uint32_t)(address >> 12 & 0xffff) << 8 |
			  ((uint32_t)address & CONFIG_REGISTER);
	bool claimed = pci_ports_are_shared() && pci_ports_claim() == 0;

	value = pci_ports_data(select, (uint16_t)(CONFIG_DATA + (address & 3)), width_bytes, write, value);
	if (claimed)
		pci_ports_release();
	return value;
}

/* Do bits 27 to 24 of CONFIG_ADDRESS count (AMD, NB_CFG: EnableCf8ExtCfg)? */
static bool pci_ports_are_extended(void)
{
	uint64_t value;

	return msr_read_safe(MSR_NB_CFG, &value) && (value & NB_CFG_EXTENDED);
}

/* The register that a data port leads to. */
static uint64_t pci_ports_address(uint32_t selected, uint64_t port)
{
	uint64_t address = pci_address(selected >> 16 & 0xff, selected >> 11 & 0x1f,
				       selected >> 8 & 0x7,
				       (selected & CONFIG_REGISTER) + (uint32_t)(port - CONFIG_DATA));

	if ((selected & CONFIG_EXTENDED) && pci_ports_are_extended())
		address |= (selected & CONFIG_EXTENDED) >> CONFIG_EXTENDED_SHIFT << 8;
	return address;
}

/* By the way that the guest took, but for the registers that are told by bits which chipsets may ignore. */
static uint32_t pci_ports_fetch(uint64_t address, uint8_t width_bytes)
{
	return (address & 0xfff) < PCI_PORT_OFFSETS ? pci_ports_config(address, width_bytes, false, 0)
						    : pci_hardware_read(address, width_bytes);
}

static void pci_ports_store(uint64_t address, uint8_t width_bytes, uint32_t value)
{
	if ((address & 0xfff) < PCI_PORT_OFFSETS)
		(void)pci_ports_config(address, width_bytes, true, value);
	else
		pci_hardware_write(address, width_bytes, value);
}

/* An access within the data ports. */
static void pci_ports_access_data(struct access *access)
{
	struct access config = *access;
	uint32_t selected;

	spinlock_acquire(&pci_ports_lock);
	selected = pci_ports_current();
	spinlock_release(&pci_ports_lock);
	if (!(selected & CONFIG_ENABLE)) {
		access->value = pci_ports_data(selected, (uint16_t)access->address, access->width_bytes,
					       access->write, (uint32_t)access->value);
		return;
	}
	config.kind = ACCESS_PCI;
	config.address = pci_ports_address(selected, access->address);
	if (pci_offer(&config, pci_ports_store) == ACCESS_PASS && !config.resolved)
		config.value = pci_ports_fetch(config.address, access->width_bytes);
	access->value = config.value;
}

static bool pci_ports_is_data(const struct access *access)
{
	return access->address >= CONFIG_DATA &&
	       access->address + access->width_bytes <= CONFIG_DATA + CONFIG_DATA_BYTES;
}

/* A part of an access that crosses the ends of the data ports, on its own side of them. */
static void pci_ports_access_part(struct access *part)
{
	if (pci_ports_is_data(part)) {
		pci_ports_access_data(part);
		return;
	}
	part->direct = true; /* hooks have seen it; other guards have not */
	if (pio_offer(part) == ACCESS_DONE || part->resolved)
		return;
	if (part->write)
		pio_hardware_write((uint16_t)part->address, part->width_bytes, (uint32_t)part->value);
	else
		part->value = pio_hardware_read((uint16_t)part->address, part->width_bytes);
}

/* The largest part that is aligned, so that it lies in one register of 32 bits: how a CPU splits an
 * access to unaligned ports is its own choice, and shows in nothing. */
static uint8_t pci_ports_part_bytes(uint64_t port, unsigned left)
{
	uint8_t bytes = 4;

	while (bytes > left || (port & (bytes - 1u)) != 0)
		bytes /= 2;
	return bytes;
}

static void pci_ports_split(struct access *access)
{
	uint64_t value = 0;

	for (unsigned done = 0; done < access->width_bytes;) {
		struct access part = *access;

		part.address += done;
		part.width_bytes = pci_ports_part_bytes(part.address, access->width_bytes - done);
		part.value = access->value >> (8 * done) & access_mask(&part);
		pci_ports_access_part(&part);
		value |= (part.value & access_mask(&part)) << (8 * done);
		done += part.width_bytes;
	}
	access->value = value;
}

/* The ports' handler. What is no access of 32 bits to CONFIG_ADDRESS is none to it, but goes to whatever
 * else is there (3.2.2.3.2), such as the reset register at CF9h. */
static enum access_result pci_ports_access(struct access *access, void *context)
{
	uint64_t end = access->address + access->width_bytes;

	(void)context;
	if (end <= CONFIG_DATA || access->address >= CONFIG_DATA + CONFIG_DATA_BYTES)
		return ACCESS_PASS;
	if (pci_ports_is_data(access))
		pci_ports_access_data(access);
	else
		pci_ports_split(access);
	access->resolved = !access->write;
	return ACCESS_DONE;
}
