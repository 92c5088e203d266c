/*
 * tests/unit/power.c: how the machine is kept from sleeping, in registers of every kind that a FADT can
 * name.
 */
#include "core/acpi.h"
#include "crypt/volume_key.h"
#include "fake_machine.h"
#include "mediator/power/shutdown.h"
#include "mediator/power/sleep.h"
#include "rv/errno.h"
#include "unit.h"
#include "vmm/mmio.h"
#include "vmm/pci_window.h"
#include "vmm/suspend.h"

#define DEVICE (FAKE_DEVICE_START + 0x2000)
#define SLEEP(type) ((type) << 2 | 0x20u) /* the byte that has SLP_TYP and SLP_EN */

static struct acpi_register registers[ACPI_REGISTERS_MAXIMUM];
static size_t nr_registers;
static unsigned shutdowns;

/* Off is type 5 in PM1a's register and 3 in PM1b's. */
const struct acpi_register *acpi_registers(size_t *count)
{
	*count = nr_registers;
	return registers;
}

uint8_t acpi_power_off_types(unsigned second)
{
	return second ? 1u << 3 : 1u << 5;
}

uint8_t acpi_to_ram_types(unsigned second)
{
	return second ? 1u << 2 : 1u << 1;
}

static const char *unready;
static struct suspend_plan plan;
static unsigned asked;
struct watchers suspend_fail_watchers;

const char *suspend_prepare(const struct suspend_plan *given)
{
	plan = *given;
	return unready;
}

bool suspend_ask(struct vcpu *vcpu)
{
	(void)vcpu;
	asked++;
	return true;
}

void pci_window_remember(void)
{
}

void crypt_keys_wipe(void)
{
}

void shutdown_by_access(struct access *access)
{
	(void)access;
	shutdowns++;
}

static struct access_region *ports;

int pio_register(struct access_region *region)
{
	struct access_region **link = &ports;

	while (*link)
		link = &(*link)->next;
	region->next = NULL;
	*link = region;
	return 0;
}

static uint8_t port_bytes[0x10000 + 4];

void access_fetch(struct access *access)
{
	if (access->resolved)
		return;
	access->value = 0;
	if (access->kind == ACCESS_PORT)
		memcpy(&access->value, port_bytes + access->address, access->width_bytes);
	else
		access->value = mmio_hardware_read(access->address, access->width_bytes);
	access->resolved = true;
}

/* As vmm/pio.c does it. */
static uint32_t guest_port(uint32_t port, uint8_t width_bytes, bool write, uint32_t value)
{
	struct access access = {.vcpu = &fake_vcpu, .kind = ACCESS_PORT, .write = write,
				.width_bytes = width_bytes, .address = port, .value = value};

	for (struct access_region *region = ports; region; region = region->next) {
		UNIT_EQUAL(region->band, BAND_GUARD);
		if (region->first < port + width_bytes && region->last >= port)
			UNIT_EQUAL(region->handler(&access, region->context), ACCESS_PASS);
	}
	if (write)
		memcpy(port_bytes + port, &access.value, width_bytes);
	else
		access_fetch(&access);
	return (uint32_t)access.value;
}

static void add(enum acpi_role role, unsigned space, uint64_t address, unsigned second)
{
	registers[nr_registers++] = (struct acpi_register){
		.address = address, .role = (uint8_t)role, .space = (uint8_t)space,
		.second = (uint8_t)second};
}

/* What is claimed here stays so for the tests below. */
static void test_control(void)
{
	uint32_t off = SLEEP(5u) << 8 | 1, off_second = SLEEP(3u) << 8, ram = SLEEP(1u) << 8 | 1;

	fake_machine_reset();
	add(ACPI_PM1_STATUS, ACPI_SPACE_PORT, 0x600, 0);
	add(ACPI_PM1_STATUS, ACPI_SPACE_PORT, 0x700, 1);
	add(ACPI_PM1_CONTROL, ACPI_SPACE_PORT, 0x604, 0);
	add(ACPI_PM1_CONTROL, ACPI_SPACE_PORT, 0x704, 1);
	add(ACPI_SLEEP_CONTROL, ACPI_SPACE_MEMORY, DEVICE + 4, 0);
	add(ACPI_SLEEP_STATUS, ACPI_SPACE_MEMORY, DEVICE + 5, 0);
	UNIT_EQUAL(sleep_claim(), 0);
	/* Nothing of the status is claimed before it is needed. */
	for (struct access_region *region = ports; region; region = region->next)
		UNIT_CHECK(region->first == 0x605 || region->first == 0x705);
	guest_port(0x604, 2, true, off);
	UNIT_EQUAL(port_bytes[0x605], SLEEP(5u));
	UNIT_EQUAL(shutdowns, 1);
	guest_port(0x704, 2, true, off_second);
	UNIT_EQUAL(port_bytes[0x705], SLEEP(3u));
	UNIT_EQUAL(shutdowns, 2);
	UNIT_EQUAL(guest_port(0x600, 2, false, 0), 0);
	/* The second one's type is another. */
	guest_port(0x704, 2, true, off);
	UNIT_EQUAL(port_bytes[0x705], 0);
	guest_port(0x604, 2, true, ram);
	UNIT_EQUAL(port_bytes[0x604], 1);
	UNIT_EQUAL(port_bytes[0x605], 0);
	/* SLP_TYP alone: of off it stands there, of others it would outlive a reset. */
	guest_port(0x604, 2, true, off & ~0x2000u);
	UNIT_EQUAL(port_bytes[0x605], 5u << 2);
	guest_port(0x604, 2, true, ram & ~0x2000u);
	UNIT_EQUAL(port_bytes[0x604], 1);
	UNIT_EQUAL(port_bytes[0x605], 0);
	UNIT_EQUAL(shutdowns, 2);
}

