/*
 * tests/unit/acpi.c: the ACPI reader on tables as firmware has them, and on mutilated ones.
 */
#include "core/acpi.h"
#include "vmm/acpi_hide.h"

#include "fake_machine.h"
#include "unit.h"

#define RSDT 0x10000
#define XSDT 0x11000
#define FADT 0x12000
#define DSDT 0x15000
#define DSDT_WIDE 0x16000
#define SSDT 0x17000
#define MCFG 0x13000
#define MADT 0x18000
#define RSDP 0xf5aa0

static void put(hpa_t at, uint64_t value, unsigned length_bytes)
{
	memcpy(fake_memory + at, &value, length_bytes);
}

static void sum_up(hpa_t at, size_t length_bytes, unsigned checksum_at)
{
	uint8_t sum = 0;

	fake_memory[at + checksum_at] = 0;
	for (size_t i = 0; i < length_bytes; i++)
		sum = (uint8_t)(sum + fake_memory[at + i]);
	fake_memory[at + checksum_at] = (uint8_t)-sum;
}

static void header(hpa_t at, const char *signature, uint32_t length_bytes)
{
	memcpy(fake_memory + at, signature, 4);
	put(at + 4, length_bytes, 4);
	sum_up(at, length_bytes, 9);
}

static void put_rsdp(hpa_t at, unsigned revision)
{
	memcpy(fake_memory + at, "RSD PTR ", 8);
	fake_memory[at + 15] = (uint8_t)revision;
	put(at + 16, RSDT, 4);
	put(at + 20, 36, 4);
	put(at + 24, revision >= 2 ? XSDT : 0, 8);
	sum_up(at, 20, 8);
	sum_up(at, 36, 32);
}

/* The tables of a q35. */
static void set_up(unsigned revision)
{
	fake_machine_reset();
	acpi_set_rsdp(NULL, 0);
	put(FADT + 64, 0x604, 4);
	put(FADT + 68, 0, 4);
	header(FADT, "FACP", 244);
	put(MCFG + 44, 0xd00000, 8);
	put(MCFG + 52, 0, 2);
	fake_memory[MCFG + 54] = 0;
	fake_memory[MCFG + 55] = 2;
	header(MCFG, "MCFG", 60);
	put(RSDT + 36, FADT, 4);
	put(RSDT + 40, MCFG, 4);
	header(RSDT, "RSDT", 44);
	put(XSDT + 36, FADT, 8);
	put(XSDT + 44, MCFG, 8);
	header(XSDT, "XSDT", 52);
	put_rsdp(RSDP, revision);
}

static struct acpi_mcfg window;

/* How many registers of that role there are; the last one's address. */
static unsigned count_registers(enum acpi_role role, unsigned second, uint64_t *address)
{
	size_t count;
	const struct acpi_register *registers = acpi_registers(&count);
	unsigned found = 0;

	UNIT_CHECK(count <= ACPI_REGISTERS_MAXIMUM);
	for (size_t i = 0; i < count; i++) {
		if (registers[i].role == role && registers[i].second == second) {
			*address = registers[i].address;
			found++;
		}
	}
	return found;
}

static bool has_register(enum acpi_role role, unsigned second, uint64_t address)
{
	uint64_t found = 0;

	return count_registers(role, second, &found) == 1 && found == address;
}

static bool has_no_registers(void)
{
	size_t count;

	(void)acpi_registers(&count);
	return count == 0;
}

static void check_found(void)
{
	uint64_t unused;

	UNIT_CHECK(has_register(ACPI_PM1_CONTROL, 0, 0x604));
	UNIT_EQUAL(count_registers(ACPI_PM1_CONTROL, 1, &unused), 0);
	UNIT_CHECK(acpi_find_table("FACP") == fake_memory + FADT);
	UNIT_CHECK(acpi_find_table("MCFG") == fake_memory + MCFG);
	UNIT_CHECK(acpi_find_table("HPET") == NULL);
}

