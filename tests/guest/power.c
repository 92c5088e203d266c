/*
 * tests/guest/power.c: the end of a guest, by the ways that operating systems use: ACPI's S5 with
 * what the firmware's tables say, the keyboard controller's reset line.
 */
#include "guest.h"

#include "instruction.h"

/* ACPI 6.4: 5.2.5 RSDP, 5.2.9 FADT, 4.8.3.2.1 PM1 control. */
#define RSDP_RSDT 16
#define FADT_DSDT 40
#define FADT_SMI_COMMAND 48
#define FADT_ACPI_ENABLE 52
#define FADT_PM1A_CONTROL 64
#define PM1_SCI_ENABLE 0x1u
#define PM1_SLEEP_TYPE_SHIFT 10
#define PM1_SLEEP_ENABLE 0x2000u

static uint32_t load32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static const uint8_t *pointer(uint32_t address)
{
	return (const uint8_t *)(uintptr_t)address;
}

/* Firmware may hold the signature elsewhere too: the first 20 bytes add up to 0 (5.2.5.3). */
static bool acpi_is_rsdp(const uint8_t *at)
{
	uint8_t sum = 0;

	for (unsigned i = 0; i < 20; i++)
		sum = (uint8_t)(sum + at[i]);
	return memcmp(at, "RSD PTR ", 8) == 0 && sum == 0;
}

uint32_t acpi_rsdt(void)
{
	for (uint32_t address = 0xe0000; address < 0x100000; address += 16)
		if (acpi_is_rsdp(pointer(address)))
			return load32(pointer(address) + RSDP_RSDT);
	return 0;
}

const uint8_t *acpi_find_fadt(void)
{
	const uint8_t *rsdt = pointer(acpi_rsdt());

	if (!rsdt)
		return NULL;
	for (uint32_t offset = 36; offset < load32(rsdt + 4); offset += 4) {
		const uint8_t *table = pointer(load32(rsdt + offset));

		if (memcmp(table, "FACP", 4) == 0)
			return table;
	}
	return NULL;
}

/* SLP_TYPa from the DSDT's Name(_S5, Package(){SLP_TYPa, ...}): NameOp, "_S5_", PackageOp, length
 * (1 to 4 bytes), count, then a byte constant (ACPI 6.4, 20.2). */
bool acpi_find_sleep_type(const char name[4], uint16_t *type)
{
	const uint8_t *fadt = acpi_find_fadt(), *dsdt = fadt ? pointer(load32(fadt + FADT_DSDT)) : NULL;
	uint32_t length = dsdt ? load32(dsdt + 4) : 0;

	for (const uint8_t *p = dsdt + 36; dsdt && p + 8 <= dsdt + length; p++) {
		if (memcmp(p, name, 4) != 0 || p[4] != 0x12)
			continue;
		p += 5;
		p += 1 + (*p >> 6); /* package length */
		p++;		    /* number of elements */
		*type = *p == 0x0a ? p[1] : *p;
		return true;
	}
	return false;
}

uint16_t acpi_pm1a_control(void)
{
	const uint8_t *fadt = acpi_find_fadt();

	return fadt ? (uint16_t)load32(fadt + FADT_PM1A_CONTROL) : 0;
}

uint32_t acpi_dsdt(void)
{
	return load32(acpi_find_fadt() + FADT_DSDT);
}

static void acpi_power_off(void)
{
	const uint8_t *fadt = acpi_find_fadt();
	uint16_t control, type;

	if (!fadt || !acpi_find_sleep_type("_S5_", &type))
		return;
	control = acpi_pm1a_control();
	if (!(in16(control) & PM1_SCI_ENABLE) && load32(fadt + FADT_SMI_COMMAND)) {
		/* An SMI, which the firmware may serve in SMM. */
		out8((uint16_t)load32(fadt + FADT_SMI_COMMAND), fadt[FADT_ACPI_ENABLE]);
		for (unsigned i = 0; i < 100000 && !(in16(control) & PM1_SCI_ENABLE); i++)
			;
	}
	out16(control, (uint16_t)((unsigned)type << PM1_SLEEP_TYPE_SHIFT | PM1_SLEEP_ENABLE));
}

static _Noreturn void guest_stop(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

_Noreturn void guest_power_off(void)
{
	uint64_t port;

	if (option_number("debug_exit", &port))
		out8((uint16_t)port, 0);
	acpi_power_off();
	for (unsigned i = 0; i < 1000000; i++) /* it takes effect a little later */
		in8(0x61);
	guest_print("not ok power: the machine is still on\n");
	guest_stop();
}

_Noreturn void guest_reboot(void)
{
	guest_print("guest: rebooting\n");
	while (in8(0x64) & 2) /* the controller's input buffer is full */
		;
	out8(0x64, 0xfe);
	guest_stop();
}
