/*
 * tests/guest/pci.h: PCI configuration by CF8 and CFC (PCI Local Bus Specification 3.0, 3.2.2.3.2). A function is
 * bus << 8 | device << 3 | function.
 */
#ifndef TESTS_GUEST_PCI_H
#define TESTS_GUEST_PCI_H

#include "instruction.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE 0x80000000u

#define CONFIG_COMMAND 0x04u
#define CONFIG_BAR 0x10u
#define COMMAND_MEMORY_MASTER 6u

static inline uint32_t config_read(uint32_t function, uint32_t offset)
{
	out32(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | (offset & 0xfc));
	return in32(CONFIG_DATA);
}

static inline void config_write(uint32_t function, uint32_t offset, uint32_t value)
{
	out32(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | (offset & 0xfc));
	out32(CONFIG_DATA, value);
}

/* The first on bus 0 with that device and vendor; 256: there is none. */
static inline uint32_t config_find(uint32_t ids)
{
	uint32_t function = 0;

	while (function < 256 && config_read(function, 0) != ids)
		function++;
	return function;
}

#endif