static void test_by_search(void)
{
	set_up(0);
	check_found();
	set_up(2);
	check_found();
}

static void test_ebda(void)
{
	set_up(0);
	memset(fake_memory + RSDP, 0, 36);
	acpi_set_rsdp(NULL, 0);
	UNIT_CHECK(has_no_registers());
	put(0x40e, 0x9fc0, 2);
	put_rsdp(0x9fd00, 0);
	acpi_set_rsdp(NULL, 0);
	check_found();
}

static void test_by_copy(void)
{
	uint8_t copy[36];

	set_up(2);
	memcpy(copy, fake_memory + RSDP, sizeof(copy));
	memset(fake_memory + RSDP, 0, 36);
	acpi_set_rsdp(copy, sizeof(copy));
	check_found();
	/* A copy of the first version's length is enough. */
	acpi_set_rsdp(copy, 20);
	check_found();
	copy[16]++;
	acpi_set_rsdp(copy, sizeof(copy));
	UNIT_CHECK(has_no_registers());
}

static void test_mcfg(void)
{
	set_up(2);
	UNIT_CHECK(acpi_mcfg(0, &window) && !acpi_mcfg(1, &window) && acpi_mcfg_is_whole());
	UNIT_EQUAL(window.base, 0xd00000);
	UNIT_EQUAL(window.segment, 0);
	UNIT_EQUAL(window.last_bus, 2);
	/* More buses than memory has room for. */
	set_up(2);
	fake_memory[MCFG + 55] = 3;
	header(MCFG, "MCFG", 60);
	UNIT_CHECK(!acpi_mcfg(0, &window) && !acpi_mcfg_is_whole());
	/* An odd base is none; nor is one of 0, but there nothing is meant. */
	set_up(2);
	put(MCFG + 44, 0xd00010, 8);
	header(MCFG, "MCFG", 60);
	UNIT_CHECK(!acpi_mcfg(0, &window) && !acpi_mcfg_is_whole());
	set_up(2);
	put(MCFG + 44, 0, 8);
	header(MCFG, "MCFG", 60);
	UNIT_CHECK(!acpi_mcfg(0, &window) && acpi_mcfg_is_whole());
	/* Other segments, and another part of the first one. */
	set_up(2);
	put(MCFG + 60, 0xc00000, 8);
	put(MCFG + 68, 7, 2);
	put(MCFG + 70, 0x0000, 2);
	put(MCFG + 76, 0xa00000, 8);
	put(MCFG + 84, 0, 2);
	put(MCFG + 86, 0x0404, 2);
	header(MCFG, "MCFG", 92);
	UNIT_CHECK(acpi_mcfg(1, &window) && window.segment == 7 && window.base == 0xc00000);
	UNIT_CHECK(acpi_mcfg(2, &window) && window.first_bus == 4 && window.last_bus == 4);
	UNIT_CHECK(!acpi_mcfg(3, &window) && acpi_mcfg_is_whole());
}

/* What was learnt stays when the guest takes the memory for itself. */
static void test_learnt_once(void)
{
	set_up(2);
	check_found();
	put(FADT + 64, 0x999, 4);
	header(FADT, "FACP", 244);
	UNIT_CHECK(has_register(ACPI_PM1_CONTROL, 0, 0x604));
}

static void put_generic(unsigned field, unsigned space, uint64_t address)
{
	put(FADT + field, space, 1);
	put(FADT + field + 4, address, 8);
}

