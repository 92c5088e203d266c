/*
 * tests/unit/iommu_units.c: several units of each kind, of which firmware has some on: models of VT-d's and AMD-Vi's
 * registers, queues and command buffers. No emulator has more than one. Where the model has translation on, it goes on
 * without a gap, and all units come to have the same tables, know them, and forget the firmware's.
 */
#include "core/acpi_tables.h"
#include "core/log.h"
#include "core/memory.h"
#include "iommu/amd_vi.h"
#include "iommu/amd_vi_regs.h"
#include "iommu/driver.h"
#include "iommu/iommu_map.h"
#include "iommu/vt_d.h"
#include "iommu/vt_d_regs.h"
#include "rv/errno.h"
#include "unit.h"
#include "vmm/access.h"

#define UNITS 3u
#define BASE UINT64_C(0xfed90000)
#define UNIT_BYTES UINT64_C(0x4000)
#define FIRMWARE_ROOT UINT64_C(0x5000)

uint8_t *fake_memory;
hpa_t memory_reserved_start;
uint64_t memory_reserved_bytes;
static uint64_t pages_used;
static hpa_t map_root;

static struct model {
	uint64_t registers[UNIT_BYTES / 8];
	bool was_on;
	unsigned gaps, contexts, pages, waits, others;
	hpa_t root_in_use; /* what it was told to take */
} models[UNITS];
static bool is_amd, is_stuck;

static struct model *model_at(gpa_t gpa)
{
	UNIT_CHECK(gpa >= BASE && gpa < BASE + UNITS * UNIT_BYTES);
	return &models[(gpa - BASE) / UNIT_BYTES % UNITS];
}

static uint32_t *word_at(struct model *model, uint64_t offset)
{
	return (uint32_t *)model->registers + offset / 4;
}

uint64_t mmio_hardware_read(gpa_t gpa, uint8_t width_bytes)
{
	uint64_t offset = gpa % UNIT_BYTES, value;

	value = *word_at(model_at(gpa), offset);
	if (width_bytes == 8)
		value |= (uint64_t)*word_at(model_at(gpa), offset + 4) << 32;
	return value;
}

static uint64_t *in_memory(uint64_t at)
{
	UNIT_CHECK(at < FAKE_MEMORY_BYTES);
	return (uint64_t *)(uintptr_t)(fake_memory + at % FAKE_MEMORY_BYTES);
}

/* Descriptors between head and tail; 16 bytes each. */
static void vt_d_model_run(struct model *model)
{
	uint64_t *head = &model->registers[VT_D_QUEUE_HEAD / 8], tail = model->registers[VT_D_QUEUE_TAIL / 8];
	uint64_t base = model->registers[VT_D_QUEUE / 8] & ~UINT64_C(0xfff);

	for (; !is_stuck && (*word_at(model, VT_D_STATUS) & VT_D_QUEUED) && *head != tail; *head = (*head + 16) % 4096) {
		const uint64_t *descriptor = in_memory(base + *head);

		model->contexts += descriptor[0] == VT_D_INVALIDATE_CONTEXTS;
		model->pages += descriptor[0] == VT_D_INVALIDATE_PAGES && model->contexts != 0;
		if ((descriptor[0] & 0xf) == 5) {
			*(uint32_t *)in_memory(descriptor[1]) = (uint32_t)(descriptor[0] >> 32);
			model->waits++;
		}
	}
}

static void vt_d_model_command(struct model *model, uint32_t command)
{
	uint32_t *status = word_at(model, VT_D_STATUS);
	uint32_t stays = VT_D_TRANSLATION | VT_D_QUEUED | VT_D_INTERRUPT_REMAPPING;

	if ((*status & VT_D_TRANSLATION) && !(command & VT_D_TRANSLATION))
		model->gaps++;
	if (command & VT_D_SET_ROOT) {
		model->root_in_use = model->registers[VT_D_ROOT / 8];
		*status |= VT_D_SET_ROOT;
	}
	if ((command & VT_D_TRANSLATION) && !(*status & VT_D_TRANSLATION) && model->pages == 0)
		model->others++; /* on, with what it kept */
	if ((command & VT_D_QUEUED) && !(*status & VT_D_QUEUED))
		model->registers[VT_D_QUEUE_HEAD / 8] = 0;
	*status = (*status & ~stays) | (command & stays);
}

