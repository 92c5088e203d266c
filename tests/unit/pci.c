/*
 * tests/unit/pci.c: PCI configuration by ports and by memory, on a fake host bridge.
 */
#include "vmm/pci.h"

#include "core/acpi.h"
#include "core/instructions.h"
#include "fake_machine.h"
#include "rv/errno.h"
#include "unit.h"
#include "vmm/mmio.h"
#include "vmm/pci_ports.h"
#include "vmm/pio.h"

#define ECAM 0xd00000
#define BUSES 3

/* The host bridge: CONFIG_ADDRESS, and 256 bytes of each function where the ECAM has them. */
static uint32_t config_address;
static unsigned config_address_writes;

static struct access_region *port_region; /* what pio_register() got */

int pio_register(struct access_region *region)
{
	if (port_region)
		unit_fail("ports claimed twice");
	port_region = region;
	return 0;
}

void pio_follow(void)
{
}

void pio_unregister(struct access_region *region)
{
	UNIT_CHECK(region == port_region);
	port_region = NULL;
}

/* A bus that is not there is answered by the last page of the array, which no test uses. */
static uint8_t *config_space(void)
{
	if ((config_address >> 16 & 0xff) >= BUSES)
		return fake_memory + FAKE_MEMORY_BYTES - PAGE_BYTES;
	return fake_memory + ECAM + (config_address >> 8 & 0xffff) * PAGE_BYTES +
	       (config_address & 0xfc);
}

/* What else is in I/O space is ones; writes there are counted. */
static unsigned other_writes;

uint32_t pio_raw_read(uint16_t port, uint8_t width_bytes)
{
	uint32_t value = UINT32_MAX >> (32 - 8 * width_bytes);

	if (port < 0xcfc && port + width_bytes > 0xcfc)
		unit_fail("a read crosses into the data ports");

	if (port == 0xcf8 && width_bytes == 4)
		return config_address;
	if (port >= 0xcfc && port + width_bytes <= 0xd00 && (config_address >> 31) != 0) {
		value = 0;
		memcpy(&value, config_space() + port - 0xcfc, width_bytes);
	}
	return value;
}

void pio_raw_write(uint16_t port, uint8_t width_bytes, uint32_t value)
{
	if (port == 0xcf8 && width_bytes == 4) {
		config_address = value;
		config_address_writes++;
	} else if (port >= 0xcfc && port + width_bytes <= 0xd00 && (config_address >> 31) != 0) {
		UNIT_EQUAL(config_address & 0x0f000000, 0);
		memcpy(config_space() + port - 0xcfc, &value, width_bytes);
	} else {
		if (port < 0xcfc && port + width_bytes > 0xcfc)
			unit_fail("a write crosses into the data ports");
		other_writes++;
	}
}

uint32_t pio_hardware(uint16_t port, uint8_t width_bytes, bool write, uint32_t value)
{
	return pci_ports_hardware(port, width_bytes, write, value);
}

uint32_t pio_hardware_read(uint16_t port, uint8_t width_bytes)
{
	return pio_hardware(port, width_bytes, false, 0);
}

void pio_hardware_write(uint16_t port, uint8_t width_bytes, uint32_t value)
{
	pio_hardware(port, width_bytes, true, value);
}

/* AMD's NB_CFG, where there is one. */
static bool has_nb_cfg;

bool msr_read_safe(uint32_t msr, uint64_t *value)
{
	UNIT_EQUAL(msr, 0xc001001f);
	*value = UINT64_C(1) << 46;
	return has_nb_cfg;
}

bool pio_has_guard_but(uint64_t first, uint64_t last, access_handler handler)
{
	(void)first;
	(void)last;
	(void)handler;
	return false;
}

/* As vmm/pio.c does it. */
enum access_result pio_offer(struct access *access)
{
	if (port_region && access->address <= port_region->last &&
	    access->address + access->width_bytes > port_region->first)
		return port_region->handler(access, port_region->context);
	return ACCESS_PASS;
}

static uint32_t guest_port(uint16_t port, uint8_t width_bytes, bool write, uint32_t value)
{
	struct access access = {
		.vcpu = &fake_vcpu,
		.kind = ACCESS_PORT,
		.write = write,
		.width_bytes = width_bytes,
		.address = port,
		.value = value,
	};
	enum access_result result = pio_offer(&access);

	if (write && result == ACCESS_PASS)
		pio_hardware_write(port, width_bytes, (uint32_t)access.value);
	else if (!write && !access.resolved)
		return pio_hardware_read(port, width_bytes);
	return (uint32_t)access.value;
}

