/*
 * vmm/acpi_hide.c: takes \_S1 to \_S3 out of the firmware's AML, and whole tables out of the guest's sight, and
 * has the FADT say what systems are not to use.
 * A table that overlaps another one is left alone, since changing it would spoil the other's sum.
 *
 * A table is hidden where it is, since firmware may make its list of tables anew (ACPI 6.4, 5.2.8): it gets
 * a name that says nothing to systems, and loses its contents.
 */
#include "vmm/acpi_hide.h"

#include "core/acpi_tables.h"
#include "core/log.h"
#include "core/string.h"

#define TABLES_MAXIMUM 256
#define HIDDEN_SIGNATURE "OEM0" /* such names are for manufacturers' own tables (5.2.6) */

#define FADT_BOOT_FLAGS 109 /* IAPC_BOOT_ARCH, 16 bits */
#define FADT_NO_MESSAGES 0x08

#define AML_ALIAS 0x06
#define AML_METHOD 0x14
#define AML_ROOT '\\'
#define NAME_BYTES 4

static struct {
	hpa_t start[TABLES_MAXIMUM];
	uint32_t bytes[TABLES_MAXIMUM];
	size_t count;
	size_t nr_over;
} acpi_tables;

static void acpi_list(hpa_t hpa)
{
	uint64_t length_bytes;

	for (size_t i = 0; i < acpi_tables.count; i++) {
		if (acpi_tables.start[i] == hpa)
			return;
	}
	if (!acpi_table(hpa, &length_bytes))
		return;
	if (acpi_tables.count == TABLES_MAXIMUM) {
		acpi_tables.nr_over++;
		return;
	}
	acpi_tables.start[acpi_tables.count] = hpa;
	acpi_tables.bytes[acpi_tables.count++] = (uint32_t)length_bytes;
}

static bool acpi_list_entry(hpa_t hpa, void *context)
{
	uint64_t length_bytes;
	const uint8_t *table = acpi_table(hpa, &length_bytes);
	hpa_t places[2];

	(void)context;
	acpi_list(hpa);
	if (table && memcmp(table, "FACP", 4) == 0) {
		acpi_dsdt_places(table, length_bytes, places);
		acpi_list(places[0]);
		acpi_list(places[1]);
	}
	return false;
}

static bool acpi_overlaps_another(size_t which)
{
	hpa_t start = acpi_tables.start[which], end = start + acpi_tables.bytes[which];

	for (size_t i = 0; i < acpi_tables.count; i++) {
		if (i != which && acpi_tables.start[i] < end &&
		    start < acpi_tables.start[i] + acpi_tables.bytes[i])
			return true;
	}
	return false;
}

static bool acpi_may_change(size_t which)
{
	if (!acpi_overlaps_another(which))
		return true;
	log_warning("an ACPI table at 0x%lx overlaps another: it is left as it is", acpi_tables.start[which]);
	return false;
}

static void acpi_list_all(void)
{
	acpi_tables.count = acpi_tables.nr_over = 0;
	(void)acpi_visit(false, acpi_list_entry, NULL);
	if (acpi_tables.nr_over != 0)
		log_warning("more than %d ACPI tables: %zu are left as they are", TABLES_MAXIMUM,
			    acpi_tables.nr_over);
}

static bool acpi_is_name_byte(uint8_t byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_';
}

/* Does a name of one part begin at aml[at]? What stands before it is no part of a longer one: an
 * opcode, a prefix, or the end of a method's length or of an alias's first name. */
static bool acpi_begins_name(const uint8_t *aml, size_t at)
{
	if (at == 0 || !acpi_is_name_byte(aml[at - 1]))
		return true;
	if (at >= 5 && (aml[at - 5] == AML_ALIAS ||
			(at >= 6 && aml[at - 5] == AML_ROOT && aml[at - 6] == AML_ALIAS)))
		return true;
	/* MethodOp, then PkgLength of one to four bytes, whose first says how many follow (20.2.4) */
	for (size_t bytes = 1; bytes <= 4 && at > bytes; bytes++) {
		if (aml[at - bytes - 1] == AML_METHOD && aml[at - bytes] >> 6 == bytes - 1)
			return true;
	}
	return false;
}

