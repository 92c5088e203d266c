/*
 * tests/guest/dma.c: a guest that has devices read and write memory that is not its own: the hypervisor's (in
 * which the IOMMU's tables are), and the IOMMU's registers. They must not; what is the guest's they must
 * reach. Then it tries to get at the IOMMU by its own hands.
 *
 * Devices: QEMU's edu, whose DMA goes where it is told, and an NVMe controller, if there is one.
 *
 * Options: reached=1: all of that is to succeed, which is so without an IOMMU; registers=ADDRESS: where the
 * IOMMU has them; seen=1: the guest is to find it; look=1: wait for a key where somebody outside is to look at
 * memory.
 */
#include "guest.h"

#include "instruction.h"
#include "reserved.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE 0x80000000u
#define CONFIG_COMMAND 0x04
#define CONFIG_CLASS 0x08
#define CONFIG_BAR 0x10
#define COMMAND_MEMORY_MASTER 6u
#define ID_EDU 0x11e81234u
#define CLASS_NVME 0x010802u
#define CLASS_IOMMU 0x0806u
#define PAGE 4096u
#define OURS_END (UINT64_C(28) << 20) /* of memory=32M, without what devices may reach */
#define SAMPLES 4u
#define POLLS 400000000u
#define PATTERN UINT64_C(0xd3a05a5ad3a00000)

/* docs/specs/edu.txt of QEMU */
#define EDU_SOURCE 0x80
#define EDU_TARGET 0x88
#define EDU_COUNT 0x90
#define EDU_COMMAND 0x98
#define EDU_BUFFER 0x40000
#define EDU_BYTES 4088u /* QEMU refuses to fill its buffer */
#define EDU_START 1u
#define EDU_TO_MEMORY 2u

/* NVM Express 1.4, 3.1 */
#define NVME_CONFIGURATION 0x14
#define NVME_STATUS 0x1c
#define NVME_QUEUE_ATTRIBUTES 0x24
#define NVME_SUBMISSION 0x28
#define NVME_COMPLETION 0x30
#define NVME_DOORBELLS 0x1000
#define NVME_IDENTIFY 0x06

static bool reached; /* what is expected */
static uint64_t ours, edu, nvme;
static unsigned nr_iommus;
static uint64_t page[PAGE / 8] __attribute__((aligned(4096)));
static uint32_t submission[PAGE / 4] __attribute__((aligned(4096)));
static volatile uint32_t completion[PAGE / 4] __attribute__((aligned(4096)));

static uint32_t config_read(unsigned function, unsigned offset)
{
	out32(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | (offset & 0xfc));
	return in32(CONFIG_DATA);
}

static void config_write(unsigned function, unsigned offset, uint32_t value)
{
	out32(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | (offset & 0xfc));
	out32(CONFIG_DATA, value);
}

static uint64_t device_start(unsigned function)
{
	uint64_t bar = config_read(function, CONFIG_BAR);

	if ((bar & 6) == 4)
		bar |= (uint64_t)config_read(function, CONFIG_BAR + 4) << 32;
	config_write(function, CONFIG_COMMAND, config_read(function, CONFIG_COMMAND) | COMMAND_MEMORY_MASTER);
	return bar & ~UINT64_C(0xf);
}

static void devices_find(void)
{
	for (unsigned function = 0; function < 256; function++) {
		uint32_t class = config_read(function, CONFIG_CLASS) >> 8;

		if (config_read(function, 0) == ~0u)
			continue;
		nr_iommus += class >> 8 == CLASS_IOMMU;
		if (config_read(function, 0) == ID_EDU)
			edu = device_start(function);
		else if (class == CLASS_NVME)
			nvme = device_start(function);
	}
}

static void write32(uint64_t address, uint32_t value)
{
	*(volatile uint32_t *)address = value;
}

static void write64(uint64_t address, uint64_t value)
{
	*(volatile uint64_t *)address = value;
}