static void test_wide_fields(void)
{
	uint64_t address;
	size_t count;
	const struct acpi_register *registers;

	set_up(2);
	put_generic(172, ACPI_SPACE_PORT, 0x604); /* the same in both fields */
	header(FADT, "FACP", 244);
	check_found();
	set_up(2);
	put_generic(172, ACPI_SPACE_PORT, 0x1804); /* which is right? */
	header(FADT, "FACP", 244);
	UNIT_EQUAL(count_registers(ACPI_PM1_CONTROL, 0, &address), 2);
	set_up(2);
	put(FADT + 64, 0, 4);
	put_generic(172, ACPI_SPACE_MEMORY, UINT64_C(0xfed80804));
	put_generic(184, ACPI_SPACE_MEMORY, UINT64_C(0xfed80904));
	header(FADT, "FACP", 244);
	UNIT_CHECK(has_register(ACPI_PM1_CONTROL, 0, 0xfed80804));
	UNIT_CHECK(has_register(ACPI_PM1_CONTROL, 1, 0xfed80904));
	registers = acpi_registers(&count);
	UNIT_EQUAL(count, 2);
	UNIT_EQUAL(registers[0].space, ACPI_SPACE_MEMORY);
}

/* The registers of hardware-reduced ACPI, and the one for resets, which a flag announces. */
static void test_other_registers(void)
{
	uint64_t unused;

	set_up(2);
	put_generic(116, ACPI_SPACE_PORT, 0xcf9);
	put(FADT + 128, 6, 1);
	put_generic(244, ACPI_SPACE_PORT, 0x900);
	put_generic(256, ACPI_SPACE_PORT, 0x901);
	header(FADT, "FACP", 276);
	UNIT_CHECK(has_register(ACPI_SLEEP_CONTROL, 0, 0x900));
	UNIT_CHECK(has_register(ACPI_SLEEP_STATUS, 0, 0x901));
	UNIT_EQUAL(count_registers(ACPI_RESET_REGISTER, 0, &unused), 0);
	put(FADT + 112, 0x400, 4);
	header(FADT, "FACP", 276);
	acpi_set_rsdp(NULL, 0);
	UNIT_CHECK(has_register(ACPI_RESET_REGISTER, 0, 0xcf9));
	UNIT_EQUAL(acpi_reset_value(), 6);
	header(FADT, "FACP", 255); /* the table ends within the sleep control register */
	acpi_set_rsdp(NULL, 0);
	UNIT_EQUAL(count_registers(ACPI_SLEEP_CONTROL, 0, &unused), 0);
}

/* A DSDT with this AML, named by the FADT. */
static void put_dsdt(const void *aml, size_t length_bytes)
{
	set_up(2);
	memcpy(fake_memory + DSDT + 36, aml, length_bytes);
	header(DSDT, "DSDT", 36 + (unsigned)length_bytes);
	put(FADT + 40, DSDT, 4);
	header(FADT, "FACP", 244);
}

#define PUT_DSDT(text) put_dsdt(text, sizeof(text) - 1)

