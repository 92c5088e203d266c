/*
 * tests/guest/dma.c: a guest that has devices read and write memory that is not its own: the hypervisor's (in
 * which the IOMMU's tables are), and the IOMMU's registers. They must not; what is the guest's they must
 * reach. Then it tries to get at the IOMMU by its own hands.
 *
 * Devices: QEMU's edu, whose DMA goes where it is told, and those of dma_*.c that there are.
 *
 * Options: reached=1: all of that is to succeed, which is so without an IOMMU; registers=ADDRESS: where the
 * IOMMU has them; seen=1: the guest is to find it; look=1: somebody outside names places by keys that all devices
 * are to write to, the IOMMU's tables, and looks at memory behind it; unguarded=1: nothing but the HPET, which is to write everywhere; isolate=PORT: nothing but the edu, which a script isolates at a write to that port.
 */
#include "dma.h"

#include "guest.h"
#include "edu.h"
#include "instruction.h"
#include "reserved.h"

#define CONFIG_CLASS 0x08
#define CLASS_IOMMU 0x0806u
#define SAMPLES 4u

#define ISOLATED_TICKS 800000000u

#define HPET 0xfed00000u
#define HPET_CONFIGURATION 0x10
#define HPET_COUNTER 0xf0
#define HPET_TIMER 0x140 /* the third */
#define HPET_COMPARATOR 0x08
#define HPET_ROUTE 0x10
#define HPET_MESSAGES 0x4000u
#define HPET_INTERRUPTS 0x4u

#define AMD_VI_REGISTER 0x00u /* that can be written, 32 bits by themselves */
#define VT_D_REGISTER 0x20u
#define KEY_RETURN 0x1c
#define KEY_RELEASED 0x80

bool reached;
uint64_t ours;
uint64_t page[PAGE / 8] __attribute__((aligned(4096)));
static uint64_t edu;
static unsigned nr_iommus, edu_function;

uint64_t device_start(unsigned function, unsigned number)
{
	uint64_t bar = config_read(function, CONFIG_BAR + 4 * number);

	if ((bar & 6) == 4)
		bar |= (uint64_t)config_read(function, CONFIG_BAR + 4 * number + 4) << 32;
	config_write(function, CONFIG_COMMAND, config_read(function, CONFIG_COMMAND) | COMMAND_MEMORY_MASTER);
	return bar & ~UINT64_C(0xf);
}

unsigned device_find(uint32_t class, uint32_t ids)
{
	for (unsigned function = 0; function < 256; function++) {
		if (config_read(function, 0) != ~0u && config_read(function, CONFIG_CLASS) >> 8 == class &&
		    (ids == 0 || config_read(function, 0) == ids))
			return function;
	}
	return 256;
}

static void devices_find(void)
{
	for (unsigned function = 0; function < 256; function++) {
		if (config_read(function, 0) == ~0u)
			continue;
		nr_iommus += config_read(function, CONFIG_CLASS) >> 16 == CLASS_IOMMU;
		if (config_read(function, 0) == ID_EDU) {
			edu_function = function;
			edu = device_start(function, 0);
		}
	}
}

/* One transfer of the edu, between memory and its buffer. False: it has no end. */
static bool edu_move(uint64_t source, uint64_t target, uint64_t count, uint32_t direction)
{
	write64(edu + EDU_SOURCE, source);
	write64(edu + EDU_TARGET, target);
	write64(edu + EDU_COUNT, count);
	write64(edu + EDU_COMMAND, EDU_START | direction);
	for (unsigned i = 0; i < POLLS; i++) {
		if ((read32(edu + EDU_COMMAND) & EDU_START) == 0)
			return true;
	}
	return guest_check(false, "edu", "it does not end");
}

static void edu_read(uint64_t from, uint64_t count)
{
	edu_move(from, EDU_BUFFER, count, 0);
}

static void edu_write(uint64_t to, uint64_t count)
{
	edu_move(EDU_BUFFER, to, count, EDU_TO_MEMORY);
}

void page_fill(uint64_t pattern)
{
	for (unsigned i = 0; i < PAGE / 8; i++)
		page[i] = pattern != 0 ? pattern + i : 0;
}

bool page_is(uint64_t pattern)
{
	for (unsigned i = 0; i < EDU_BYTES / 8; i++) {
		if (page[i] != (pattern != 0 ? pattern + i : 0))
			return false;
	}
	return true;
}

