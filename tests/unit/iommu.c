/*
 * tests/unit/iommu.c: the devices' page tables, walked as an IOMMU does; the IVRS and the DMAR as firmware has
 * them, and mutilated ones.
 */
#include "iommu/iommu_map.h"

#include "core/acpi_tables.h"
#include "core/memory.h"
#include "iommu/amd_vi.h"
#include "iommu/amd_vi_regs.h"
#include "iommu/driver.h"
#include "iommu/vt_d.h"
#include "rv/errno.h"
#include "unit.h"
#include "vmm/access.h"

#define ADDRESS_MASK UINT64_C(0x000ffffffffff000)
#define LARGE 0x80u
#define DEVICES_START MIB(60) /* what is set aside of our memory */
#define DEVICES_BYTES MIB(4)
#define MUTATIONS 20000

uint8_t *fake_memory;
hpa_t memory_reserved_start = MIB(32);
uint64_t memory_reserved_bytes = MIB(32);
static size_t pages_used;

void *memory_allocate_pages(size_t nr_pages)
{
	if (nr_pages > FAKE_MEMORY_BYTES / PAGE_BYTES - pages_used)
		return NULL;
	pages_used += nr_pages;
	return memset(fake_memory + (pages_used - nr_pages) * PAGE_BYTES, 0, nr_pages * PAGE_BYTES);
}

int memory_set_aside_for_devices(uint64_t bytes, hpa_t *start)
{
	UNIT_EQUAL(bytes, DEVICES_BYTES);
	*start = DEVICES_START;
	return 0;
}

static uint64_t page(hpa_t hpa, unsigned level)
{
	return hpa | 3 | (level > 0 ? LARGE : 0);
}

static uint64_t next(hpa_t hpa, unsigned level)
{
	(void)level;
	return hpa | 3;
}

/* What a device's access to an address reaches; ones: nothing. */
static uint64_t walk(hpa_t root, unsigned nr_levels, uint64_t address)
{
	for (unsigned level = nr_levels - 1;; level--) {
		uint64_t bytes = PAGE_BYTES << 9 * level, entry;

		memcpy(&entry, fake_memory + root + (address / bytes % 512) * 8, 8);
		if ((entry & 3) == 0)
			return ~UINT64_C(0);
		if (level == 0 || (entry & LARGE) != 0)
			return (entry & ADDRESS_MASK & ~(bytes - 1)) + address % bytes;
		root = entry & ADDRESS_MASK;
	}
}

static void check_map(unsigned nr_levels, unsigned page_level)
{
	const struct iommu_format format = {
		.nr_levels = nr_levels, .address_bits = 39, .page_level = page_level, .page = page, .table = next,
	};
	static const uint64_t reached[] = { 0, MIB(32) - 1, DEVICES_START, MIB(64) - 1, MIB(64), MIB(1000) + 0x2fff,
					    GIB(3), GIB(3) + 0xfff, GIB(4), GIB(6) - 1 };
	static const uint64_t not[] = { MIB(32), DEVICES_START - 1, MIB(1000) + 0x3000, GIB(3) - 1, GIB(3) + 0x1000,
					GIB(3) + MIB(1), GIB(4) - 1, GIB(6), GIB(511) };
	hpa_t root = 0;

	pages_used = 0;
	UNIT_EQUAL(iommu_map_create(&format, &root), 0);
	for (size_t i = 0; i < ARRAY_LENGTH(reached); i++)
		UNIT_EQUAL(walk(root, nr_levels, reached[i]), reached[i]);
	for (size_t i = 0; i < ARRAY_LENGTH(not); i++)
		UNIT_EQUAL(walk(root, nr_levels, not[i]), ~UINT64_C(0));
}

static void test_map(void)
{
	UNIT_CHECK(iommu_map_add(0, MIB(500)) && iommu_map_add(MIB(500), MIB(1000) + 0x2001));
	UNIT_CHECK(iommu_map_add(GIB(3) + 0x10, GIB(3) + 0x20) && iommu_map_add(GIB(3) + MIB(1), GIB(3) + MIB(2)));
	UNIT_CHECK(iommu_map_leave_out(GIB(3) + MIB(1), GIB(3) + MIB(3)));
	UNIT_CHECK(iommu_map_add(GIB(4), GIB(6)) && iommu_map_add(GIB(7), GIB(7)));
	check_map(4, 2);
	UNIT_CHECK(pages_used <= 8);
	check_map(3, 1);
	check_map(3, 0);
}

