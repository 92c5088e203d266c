/*
 * tests/unit/acpi.c: the ACPI reader on tables as firmware has them, and on mutilated ones.
 */
#include "core/acpi.h"

#include "fake_machine.h"
#include "unit.h"

#define RSDT 0x10000
#define XSDT 0x11000
#define FADT 0x12000
#define DSDT 0x15000
#define MCFG 0x13000
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
static uint16_t port_a, port_b;

static void check_found(void)
{
	UNIT_CHECK(acpi_pm1_control(&port_a, &port_b));
	UNIT_EQUAL(port_a, 0x604);
	UNIT_EQUAL(port_b, 0);
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
	UNIT_CHECK(!acpi_pm1_control(&port_a, &port_b));
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
	UNIT_CHECK(!acpi_pm1_control(&port_a, &port_b));
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
	UNIT_CHECK(acpi_pm1_control(&port_a, &port_b));
	UNIT_EQUAL(port_a, 0x604);
}

static void test_wide_ports(void)
{
	set_up(2);
	put(FADT + 172, 1, 1);
	put(FADT + 176, 0x1804, 8);
	header(FADT, "FACP", 244);
	UNIT_CHECK(acpi_pm1_control(&port_a, &port_b));
	UNIT_EQUAL(port_a, 0x1804);
	set_up(2);
	put(FADT + 172, 1, 1);
	put(FADT + 176, 0x12345, 8);
	header(FADT, "FACP", 244);
	UNIT_CHECK(!acpi_pm1_control(&port_a, &port_b));
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
	UNIT_EQUAL(acpi_power_off_types(), 0xff); /* no DSDT: every type counts */
	PUT_DSDT("\x08_S3_\x12\x06\x04\x0a\x05\x0a\x05\x00\x00"
		 "\x08_S4_\x12\x06\x04\x0a\x06\x0a\x06\x00\x00"
		 "\x08_S5_\x12\x06\x04\x0a\x07\x0a\x07\x00\x00");
	UNIT_EQUAL(acpi_power_off_types(), 1u << 6 | 1u << 7);
	PUT_DSDT("\x08_S3_\x12\x06\x04\x01\x01\x00\x00"
		 "\x08\\_S5_\x12\x40\x06\x04\x00\x00\x00\x00"); /* a longer PkgLength, a constant */
	UNIT_EQUAL(acpi_power_off_types(), 1u << 0);
	PUT_DSDT("_S5_ is mentioned \x08_S5_\x12\x06\x04\x0a\x02\x00\x00\x00");
	UNIT_EQUAL(acpi_power_off_types(), 1u << 2);
	PUT_DSDT("\x08_S5_\x12\x06\x04"); /* it ends too soon */
	UNIT_EQUAL(acpi_power_off_types(), 0xff);
	PUT_DSDT("\x08_S5_\x14\x06\x04\x0a\x02\x00\x00\x00"); /* a method, not a package */
	UNIT_EQUAL(acpi_power_off_types(), 0xff);
	PUT_DSDT("\x08_S5_\x12\x06\x04\x0a\x05\x00\x00\x00");
	fake_memory[DSDT + 36]++; /* the sum is wrong */
	UNIT_EQUAL(acpi_power_off_types(), 0xff);
}

/* A wrong sum, a length that lies, an address that leads nowhere or to our memory. */
static void test_malformed(void)
{
	set_up(2);
	fake_memory[FADT + 70]++;
	UNIT_CHECK(!acpi_pm1_control(&port_a, &port_b));
	set_up(2);
	header(FADT, "FACP", 20);
	UNIT_CHECK(!acpi_pm1_control(&port_a, &port_b));
	set_up(2);
	put(XSDT + 36, FAKE_MEMORY_BYTES - 40, 8);
	memcpy(fake_memory + FAKE_MEMORY_BYTES - 40, "FACP\xf4", 5);
	put(XSDT + 44, ~UINT64_C(0) - 4, 8);
	header(XSDT, "XSDT", 52);
	put(RSDT + 36, FAKE_RESERVED_START, 4);
	header(RSDT, "RSDT", 40);
	UNIT_CHECK(!acpi_pm1_control(&port_a, &port_b));
	/* A broken XSDT: the RSDT serves. */
	set_up(2);
	fake_memory[XSDT + 40]++;
	check_found();
}

/* Whatever the tables hold, reading stays inside memory (ASan watches) and ends. */
static void test_random_mutation(void)
{
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
		acpi_pm1_control(&port_a, &port_b);
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
	unit_run("acpi_wide_ports", test_wide_ports);
	unit_run("acpi_sleep_types", test_sleep_types);
	unit_run("acpi_malformed", test_malformed);
	unit_run("acpi_random_mutation", test_random_mutation);
	return unit_failed;
}