/* Suspend to RAM (_S3, here 5) is no power-off; to disk (_S4) is one as _S5 is. */
static void test_sleep_types(void)
{
	set_up(2);
	UNIT_EQUAL(acpi_power_off_types(0), 0); /* no DSDT: nobody knows */
	PUT_DSDT("\x08_S3_\x12\x06\x04\x0a\x05\x0a\x05\x00\x00"
		 "\x08_S4_\x12\x06\x04\x0a\x06\x0a\x03\x00\x00"
		 "\x08_S5_\x12\x06\x04\x0a\x07\x01\x00\x00");
	UNIT_EQUAL(acpi_power_off_types(0), 1u << 6 | 1u << 7);
	UNIT_EQUAL(acpi_power_off_types(1), 1u << 3 | 1u << 1);
	PUT_DSDT("\x08_S3_\x12\x06\x04\x01\x01\x00\x00"
		 "\x08\\_S5_\x12\x40\x06\x04\x00\x00\x00\x00"); /* a longer PkgLength, a constant */
	UNIT_EQUAL(acpi_power_off_types(0), 1u << 0);
	PUT_DSDT("\x08_S5_\x12\x07\x01\x0b\x05\x03"); /* both in one element */
	UNIT_EQUAL(acpi_power_off_types(0), 1u << 5);
	UNIT_EQUAL(acpi_power_off_types(1), 1u << 3);
	PUT_DSDT("_S5_ is mentioned \x08_S5_\x12\x06\x04\x0a\x02\x00\x00\x00");
	UNIT_EQUAL(acpi_power_off_types(0), 1u << 2);
	PUT_DSDT("\x08_S5_\x12\x06\x04"); /* it ends too soon */
	UNIT_EQUAL(acpi_power_off_types(0), 0);
	PUT_DSDT("\x08_S5_\x12\x06\x02\x0a\x02"); /* it ends before PM1b's */
	UNIT_EQUAL(acpi_power_off_types(0), 1u << 2);
	UNIT_EQUAL(acpi_power_off_types(1), 0);
	PUT_DSDT("\x08_S5_\x14\x06\x04\x0a\x02\x00\x00\x00"); /* a method, not a package */
	UNIT_EQUAL(acpi_power_off_types(0), 0);
	PUT_DSDT("\x08_S4_\x12\x06\x04\x0a\x02\x00\x00\x00"); /* to disk alone is no end known */
	UNIT_EQUAL(acpi_power_off_types(0), 0);
	PUT_DSDT("\x08_S5_\x12\x06\x04\x0a\x05\x00\x00\x00");
	fake_memory[DSDT + 9]++; /* the sum is wrong: systems use the table all the same */
	UNIT_EQUAL(acpi_power_off_types(0), 1u << 5);
}

static bool sums_up(hpa_t table)
{
	uint32_t length_bytes;
	uint8_t sum = 0;

	memcpy(&length_bytes, fake_memory + table + 4, 4);
	for (uint32_t i = 0; i < length_bytes; i++)
		sum = (uint8_t)(sum + fake_memory[table + i]);
	return sum == 0;
}

/* What is left of the states when they are hidden; `expected` of the AML's names were changed. */
static void check_hidden(const void *aml, const void *after, size_t length_bytes, unsigned expected)
{
	put_dsdt(aml, length_bytes);
	UNIT_EQUAL(acpi_hide_sleep('3'), expected);
	UNIT_CHECK(memcmp(fake_memory + DSDT + 36, after, length_bytes) == 0);
	UNIT_CHECK(sums_up(DSDT));
}

#define CHECK_HIDDEN(aml, after, expected) check_hidden(aml, after, sizeof(aml) - 1, expected)

static void test_hide(void)
{
	CHECK_HIDDEN("\x08_S1_\x12\x06\x04\x01\x01\x00\x00" "\x08\\_S2_\x12" "\x08_S3_\x12",
		     "\x08XS1_\x12\x06\x04\x01\x01\x00\x00" "\x08\\XS2_\x12" "\x08XS3_\x12", 3);
	/* These stay, as do names that only look so. */
	CHECK_HIDDEN("\x08_S0_\x12\x08_S4_\x12\x08_S5_\x12\x08_S3D\x0a\x03\x08_S3W",
		     "\x08_S0_\x12\x08_S4_\x12\x08_S5_\x12\x08_S3D\x0a\x03\x08_S3W", 0);
	CHECK_HIDDEN("\x2e_SB__S3_ A_S3_XYZ", "\x2e_SB__S3_ A_S3_XYZ", 0);
	/* A method, with lengths that look like letters; an alias; a reference. */
	CHECK_HIDDEN("\x14\x30_S3_\x00" "\x14\x41\x41_S3_\x00" "\x06S3AL_S3_" "\x06\\S3AL_S1_"
		     "\x70_S3_\x60",
		     "\x14\x30XS3_\x00" "\x14\x41\x41XS3_\x00" "\x06S3ALXS3_" "\x06\\S3ALXS1_"
		     "\x70XS3_\x60", 5);
	CHECK_HIDDEN("_S3_", "XS3_", 1);
	CHECK_HIDDEN("\x08_S3", "\x08_S3", 0);
}