static bool acpi_is_state_name(const uint8_t *at, char last)
{
	return at[0] == '_' && at[1] == 'S' && at[2] >= '1' && at[2] <= last && at[3] == '_';
}

/* Where the states are declared and where they are named. Returns how many names were changed, and in
 * *difference by how much the sum of all bytes grew. */
static unsigned acpi_rename_states(uint8_t *aml, size_t length_bytes, char last, uint8_t *difference)
{
	unsigned count = 0;

	*difference = 0;
	for (size_t i = 0; i + NAME_BYTES <= length_bytes; i++) {
		volatile uint8_t *first = &aml[i];

		if (!acpi_is_state_name(aml + i, last) || !acpi_begins_name(aml, i))
			continue;
		/* "XS3_" is free: names that begin with "_" are ACPI's, and others are the firmware's
		 * own, which has no use for a sleep state's look-alike. */
		*first = 'X';
		if (*first != 'X') /* the table lies in ROM */
			continue;
		*difference = (uint8_t)(*difference + ('X' - '_'));
		count++;
	}
	return count;
}

static unsigned acpi_hide_in(size_t which, char last)
{
	uint64_t length_bytes;
	uint8_t *table = acpi_table(acpi_tables.start[which], &length_bytes), difference;
	unsigned count;

	if (!table || (memcmp(table, "DSDT", 4) != 0 && memcmp(table, "SSDT", 4) != 0))
		return 0;
	if (!acpi_may_change(which))
		return 0;
	count = acpi_rename_states(table + ACPI_HEADER_BYTES, length_bytes - ACPI_HEADER_BYTES,
				   last, &difference);
	table[ACPI_HEADER_CHECKSUM] = (uint8_t)(table[ACPI_HEADER_CHECKSUM] - difference);
	return count;
}

unsigned acpi_hide_sleep(char last)
{
	unsigned count = 0;

	acpi_list_all();
	for (size_t i = 0; i < acpi_tables.count; i++)
		count += acpi_hide_in(i, last);
	return count;
}

unsigned acpi_hide_tables(const char signature[4])
{
	unsigned count = 0;

	acpi_list_all();
	for (size_t i = 0; i < acpi_tables.count; i++) {
		uint64_t length_bytes;
		uint8_t *table = acpi_table(acpi_tables.start[i], &length_bytes), sum = 0;

		if (!table || memcmp(table, signature, 4) != 0 || !acpi_may_change(i))
			continue;
		memcpy(table, HIDDEN_SIGNATURE, 4);
		memset(table + ACPI_HEADER_BYTES, 0, length_bytes - ACPI_HEADER_BYTES);
		table[ACPI_HEADER_CHECKSUM] = 0;
		for (size_t at = 0; at < ACPI_HEADER_BYTES; at++)
			sum = (uint8_t)(sum + table[at]);
		table[ACPI_HEADER_CHECKSUM] = (uint8_t)-sum;
		count++;
	}
	return count;
}

unsigned acpi_forbid_messages(void)
{
	unsigned count = 0;

	acpi_list_all();
	for (size_t i = 0; i < acpi_tables.count; i++) {
		uint64_t length_bytes;
		uint8_t *table = acpi_table(acpi_tables.start[i], &length_bytes), before;

		if (!table || memcmp(table, "FACP", 4) != 0 || length_bytes <= FADT_BOOT_FLAGS || !acpi_may_change(i))
			continue;
		before = table[FADT_BOOT_FLAGS];
		table[FADT_BOOT_FLAGS] = before | FADT_NO_MESSAGES;
		table[ACPI_HEADER_CHECKSUM] = (uint8_t)(table[ACPI_HEADER_CHECKSUM] + before - table[FADT_BOOT_FLAGS]);
		count += (table[FADT_BOOT_FLAGS] & FADT_NO_MESSAGES) != 0;
	}
	return count;
}
