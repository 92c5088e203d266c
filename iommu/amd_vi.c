/*
 * iommu/amd_vi.c: AMD-Vi (AMD IOMMU specification, 48882). All units have one device table, with an entry for
 * every device ID, since the guest can give buses any number; all entries lead to the same page tables.
 *
 * An entry lets no device ask for translations (ATS: I = 0), nor do port I/O (IoCtl = 0). Interrupts pass as they
 * are (IV = 0), INITs and SMIs among them: CPUs with AMD-Vi catch INITs (VM_CR.R_INIT). Where they do not, which is
 * so on QEMU, all messages are refused (amd_vi_interrupts.c).
 */
#include "iommu/amd_vi.h"

#include "core/memory.h"
#include "core/string.h"
#include "iommu/amd_vi_regs.h"
#include "iommu/driver.h"
#include "iommu/iommu_map.h"
#include "vmm/access.h"

#define DEVICE_TABLE_BYTES (AMD_VI_DEVICES * AMD_VI_DEVICE_WORDS * sizeof(uint64_t))
#define DOMAIN UINT64_C(1)
#define COMMANDS_BYTES PAGE_BYTES
#define COMMANDS_LENGTH (UINT64_C(8) << 56) /* 256 entries */

uint64_t *amd_vi_table;
static hpa_t amd_vi_root;

static uint64_t amd_vi_page(hpa_t hpa, unsigned level)
{
	(void)level; /* with 0 for the next, the page has the size of the level (2.2.3, table 14) */
	return hpa | AMD_VI_PAGE_PRESENT | AMD_VI_PAGE_READ | AMD_VI_PAGE_WRITE;
}

static uint64_t amd_vi_next(hpa_t hpa, unsigned level)
{
	return amd_vi_page(hpa, level) | (uint64_t)level << AMD_VI_PAGE_NEXT_SHIFT;
}

/* Pages of 512 GiB are left alone: there are errata about them. */
static const struct iommu_format amd_vi_format = {
	.nr_levels = 4,
	.address_bits = 48,
	.page_level = 2,
	.page = amd_vi_page,
	.table = amd_vi_next,
};

static void amd_vi_set_device(uint64_t *entry)
{
	entry[0] = amd_vi_root | AMD_VI_DEVICE_VALID | AMD_VI_DEVICE_TRANSLATES | AMD_VI_PAGE_READ |
		   AMD_VI_PAGE_WRITE | (uint64_t)amd_vi_format.nr_levels << AMD_VI_DEVICE_LEVELS_SHIFT;
	entry[1] = DOMAIN;
}

/* What the firmware says of some, the chipset's own: whether their system management messages pass. */
static void amd_vi_set_devices(uint16_t first, uint16_t last, uint8_t setting)
{
	for (uint32_t id = first; id <= last; id++)
		amd_vi_table[id * AMD_VI_DEVICE_WORDS + 1] |= (uint64_t)IVHD_SETTING_SYSTEM_MANAGEMENT(setting)
						       << AMD_VI_DEVICE_SYSTEM_MANAGEMENT_SHIFT;
}

static const char *amd_vi_prepare(void)
{
	amd_vi_table = iommu_allocate(DEVICE_TABLE_BYTES / PAGE_BYTES);
	if (amd_vi_table == NULL)
		return "no memory for its tables: give more with memory=64M";
	if (iommu_map_create(&amd_vi_format, &amd_vi_root) != 0)
		return "its page tables cannot map the memory, or there is none for them";
	for (uint32_t id = 0; id < AMD_VI_DEVICES; id++)
		amd_vi_set_device(&amd_vi_table[id * AMD_VI_DEVICE_WORDS]);
	amd_vi_visit_settings(amd_vi_set_devices);
	iommu_flush(amd_vi_table, DEVICE_TABLE_BYTES);
	return NULL;
}

static struct amd_vi_commands {
	hpa_t registers;
	uint64_t *entries; /* two words each */
	uint64_t tail;	   /* in bytes, as in the register */
} amd_vi_commands[AMD_VI_UNITS_MAXIMUM];

static void amd_vi_write(hpa_t registers, uint32_t offset, uint64_t value)
{
	mmio_hardware_write(registers + offset, 8, value);
}

static bool amd_vi_command(struct amd_vi_commands *commands, uint64_t first, uint64_t second)
{
	uint64_t *entry = &commands->entries[commands->tail / sizeof(uint64_t)];

	entry[0] = first;
	entry[1] = second;
	iommu_flush(entry, AMD_VI_COMMAND_BYTES);
	commands->tail = (commands->tail + AMD_VI_COMMAND_BYTES) % COMMANDS_BYTES;
	amd_vi_write(commands->registers, AMD_VI_COMMAND_TAIL, commands->tail);
	return iommu_wait(commands->registers + AMD_VI_COMMAND_HEAD, 8, COMMANDS_BYTES - 1, commands->tail);
}