static uint32_t select_register(uint32_t bus, uint32_t device, uint32_t function, uint32_t offset)
{
	return UINT32_C(0x80000000) | bus << 16 | device << 11 | function << 8 | offset;
}

static struct access seen[16];
static unsigned nr_seen;
static enum access_result answer;
static bool answer_resolves;
static uint64_t answer_value;

static enum access_result note(struct access *access, void *context)
{
	(void)context;
	if (nr_seen < ARRAY_LENGTH(seen))
		seen[nr_seen] = *access;
	nr_seen++;
	if (answer_resolves) {
		access->resolved = !access->write;
		access->value = answer_value;
	}
	return answer;
}

/* What was read of the tables before is forgotten. */
static void take_rsdp(void)
{
	uint8_t rsdp[20] = "RSD PTR ", sum = 0;

	memcpy(rsdp + 16, &(uint32_t){0x10000}, 4);
	for (unsigned i = 0; i < 20; i++)
		sum = (uint8_t)(sum + rsdp[i]);
	rsdp[8] = (uint8_t)-sum;
	acpi_set_rsdp(rsdp, sizeof(rsdp));
}

/* An MCFG for BUSES buses at ECAM, or none. */
static void set_up(bool memory)
{
	uint8_t *rsdt, *mcfg;

	fake_machine_reset();
	rsdt = fake_memory + 0x10000;
	mcfg = fake_memory + 0x11000;
	memcpy(rsdt, "RSDT\x28", 5);
	memcpy(rsdt + 36, &(uint32_t){0x11000}, 4);
	memcpy(mcfg, memory ? "MCFG\x3c" : "NONE\x3c", 5);
	memcpy(mcfg + 44, &(uint64_t){ECAM}, 8);
	mcfg[55] = BUSES - 1;
	for (unsigned i = 0; i < 60; i++)
		mcfg[9] = (uint8_t)(mcfg[9] - (i == 9 ? 0 : mcfg[i]));
	for (unsigned i = 0; i < 40; i++)
		rsdt[9] = (uint8_t)(rsdt[9] - (i == 9 ? 0 : rsdt[i]));
	take_rsdp();
	nr_seen = 0;
	answer = ACCESS_PASS;
	answer_resolves = false;
	config_address = 0;
	config_address_writes = 0;
	other_writes = 0;
}

static struct access_region region = {.handler = note};

static void claim(uint32_t bus, uint32_t device, uint32_t function, uint32_t first, uint32_t last)
{
	region.first = pci_address(bus, device, function, first);
	region.last = pci_address(bus, device, function, last);
	UNIT_EQUAL(pci_register(&region), 0);
}

static void test_registration(void)
{
	struct access_region bad = {.first = 0, .last = PCI_ADDRESS_LAST + 1, .handler = note};
	struct access_region second = {.first = pci_address(1, 2, 3, 0),
				       .last = pci_address(1, 2, 4, 0xfff), .handler = note,
				       .band = BAND_GUARD};
	gpa_t page = ECAM / PAGE_BYTES + (pci_address(1, 2, 3, 0) >> 12);

	set_up(true);
	UNIT_EQUAL(pci_register(&bad), -RV_EINVAL);
	UNIT_CHECK(!port_region);
	claim(1, 2, 3, 0, 3);
	UNIT_CHECK(port_region && port_region->first == 0xcf8 && port_region->last == 0xcff);
	UNIT_CHECK(fake_denied[page] && !fake_denied[page + 1] && !fake_denied[page - 1]);
	UNIT_EQUAL(pci_register(&second), 0);
	UNIT_CHECK(fake_denied[page] && fake_denied[page + 1]);
	pci_unregister(&region);
	UNIT_CHECK(port_region && fake_denied[page] && fake_denied[page + 1]);
	pci_unregister(&region);
	pci_unregister(&second);
	UNIT_CHECK(!port_region && !fake_denied[page] && !fake_denied[page + 1]);
	fake_deny_error = -RV_ENOMEM;
	UNIT_EQUAL(pci_register(&second), -RV_ENOMEM);
	UNIT_CHECK(!port_region);
	/* All functions of all buses: only those that the memory way has. */
	region.first = 0;
	region.last = PCI_ADDRESS_LAST;
	UNIT_EQUAL(pci_register(&region), 0);
	UNIT_CHECK(fake_denied[ECAM / PAGE_BYTES] &&
		   fake_denied[ECAM / PAGE_BYTES + BUSES * 256 - 1]);
	pci_unregister(&region);
}

