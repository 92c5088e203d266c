/*
 * tests/guest/pci.c: configuration space of every function on bus 0, by CF8/CFC in all widths and,
 * with ecam=ADDRESS, by the memory window: all must agree, and writes by one way must be seen by
 * the others. Prints `pci: DD.F VENDOR:DEVICE class CLASS` for each function it finds.
 */
#include "guest.h"

#include "instruction.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE 0x80000000u
#define HEADER_BYTES 64
#define HEADER_CLASS 0x08
#define HEADER_INTERRUPT_LINE 0x3c

static uint64_t ecam;
static unsigned nr_different, nr_functions;

static void config_select(unsigned function, unsigned offset)
{
	out32(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | (offset & 0xfc));
}

static uint32_t config_read32(unsigned function, unsigned offset)
{
	config_select(function, offset);
	return in32(CONFIG_DATA);
}


static void compare(unsigned function, unsigned offset, const char *way, uint32_t expected,
		    uint32_t found)
{
	if (expected == found)
		return;
	nr_different++;
	guest_print("guest: %02x.%u offset 0x%02x by %s: 0x%x, not 0x%x\n", function >> 3,
		    function & 7, offset, way, found, expected);
}

static void function_compare(unsigned function)
{
	for (unsigned offset = 0; offset < HEADER_BYTES; offset += 4) {
		uint32_t whole = config_read32(function, offset);
		uint64_t window = ecam + ((uint64_t)function << 12) + offset;

		config_select(function, offset);
		for (unsigned i = 0; i < 4; i++)
			compare(function, offset + i, "in8", whole >> (8 * i) & 0xff,
				in8((uint16_t)(CONFIG_DATA + i)));
		for (unsigned i = 0; i < 4; i += 2)
			compare(function, offset + i, "in16", whole >> (8 * i) & 0xffff,
				in16((uint16_t)(CONFIG_DATA + i)));
		if (!ecam)
			continue;
		compare(function, offset, "ecam32", whole, *(volatile uint32_t *)window);
		for (unsigned i = 0; i < 4; i++)
			compare(function, offset + i, "ecam8", whole >> (8 * i) & 0xff,
				((volatile uint8_t *)window)[i]);
		for (unsigned i = 0; i < 4; i += 2)
			compare(function, offset + i, "ecam16", whole >> (8 * i) & 0xffff,
				*(volatile uint16_t *)(window + i));
	}
}

/* The interrupt line is plain storage in every function. */
static void function_write(unsigned function)
{
	uint32_t before = config_read32(function, HEADER_INTERRUPT_LINE);
	uint64_t window = ecam + ((uint64_t)function << 12) + HEADER_INTERRUPT_LINE;

	config_select(function, HEADER_INTERRUPT_LINE);
	out8(CONFIG_DATA, 0x5a);
	compare(function, HEADER_INTERRUPT_LINE, "out8", 0x5a, in32(CONFIG_DATA) & 0xff);
	out16(CONFIG_DATA, (uint16_t)((before & 0xff00) | 0xa5));
	compare(function, HEADER_INTERRUPT_LINE, "out16", 0xa5, in32(CONFIG_DATA) & 0xff);
	if (ecam) {
		*(volatile uint8_t *)window = 0x3c;
		compare(function, HEADER_INTERRUPT_LINE, "ecam write", 0x3c,
			in32(CONFIG_DATA) & 0xff);
	}
	out32(CONFIG_DATA, before);
	compare(function, HEADER_INTERRUPT_LINE, "out32", before, in32(CONFIG_DATA));
}

/* Reading and writing the address register itself, and a byte access beside it. */
static void address_check(void)
{
	out32(CONFIG_ADDRESS, 0x80001234 & ~3u);
	guest_check(in32(CONFIG_ADDRESS) == (0x80001234 & ~3u), "CF8 reads back", "0x%x",
		    in32(CONFIG_ADDRESS));
	out32(CONFIG_ADDRESS, 0);
	guest_check(in32(CONFIG_DATA) == ~0u, "CFC without enable", "0x%x", in32(CONFIG_DATA));
	guest_check(config_read32(31 << 3 | 7, 0) == ~0u || nr_functions > 0, "absent function",
		    "0x%x", config_read32(31 << 3 | 7, 0));
}

void guest_main(void)
{
	ecam = option_number_or("ecam", 0);
	for (unsigned function = 0; function < 256; function++) {
		uint32_t id = config_read32(function, 0);

		if ((id & 0xffff) == 0xffff)
			continue;
		nr_functions++;
		guest_print("pci: %02x.%u %04x:%04x class %06x\n", function >> 3, function & 7,
			    id & 0xffff, id >> 16, config_read32(function, HEADER_CLASS) >> 8);
		function_compare(function);
		function_write(function);
	}
	address_check();
	guest_check(nr_functions > 0, "functions", "none found");
	guest_check(nr_different == 0, "ways agree", "%u accesses differ", nr_different);
	guest_print("pci: %u functions\n", nr_functions);
}