/* Every access that touches the byte, at every distance. */
static void test_widths(void)
{
	for (uint32_t port = 0x602; port <= 0x605; port++) {
		for (uint8_t width_bytes = 1; width_bytes <= 4; width_bytes *= 2) {
			uint32_t value = 0x01010101u & (UINT32_MAX >> (32 - 8 * width_bytes));

			if (port + width_bytes <= 0x605)
				continue;
			value |= SLEEP(1u) << 8 * (0x605 - port);
			guest_port(port, width_bytes, true, value);
			UNIT_EQUAL(port_bytes[0x605], 1);
		}
	}
}

static void test_status(void)
{
	port_bytes[0x600] = port_bytes[0x601] = 0x11;
	UNIT_EQUAL(guest_port(0x600, 2, false, 0), 0x9111);
	UNIT_EQUAL(guest_port(0x601, 1, false, 0), 0x91);
	UNIT_EQUAL(guest_port(0x600, 4, false, 0) & 0xffff, 0x9111);
	UNIT_EQUAL(guest_port(0x600, 1, false, 0), 0x11);
	UNIT_EQUAL(guest_port(0x700, 2, false, 0), 0x8000);
	guest_port(0x600, 2, true, 0x4000); /* another bit is cleared */
	UNIT_EQUAL(guest_port(0x600, 2, false, 0), 0xc000);
	guest_port(0x600, 2, true, 0x8000);
	port_bytes[0x601] = 0;
	UNIT_EQUAL(guest_port(0x600, 2, false, 0), 0);
	UNIT_EQUAL(guest_port(0x700, 2, false, 0), 0);
}

static void test_memory(void)
{
	uint64_t all = (uint64_t)SLEEP(1u) << 32 | (uint64_t)0x40 << 40 | 0x1234;

	mmio_write(&fake_vcpu, DEVICE + 4, 1, SLEEP(5u));
	UNIT_EQUAL(mmio_hardware_read(DEVICE + 4, 1), SLEEP(5u));
	UNIT_EQUAL(shutdowns, 3);
	mmio_write(&fake_vcpu, DEVICE + 4, 1, SLEEP(1u));
	UNIT_EQUAL(mmio_hardware_read(DEVICE + 4, 1), 0);
	UNIT_EQUAL(mmio_read(&fake_vcpu, DEVICE + 5, 1), 0x80);
	mmio_write(&fake_vcpu, DEVICE + 5, 1, 0x80);
	mmio_hardware_write(DEVICE + 5, 1, 0);
	UNIT_EQUAL(mmio_read(&fake_vcpu, DEVICE + 5, 1), 0);
	mmio_write(&fake_vcpu, DEVICE, 8, all);
	UNIT_EQUAL(mmio_hardware_read(DEVICE, 8), all & ~((uint64_t)SLEEP(1u) << 32));
	UNIT_EQUAL(mmio_read(&fake_vcpu, DEVICE + 5, 1), 0xc0);
	UNIT_EQUAL(shutdowns, 3);
}

/* Only the firmware's SLP_TYP, of that register, and only for the guest. */
static void test_allowed(void)
{
	struct access by_script = {.vcpu = &fake_vcpu, .kind = ACCESS_PORT, .write = true, .width_bytes = 2,
				   .address = 0x604, .value = SLEEP(1u) << 8, .direct = true};

	unready = "no";
	UNIT_CHECK(sleep_allow(0x9f000, true) != NULL);
	guest_port(0x604, 2, true, SLEEP(1u) << 8);
	UNIT_EQUAL(asked, 0);
	unready = NULL;
	UNIT_CHECK(sleep_allow(0x9f000, true) == NULL);
	UNIT_EQUAL(plan.low_page, 0x9f000);
	guest_port(0x604, 2, true, SLEEP(1u) << 8);
	UNIT_EQUAL(asked, 1);
	UNIT_EQUAL(port_bytes[0x605] & 0x20, 0);
	guest_port(0x704, 2, true, SLEEP(1u) << 8);
	UNIT_EQUAL(asked, 1);
	guest_port(0x704, 2, true, SLEEP(2u) << 8);
	UNIT_EQUAL(asked, 2);
	guest_port(0x605, 1, true, SLEEP(2u));
	mmio_write(&fake_vcpu, DEVICE + 4, 1, SLEEP(1u));
	UNIT_EQUAL(asked, 2);
	for (struct access_region *region = ports; region; region = region->next) {
		if (region->first == 0x605)
			UNIT_EQUAL(region->handler(&by_script, region->context), ACCESS_PASS);
	}
	UNIT_EQUAL(by_script.value & SLEEP(0) << 8, 0);
	UNIT_EQUAL(asked, 2);
	UNIT_EQUAL(shutdowns, 3);
}

/* A register that we cannot reach is no reason to go on. */
static void test_other_space(void)
{
	nr_registers = 0;
	add(ACPI_SLEEP_CONTROL, 2, 0x40, 0);
	UNIT_EQUAL(sleep_claim(), -RV_ENOTSUP);
}

int main(void)
{
	unit_run("power_control", test_control);
	unit_run("power_widths", test_widths);
	unit_run("power_status", test_status);
	unit_run("power_memory", test_memory);
	unit_run("power_allowed", test_allowed);
	unit_run("power_other_space", test_other_space);
	return unit_failed;
}