static void test_ports(void)
{
	set_up(false);
	claim(2, 3, 1, 0x40, 0x43);
	guest_port(0xcf8, 4, true, select_register(2, 3, 1, 0x40));
	UNIT_EQUAL(config_address_writes, 1);
	guest_port(0xcfe, 2, true, 0x1234);
	UNIT_EQUAL(nr_seen, 1);
	UNIT_EQUAL(seen[0].address, pci_address(2, 3, 1, 0x42));
	UNIT_EQUAL(seen[0].width_bytes, 2);
	UNIT_EQUAL(seen[0].value, 0x1234);
	UNIT_CHECK(seen[0].kind == ACCESS_PCI && seen[0].write);
	UNIT_EQUAL(guest_port(0xcfc, 4, false, 0), 0x12340000);
	UNIT_EQUAL(guest_port(0xcff, 1, false, 0), 0x12);
	UNIT_EQUAL(nr_seen, 3);
	UNIT_EQUAL(guest_port(0xcf8, 4, false, 0), select_register(2, 3, 1, 0x40));
	/* Registers and functions beside it are not asked for. */
	guest_port(0xcf8, 4, true, select_register(2, 3, 1, 0x44));
	guest_port(0xcfc, 4, false, 0);
	guest_port(0xcf8, 4, true, select_register(2, 3, 2, 0x40));
	guest_port(0xcfc, 4, false, 0);
	/* Without the enable bit it is plain port I/O. */
	guest_port(0xcf8, 4, true, select_register(2, 3, 1, 0x40) & 0x7fffffff);
	UNIT_EQUAL(guest_port(0xcfc, 4, false, 0), UINT32_MAX);
	UNIT_EQUAL(nr_seen, 3);
	pci_unregister(&region);
}

/* Accesses across the ends of the data ports: the part in them is seen, the rest goes to what is there. A
 * narrow access to CONFIG_ADDRESS is none to it. */
static void test_ports_odd(void)
{
	set_up(false);
	claim(2, 3, 1, 0x40, 0x43);
	guest_port(0xcf8, 4, true, select_register(2, 3, 1, 0x40));
	guest_port(0xcfc, 4, true, 0x44332211);
	nr_seen = 0;
	UNIT_EQUAL(guest_port(0xcfa, 4, false, 0), 0x2211ffff);
	UNIT_EQUAL(guest_port(0xcfe, 4, false, 0), 0xffff4433);
	UNIT_EQUAL(guest_port(0xcff, 2, false, 0), 0xff44);
	UNIT_EQUAL(nr_seen, 3);
	UNIT_CHECK(seen[0].address == pci_address(2, 3, 1, 0x40) && seen[0].width_bytes == 2);
	UNIT_CHECK(seen[2].address == pci_address(2, 3, 1, 0x43) && seen[2].width_bytes == 1);
	UNIT_EQUAL(guest_port(0xcfb, 4, false, 0), 0x332211ff);
	UNIT_EQUAL(nr_seen, 5); /* of two bytes and of one */
	answer_resolves = true;
	answer_value = 0xffff;
	UNIT_EQUAL(guest_port(0xcfa, 4, false, 0), UINT32_MAX);
	answer_resolves = false;
	answer = ACCESS_DONE;
	guest_port(0xcf9, 4, true, 0);
	guest_port(0xcfe, 4, true, 0);
	answer = ACCESS_PASS;
	UNIT_EQUAL(guest_port(0xcfc, 4, false, 0), 0x44332211);
	UNIT_EQUAL(other_writes, 3); /* CF9h; CFAh and CFBh; D00h and D01h */
	guest_port(0xcf8, 1, true, 0x44);
	guest_port(0xcfa, 2, true, 0);
	UNIT_EQUAL(other_writes, 5);
	UNIT_EQUAL(guest_port(0xcf8, 4, false, 0), select_register(2, 3, 1, 0x40));
	pci_unregister(&region);
}

/* Another CPU selects another register while a handler is asked about the first. */
static enum access_result select_meanwhile(struct access *access, void *context)
{
	(void)context;
	guest_port(0xcf8, 4, true, select_register(2, 3, 2, 0x40));
	return note(access, NULL);
}

static void test_ports_race(void)
{
	set_up(false);
	config_address = select_register(2, 3, 2, 0x40);
	pio_raw_write(0xcfc, 4, 0x5ec2e7);
	region.handler = select_meanwhile;
	claim(2, 3, 1, 0x40, 0x43);
	guest_port(0xcf8, 4, true, select_register(2, 3, 1, 0x40));
	guest_port(0xcfc, 4, true, 0x11);
	region.handler = note;
	UNIT_EQUAL(guest_port(0xcf8, 4, false, 0), select_register(2, 3, 2, 0x40));
	UNIT_EQUAL(guest_port(0xcfc, 4, false, 0), 0x5ec2e7);
	guest_port(0xcf8, 4, true, select_register(2, 3, 1, 0x40));
	UNIT_EQUAL(guest_port(0xcfc, 4, false, 0), 0x11);
	pci_unregister(&region);
}

