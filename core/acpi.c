/*
 * core/acpi.c: owns the reading of ACPI tables. ACPI specification 6.4, chapter 5.2. Written at
 * boot only, so without a lock.
 */
#include "core/acpi.h"

#include "core/acpi_sleep.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"

#define RSDP_V1_BYTES 20
#define RSDP_BYTES 36
#define RSDP_REVISION 15
#define RSDP_RSDT 16
#define RSDP_XSDT 24

#define HEADER_BYTES 36
#define HEADER_LENGTH 4
#define TABLE_BYTES_MAXIMUM MIB(4)

#define FADT_DSDT 40
#define FADT_X_DSDT 140 /* 64 bits; 0 in old tables */
#define FADT_PM1A_CONTROL 64 /* I/O port, 32 bits */
#define FADT_PM1B_CONTROL 68
#define FADT_X_PM1A_CONTROL 172 /* generic address: space, width, offset, size, 64-bit address */
#define FADT_X_PM1B_CONTROL 184
#define ADDRESS_SPACE_IO 1

#define MCFG_ENTRIES 44
#define MCFG_ENTRY_BYTES 16
#define MCFG_MAXIMUM 64

#define EBDA_SEGMENT_POINTER 0x40e
#define EBDA_SEARCHED_BYTES 0x400
#define BIOS_START 0xe0000
#define BIOS_BYTES 0x20000

static struct {
	bool known;
	bool has_pm1, mcfg_lacks;
	struct acpi_mcfg mcfg[MCFG_MAXIMUM];
	unsigned nr_mcfg;
	uint16_t pm1_a, pm1_b;
	uint8_t sleep_types_off;
} acpi_facts;

static uint8_t acpi_rsdp[RSDP_BYTES];
static bool acpi_has_rsdp;

static uint64_t acpi_get(const uint8_t *at, unsigned length_bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < length_bytes; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

/* Memory at a physical address that a table gave, NULL if it cannot be one. */
static const uint8_t *acpi_memory(hpa_t hpa, uint64_t length_bytes)
{
	if (hpa == 0 || hpa >= paging_direct_bytes ||
	    length_bytes > paging_direct_bytes - hpa || memory_is_reserved(hpa, length_bytes))
		return NULL;
	return memory_direct(hpa);
}

static bool acpi_sums_up(const uint8_t *bytes, size_t length_bytes)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < length_bytes; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return sum == 0;
}

static bool acpi_take_rsdp(const uint8_t *rsdp, size_t length_bytes)
{
	if (length_bytes < RSDP_V1_BYTES || memcmp(rsdp, "RSD PTR ", 8) != 0 ||
	    !acpi_sums_up(rsdp, RSDP_V1_BYTES))
		return false;
	memset(acpi_rsdp, 0, sizeof(acpi_rsdp));
	memcpy(acpi_rsdp, rsdp, RSDP_V1_BYTES);
	/* What came with ACPI 2.0 counts only if its own sum is right; else the RSDT serves. */
	if (rsdp[RSDP_REVISION] >= 2 && length_bytes >= RSDP_BYTES &&
	    acpi_sums_up(rsdp, RSDP_BYTES))
		memcpy(acpi_rsdp, rsdp, RSDP_BYTES);
	acpi_has_rsdp = true;
	return true;
}

void acpi_set_rsdp(const void *rsdp, size_t length_bytes)
{
	acpi_has_rsdp = false;
	memset(&acpi_facts, 0, sizeof(acpi_facts));
	if (rsdp)
		(void)acpi_take_rsdp(rsdp, length_bytes);
}

static bool acpi_search(hpa_t start, uint64_t length_bytes)
{
	for (uint64_t at = 0; at + RSDP_BYTES <= length_bytes; at += 16) {
		const uint8_t *memory = acpi_memory(start + at, RSDP_BYTES);

		if (memory && acpi_take_rsdp(memory, RSDP_BYTES))
			return true;
	}
	return false;
}

/* ACPI specification 5.2.5.1: the first KiB of the EBDA, then the BIOS area. */
static bool acpi_find_rsdp(void)
{
	const uint8_t *pointer = acpi_memory(EBDA_SEGMENT_POINTER, 2);
	hpa_t ebda = pointer ? acpi_get(pointer, 2) << 4 : 0;

	return (ebda != 0 && acpi_search(ebda, EBDA_SEARCHED_BYTES)) ||
	       acpi_search(BIOS_START, BIOS_BYTES);
}

/* A table that is whole, of at most a sensible size, and sums up. */
static const uint8_t *acpi_table(hpa_t hpa, uint64_t *length_bytes)
{
	const uint8_t *table = acpi_memory(hpa, HEADER_BYTES);

	if (!table)
		return NULL;
	*length_bytes = acpi_get(table + HEADER_LENGTH, 4);
	if (*length_bytes < HEADER_BYTES || *length_bytes > TABLE_BYTES_MAXIMUM ||
	    !acpi_memory(hpa, *length_bytes) || !acpi_sums_up(table, *length_bytes))
		return NULL;
	return table;
}

static const uint8_t *acpi_search_root(hpa_t root_hpa, const char root_signature[4],
				       unsigned entry_bytes, const char signature[4],
				       uint64_t *length_bytes)
{
	uint64_t root_bytes;
	const uint8_t *root = acpi_table(root_hpa, &root_bytes);

	if (!root || memcmp(root, root_signature, 4) != 0)
		return NULL;
	for (uint64_t at = HEADER_BYTES; at + entry_bytes <= root_bytes; at += entry_bytes) {
		const uint8_t *table = acpi_table(acpi_get(root + at, entry_bytes), length_bytes);

		if (table && memcmp(table, signature, 4) == 0)
			return table;
	}
	return NULL;
}