/* In every table with AML that a root table or the FADT names, and once each. */
static void test_hide_tables(void)
{
	static const char state[] = "\x08_S3_\x12";

	put_dsdt(state, 6);
	for (unsigned i = 0; i < 2; i++) {
		memcpy(fake_memory + SSDT + i * 0x100 + 36, state, 6);
		header(SSDT + i * 0x100, "SSDT", 42);
		put(XSDT + 52 + 8 * i, SSDT + i * 0x100, 8);
	}
	memcpy(fake_memory + DSDT_WIDE + 36, state, 6);
	header(DSDT_WIDE, "DSDT", 42);
	put(FADT + 140, DSDT_WIDE, 8);
	header(FADT, "FACP", 244);
	header(XSDT, "XSDT", 68);
	put(RSDT + 44, SSDT + 0x200, 4); /* in the RSDT alone, and its sum is wrong */
	header(RSDT, "RSDT", 48);
	memcpy(fake_memory + SSDT + 0x200 + 36, state, 6);
	header(SSDT + 0x200, "SSDT", 42);
	fake_memory[SSDT + 0x200 + 41]++;
	UNIT_EQUAL(acpi_hide_sleep('3'), 5);
	UNIT_CHECK(sums_up(DSDT) && sums_up(DSDT_WIDE) && sums_up(SSDT) && sums_up(SSDT + 0x100));
	UNIT_CHECK(!sums_up(SSDT + 0x200)); /* as it was */
	UNIT_EQUAL(acpi_hide_sleep('3'), 0);
}

/* A whole table, whatever its sum, in both lists: nothing is left but a header that sums up. */
static void test_hide_whole(void)
{
	static const uint8_t nothing[64];

	memset(fake_memory + SSDT, 0x5a, 100);
	put(XSDT + 52, SSDT, 8);
	header(XSDT, "XSDT", 60);
	put(RSDT + 44, SSDT, 4);
	header(RSDT, "RSDT", 48);
	header(SSDT, "DMAR", 100);
	fake_memory[SSDT + 99]++;
	UNIT_EQUAL(acpi_hide_tables("DMAR"), 1);
	UNIT_CHECK(sums_up(SSDT) && memcmp(fake_memory + SSDT, "OEM0", 4) == 0);
	UNIT_CHECK(memcmp(fake_memory + SSDT + 36, nothing, 64) == 0);
	UNIT_EQUAL(acpi_hide_tables("DMAR"), 0);
	UNIT_CHECK(sums_up(FADT) && sums_up(MCFG));
}

/* In each FADT that is long enough; what else is said there stays. */
static void test_forbid_messages(void)
{
	put(FADT + 109, 0x0012, 2);
	header(FADT, "FACP", 244);
	UNIT_EQUAL(acpi_forbid_messages(), 1);
	UNIT_EQUAL(fake_memory[FADT + 109], 0x1a);
	UNIT_CHECK(sums_up(FADT));
	UNIT_EQUAL(acpi_forbid_messages(), 1);
	UNIT_CHECK(fake_memory[FADT + 109] == 0x1a && sums_up(FADT));
	header(FADT, "FACP", 109);
	UNIT_EQUAL(acpi_forbid_messages(), 0);
}

/* Tables that overlap, or reach into what is ours, stay as they are. */
static void test_hide_overlapping(void)
{
	uint8_t before[0x200];

	put_dsdt("\x08_S3_\x12____________________________________________________________________", 75);
	put(XSDT + 52, DSDT + 50, 8);
	header(XSDT, "XSDT", 60);
	header(DSDT + 50, "SSDT", 40);
	header(DSDT, "DSDT", 36 + 75);
	memcpy(before, fake_memory + DSDT, sizeof(before));
	UNIT_EQUAL(acpi_hide_sleep('3'), 0);
	UNIT_CHECK(memcmp(before, fake_memory + DSDT, sizeof(before)) == 0);
	set_up(2);
	put(FADT + 40, FAKE_RESERVED_START - 40, 4);
	header(FADT, "FACP", 244);
	memcpy(fake_memory + FAKE_RESERVED_START - 40, "DSDT\x40\0\0", 8);
	memcpy(fake_memory + FAKE_RESERVED_START, "\x08_S3_\x12", 6);
	UNIT_EQUAL(acpi_hide_sleep('3'), 0);
	UNIT_CHECK(memcmp(fake_memory + FAKE_RESERVED_START, "\x08_S3_\x12", 6) == 0);
}

