/*
 * tests/unit/io_apic_remap.c: an I/O APIC that sends indices: what the guest writes and reads, what hardware has, and
 * what the IOMMU's table is told, in the right order.
 */
#include "vmm/io_apic_remap.h"

#include "unit.h"
#include "vmm/access.h"
#include "vmm/io_apic_regs.h"

#define PAGE UINT64_C(0xfec00000)
#define PINS 24u
#define LOW(pin) (IO_APIC_REDIRECTION + 2 * (pin))
#define HIGH(pin) (LOW(pin) + 1)

static uint32_t selected, registers[256], ended[PINS];
static uint32_t sent_before_set; /* pins that were not masked while the table had no such entry */
static struct io_apic_interrupt table[IO_APIC_PINS_MAXIMUM];

uint64_t mmio_hardware_read(gpa_t gpa, uint8_t width_bytes)
{
	UNIT_EQUAL(width_bytes, 4);
	return gpa == PAGE + IO_APIC_SELECT ? selected : registers[selected];
}

void mmio_hardware_write(gpa_t gpa, uint8_t width_bytes, uint64_t value)
{
	UNIT_EQUAL(width_bytes, 4);
	if (gpa == PAGE + IO_APIC_SELECT) {
		selected = (uint8_t)value;
	} else if (gpa == PAGE + IO_APIC_EOI) {
		ended[value]++;
	} else {
		registers[selected] = (uint32_t)value;
		if (selected >= LOW(0) && selected % 2 == 0 && !(value & IO_APIC_MASKED) &&
		    io_apic_is_remapped && !table[value & 0xff].valid)
			sent_before_set++;
	}
}

static void set(unsigned index, const struct io_apic_interrupt *interrupt)
{
	UNIT_CHECK(interrupt->valid || (registers[LOW(index)] & IO_APIC_MASKED) != 0);
	table[index] = *interrupt;
}

static void begin(void)
{
	selected = 0x42;
	registers[IO_APIC_VERSION] = (PINS - 1) << IO_APIC_PINS_SHIFT | 0x20;
	for (unsigned pin = 0; pin < PINS; pin++)
		registers[LOW(pin)] = IO_APIC_MASKED;
	registers[LOW(9)] = 0x8931 | IO_APIC_REMOTE_IRR; /* the firmware's: by level, lowest priority, logical */
	registers[HIGH(9)] = 0x03000000;
	memset(table, 0, sizeof(table));
	memset(ended, 0, sizeof(ended));
	io_apic_is_remapped = false;
	UNIT_CHECK(io_apic_cannot_remap(PAGE) == NULL);
	io_apic_begin_remapping(set);
}

static void test_begin(void)
{
	uint32_t value;

	begin();
	UNIT_CHECK(io_apic_is_remapped && selected == 0x42);
	UNIT_EQUAL(registers[LOW(9)], 0x8000 | 9);
	UNIT_EQUAL(registers[HIGH(9)], 0);
	UNIT_CHECK(table[9].valid && table[9].lowest && table[9].logical && table[9].destination == 3);
	UNIT_EQUAL(table[9].vector, 0x31);
	UNIT_EQUAL(ended[9], 1);
	UNIT_CHECK(io_apic_remap_read(LOW(9), &value));
	UNIT_EQUAL(value, 0x8931);
	UNIT_CHECK(!table[8].valid && registers[LOW(8)] == (IO_APIC_MASKED | 8));
}

