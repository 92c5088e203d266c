/*
 * core/acpi.c: owns the reading of ACPI tables. ACPI specification 6.4, chapter 5.2. Written at
 * boot only, so without a lock.
 */
#include "core/acpi.h"

#include "core/acpi_tables.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"

#define RSDP_V1_BYTES 20
#define RSDP_BYTES 36
#define RSDP_REVISION 15
#define RSDP_RSDT 16
#define RSDP_XSDT 24

#define TABLE_BYTES_MAXIMUM MIB(4)

#define MCFG_ENTRIES 44
#define MCFG_ENTRY_BYTES 16
#define MCFG_MAXIMUM 64

#define EBDA_SEGMENT_POINTER 0x40e
#define EBDA_SEARCHED_BYTES 0x400
#define BIOS_START 0xe0000
#define BIOS_BYTES 0x20000

static struct {
	bool known;
	bool mcfg_lacks;
	struct acpi_mcfg mcfg[MCFG_MAXIMUM];
	unsigned nr_mcfg;
	struct acpi_power power;
} acpi_facts;

static uint8_t acpi_rsdp[RSDP_BYTES];
static bool acpi_has_rsdp;

uint64_t acpi_get(const uint8_t *at, unsigned length_bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < length_bytes; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

/* Memory at a physical address that a table gave, NULL if it cannot be one. */
static uint8_t *acpi_memory(hpa_t hpa, uint64_t length_bytes)
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

uint8_t *acpi_table(hpa_t hpa, uint64_t *length_bytes)
{
	uint8_t *table = acpi_memory(hpa, ACPI_HEADER_BYTES);

	if (!table)
		return NULL;
	*length_bytes = acpi_get(table + ACPI_HEADER_LENGTH, 4);
	if (*length_bytes < ACPI_HEADER_BYTES || *length_bytes > TABLE_BYTES_MAXIMUM ||
	    !acpi_memory(hpa, *length_bytes))
		return NULL;
	return table;
}

static bool acpi_visit_root(hpa_t root_hpa, const char signature[4], unsigned entry_bytes,
			    bool must_sum, bool (*visit)(hpa_t hpa, void *context), void *context)
{
	uint64_t root_bytes;
	const uint8_t *root = acpi_table(root_hpa, &root_bytes);

	if (!root || memcmp(root, signature, 4) != 0 ||
	    (must_sum && !acpi_sums_up(root, root_bytes)))
		return false;
	for (uint64_t at = ACPI_HEADER_BYTES; at + entry_bytes <= root_bytes; at += entry_bytes) {
		if (visit(acpi_get(root + at, entry_bytes), context))
			return true;
	}
	return false;
}

bool acpi_visit(bool must_sum, bool (*visit)(hpa_t hpa, void *context), void *context)
{
	if (!acpi_has_rsdp && !acpi_find_rsdp())
		return false;
	return acpi_visit_root(acpi_get(acpi_rsdp + RSDP_XSDT, 8), "XSDT", 8, must_sum, visit,
			       context) ||
	       acpi_visit_root(acpi_get(acpi_rsdp + RSDP_RSDT, 4), "RSDT", 4, must_sum, visit,
			       context);
}

struct acpi_search {
	const char *signature;
	bool must_sum;
	uint8_t *table;
	uint64_t length_bytes;
};

static bool acpi_is_wanted(hpa_t hpa, void *context)
{
	struct acpi_search *search = context;
	uint8_t *table = acpi_table(hpa, &search->length_bytes);

	if (!table || memcmp(table, search->signature, 4) != 0 ||
	    (search->must_sum && !acpi_sums_up(table, search->length_bytes)))
		return false;
	search->table = table;
	return true;
}

uint8_t *acpi_find(const char signature[4], bool must_sum, uint64_t *length_bytes)
{
	struct acpi_search search = { .signature = signature, .must_sum = true };

	if (!acpi_visit(true, acpi_is_wanted, &search)) {
		search.must_sum = false;
		if (must_sum || !acpi_visit(false, acpi_is_wanted, &search))
			return NULL;
	}
	*length_bytes = search.length_bytes;
	return search.table;
}

const void *acpi_find_table(const char signature[4])
{
	uint64_t length_bytes;

	return acpi_find(signature, true, &length_bytes);
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
	const uint8_t *mcfg = acpi_find("MCFG", true, &length_bytes);

	if (!mcfg)
		return;
	for (uint64_t at = MCFG_ENTRIES; at + MCFG_ENTRY_BYTES <= length_bytes;
	     at += MCFG_ENTRY_BYTES)
		acpi_read_window(mcfg + at);
}

static void acpi_learn(void)
{
	if (acpi_facts.known)
		return;
	acpi_read_mcfg();
	acpi_read_power(&acpi_facts.power);
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

const struct acpi_register *acpi_registers(size_t *count)
{
	acpi_learn();
	*count = acpi_facts.power.nr_registers;
	return acpi_facts.power.registers;
}

uint8_t acpi_power_off_types(unsigned second)
{
	acpi_learn();
	return acpi_facts.power.types_off[second];
}

uint8_t acpi_to_ram_types(unsigned second)
{
	acpi_learn();
	return acpi_facts.power.types_to_ram[second];
}

uint8_t acpi_reset_value(void)
{
	acpi_learn();
	return acpi_facts.power.reset_value;
}