/* A wrong sum, a length that lies, an address that leads nowhere or to our memory. */
static void test_malformed(void)
{
	set_up(2);
	fake_memory[FADT + 70]++; /* systems use it all the same */
	UNIT_CHECK(has_register(ACPI_PM1_CONTROL, 0, 0x604));
	UNIT_CHECK(acpi_find_table("FACP") == NULL);
	set_up(2);
	header(FADT, "FACP", 20);
	UNIT_CHECK(has_no_registers());
	set_up(2);
	put(XSDT + 36, FAKE_MEMORY_BYTES - 40, 8);
	memcpy(fake_memory + FAKE_MEMORY_BYTES - 40, "FACP\xf4", 5);
	put(XSDT + 44, ~UINT64_C(0) - 4, 8);
	header(XSDT, "XSDT", 52);
	put(RSDT + 36, FAKE_RESERVED_START, 4);
	header(RSDT, "RSDT", 40);
	UNIT_CHECK(has_no_registers());
	/* A broken XSDT: the RSDT serves. */
	set_up(2);
	fake_memory[XSDT + 40]++;
	check_found();
}

static uint32_t cpus[8];
static unsigned nr_cpus;
static hpa_t io_apics[8];
static unsigned nr_io_apics;
static int refuse_io_apic; /* what the visitor says to the second */

static void note_cpu(uint32_t apic_id)
{
	cpus[nr_cpus++] = apic_id;
}

static int note_io_apic(hpa_t page)
{
	io_apics[nr_io_apics++] = page;
	return nr_io_apics == 2 ? refuse_io_apic : 0;
}

static int visit_madt(void)
{
	nr_cpus = nr_io_apics = 0;
	acpi_visit_cpus(note_cpu);
	return acpi_visit_io_apics(note_io_apic);
}

/* CPUs in their order, by both kinds of entry, enabled or to come; I/O APICs; others between. */
static void put_madt(const void *entries, uint32_t length_bytes)
{
	set_up(2);
	memset(fake_memory + MADT, 0, 256);
	memcpy(fake_memory + MADT + 44, entries, length_bytes);
	header(MADT, "APIC", 44 + length_bytes);
	put(XSDT + 52, MADT, 8);
	header(XSDT, "XSDT", 60);
}

