/*
 * tests/unit/pci_isolate.c: writes to the configuration space of an isolated function, of every width at every
 * offset: what would have it do something does not get through, all else does.
 */
#include "vmm/pci_isolate.h"

#include "unit.h"
#include "vmm/pci_regs.h"

#define SPACE 4096u
#define FUNCTION 0x18000u

static uint8_t space[SPACE];
static unsigned nr_reads;

uint32_t pci_hardware_read(uint64_t address, uint8_t width_bytes)
{
	uint32_t value = 0;

	UNIT_CHECK(address >= FUNCTION && address - FUNCTION + width_bytes <= SPACE);
	memcpy(&value, &space[address % SPACE], width_bytes);
	nr_reads++;
	return value;
}

void pci_hardware_write(uint64_t address, uint8_t width_bytes, uint32_t value)
{
	UNIT_CHECK(address >= FUNCTION && address - FUNCTION + width_bytes <= SPACE);
	memcpy(&space[address % SPACE], &value, width_bytes);
}

static void put(unsigned at, uint32_t value)
{
	memcpy(&space[at], &value, sizeof(value));
}

static void set_up(bool virtual)
{
	memset(space, 0, sizeof(space));
	put(0x100, 0x10001 | 0x150u << 20);
	if (virtual)
		put(0x150, 0x10010 | 0x200u << 20);
	else
		put(0x150, 0x1000e | 0x200u << 20);
	put(0x200, 0x10019);
}

/* Bits that may not be set, of the byte at that offset. */
static uint8_t forbidden(unsigned offset, bool virtual)
{
	return offset == 4 ? 7 : virtual && offset == 0x158 ? 9 : 0;
}

static void check_all(bool virtual)
{
	static const uint8_t widths[] = { 1, 2, 3, 4, 8 };

	for (unsigned w = 0; w < sizeof(widths); w++) {
		for (unsigned offset = 0; offset + widths[w] <= SPACE; offset++) {
			struct access access = { .kind = ACCESS_PCI, .write = true, .width_bytes = widths[w],
						 .address = FUNCTION + offset, .value = 0xf7f6f5f4f3f2f1ff };
			uint64_t wanted = access.value;

			for (unsigned i = 0; i < widths[w]; i++)
				wanted &= ~((uint64_t)forbidden(offset + i, virtual) << 8 * i);
			UNIT_EQUAL(pci_isolate_value(&access), wanted);
		}
	}
}

static void test_writes(void)
{
	set_up(false);
	check_all(false);
	set_up(true);
	check_all(true);
}

static void test_virtual_functions(void)
{
	set_up(true);
	put(0x158, 0x1b);
	pci_isolate_virtual_functions(FUNCTION);
	UNIT_EQUAL(pci_hardware_read(FUNCTION + 0x158, 4), 0x12);
	set_up(false);
	put(0x158, 0x1b);
	pci_isolate_virtual_functions(FUNCTION);
	UNIT_EQUAL(pci_hardware_read(FUNCTION + 0x158, 4), 0x1b);
}

/* Lists in a circle, to nowhere, and out of the space. */
static void test_lists(void)
{
	struct access access = { .kind = ACCESS_PCI, .write = true, .width_bytes = 4, .address = FUNCTION + 0x300,
				 .value = UINT32_MAX };

	set_up(false);
	put(0x200, 0x10019 | 0x100u << 20);
	nr_reads = 0;
	UNIT_EQUAL(pci_isolate_value(&access), UINT32_MAX);
	UNIT_CHECK(nr_reads <= 480);
	put(0x100, 0x10001 | 0xfffu << 20);
	UNIT_EQUAL(pci_isolate_value(&access), UINT32_MAX);
	put(0x100, UINT32_MAX);
	UNIT_EQUAL(pci_isolate_value(&access), UINT32_MAX);
	put(0x100, 0x10001 | 0x40u << 20);
	UNIT_EQUAL(pci_isolate_value(&access), UINT32_MAX);
	put(0x100, 0x10010 | 0xffcu << 20); /* it is the first */
	access.address = FUNCTION + 0x108;
	UNIT_EQUAL(pci_isolate_value(&access), UINT32_MAX & ~9u);
}

int main(void)
{
	unit_run("pci_isolate_writes", test_writes);
	unit_run("pci_isolate_virtual_functions", test_virtual_functions);
	unit_run("pci_isolate_lists", test_lists);
	return unit_failed;
}
