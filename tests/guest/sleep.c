/*
 * tests/guest/sleep.c: the machine does not sleep, however it is asked to: SLP_EN vanishes, WAK_STS
 * reads 1 until it is cleared, and no \_S1 to \_S3 is offered. Where the machine did sleep, this would be
 * the end of it: nothing wakes it.
 *
 * Options: cpus=2: the second CPU asks too; move=1: the base of ACPI's ports is moved by PCI
 * configuration first; type=N: the SLP_TYP of suspend to RAM (default 1).
 */
#include "guest.h"

#include "instruction.h"
#include "pci.h"
#include "second.h"

#define PM1_ENABLE 2 /* behind the status register: where 32 bits reach the control register too */
#define PM1_CONTROL 4 /* on the chipsets that emulators have */
#define WAKE_STATUS 0x8000u
#define SLEEP_ENABLE 0x2000u
#define SLEEP_TYPE_SHIFT 10

#define PM_BASE 0x40u
#define PORT_ELSEWHERE 0xb900u

static uint16_t control;
static uint16_t sleep;

static uint16_t status_port(void)
{
	return (uint16_t)(control - PM1_CONTROL);
}

/* One way to ask for it, and what a system finds afterwards. */
static void check_way(const char *name)
{
	uint16_t status = in16(status_port()), after = in16(control);

	guest_check((status & WAKE_STATUS) != 0 && (after & SLEEP_ENABLE) == 0, name,
		    "status 0x%x, control 0x%x", status, after);
	out16(status_port(), WAKE_STATUS);
	status = in16(status_port());
	if (status & WAKE_STATUS)
		guest_check(false, name, "WAK_STS stays: 0x%x", status);
}

static void out_string(uint16_t port, const void *from, unsigned bytes)
{
	if (bytes == 1)
		__asm__ volatile("outsb" : "+S"(from) : "d"(port) : "memory");
	else
		__asm__ volatile("outsw" : "+S"(from) : "d"(port) : "memory");
}

static void check_ways(void)
{
	uint32_t enable = in16((uint16_t)(status_port() + PM1_ENABLE));
	uint16_t words[2] = {sleep, sleep};
	const void *from = words;
	uint64_t count = 2;
	uint8_t byte = (uint8_t)(sleep >> 8);

	out16(control, sleep);
	check_way("16 bits");
	out8((uint16_t)(control + 1), byte);
	check_way("8 bits");
	out32(control, sleep);
	check_way("32 bits");
	out32((uint16_t)(control - 2), (uint32_t)sleep << 16 | enable);
	check_way("32 bits from before it");
	out32((uint16_t)(control - 1), (uint32_t)sleep << 8 | enable >> 8);
	check_way("32 bits at an odd port");
	out16((uint16_t)(control + 1), byte);
	check_way("16 bits at an odd port");
	out_string(control, words, 2);
	check_way("a string of words");
	out_string((uint16_t)(control + 1), &byte, 1);
	check_way("a string of bytes");
	__asm__ volatile("rep outsw" : "+S"(from), "+c"(count) : "d"(control) : "memory");
	check_way("repeated");
	for (unsigned type = 0; type < 8; type++)
		if (type != 0 && type != 2) /* off and to disk, on the chipsets of emulators */
			out16(control, (uint16_t)(type << SLEEP_TYPE_SHIFT | SLEEP_ENABLE));
	check_way("any other type");
}

static uint32_t load32(uint32_t address)
{
	uint32_t value;

	memcpy(&value, (const void *)(uintptr_t)address, sizeof(value));
	return value;
}

static uint8_t sum(uint32_t address, uint32_t length)
{
	uint8_t total = 0;

	for (uint32_t i = 0; i < length; i++)
		total = (uint8_t)(total + *(const uint8_t *)(uintptr_t)(address + i));
	return total;
}

/* How often the table's AML has \_S`digit`. */
static unsigned count_state(uint32_t table, char digit)
{
	const char name[] = {'_', 'S', digit, '_', '\x12'};
	unsigned count = 0;

	for (uint32_t i = 36; i + sizeof(name) <= load32(table + 4); i++)
		if (memcmp((const void *)(uintptr_t)(table + i), name, sizeof(name)) == 0)
			count++;
	return count;
}

static void check_tables(void)
{
	uint32_t rsdt = acpi_rsdt(), sleeping = 0, off = 0, wrong = 0, tables = 0;

	for (uint32_t at = rsdt + 36; at <= rsdt + load32(rsdt + 4); at += 4) {
		/* The last turn is for the DSDT, which no root table names. */
		uint32_t table = at < rsdt + load32(rsdt + 4) ? load32(at) : acpi_dsdt();

		if (load32(table) != 0x54445344 /* DSDT */ && load32(table) != 0x54445353 /* SSDT */)
			continue;
		tables++;
		wrong += sum(table, load32(table + 4)) != 0;
		sleeping += count_state(table, '1') + count_state(table, '2') + count_state(table, '3');
		off += count_state(table, '4') + count_state(table, '5');
	}
	guest_check(tables != 0 && sleeping == 0, "no sleep states", "%u in %u tables", sleeping, tables);
	guest_check(off >= 1, "off is offered", "%u", off);
	guest_check(wrong == 0, "sums", "%u of %u are wrong", wrong, tables);
}

/* PIIX4's power management function, or the LPC bridge of an ICH. */
static void check_move(void)
{
	uint32_t function = 0, base;

	for (; function < 0x100; function++)
		if ((config_read(function, PM_BASE) & 0xfffe) == status_port())
			break;
	base = config_read(function, PM_BASE);
	config_write(function, PM_BASE, PORT_ELSEWHERE | 1);
	out32(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | PM_BASE);
	out8(CONFIG_DATA + 1, PORT_ELSEWHERE >> 8);
	guest_check(function < 0x100 && config_read(function, PM_BASE) == base, "the base stays",
		    "function 0x%x, 0x%x, was 0x%x", function, config_read(function, PM_BASE), base);
	out16(PORT_ELSEWHERE + PM1_CONTROL, sleep);
	guest_check(true, "nothing sleeps elsewhere", "");
}

static void second_sleeps(void)
{
	out16(control, sleep);
}

void guest_main(void)
{
	control = acpi_pm1a_control();
	sleep = (uint16_t)(option_number_or("type", 1) << SLEEP_TYPE_SHIFT | SLEEP_ENABLE);
	check_tables();
	if (option_number_or("move", 0))
		check_move();
	check_ways();
	if (option_number_or("cpus", 1) == 2) {
		guest_check(second_start(0x10, second_sleeps), "the second CPU came", "");
		for (unsigned i = 0; i < 1000000 && !(in16(status_port()) & WAKE_STATUS); i++)
			;
		check_way("by another CPU");
	}
}