static void test_madt(void)
{
	static const uint8_t entries[] = {
		0, 8, 0, 7, 1, 0, 0, 0,				       /* CPU 7 */
		1, 12, 0, 0, 0x34, 0x02, 0xc0, 0xfe, 0, 0, 0, 0,	       /* I/O APIC */
		9, 16, 0, 0, 0x01, 0x02, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, /* CPU 201h, to come */
		2, 10, 0, 0, 2, 0, 0, 0, 0, 0,
		0, 8, 0, 9, 0, 0, 0, 0,				       /* not usable */
		1, 12, 0, 0, 0, 0x10, 0xc0, 0xfe, 24, 0, 0, 0,
		0, 7, 0, 3, 1, 0, 0, 1, 11, 0, 0, 0, 0, 0xc1, 0xfe, 0, 0, 0, /* too short */
		0, 8, 0, 1, 3, 0, 0, 0,
	};
	uint8_t cut[sizeof(entries)];

	put_madt(entries, sizeof(entries));
	UNIT_EQUAL(visit_madt(), 0);
	UNIT_CHECK(nr_cpus == 3 && cpus[0] == 7 && cpus[1] == 0x201 && cpus[2] == 1);
	UNIT_CHECK(nr_io_apics == 2 && io_apics[0] == 0xfec00000 && io_apics[1] == 0xfec01000);
	refuse_io_apic = -5;
	UNIT_EQUAL(visit_madt(), -5);
	refuse_io_apic = 0;
	/* An entry without length, or beyond the end, ends it. */
	memcpy(cut, entries, sizeof(cut));
	cut[9] = 0;
	put_madt(cut, sizeof(cut));
	UNIT_EQUAL(visit_madt(), 0);
	UNIT_CHECK(nr_cpus == 1 && nr_io_apics == 0);
	put_madt(entries, 19); /* the I/O APIC lacks a byte */
	(void)visit_madt();
	UNIT_CHECK(nr_cpus == 1 && nr_io_apics == 0);
	put_madt(entries, 9); /* an entry of one byte */
	(void)visit_madt();
	UNIT_CHECK(nr_cpus == 1);
	put_madt(entries, 0);
	(void)visit_madt();
	UNIT_CHECK(nr_cpus == 0);
	set_up(2);
	UNIT_EQUAL(visit_madt(), 0);
	UNIT_CHECK(nr_cpus == 0 && nr_io_apics == 0);
}

/* Whatever the tables hold, reading stays inside memory (ASan watches) and ends. */
static void test_random_mutation(void)
{
	uint64_t address;
	static const struct {
		hpa_t at;
		unsigned length_bytes;
	} areas[] = {{RSDT, 44}, {XSDT, 52}, {FADT, 244}, {MCFG, 60}, {RSDP, 36}};

	for (unsigned round = 0; round < 3000; round++) {
		unsigned changes = 1 + (unsigned)(unit_random() % 6);

		set_up(round % 2 ? 2 : 0);
		while (changes-- != 0) {
			unsigned area = (unsigned)(unit_random() % 5);
			hpa_t at = areas[area].at + unit_random() % areas[area].length_bytes;

			fake_memory[at] = unit_random() % 2 ? (uint8_t)unit_random() : 0xff;
		}
		/* Most tables sum up still, so that what they say is looked at. */
		if (unit_random() % 4 != 0) {
			for (unsigned i = 0; i < 4; i++)
				sum_up(areas[i].at, areas[i].length_bytes, 9);
			sum_up(RSDP, 20, 8);
			sum_up(RSDP, 36, 32);
		}
		(void)count_registers(ACPI_PM1_CONTROL, 0, &address);
		(void)acpi_hide_sleep('3');
		for (unsigned i = 0; acpi_mcfg(i, &window); i++)
			UNIT_CHECK(window.first_bus <= window.last_bus &&
				   window.base % MIB(1) == 0 && window.base != 0);
	}
}

int main(void)
{
	unit_run("acpi_by_search", test_by_search);
	unit_run("acpi_ebda", test_ebda);
	unit_run("acpi_by_copy", test_by_copy);
	unit_run("acpi_mcfg", test_mcfg);
	unit_run("acpi_learnt_once", test_learnt_once);
	unit_run("acpi_wide_fields", test_wide_fields);
	unit_run("acpi_other_registers", test_other_registers);
	unit_run("acpi_sleep_types", test_sleep_types);
	unit_run("acpi_hide", test_hide);
	unit_run("acpi_hide_tables", test_hide_tables);
	unit_run("acpi_hide_whole", test_hide_whole);
	unit_run("acpi_forbid_messages", test_forbid_messages);
	unit_run("acpi_hide_overlapping", test_hide_overlapping);
	unit_run("acpi_malformed", test_malformed);
	unit_run("acpi_madt", test_madt);
	unit_run("acpi_random_mutation", test_random_mutation);
	return unit_failed;
}