static bool edu_works(void)
{
	page_fill(PATTERN);
	edu_read((uint64_t)page, EDU_BYTES);
	page_fill(0);
	edu_write((uint64_t)page, EDU_BYTES);
	return guest_check(page_is(PATTERN), "edu reaches the guest's memory", "0x%lx", page[0]);
}

void edu_fetch(uint64_t from, uint64_t count)
{
	page_fill(0);
	edu_read((uint64_t)page, EDU_BYTES); /* nothing is left of what was there */
	edu_read(from, count);
	edu_write((uint64_t)page, EDU_BYTES);
}

void check(bool did, const char *name, uint64_t at)
{
	guest_check(did == reached, name, "%s, at 0x%lx", did ? "it does" : "it does not", at);
}

void check_written(const char *name, uint64_t at)
{
	edu_fetch(at, EDU_BYTES);
	check(page_is(PATTERN), name, at);
}

static void disk_write(const struct dma_disk *disk, uint64_t pattern)
{
	page_fill(pattern);
	disk->move(false, (uint64_t)page);
}

void check_disk(const struct dma_disk *disk)
{
	uint64_t theirs = ours_page(disk->page_number);

	disk_write(disk, PATTERN);
	page_fill(0);
	disk->move(true, (uint64_t)page);
	guest_check(page_is(PATTERN), disk->reaches, "0x%lx", page[0]);
	disk->move(true, theirs);
	check_written(disk->writes, theirs);
	disk_write(disk, 0);
	disk->move(false, ours);
	page_fill(PATTERN);
	disk->move(true, (uint64_t)page);
	check(!page_is(0) && !page_is(PATTERN), disk->reads, ours);
}

/* A pattern is written to some pages, and read back from one. Where it is to get there, that is one in which
 * nothing is. */
static void check_ours(void)
{
	uint64_t last = ours_page(PAGE_EDU);

	edu_fetch(ours, EDU_BYTES);
	check(!page_is(0), "edu reads the hypervisor's memory", ours);
	page_fill(PATTERN);
	edu_read((uint64_t)page, EDU_BYTES);
	for (unsigned i = 0; !reached && i < SAMPLES; i++)
		edu_write(ours + i * (OURS_END / SAMPLES / PAGE * PAGE), EDU_BYTES);
	edu_write(last, EDU_BYTES);
	check_written("edu writes the hypervisor's memory", last);
}

/* All that a CPU reads there is ones, and what it writes is not taken. */
static void check_registers(uint64_t registers)
{
	edu_fetch(registers, 256);
	check(!page_is(0), "edu reads the IOMMU's registers", registers);
	if (reached)
		return;
	page_fill(0);
	edu_read((uint64_t)page, EDU_BYTES);
	edu_write(registers, 256);
	for (unsigned offset = 0; offset < 0x100; offset += 4) {
		if (read32(registers + offset) != ~0u)
			guest_check(false, "registers", "offset 0x%x reads 0x%x", offset,
				    read32(registers + offset));
		write32(registers + offset, 0);
	}
	write64(registers, 0);
	write64(registers + 0x18, 0);
	guest_check(true, "registers read as ones", "");
}

static bool table_is_there(const char *signature)
{
	uint64_t rsdt = acpi_rsdt();

	for (uint32_t at = 36; rsdt != 0 && at < read32(rsdt + 4); at += 4) {
		uint64_t table = read32(rsdt + at);
		uint8_t sum = 0;

		if (memcmp((const void *)table, signature, 4) == 0)
			return true;
		for (uint32_t i = 0; i < read32(table + 4); i++)
			sum = (uint8_t)(sum + *(const uint8_t *)(table + i));
		if (sum != 0)
			guest_check(false, "an ACPI table's sum", "table at 0x%lx: 0x%x", table, sum);
	}
	return false;
}

/* Does the guest see it? VT-d has no PCI function. */
static void check_sight(void)
{
	bool ivrs = table_is_there("IVRS"), dmar = table_is_there("DMAR");
	bool seen = option_number_or("seen", 0) != 0;

	guest_check((ivrs || dmar) == seen, "ACPI tables of the IOMMU", "IVRS %d, DMAR %d", ivrs, dmar);
	guest_check((nr_iommus != 0) == (seen && ivrs), "PCI function of the IOMMU", "%u", nr_iommus);
}