/* Bits 27 to 24 of CONFIG_ADDRESS: where they count they lead to registers that only memory reaches here;
 * elsewhere the handlers and the hardware both ignore them. */
static void test_ports_extended(void)
{
	set_up(true);
	claim(1, 2, 3, 0, 0xfff);
	fake_memory[ECAM + pci_address(1, 2, 3, 0x344)] = 0x77;
	fake_memory[ECAM + pci_address(1, 2, 3, 0x44)] = 0x66;
	guest_port(0xcf8, 4, true, select_register(1, 2, 3, 0x44) | 0x03000000);
	UNIT_EQUAL(guest_port(0xcfc, 1, false, 0), 0x66);
	UNIT_EQUAL(seen[0].address, pci_address(1, 2, 3, 0x44));
	has_nb_cfg = true;
	UNIT_EQUAL(guest_port(0xcfc, 1, false, 0), 0x77);
	UNIT_EQUAL(seen[1].address, pci_address(1, 2, 3, 0x344));
	has_nb_cfg = false;
	pci_unregister(&region);
}

/* On a machine with other CPUs, our own access keeps them off the ports while it lasts. */
static void test_ports_own(void)
{
	uint64_t address = pci_address(1, 2, 0, 0x10);

	set_up(false);
	cpus_count = 2;
	config_address = select_register(2, 1, 1, 0x10);
	fake_intercept_changes = 0;
	pci_hardware_write(address, 4, 0xcafe);
	UNIT_EQUAL(pci_hardware_read(address, 4), 0xcafe);
	UNIT_EQUAL(fake_intercept_changes, 2);
	UNIT_EQUAL(config_address, select_register(2, 1, 1, 0x10));
	UNIT_CHECK(!port_region);
	cpus_count = 1;
}

static void test_ports_answers(void)
{
	set_up(false);
	claim(0, 4, 0, 0, 0xff);
	guest_port(0xcf8, 4, true, select_register(0, 4, 0, 0));
	answer_resolves = true;
	answer_value = 0xffffffff;
	UNIT_EQUAL(guest_port(0xcfc, 4, false, 0), 0xffffffff);
	answer_value = 0x77;
	guest_port(0xcfc, 1, true, 0x55); /* changed on its way */
	answer_resolves = false;
	UNIT_EQUAL(guest_port(0xcfc, 1, false, 0), 0x77);
	answer = ACCESS_DONE; /* dropped */
	guest_port(0xcfc, 1, true, 0x99);
	answer = ACCESS_PASS;
	UNIT_EQUAL(guest_port(0xcfc, 1, false, 0), 0x77);
	pci_unregister(&region);
}

/* Our own accesses by ports leave what the guest selected. */
static void test_hardware_by_ports(void)
{
	uint64_t address = pci_address(1, 2, 0, 0x12);

	set_up(false);
	config_address = select_register(2, 1, 1, 0x10);
	pci_hardware_write(address, 2, 0xbeef);
	UNIT_EQUAL(pci_hardware_read(address, 2), 0xbeef);
	UNIT_EQUAL(pci_hardware_read(address - 2, 4), 0xbeef0000);
	UNIT_EQUAL(pci_hardware_read(address + 1, 1), 0xbe);
	UNIT_EQUAL(config_address, select_register(2, 1, 1, 0x10));
	UNIT_EQUAL(pci_hardware_read(pci_address(1, 2, 0, 0x100), 4), UINT32_MAX);
}

static void test_hardware_by_memory(void)
{
	set_up(true);
	pci_hardware_write(pci_address(1, 2, 0, 0x104), 4, 0xcafe);
	UNIT_EQUAL(pci_hardware_read(pci_address(1, 2, 0, 0x104), 4), 0xcafe);
	UNIT_EQUAL(config_address_writes, 0);
	/* A bus that the memory way does not have goes by ports. */
	pci_hardware_read(pci_address(BUSES, 0, 0, 0), 4);
	UNIT_EQUAL(config_address_writes, 2);
}