static void test_map_too_large(void)
{
	const struct iommu_format format = { .nr_levels = 3, .address_bits = 32, .page_level = 2, .page = page,
					     .table = next };
	hpa_t root;

	UNIT_EQUAL(iommu_map_create(&format, &root), -RV_ERANGE);
}

/* The tables: what the readers tell of. */
static uint8_t table[512];
static unsigned nr_registers, nr_functions, nr_kept, nr_settings;
static uint64_t last_function, kept_first, kept_last;
static uint8_t setting_of[65536];

uint64_t mmio_hardware_read(gpa_t gpa, uint8_t width_bytes)
{
	(void)gpa;
	return ~UINT64_C(0) >> (64 - 8 * width_bytes); /* performance counters, and much of everything */
}

const char *iommu_hide_registers(hpa_t start, uint64_t length_bytes)
{
	UNIT_CHECK(length_bytes >= PAGE_BYTES && length_bytes % PAGE_BYTES == 0);
	nr_registers++;
	return start % PAGE_BYTES == 0 ? NULL : "odd";
}

const char *iommu_hide_function(uint64_t address)
{
	nr_functions++;
	last_function = address;
	return NULL;
}

const char *iommu_keep_range(hpa_t first, hpa_t last)
{
	nr_kept++;
	kept_first = first;
	kept_last = last;
	return NULL;
}

uint64_t acpi_get(const uint8_t *at, unsigned length_bytes)
{
	uint64_t value = 0;

	memcpy(&value, at, length_bytes);
	return value;
}

static void put(size_t at, uint64_t value, unsigned length_bytes)
{
	memcpy(table + at, &value, length_bytes);
}

static void set_up(void)
{
	memset(table, 0, sizeof(table));
	memset(setting_of, 0, sizeof(setting_of));
	nr_registers = nr_functions = nr_kept = nr_settings = 0;
	amd_vi_nr_units = vt_d_nr_units = amd_vi_nr_io_apics = 0;
}

static void put_ivhd(size_t at, uint8_t type, size_t length_bytes)
{
	put(at, type, 1);
	put(at + 1, IVHD_FLAG_PASS_PW, 1);
	put(at + 2, length_bytes, 2);
	put(at + 4, 0x0102, 2); /* 01:00.2 */
	put(at + 8, 0xfd200000, 8);
	put(at + 16, 3, 2);
}

/* One unit by two blocks, a range of devices, an I/O APIC, and memory. Returns its length. */
static size_t put_ivrs(void)
{
	put_ivhd(48, IVHD_TYPE_10, 24 + 4 + 4 + 8 + 4);
	put(72, IVHD_ENTRY_FIRST | 0x0010 << 8 | 0x30 << 24, 4);
	put(76, IVHD_ENTRY_LAST | 0x0020 << 8, 4);
	put(80, IVHD_ENTRY_SPECIAL | UINT64_C(0x10) << 24 | UINT64_C(0xa0) << 40 | UINT64_C(1) << 56, 8);
	put_ivhd(92, IVHD_TYPE_11, 40 + 4);
	put(132, IVHD_ENTRY_ONE | 0x0300 << 8 | 0x20 << 24, 4);
	put(136, IVMD_TYPE_FIRST, 1);
	put(138, 32, 2);
	put(144, 0xe0000, 8);
	put(152, 0x20000, 8);
	return 168;
}

static void note_setting(uint16_t first, uint16_t last, uint8_t setting)
{
	nr_settings++;
	for (uint32_t id = first; id <= last; id++)
		setting_of[id] |= setting;
}