/* Two pins with one vector for two CPUs. */
static void test_entries(void)
{
	uint32_t value;

	begin();
	UNIT_CHECK(io_apic_remap_write(HIGH(16), 0x01ffffff) && io_apic_remap_write(LOW(16), 0xa041));
	UNIT_CHECK(io_apic_remap_write(HIGH(17), 0x02000000) && io_apic_remap_write(LOW(17), 0x0041));
	UNIT_CHECK(table[16].valid && !table[16].lowest && !table[16].logical);
	UNIT_CHECK(table[16].vector == 0x41 && table[17].vector == 0x41);
	UNIT_CHECK(table[16].destination == 1 && table[17].destination == 2);
	UNIT_EQUAL(registers[LOW(16)], 0xa000 | 16);
	UNIT_EQUAL(registers[HIGH(16)], 0);
	registers[LOW(16)] |= IO_APIC_REMOTE_IRR;
	UNIT_CHECK(io_apic_remap_read(LOW(16), &value));
	UNIT_EQUAL(value, 0xa041 | IO_APIC_REMOTE_IRR);
	UNIT_CHECK(io_apic_remap_read(HIGH(16), &value));
	UNIT_EQUAL(value, 0x01000000);
	io_apic_remap_end(0x41); /* by level alone */
	UNIT_CHECK(ended[16] == 2 && ended[17] == 1);
	UNIT_CHECK(!io_apic_remap_write(0, 1) && !io_apic_remap_write(LOW(PINS), 1) && !io_apic_remap_read(1, &value));
	UNIT_EQUAL(sent_before_set, 0);
	UNIT_EQUAL(selected, 0x42);
}

/* What is masked, or no plain interrupt, is nothing that can be sent. */
static void test_others(void)
{
	static const uint32_t others[] = { 0x10041, 0x0200, 0x0400, 0x0500, 0x0700 };
	uint32_t value;

	begin();
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
		UNIT_CHECK(io_apic_remap_write(LOW(4), 0x41) && table[4].valid);
		UNIT_CHECK(io_apic_remap_write(LOW(4), others[i]));
		UNIT_CHECK(!table[4].valid && (registers[LOW(4)] & IO_APIC_MASKED) != 0);
		UNIT_CHECK((registers[LOW(4)] & IO_APIC_MODE_MASK) == 0);
		UNIT_CHECK(io_apic_remap_read(LOW(4), &value) && value == others[i]);
	}
}

/* After the machine has slept hardware has masked all; half an entry that is written then lets nothing through. */
static void test_forget(void)
{
	uint32_t value;

	begin();
	UNIT_CHECK(io_apic_remap_write(LOW(4), 0x41) && table[4].valid);
	for (unsigned pin = 0; pin < PINS; pin++) {
		registers[LOW(pin)] = IO_APIC_MASKED;
		registers[HIGH(pin)] = 0;
	}
	io_apic_remap_forget();
	UNIT_CHECK(io_apic_remap_read(LOW(4), &value) && value == IO_APIC_MASKED);
	UNIT_CHECK(io_apic_remap_read(HIGH(9), &value) && value == 0);
	UNIT_CHECK(io_apic_remap_write(HIGH(4), 0x01000000) && io_apic_remap_write(HIGH(9), 0x01000000));
	UNIT_CHECK(!table[4].valid && !table[9].valid);
	UNIT_CHECK((registers[LOW(4)] & IO_APIC_MASKED) && (registers[LOW(9)] & IO_APIC_MASKED));
	UNIT_CHECK(io_apic_remap_write(LOW(4), 0x41) && table[4].valid);
	UNIT_EQUAL(registers[LOW(4)], 4);
}

static void test_not(void)
{
	registers[IO_APIC_VERSION] = (PINS - 1) << IO_APIC_PINS_SHIFT | 0x11;
	UNIT_CHECK(io_apic_cannot_remap(PAGE) != NULL);
	registers[IO_APIC_VERSION] = IO_APIC_PINS_MAXIMUM << IO_APIC_PINS_SHIFT | 0x20;
	UNIT_CHECK(io_apic_cannot_remap(PAGE) != NULL);
}

int main(void)
{
	unit_run("io_apic_begin", test_begin);
	unit_run("io_apic_entries", test_entries);
	unit_run("io_apic_others", test_others);
	unit_run("io_apic_forget", test_forget);
	unit_run("io_apic_not", test_not);
	return unit_failed;
}
