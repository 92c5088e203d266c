/*
 * tests/fuzz/acpi.c: ACPI tables made of anything. Sums are put right, so that what the tables say
 * is looked at.
 */
#include "core/acpi.h"
#include "vmm/acpi_hide.h"

#include "fake_machine.h"
#include "input.h"

#define RSDP 0xe0000
#define TABLES 0x10000
#define TABLE_SLOT 0x100
#define NR_TABLES 8

static void sum_up(uint8_t *at, size_t length_bytes, unsigned checksum_at)
{
	uint8_t sum = 0;

	at[checksum_at] = 0;
	for (size_t i = 0; i < length_bytes; i++)
		sum = (uint8_t)(sum + at[i]);
	at[checksum_at] = (uint8_t)-sum;
}

static bool sums_up(const uint8_t *table)
{
	uint32_t length;
	uint8_t sum = 0;

	memcpy(&length, table + 4, 4);
	if (length < 36 || length > NR_TABLES * TABLE_SLOT)
		return false;
	for (uint32_t i = 0; i < length; i++)
		sum = (uint8_t)(sum + table[i]);
	return sum == 0;
}

static void take_cpu(uint32_t apic_id)
{
	(void)apic_id;
}

static int take_io_apic(hpa_t page)
{
	FUZZ_MUST(page % PAGE_BYTES == 0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes)
{
	static const char signatures[NR_TABLES][5] = {"RSDT", "XSDT", "FACP", "MCFG",
						      "APIC", "HPET", "DSDT", "SSDT"};
	struct input input = {data, length_bytes};
	struct acpi_mcfg window;
	uint8_t *rsdp;
	uint32_t right = 0;
	size_t count;

	if (!fake_memory)
		fake_machine_reset();
	memset(fake_memory + TABLES, 0, NR_TABLES * TABLE_SLOT);
	rsdp = fake_memory + RSDP;
	input_take(&input, rsdp, 36);
	memcpy(rsdp, "RSD PTR ", 8);
	sum_up(rsdp, 20, 8);
	sum_up(rsdp, 36, 32);
	for (unsigned i = 0; i < NR_TABLES; i++) {
		uint8_t *table = fake_memory + TABLES + i * TABLE_SLOT;
		uint32_t length;

		input_take(&input, table, input_number(&input, 1));
		memcpy(table, signatures[i], 4);
		memcpy(&length, table + 4, 4);
		if (length >= 36 && length <= TABLE_SLOT)
			sum_up(table, length, 9);
	}
	acpi_set_rsdp(NULL, 0);
	(void)acpi_registers(&count);
	FUZZ_MUST(count <= ACPI_REGISTERS_MAXIMUM);
	for (unsigned i = 0; i < NR_TABLES; i++)
		right |= (uint32_t)sums_up(fake_memory + TABLES + i * TABLE_SLOT) << i;
	(void)acpi_hide_sleep('3');
	/* Whatever overlaps what: no table whose sum was right has a wrong one now. */
	for (unsigned i = 0; i < NR_TABLES; i++)
		FUZZ_MUST((right >> i & 1) == 0 ||
			  sums_up(fake_memory + TABLES + i * TABLE_SLOT));
	for (unsigned i = 0; acpi_mcfg(i, &window); i++)
		FUZZ_MUST(window.base != 0 && window.base % MIB(1) == 0 &&
			  window.first_bus <= window.last_bus &&
			  window.base + MIB(window.last_bus + 1u) <= FAKE_MEMORY_BYTES);
	acpi_visit_cpus(take_cpu);
	(void)acpi_visit_io_apics(take_io_apic);
	return 0;
}