/* Both ways lead to the same handlers, each access once however many regions cover it. */
static void test_memory(void)
{
	struct access_region second = {.first = pci_address(1, 2, 3, 0),
				       .last = pci_address(1, 2, 3, 7), .handler = note};
	gpa_t at = ECAM + pci_address(1, 2, 3, 0);

	set_up(true);
	claim(1, 2, 3, 0, 3);
	UNIT_EQUAL(pci_register(&second), 0);
	memcpy(fake_memory + at, "\x86\x80\x37\x12\x01\x02\x03\x04", 8);
	UNIT_EQUAL(mmio_read(&fake_vcpu, at, 4), 0x12378086);
	UNIT_EQUAL(nr_seen, 2); /* two regions, one access */
	UNIT_EQUAL(seen[0].address, pci_address(1, 2, 3, 0));
	UNIT_CHECK(seen[0].kind == ACCESS_PCI);
	nr_seen = 0;
	UNIT_EQUAL(mmio_read(&fake_vcpu, at, 8), 0x0403020112378086);
	UNIT_EQUAL(nr_seen, 3); /* in two parts: both regions, then the second alone */
	UNIT_EQUAL(seen[2].address, pci_address(1, 2, 3, 4));
	UNIT_EQUAL(seen[2].width_bytes, 4);
	answer_resolves = true;
	answer_value = 0xffffffff;
	UNIT_EQUAL(mmio_read(&fake_vcpu, at + 2, 2), 0xffff);
	answer_value = 0x99;
	mmio_write(&fake_vcpu, at, 1, 0x11);
	UNIT_EQUAL(fake_memory[at], 0x99);
	answer = ACCESS_DONE;
	mmio_write(&fake_vcpu, at + 1, 1, 0x11);
	UNIT_EQUAL(fake_memory[at + 1], 0x80);
	/* The rest of the page is the device's. */
	nr_seen = 0;
	mmio_write(&fake_vcpu, at + 0x40, 4, 0x1234);
	UNIT_EQUAL(mmio_read(&fake_vcpu, at + 0x40, 4), 0x1234);
	UNIT_EQUAL(nr_seen, 0);
	pci_unregister(&region);
	pci_unregister(&second);
}

/* Every window of the MCFG: another segment's functions are offered, and told from the first's. */
static void test_segments(void)
{
	struct acpi_mcfg window;
	hpa_t other = ECAM - MIB(1) + pci_address(0, 5, 0, 0);
	uint8_t sum = 0, *mcfg;

	set_up(true);
	mcfg = fake_memory + 0x11000;
	mcfg[4] = 76;
	memcpy(mcfg + 60, &(uint64_t){ECAM - MIB(1)}, 8);
	memcpy(mcfg + 68, "\x02\x00\x00\x00", 4);
	mcfg[9] = 0;
	for (unsigned i = 0; i < 76; i++)
		sum = (uint8_t)(sum + mcfg[i]);
	mcfg[9] = (uint8_t)-sum;
	UNIT_CHECK(acpi_mcfg(1, &window) && window.segment == 2);
	region.first = 0;
	region.last = PCI_ADDRESS_LAST;
	UNIT_EQUAL(pci_register(&region), 0);
	UNIT_CHECK(fake_denied[other / PAGE_BYTES] && fake_denied[ECAM / PAGE_BYTES]);
	fake_memory[other] = 0x12;
	UNIT_EQUAL(mmio_read(&fake_vcpu, other, 1), 0x12);
	UNIT_EQUAL(seen[0].address, pci_segment_address(2) | pci_address(0, 5, 0, 0));
	UNIT_EQUAL(pci_hardware_read(seen[0].address, 1), 0x12);
	UNIT_EQUAL(pci_hardware_read(pci_segment_address(1), 4), UINT32_MAX);
	pci_unregister(&region);
	UNIT_CHECK(!fake_denied[other / PAGE_BYTES] && !fake_denied[ECAM / PAGE_BYTES]);
	/* One that is out of reach would be a way past us. */
	mcfg[67] = 0x10;
	mcfg[9] = (uint8_t)(mcfg[9] - 0x10);
	take_rsdp();
	UNIT_EQUAL(pci_register(&region), -RV_ENOTSUP);
	UNIT_CHECK(!port_region && !fake_denied[ECAM / PAGE_BYTES]);
}

int main(void)
{
	unit_run("pci_registration", test_registration);
	unit_run("pci_ports_odd", test_ports_odd);
	unit_run("pci_ports_race", test_ports_race);
	unit_run("pci_ports_extended", test_ports_extended);
	unit_run("pci_ports_own", test_ports_own);
	unit_run("pci_segments", test_segments);
	unit_run("pci_ports", test_ports);
	unit_run("pci_ports_answers", test_ports_answers);
	unit_run("pci_hardware_by_ports", test_hardware_by_ports);
	unit_run("pci_hardware_by_memory", test_hardware_by_memory);
	unit_run("pci_memory", test_memory);
	return unit_failed;
}