static void amd_model_run(struct model *model)
{
	uint64_t *head = &model->registers[AMD_VI_COMMAND_HEAD / 8], tail = model->registers[AMD_VI_COMMAND_TAIL / 8];
	uint64_t base = model->registers[AMD_VI_COMMAND_BASE / 8] & UINT64_C(0xffffffffff000);

	while (!is_stuck && (model->registers[AMD_VI_CONTROL / 8] & AMD_VI_CONTROL_COMMANDS) && *head != tail) {
		const uint64_t *command = in_memory(base + *head);

		model->pages += command[0] >> 60 == 8; /* all, of the tables that are in use then */
		if (command[0] >> 60 == 8)
			model->root_in_use = model->registers[AMD_VI_DEVICE_TABLE / 8];
		if (command[0] >> 60 == 1) {
			*in_memory(command[0] & UINT64_C(0xffffffffffff8)) = command[1];
			model->waits++;
		}
		*head = (*head + 16) % 4096;
	}
}

void mmio_hardware_write(gpa_t gpa, uint8_t width_bytes, uint64_t value)
{
	struct model *model = model_at(gpa);
	uint64_t offset = gpa % UNIT_BYTES, before = model->registers[AMD_VI_CONTROL / 8];

	if (!is_amd && offset == VT_D_COMMAND) {
		vt_d_model_command(model, (uint32_t)value);
	} else {
		*word_at(model, offset) = (uint32_t)value;
		if (width_bytes == 8)
			*word_at(model, offset + 4) = (uint32_t)(value >> 32);
	}
	if (!is_amd && offset == VT_D_PROTECTED)
		*word_at(model, offset) = (uint32_t)value & VT_D_PROTECTED_ENABLE ? 0x80000001u : 0;
	if (is_amd && offset == AMD_VI_CONTROL)
		model->gaps += (before & AMD_VI_CONTROL_ENABLE) && !(value & AMD_VI_CONTROL_ENABLE);
	(is_amd ? amd_model_run : vt_d_model_run)(model);
}

/* What iommu.c and iommu_map.c have. */

bool iommu_wait(hpa_t reg, uint8_t width_bytes, uint64_t mask, uint64_t value)
{
	return (mmio_hardware_read(reg, width_bytes) & mask) == value;
}

bool iommu_wait_memory(const volatile uint64_t *word, uint64_t value)
{
	return *word == value;
}

void *iommu_allocate(size_t nr_pages)
{
	if (nr_pages > FAKE_MEMORY_BYTES / PAGE_BYTES - pages_used)
		return NULL;
	pages_used += nr_pages;
	return memset(fake_memory + (pages_used - nr_pages) * PAGE_BYTES, 0, nr_pages * PAGE_BYTES);
}

int iommu_map_create(const struct iommu_format *format, hpa_t *root)
{
	UNIT_CHECK(format->nr_levels == 3 || format->nr_levels == 4);
	*root = map_root = memory_physical(iommu_allocate(1));
	return 0;
}

void iommu_flush(const volatile void *data, size_t length_bytes)
{
	(void)data;
	(void)length_bytes;
}

const char *iommu_hide_registers(hpa_t start, uint64_t length_bytes)
{
	(void)start;
	(void)length_bytes;
	return NULL;
}

const char *iommu_hide_function(uint64_t address)
{
	(void)address;
	return NULL;
}

