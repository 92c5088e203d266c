/*
 * machine.c: the simulated machine's ports, memory, MSRs and CPUID.
 */
#include "machine.h"

#include <stdlib.h>
#include <string.h>

enum { MACHINE_TABLE = 256, MACHINE_PAGE_BYTES = 4096, MACHINE_PAGES = 512 };

static uint8_t machine_ports[0x10000 + 8];

static struct {
	uint64_t address;
	bool used;
	uint8_t bytes[MACHINE_PAGE_BYTES];
} machine_pages[MACHINE_PAGES];

static struct {
	uint32_t msr;
	bool used;
	uint64_t value;
} machine_msrs[MACHINE_TABLE];

static struct {
	uint32_t leaf, subleaf;
	bool used;
	uint32_t registers[4];
} machine_leaves[MACHINE_TABLE];

static uint64_t machine_load(const uint8_t *bytes, unsigned int width_bytes)
{
	uint64_t value = 0;

	memcpy(&value, bytes, width_bytes);
	return value;
}

uint64_t machine_port_read(uint16_t port, unsigned int width_bytes)
{
	return machine_load(&machine_ports[port], width_bytes);
}

void machine_port_write(uint16_t port, unsigned int width_bytes, uint64_t value)
{
	memcpy(&machine_ports[port], &value, width_bytes);
}

/* The page's bytes. NULL: nobody wrote to it (it holds zeros), or there is no room for it. */
static uint8_t *machine_page(uint64_t gpa, bool create)
{
	uint64_t address = gpa & ~(uint64_t)(MACHINE_PAGE_BYTES - 1);

	for (int i = 0; i < MACHINE_PAGES; i++) {
		if (!machine_pages[i].used) {
			if (!create)
				return NULL;
			machine_pages[i].used = true;
			machine_pages[i].address = address;
		}
		if (machine_pages[i].address == address)
			return machine_pages[i].bytes;
	}
	return NULL;
}

static bool machine_copy(uint64_t gpa, uint8_t *buffer, uint64_t length_bytes, bool write)
{
	while (length_bytes > 0) {
		uint64_t offset = gpa % MACHINE_PAGE_BYTES;
		uint64_t room = MACHINE_PAGE_BYTES - offset;
		uint64_t piece = length_bytes < room ? length_bytes : room;
		uint8_t *page = machine_page(gpa, write);

		if (write && !page)
			return false;
		if (write)
			memcpy(page + offset, buffer, piece);
		else if (page)
			memcpy(buffer, page + offset, piece);
		else
			memset(buffer, 0, piece);
		gpa += piece;
		buffer += piece;
		length_bytes -= piece;
	}
	return true;
}

bool machine_memory(uint64_t gpa, void *buffer, uint64_t length_bytes, bool write)
{
	if (gpa > MACHINE_OURS || length_bytes > MACHINE_OURS - gpa)
		return false;
	return machine_copy(gpa, buffer, length_bytes, write);
}

bool machine_mmio(uint64_t gpa, void *buffer, uint64_t length_bytes, bool write)
{
	if (gpa >= MACHINE_OURS && gpa < MACHINE_MEMORY_END)
		return false;
	return machine_copy(gpa, buffer, length_bytes, write);
}

bool machine_msr_read(uint32_t msr, uint64_t *value)
{
	for (int i = 0; i < MACHINE_TABLE && machine_msrs[i].used; i++) {
		if (machine_msrs[i].msr == msr) {
			*value = machine_msrs[i].value;
			return true;
		}
	}
	return false;
}

bool machine_msr_write(uint32_t msr, uint64_t value)
{
	uint64_t old;

	if (!machine_msr_read(msr, &old))
		return false;
	machine_msr_set(msr, value);
	return true;
}

void machine_msr_set(uint32_t msr, uint64_t value)
{
	for (int i = 0; i < MACHINE_TABLE; i++) {
		if (machine_msrs[i].used && machine_msrs[i].msr != msr)
			continue;
		machine_msrs[i].used = true;
		machine_msrs[i].msr = msr;
		machine_msrs[i].value = value;
		return;
	}
	abort();
}

void machine_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t registers[4])
{
	memset(registers, 0, 4 * sizeof(registers[0]));
	for (int i = 0; i < MACHINE_TABLE && machine_leaves[i].used; i++) {
		if (machine_leaves[i].leaf == leaf && machine_leaves[i].subleaf == subleaf)
			memcpy(registers, machine_leaves[i].registers, 4 * sizeof(registers[0]));
	}
}

void machine_cpuid_set(uint32_t leaf, uint32_t subleaf, const uint32_t registers[4])
{
	for (int i = 0; i < MACHINE_TABLE; i++) {
		if (machine_leaves[i].used &&
		    (machine_leaves[i].leaf != leaf || machine_leaves[i].subleaf != subleaf))
			continue;
		machine_leaves[i].used = true;
		machine_leaves[i].leaf = leaf;
		machine_leaves[i].subleaf = subleaf;
		memcpy(machine_leaves[i].registers, registers, 4 * sizeof(registers[0]));
		return;
	}
	abort();
}

/* Sixteen characters of the processor's name a leaf, 0x80000002 to 4. */
static void machine_set_name(const char *name)
{
	char text[48] = { 0 };

	strncpy(text, name, sizeof(text) - 1);
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t registers[4];

		memcpy(registers, text + 16 * i, 16);
		machine_cpuid_set(0x80000002u + i, 0, registers);
	}
}

static void machine_reset_cpu(void)
{
	static const uint32_t vendor[4] = { 1, 0x68747541, 0x444d4163, 0x69746e65 };
	static const uint32_t features[4] = { 0x00800f12, 0x00010800, 0x80000001, 0x0783fbff };
	static const uint32_t extended[4] = { 0x80000004, 0, 0, 0 };
	static const uint32_t msrs[] = { 0x10,	     0x1b,	 0x79,	     0x174,	 0xc0000080,
					 0xc0000081, 0xc0000082, 0xc0000100, 0xc0000101, 0xc0000102 };

	machine_cpuid_set(0, 0, vendor);
	machine_cpuid_set(1, 0, features);
	machine_cpuid_set(0x80000000u, 0, extended);
	machine_set_name("Simulated CPU");
	for (unsigned int i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++)
		machine_msr_set(msrs[i], 0);
}

void machine_reset(void)
{
	struct machine_pci *nic;

	memset(machine_ports, 0xff, sizeof(machine_ports));
	memset(machine_pages, 0, sizeof(machine_pages));
	memset(machine_msrs, 0, sizeof(machine_msrs));
	memset(machine_leaves, 0, sizeof(machine_leaves));
	machine_reset_cpu();
	machine_pci_add(0x0000, 0x8086, 0x1237, 0x060000);
	machine_pci_add(0x0008, 0x8086, 0x7000, 0x060100);
	nic = machine_pci_add(0x0018, 0x8086, 0x100e, 0x020000);
	machine_pci_set_bar(nic, 0, 0xfebc0000u, 0x20000);
	machine_pci_set_bar(nic, 1, 0xc001, 0x40);
}