static const uint8_t *acpi_find(const char signature[4], uint64_t *length_bytes)
{
	const uint8_t *table;

	if (!acpi_has_rsdp && !acpi_find_rsdp())
		return NULL;
	table = acpi_search_root(acpi_get(acpi_rsdp + RSDP_XSDT, 8), "XSDT", 8, signature,
				 length_bytes);
	if (!table)
		table = acpi_search_root(acpi_get(acpi_rsdp + RSDP_RSDT, 4), "RSDT", 4, signature,
					 length_bytes);
	return table;
}

const void *acpi_find_table(const char signature[4])
{
	uint64_t length_bytes;

	return acpi_find(signature, &length_bytes);
}

/* PCI Firmware Specification 3.3, 4.1.2: an entry of the MCFG. */
static void acpi_read_window(const uint8_t *entry)
{
	struct acpi_mcfg window = {
		.base = acpi_get(entry, 8),
		.segment = (uint16_t)acpi_get(entry + 8, 2),
		.first_bus = entry[10],
		.last_bus = entry[11],
	};

	if (window.base == 0 || window.first_bus > window.last_bus)
		return; /* there is nothing */
	if ((window.base & (MIB(1) - 1)) != 0 || window.base >= paging_direct_bytes ||
	    MIB(window.last_bus + 1u) > paging_direct_bytes - window.base ||
	    acpi_facts.nr_mcfg == MCFG_MAXIMUM) {
		acpi_facts.mcfg_lacks = true;
		return;
	}
	acpi_facts.mcfg[acpi_facts.nr_mcfg++] = window;
}

static void acpi_read_mcfg(void)
{
	uint64_t length_bytes;
	const uint8_t *mcfg = acpi_find("MCFG", &length_bytes);

	if (!mcfg)
		return;
	for (uint64_t at = MCFG_ENTRIES; at + MCFG_ENTRY_BYTES <= length_bytes;
	     at += MCFG_ENTRY_BYTES)
		acpi_read_window(mcfg + at);
}

/* A register block's port: the 64-bit form if it is there and in I/O space, else the old field. */
static uint16_t acpi_port(const uint8_t *fadt, uint64_t length_bytes, unsigned narrow,
			  unsigned wide)
{
	uint64_t port = 0;

	if (length_bytes >= wide + 12u && fadt[wide] == ADDRESS_SPACE_IO)
		port = acpi_get(fadt + wide + 4, 8);
	if (port == 0 && length_bytes >= narrow + 4u)
		port = acpi_get(fadt + narrow, 4);
	return port <= UINT16_MAX ? (uint16_t)port : 0;
}

static uint8_t acpi_read_dsdt(const uint8_t *fadt, uint64_t fadt_bytes)
{
	const uint8_t *dsdt = NULL;
	uint64_t length_bytes;

	if (fadt_bytes >= FADT_X_DSDT + 8u)
		dsdt = acpi_table(acpi_get(fadt + FADT_X_DSDT, 8), &length_bytes);
	if (dsdt == NULL && fadt_bytes >= FADT_DSDT + 4u)
		dsdt = acpi_table(acpi_get(fadt + FADT_DSDT, 4), &length_bytes);
	if (dsdt == NULL || memcmp(dsdt, "DSDT", 4) != 0)
		return 0;
	return acpi_sleep_types_off(dsdt + HEADER_BYTES, length_bytes - HEADER_BYTES);
}

static void acpi_read_fadt(void)
{
	uint64_t length_bytes;
	const uint8_t *fadt = acpi_find("FACP", &length_bytes);

	if (!fadt)
		return;
	acpi_facts.pm1_a = acpi_port(fadt, length_bytes, FADT_PM1A_CONTROL, FADT_X_PM1A_CONTROL);
	acpi_facts.pm1_b = acpi_port(fadt, length_bytes, FADT_PM1B_CONTROL, FADT_X_PM1B_CONTROL);
	acpi_facts.has_pm1 = acpi_facts.pm1_a != 0;
	acpi_facts.sleep_types_off = acpi_read_dsdt(fadt, length_bytes);
}

static void acpi_learn(void)
{
	if (acpi_facts.known)
		return;
	acpi_read_mcfg();
	acpi_read_fadt();
	acpi_facts.known = true;
}

bool acpi_mcfg(unsigned index, struct acpi_mcfg *window)
{
	acpi_learn();
	if (index >= acpi_facts.nr_mcfg)
		return false;
	*window = acpi_facts.mcfg[index];
	return true;
}

bool acpi_mcfg_is_whole(void)
{
	acpi_learn();
	return !acpi_facts.mcfg_lacks;
}

bool acpi_pm1_control(uint16_t *port_a, uint16_t *port_b)
{
	acpi_learn();
	*port_a = acpi_facts.pm1_a;
	*port_b = acpi_facts.pm1_b;
	return acpi_facts.has_pm1;
}

uint8_t acpi_power_off_types(void)
{
	acpi_learn();
	return acpi_facts.sleep_types_off != 0 ? acpi_facts.sleep_types_off : UINT8_MAX;
}
