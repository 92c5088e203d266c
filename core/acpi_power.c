/*
 * core/acpi_power.c: which registers put the machine to sleep, turn it off or reset it, by the FADT
 * (ACPI 6.4, 5.2.9), and with which values, by the AML.
 *
 * Operating systems use tables whose sums are wrong, with a warning, so what is to be kept from a
 * guest must not depend on the sums either.
 */
#include "core/acpi_tables.h"

#include "core/acpi_sleep.h"
#include "core/string.h"

#define FADT_DSDT 40
#define FADT_X_DSDT 140 /* 64 bits; 0 in old tables */
#define FADT_FLAGS 112
#define FADT_FLAG_RESET 0x400u /* there is a reset register */
#define FADT_RESET_VALUE 128

#define GENERIC_BYTES 12 /* generic address: space, width, offset, size, 64-bit address (5.2.3.2) */
#define GENERIC_ADDRESS 4

static const struct {
	uint16_t port;	  /* the old field: 32 bits, a port; 0: there is none */
	uint16_t generic; /* the new one */
	uint8_t role, second;
} acpi_fields[] = {
	{ 56, 148, ACPI_PM1_STATUS, 0 },     { 60, 160, ACPI_PM1_STATUS, 1 },
	{ 64, 172, ACPI_PM1_CONTROL, 0 },    { 68, 184, ACPI_PM1_CONTROL, 1 },
	{ 0, 116, ACPI_RESET_REGISTER, 0 },  { 0, 244, ACPI_SLEEP_CONTROL, 0 },
	{ 0, 256, ACPI_SLEEP_STATUS, 0 },
};
_Static_assert(ARRAY_LENGTH(acpi_fields) + 4 <= ACPI_REGISTERS_MAXIMUM, "four have two fields");

static void acpi_add_register(struct acpi_power *power, uint64_t address, uint8_t space,
			      size_t field)
{
	struct acpi_register *last = &power->registers[power->nr_registers];
	struct acpi_register new = { address, acpi_fields[field].role, space,
				     acpi_fields[field].second };

	if (address == 0 || (power->nr_registers != 0 && last[-1].address == address &&
			     last[-1].space == space && last[-1].role == new.role))
		return;
	*last = new;
	power->nr_registers++;
}

static void acpi_read_registers(struct acpi_power *power, const uint8_t *fadt,
				uint64_t length_bytes)
{
	for (size_t i = 0; i < ARRAY_LENGTH(acpi_fields); i++) {
		uint64_t port = acpi_fields[i].port, generic = acpi_fields[i].generic;

		if (acpi_fields[i].role == ACPI_RESET_REGISTER &&
		    (length_bytes <= FADT_RESET_VALUE ||
		     (acpi_get(fadt + FADT_FLAGS, 4) & FADT_FLAG_RESET) == 0))
			continue;
		if (length_bytes >= generic + GENERIC_BYTES)
			acpi_add_register(power, acpi_get(fadt + generic + GENERIC_ADDRESS, 8),
					  fadt[generic], i);
		if (port != 0 && length_bytes >= port + 4)
			acpi_add_register(power, acpi_get(fadt + port, 4), ACPI_SPACE_PORT, i);
	}
	if (length_bytes > FADT_RESET_VALUE)
		power->reset_value = fadt[FADT_RESET_VALUE];
}

void acpi_dsdt_places(const uint8_t *fadt, uint64_t length_bytes, hpa_t places[2])
{
	places[0] = length_bytes >= FADT_X_DSDT + 8u ? acpi_get(fadt + FADT_X_DSDT, 8) : 0;
	places[1] = length_bytes >= FADT_DSDT + 4u ? acpi_get(fadt + FADT_DSDT, 4) : 0;
}

/* \_S3, \_S4 and \_S5 may stand in different tables. */
struct acpi_types {
	uint8_t to_ram[2], to_disk[2], off[2];
};

static bool acpi_read_types(hpa_t hpa, void *context)
{
	struct acpi_types *types = context;
	uint64_t length_bytes;
	const uint8_t *table = acpi_table(hpa, &length_bytes);

	if (!table || (memcmp(table, "DSDT", 4) != 0 && memcmp(table, "SSDT", 4) != 0))
		return false;
	table += ACPI_HEADER_BYTES;
	length_bytes -= ACPI_HEADER_BYTES;
	for (unsigned second = 0; second < 2; second++) {
		types->to_ram[second] |= acpi_sleep_types(table, length_bytes, '3', second);
		types->to_disk[second] |= acpi_sleep_types(table, length_bytes, '4', second);
		types->off[second] |= acpi_sleep_types(table, length_bytes, '5', second);
	}
	return false;
}

void acpi_read_power(struct acpi_power *power)
{
	struct acpi_types types = { 0 };
	uint64_t length_bytes;
	const uint8_t *fadt = acpi_find("FACP", false, &length_bytes);
	hpa_t places[2];

	if (!fadt)
		return;
	acpi_read_registers(power, fadt, length_bytes);
	acpi_dsdt_places(fadt, length_bytes, places);
	(void)acpi_read_types(places[0], &types);
	(void)acpi_read_types(places[1], &types);
	(void)acpi_visit(false, acpi_read_types, &types);
	for (unsigned second = 0; second < 2; second++) {
		if (types.off[second] != 0)
			power->types_off[second] = types.off[second] | types.to_disk[second];
		power->types_to_ram[second] = types.to_ram[second];
	}
}