const char *iommu_keep_range(hpa_t first, hpa_t last)
{
	(void)first;
	(void)last;
	return NULL;
}

const char *amd_vi_refuse_messages(void)
{
	return NULL;
}

const char *amd_vi_begin_refusing(void)
{
	return NULL;
}

bool vt_d_answer(struct access *access)
{
	(void)access;
	return false;
}

uint64_t acpi_get(const uint8_t *at, unsigned length_bytes)
{
	uint64_t value = 0;

	memcpy(&value, at, length_bytes);
	return value;
}

void log_line(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}

static void set_up(bool amd)
{
	memset(models, 0, sizeof(models));
	is_amd = amd;
	is_stuck = false;
	pages_used = 16;
	vt_d_nr_units = amd_vi_nr_units = UNITS;
	for (unsigned i = 0; i < UNITS; i++) {
		vt_d_units[i] = (struct vt_d_unit){ .registers = BASE + i * UNIT_BYTES };
		amd_vi_units[i] = (struct amd_vi_unit){ .registers = BASE + i * UNIT_BYTES };
	}
}

/* The second is on, by the firmware's tables, with a queue, protected regions and interrupts remapped; the third has
 * no pages of 1 GiB, and fewer address bits. */
static void set_up_vt_d(void)
{
	set_up(false);
	for (unsigned i = 0; i < UNITS; i++) {
		models[i].registers[VT_D_CAPABILITY / 8] = VT_D_CAPABILITY_PROTECTED | UINT64_C(6) << 8 |
							   (i == 2 ? UINT64_C(38) : UINT64_C(47)) << 16 |
							   VT_D_CAPABILITY_2M | (i == 2 ? 0 : VT_D_CAPABILITY_1G);
		models[i].registers[VT_D_EXTENDED_CAPABILITY / 8] = VT_D_EXTENDED_QUEUE;
	}
	models[1].was_on = true;
	models[1].root_in_use = models[1].registers[VT_D_ROOT / 8] = FIRMWARE_ROOT;
	models[1].registers[VT_D_QUEUE_HEAD / 8] = models[1].registers[VT_D_QUEUE_TAIL / 8] = 0x30;
	models[1].registers[VT_D_QUEUE / 8] = 0x6000;
	*word_at(&models[1], VT_D_STATUS) = VT_D_TRANSLATION | VT_D_QUEUED | VT_D_INTERRUPT_REMAPPING | VT_D_SET_ROOT;
	*word_at(&models[1], VT_D_PROTECTED) = 0x80000001u;
}

static void test_vt_d(void)
{
	set_up_vt_d();
	UNIT_CHECK(vt_d_driver.prepare() == NULL);
	UNIT_EQUAL(vt_d_driver.count(), UNITS);
	for (unsigned i = 0; i < UNITS; i++) {
		const char *why = vt_d_driver.start_unit(i, iommu_allocate(2));

		if (why != NULL)
			unit_fail("unit %u: %s", i, why);
	}
	for (unsigned i = 0; i < UNITS; i++) {
		uint32_t status = *word_at(&models[i], VT_D_STATUS);

		UNIT_EQUAL(models[i].gaps, 0);
		UNIT_CHECK(models[i].root_in_use == models[0].root_in_use && models[i].root_in_use >= 16 * PAGE_BYTES);
		UNIT_CHECK(models[i].contexts == 1 && models[i].pages == 1 && models[i].waits == 2);
		UNIT_EQUAL(models[i].others, 0);
		UNIT_CHECK((status & VT_D_TRANSLATION) != 0 && (status & VT_D_INTERRUPT_REMAPPING) == 0);
		UNIT_EQUAL(*word_at(&models[i], VT_D_PROTECTED), 0);
	}
}