/* It has done what it was told before; that is seen in memory, behind its buffer. */
static bool amd_vi_finish(struct amd_vi_commands *commands)
{
	uint64_t *done = commands->entries + COMMANDS_BYTES / sizeof(uint64_t);

	*done = 0;
	iommu_flush(done, sizeof(*done));
	return amd_vi_command(commands, AMD_VI_COMMAND_WAIT | AMD_VI_COMMAND_WAIT_STORE | memory_physical(done), 1) &&
	       iommu_wait_memory(done, 1);
}

bool amd_vi_command_all(uint64_t first, uint64_t second)
{
	bool done = true;

	for (unsigned i = 0; i < amd_vi_nr_units; i++)
		done &= amd_vi_command(&amd_vi_commands[i], first, second) && amd_vi_finish(&amd_vi_commands[i]);
	return done;
}

/* Whatever it has kept of the firmware's tables. */
static bool amd_vi_invalidate(struct amd_vi_commands *commands)
{
	if (mmio_hardware_read(commands->registers + AMD_VI_FEATURES, 8) & AMD_VI_FEATURE_INVALIDATE_ALL)
		return amd_vi_command(commands, AMD_VI_COMMAND_INVALIDATE_ALL, 0);
	for (uint64_t id = 0; id < AMD_VI_DEVICES; id++) { /* of devices, and of domains */
		if (!amd_vi_command(commands, AMD_VI_COMMAND_INVALIDATE_DEVICE | id, 0) ||
		    !amd_vi_command(commands, AMD_VI_COMMAND_INVALIDATE_PAGES | id << 32,
				    AMD_VI_COMMAND_ALL_PAGES))
			return false;
	}
	return true;
}

static uint64_t amd_vi_control(uint8_t flags)
{
	return AMD_VI_CONTROL_ENABLE | AMD_VI_CONTROL_COHERENT |
	       (flags & IVHD_FLAG_HT_TUNNEL ? AMD_VI_CONTROL_HT_TUNNEL : 0) |
	       (flags & IVHD_FLAG_PASS_PW ? AMD_VI_CONTROL_PASS_PW : 0) |
	       (flags & IVHD_FLAG_RESPONSE_PASS_PW ? AMD_VI_CONTROL_RESPONSE_PASS_PW : 0) |
	       (flags & IVHD_FLAG_ISOCHRONOUS ? AMD_VI_CONTROL_ISOCHRONOUS : 0);
}

/* Translation that is on stays on: it has the old tables, or ours. Events are not logged. */
static const char *amd_vi_start_unit(unsigned index, uint64_t *buffer)
{
	const struct amd_vi_unit *unit = &amd_vi_units[index];
	struct amd_vi_commands *commands = &amd_vi_commands[index];
	uint64_t control = amd_vi_control(unit->flags);
	uint64_t before = mmio_hardware_read(unit->registers + AMD_VI_CONTROL, 8);

	*commands = (struct amd_vi_commands){ .registers = unit->registers, .entries = buffer };
	amd_vi_write(unit->registers, AMD_VI_CONTROL, before & AMD_VI_CONTROL_ENABLE ? control : 0);
	if (!iommu_wait(unit->registers + AMD_VI_STATUS, 8, AMD_VI_STATUS_COMMANDS_RUN, 0))
		return "it does not stop its commands";
	amd_vi_write(unit->registers, AMD_VI_COMMAND_BASE, memory_physical(buffer) | COMMANDS_LENGTH);
	amd_vi_write(unit->registers, AMD_VI_COMMAND_HEAD, 0);
	amd_vi_write(unit->registers, AMD_VI_COMMAND_TAIL, 0);
	amd_vi_write(unit->registers, AMD_VI_DEVICE_TABLE,
		     memory_physical(amd_vi_table) | (DEVICE_TABLE_BYTES / PAGE_BYTES - 1));
	amd_vi_write(unit->registers, AMD_VI_CONTROL, control | AMD_VI_CONTROL_COMMANDS);
	if (!amd_vi_invalidate(commands) || !amd_vi_finish(commands))
		return "it does not execute commands";
	/* What these name passes untranslated. */
	amd_vi_write(unit->registers, AMD_VI_EXCLUSION_BASE, 0);
	amd_vi_write(unit->registers, AMD_VI_EXCLUSION_LIMIT, 0);
	return NULL;
}

static unsigned amd_vi_count(void)
{
	return amd_vi_nr_units;
}

const struct iommu_driver amd_vi_driver = {
	.name = "AMD-Vi",
	.signature = "IVRS",
	.find = amd_vi_find,
	.prepare = amd_vi_prepare,
	.refuse_messages = amd_vi_refuse_messages,
	.begin_refusing = amd_vi_begin_refusing,
	.count = amd_vi_count,
	.start_unit = amd_vi_start_unit,
};