/* A file of QEMU's firmware configuration; 0: what it did. docs/specs/fw_cfg.rst */
static uint32_t fw_cfg_move(uint64_t descriptor_at, uint32_t control, uint64_t address)
{
	*(volatile uint32_t *)&page[0] = __builtin_bswap32(control);
	*((volatile uint32_t *)&page[0] + 1) = __builtin_bswap32(4);
	*(volatile uint64_t *)&page[1] = __builtin_bswap64(address);
	out32(0x514, __builtin_bswap32((uint32_t)(descriptor_at >> 32)));
	out32(0x518, __builtin_bswap32((uint32_t)descriptor_at));
	return __builtin_bswap32(*(volatile uint32_t *)&page[0]);
}

/* The signature goes to memory. Nothing is to be written to that item, which fails in any case. */
static void check_refused(const char *name, uint64_t descriptor, uint32_t control, uint64_t address, uint32_t expected)
{
	uint32_t result = fw_cfg_move(descriptor, control, address);

	guest_check(result == expected, name, "control 0x%x", result);
}

static void check_fw_cfg(void)
{
	uint64_t descriptor = (uint64_t)page, own = (uint64_t)&page[16], theirs = ours_page(PAGE_FW_CFG);
	uint32_t select_read = 0x0a, select_write = 0x18;

	page_fill(0);
	guest_check(fw_cfg_move(descriptor, select_read, own) == 0 && memcmp(&page[16], "QEMU", 4) == 0,
		    "fw_cfg reaches the guest's memory", "0x%lx", page[16]);
	check_refused("fw_cfg writes the hypervisor's memory", descriptor, select_read, theirs, 1);
	check_refused("fw_cfg writes its first bytes", descriptor, select_read, ours - 2, 1);
	check_refused("fw_cfg writes a device's registers", descriptor, select_read, 0xfee00300, 1);
	check_refused("fw_cfg reads the hypervisor's memory", descriptor, select_write, theirs, 1);
	check_refused("fw_cfg has a descriptor in it", theirs, select_read, own, select_read);
	edu_fetch(theirs, EDU_BYTES);
	guest_check(page_is(0), "nothing came of that", "0x%lx", page[0]);
}

/* A script isolates the edu, at a write to that port, while it moves something, which takes QEMU's 100 ms. */
static void check_isolated(uint16_t port)
{
	uint64_t start = tsc_read();

	page_fill(PATTERN);
	edu_read((uint64_t)page, EDU_BYTES);
	page_fill(0);
	write64(edu + EDU_SOURCE, EDU_BUFFER);
	write64(edu + EDU_TARGET, (uint64_t)page);
	write64(edu + EDU_COUNT, EDU_BYTES);
	write64(edu + EDU_COMMAND, EDU_START | EDU_TO_MEMORY);
	out8(port, 1);
	while (tsc_read() - start < ISOLATED_TICKS)
		__asm__ volatile("pause");
	guest_check(page_is(0), "DMA under way ends", "0x%lx", page[0]);
	guest_check(config_read(edu_function, 0) == ID_EDU, "it is seen", "0x%x", config_read(edu_function, 0));
	config_write(edu_function, CONFIG_BAR, ~0u);
	guest_check(config_read(edu_function, CONFIG_BAR) == 0xfff00000, "its BAR has a size", "0x%x",
		    config_read(edu_function, CONFIG_BAR));
	config_write(edu_function, CONFIG_BAR, (uint32_t)edu);
	config_write(edu_function, CONFIG_COMMAND, 0x407);
	guest_check((config_read(edu_function, CONFIG_COMMAND) & 0xffff) == 0x400, "it cannot be switched on", "0x%x",
		    config_read(edu_function, CONFIG_COMMAND));
	guest_check(read32(edu) != EDU_IDENTITY, "it answers at no address", "0x%x", read32(edu));
}

/* A timer of the HPET stores 32 bits where the guest says, as if it were an interrupt by message, by two
 * writes or by one. IA-PC HPET specification 1.0a, 2.3.8 and 2.3.9. */
static void hpet_store(uint64_t to, uint32_t value, bool whole)
{
	uint64_t timer = HPET + HPET_TIMER;

	write32(HPET + HPET_CONFIGURATION, 0);
	write32(HPET + HPET_COUNTER, 0);
	write32(HPET + HPET_COUNTER + 4, 0);
	if (whole) {
		write64(timer + HPET_ROUTE, to << 32 | value);
	} else {
		write32(timer + HPET_ROUTE, value);
		write32(timer + HPET_ROUTE + 4, (uint32_t)to);
	}
	write32(timer, HPET_MESSAGES | HPET_INTERRUPTS);
	write32(timer + HPET_COMPARATOR, 1000);
	write32(timer + HPET_COMPARATOR + 4, 0);
	write32(HPET + HPET_CONFIGURATION, 1);
	for (unsigned i = 0; i < 1000 && read32(HPET + HPET_COUNTER) < 100000; i++)
		wait_cycles(100000);
	write32(timer, 0);
	write32(HPET + HPET_CONFIGURATION, 0);
}