/* One of several that is not to be had is told. */
static void test_vt_d_one_fails(void)
{
	set_up_vt_d();
	models[2].registers[VT_D_EXTENDED_CAPABILITY / 8] = 0;
	UNIT_CHECK(vt_d_driver.prepare() != NULL);
	set_up_vt_d();
	models[1].registers[VT_D_ROOT / 8] |= 1 << 10; /* scalable mode */
	UNIT_CHECK(vt_d_driver.prepare() == NULL && vt_d_driver.start_unit(0, iommu_allocate(2)) == NULL);
	UNIT_CHECK(vt_d_driver.start_unit(1, iommu_allocate(2)) != NULL);
	UNIT_EQUAL(models[1].gaps, 0);
	set_up_vt_d();
	UNIT_CHECK(vt_d_driver.prepare() == NULL);
	is_stuck = true;
	UNIT_CHECK(vt_d_driver.start_unit(0, iommu_allocate(2)) != NULL);
	UNIT_CHECK((*word_at(&models[0], VT_D_STATUS) & VT_D_TRANSLATION) == 0);
}

static void set_up_amd_vi(void)
{
	set_up(true);
	for (unsigned i = 0; i < UNITS; i++)
		models[i].registers[AMD_VI_FEATURES / 8] = AMD_VI_FEATURE_INVALIDATE_ALL;
	models[1].was_on = true;
	models[1].root_in_use = models[1].registers[AMD_VI_DEVICE_TABLE / 8] = FIRMWARE_ROOT;
	models[1].registers[AMD_VI_CONTROL / 8] = AMD_VI_CONTROL_ENABLE | AMD_VI_CONTROL_COMMANDS;
	models[1].registers[AMD_VI_EXCLUSION_BASE / 8] = 0x100003;
	models[1].registers[AMD_VI_EXCLUSION_LIMIT / 8] = 0x200000;
}

static void test_amd_vi(void)
{
	uint64_t entry;

	set_up_amd_vi();
	UNIT_CHECK(amd_vi_driver.prepare() == NULL);
	UNIT_EQUAL(amd_vi_driver.count(), UNITS);
	for (unsigned i = 0; i < UNITS; i++) {
		const char *why = amd_vi_driver.start_unit(i, iommu_allocate(2));

		if (why != NULL)
			unit_fail("unit %u: %s", i, why);
	}
	for (unsigned i = 0; i < UNITS; i++) {
		UNIT_EQUAL(models[i].gaps, 0);
		UNIT_EQUAL(models[i].registers[AMD_VI_DEVICE_TABLE / 8], memory_physical(amd_vi_table) | 511);
		UNIT_EQUAL(models[i].root_in_use, memory_physical(amd_vi_table) | 511);
		UNIT_CHECK(models[i].pages == 1 && models[i].waits == 1);
		UNIT_CHECK(models[i].registers[AMD_VI_CONTROL / 8] & AMD_VI_CONTROL_ENABLE);
		UNIT_CHECK(models[i].registers[AMD_VI_EXCLUSION_BASE / 8] == 0);
	}
	entry = amd_vi_table[4 * UINT64_C(65535)];
	UNIT_EQUAL(entry & UINT64_C(0xffffffffff003), map_root | 3);
	UNIT_CHECK(amd_vi_command_all(AMD_VI_COMMAND_INVALIDATE_INTERRUPTS | 0xa0, 0));
	for (unsigned i = 0; i < UNITS; i++)
		UNIT_EQUAL(models[i].waits, 2);
	is_stuck = true;
	UNIT_CHECK(!amd_vi_command_all(AMD_VI_COMMAND_INVALIDATE_INTERRUPTS | 0xa0, 0));
}

int main(void)
{
	fake_memory = aligned_alloc(PAGE_BYTES, FAKE_MEMORY_BYTES);
	unit_run("iommu_units_vt_d", test_vt_d);
	unit_run("iommu_units_vt_d_one_fails", test_vt_d_one_fails);
	unit_run("iommu_units_amd_vi", test_amd_vi);
	free(fake_memory);
	return unit_failed;
}