static uint32_t read32(uint64_t address)
{
	return *(volatile uint32_t *)address;
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

static void page_fill(uint64_t pattern)
{
	for (unsigned i = 0; i < PAGE / 8; i++)
		page[i] = pattern != 0 ? pattern + i : 0;
}

static bool page_is(uint64_t pattern)
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

/* What the edu finds there, in `page`; zeros if it finds nothing. */
static void edu_fetch(uint64_t from, uint64_t count)
{
	page_fill(0);
	edu_read((uint64_t)page, EDU_BYTES); /* nothing is left of what was there */
	edu_read(from, count);
	edu_write((uint64_t)page, EDU_BYTES);
}

static void check(bool did, const char *name, uint64_t at)
{
	guest_check(did == reached, name, "%s, at 0x%lx", did ? "it does" : "it does not", at);
}

/* A pattern is written to some pages, and read back from one. Where it is to get there, that is one in which
 * nothing is. */
static void check_ours(void)
{
	uint64_t last = ours + OURS_END - PAGE;

	edu_fetch(ours, EDU_BYTES);
	check(!page_is(0), "edu reads the hypervisor's memory", ours);
	page_fill(PATTERN);
	edu_read((uint64_t)page, EDU_BYTES);
	for (unsigned i = 0; !reached && i < SAMPLES; i++)
		edu_write(ours + i * (OURS_END / SAMPLES / PAGE * PAGE), EDU_BYTES);
	edu_write(last, EDU_BYTES);
	edu_fetch(last, EDU_BYTES);
	check(page_is(PATTERN), "edu writes the hypervisor's memory", last);
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

static bool nvme_ready(bool ready)
{
	for (unsigned i = 0; i < POLLS; i++) {
		if ((read32(nvme + NVME_STATUS) & 1) == ready)
			return true;
	}
	return guest_check(false, "nvme", "status 0x%x", read32(nvme + NVME_STATUS));
}

static bool nvme_begin(void)
{
	write32(nvme + NVME_CONFIGURATION, 0);
	if (!nvme_ready(false))
		return false;
	write32(nvme + NVME_QUEUE_ATTRIBUTES, 0x000f000f);
	write64(nvme + NVME_SUBMISSION, (uint64_t)submission);
	write64(nvme + NVME_COMPLETION, (uint64_t)completion);
	write32(nvme + NVME_CONFIGURATION, 0x00460001);
	return nvme_ready(true);
}

/* The controller describes itself to a page. False: it says that it failed. */
static bool nvme_identify(unsigned number, uint64_t to)
{
	uint32_t *command = &submission[number * 16];

	command[0] = NVME_IDENTIFY | number << 16;
	command[6] = (uint32_t)to;
	command[7] = (uint32_t)(to >> 32);
	command[10] = 1;
	write32(nvme + NVME_DOORBELLS, number + 1);
	for (unsigned i = 0; i < POLLS; i++) {
		if (completion[number * 4 + 3] >> 16 & 1)
			return completion[number * 4 + 3] >> 17 == 0;
	}
	return guest_check(false, "nvme", "it does not end");
}

static void check_nvme(void)
{
	if (nvme == 0 || !nvme_begin())
		return;
	page_fill(0);
	guest_check(nvme_identify(0, (uint64_t)page) && !page_is(0), "nvme reaches the guest's memory", "0x%lx",
		    page[0]);
	(void)nvme_identify(1, ours + OURS_END - 2 * PAGE); /* QEMU's says that it did, if it could or not */
	edu_fetch(ours + OURS_END - 2 * PAGE, EDU_BYTES);
	check(!page_is(0), "nvme writes the hypervisor's memory", ours + OURS_END - 2 * PAGE);
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
	uint64_t descriptor = (uint64_t)page, own = (uint64_t)&page[16], theirs = ours + OURS_END - 3 * PAGE;
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

/* Somebody looks at memory meanwhile. */
static void wait_for_key(void)
{
	if (!option_number_or("look", 0))
		return;
	while (in8(0x64) & 1)
		in8(0x60);
	guest_print("dma: look\n");
	while (!(in8(0x64) & 1))
		__asm__ volatile("pause");
}

void guest_main(void)
{
	uint64_t registers = option_number_or("registers", 0);

	reached = option_number_or("reached", 0) != 0;
	ours = reserved_find();
	devices_find();
	if (!guest_check(ours != 0 && edu != 0, "devices", "ours 0x%lx, edu 0x%lx", ours, edu) || !edu_works())
		return;
	check_ours();
	if (registers != 0)
		check_registers(registers);
	check_sight();
	check_nvme();
	check_fw_cfg();
	if (!reached)
		check_ours();
	wait_for_key();
}