/* Whether there is an IOMMU or not, it must not. */
static void check_hpet(bool unguarded)
{
	uint64_t theirs = ours_page(PAGE_HPET);
	uint64_t route = HPET + HPET_TIMER + HPET_ROUTE;
	bool did;

	if (read32(HPET) == ~0u || read32(HPET) == 0)
		return;
	hpet_store(theirs, (uint32_t)PATTERN, false);
	hpet_store(theirs + 8, 0x21, false); /* as if it were an interrupt */
	hpet_store(theirs + 16, 0x21, true);
	edu_fetch(theirs, EDU_BYTES);
	did = page[0] != 0 || page[1] != 0 || page[2] != 0;
	guest_check(did == unguarded, "the HPET writes the hypervisor's memory", "0x%lx 0x%lx 0x%lx", page[0], page[1],
		    page[2]);
	write32(route, 0x4031);
	write32(route + 4, 0xfee01000);
	guest_check(read32(route) == 0x4031 && read32(route + 4) == 0xfee01000, "the HPET may send interrupts",
		    "0x%x at 0x%x", read32(route), read32(route + 4));
	write32(route + 4, 0xfee00300); /* a local APIC's command */
	guest_check((read32(route + 4) == 0xfee00300) == unguarded, "the HPET writes a local APIC's registers", "0x%x",
		    read32(route + 4));
	write32(route, 0x4500);
	guest_check((read32(route) == 0x4500) == unguarded, "the HPET sends INITs", "0x%x", read32(route));
}

static uint8_t key_read(void)
{
	uint8_t key;

	do {
		while (!(in8(0x64) & 1))
			__asm__ volatile("pause");
		key = in8(0x60);
	} while (key & KEY_RELEASED);
	return key;
}

/* A hexadecimal number by keys, which Return ends. 0: there is no more. */
static uint64_t number_read(void)
{
	static const uint8_t digits[] = { 0x0b, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
					  0x09, 0x0a, 0x1e, 0x30, 0x2e, 0x20, 0x12, 0x21 };
	uint64_t number = 0;

	guest_print("dma: where\n");
	for (uint8_t key = key_read(); key != KEY_RETURN; key = key_read()) {
		for (unsigned i = 0; i < sizeof(digits); i++) {
			if (digits[i] == key)
				number = number << 4 | i;
		}
	}
	return number;
}

/* All devices write where somebody outside says, who has noted what is there, and looks again. */
static void attack_by_all(void)
{
	uint64_t at;

	if (!option_number_or("look", 0))
		return;
	while (in8(0x64) & 1)
		in8(0x60);
	while ((at = number_read()) != 0) {
		guest_print("dma: all write to 0x%lx\n", at);
		page_fill(PATTERN);
		edu_read((uint64_t)page, EDU_BYTES);
		if (reached && at > ours + OURS_END) {
			edu_write(at + AMD_VI_REGISTER, 4); /* enough to see that it can; QEMU ends at more */
			edu_write(at + VT_D_REGISTER, 4);
			continue;
		}
		edu_write(at, 256);
		nvme_write(at);
		ahci_write(at);
		e1000e_write(at);
		virtio_write(at);
		xhci_write(at);
	}
	guest_print("dma: look\n");
	(void)key_read();
}

void guest_main(void)
{
	uint64_t registers = option_number_or("registers", 0);

	reached = option_number_or("reached", 0) != 0;
	ours = reserved_find();
	devices_find();
	if (!guest_check(ours != 0 && edu != 0, "devices", "ours 0x%lx, edu 0x%lx", ours, edu) || !edu_works())
		return;
	if (option_number_or("unguarded", 0) != 0) {
		check_hpet(true);
		return;
	}
	if (option_number_or("isolate", 0) != 0) {
		check_isolated((uint16_t)option_number_or("isolate", 0));
		return;
	}
	check_ours();
	if (registers != 0)
		check_registers(registers);
	check_sight();
	check_nvme();
	check_ahci();
	check_e1000e();
	check_virtio();
	check_xhci();
	check_fw_cfg();
	check_hpet(false);
	if (!reached)
		check_ours();
	attack_by_all();
}