static void test_ivrs(void)
{
	size_t length_bytes = put_ivrs();

	UNIT_CHECK(amd_vi_find(table, length_bytes) == NULL);
	UNIT_CHECK(amd_vi_nr_units == 1 && amd_vi_units[0].registers == 0xfd200000);
	UNIT_EQUAL(amd_vi_units[0].flags, IVHD_FLAG_PASS_PW);
	UNIT_CHECK(nr_registers == 2 && nr_functions == 1); /* with its counters */
	UNIT_EQUAL(last_function, pci_segment_address(3) | pci_address(1, 0, 2, 0));
	UNIT_CHECK(nr_kept == 1 && kept_first == 0xe0000 && kept_last == 0xfffff);
	UNIT_CHECK(amd_vi_nr_io_apics == 1 && amd_vi_io_apics[0] == 0xa0);
	amd_vi_visit_settings(note_setting);
	UNIT_CHECK(setting_of[0x0f] == 0 && setting_of[0x10] == 0x30 && setting_of[0x20] == 0x30);
	UNIT_CHECK(setting_of[0x21] == 0 && setting_of[0xa0] == 0x10 && setting_of[0x300] == 0x20);
}

static void test_ivrs_malformed(void)
{
	size_t length_bytes = put_ivrs();

	put(50, 4, 2); /* shorter than a unit's block */
	UNIT_CHECK(amd_vi_find(table, length_bytes) != NULL);
	set_up();
	(void)put_ivrs();
	put(94, 300, 2); /* behind the table's end */
	UNIT_CHECK(amd_vi_find(table, length_bytes) != NULL);
	set_up();
	(void)put_ivrs();
	put(50, 24 + 4 + 4 + 6, 2); /* amid an entry */
	UNIT_CHECK(amd_vi_find(table, length_bytes) != NULL);
	set_up();
	UNIT_CHECK(amd_vi_find(table, 48) != NULL); /* it tells of none */
}

static size_t put_dmar(void)
{
	put(48, 0, 2); /* a unit, another, memory */
	put(50, 24, 2);
	put(56, 0xfed90000, 8);
	put(72, 0, 2);
	put(74, 16, 2);
	put(77, 2, 1); /* 4 pages */
	put(80, 0xfed94000, 8);
	put(88, 1, 2);
	put(90, 32, 2);
	put(96, 0x7a000000, 8);
	put(104, 0x7a7fffff, 8);
	return 120;
}

static void test_dmar(void)
{
	size_t length_bytes = put_dmar();

	UNIT_CHECK(vt_d_find(table, length_bytes) == NULL);
	UNIT_CHECK(vt_d_nr_units == 2 && vt_d_units[0].registers == 0xfed90000 && vt_d_units[1].registers == 0xfed94000);
	UNIT_CHECK(nr_kept == 1 && kept_first == 0x7a000000 && kept_last == 0x7a7fffff);
	set_up();
	(void)put_dmar();
	put(90, 20, 2); /* shorter than such a structure */
	UNIT_CHECK(vt_d_find(table, length_bytes) != NULL);
	set_up();
	(void)put_dmar();
	put(74, 0, 2);
	UNIT_CHECK(vt_d_find(table, length_bytes) != NULL);
	set_up();
	UNIT_CHECK(vt_d_find(table, 48) != NULL);
}

/* Whatever stands in them: no byte behind the table is read. */
static void test_random_mutation(void)
{
	srand(1);
	for (unsigned i = 0; i < MUTATIONS; i++) {
		bool dmar = i & 1;
		size_t length_bytes;
		uint8_t *exact;

		set_up();
		length_bytes = dmar ? put_dmar() : put_ivrs();
		for (unsigned n = 0; n < 3; n++)
			table[48 + (size_t)rand() % (length_bytes - 48)] = (uint8_t)rand();
		length_bytes -= (size_t)rand() % 40;
		exact = malloc(length_bytes);
		memcpy(exact, table, length_bytes);
		(void)(dmar ? vt_d_find : amd_vi_find)(exact, length_bytes);
		free(exact);
	}
	unit_why[0] = '\0'; /* odd lengths of registers are no matter here */
}

static void run(const char *name, void (*body)(void))
{
	set_up();
	unit_run(name, body);
}

int main(void)
{
	fake_memory = aligned_alloc(PAGE_BYTES, FAKE_MEMORY_BYTES);
	run("iommu_map", test_map);
	run("iommu_map_too_large", test_map_too_large);
	run("iommu_ivrs", test_ivrs);
	run("iommu_ivrs_malformed", test_ivrs_malformed);
	run("iommu_dmar", test_dmar);
	run("iommu_random_mutation", test_random_mutation);
	free(fake_memory);
	return unit_failed;
}
