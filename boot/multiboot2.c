/*
 * boot/multiboot2.c: reads what GRUB hands over (Multiboot2 specification 3.6) into boot_info.
 */
#include "boot/boot_info.h"

#include "boot/bios_prompt.h"
#include "boot/bios_tpm.h"
#include "core/string.h"
#include "rv/policy.h"

#define TAG_END 0
#define TAG_COMMAND_LINE 1
#define TAG_MODULE 3
#define TAG_BOOT_DEVICE 5
#define TAG_MEMORY_MAP 6
#define TAG_ACPI_OLD 14
#define TAG_ACPI_NEW 15

struct tag {
	uint32_t type, size_bytes;
};

struct tag_module {
	struct tag tag;
	uint32_t start, end;
	char command_line[];
};

struct tag_memory_map {
	struct tag tag;
	uint32_t entry_bytes, version;
	uint8_t entries[];
};

struct tag_boot_device {
	struct tag tag;
	uint32_t bios_device, partition, sub_partition;
};

struct boot_info boot_info = { .bios_device = 0xffffffff };

void boot_multiboot2(uint32_t information);

static void multiboot2_take(hpa_t start, hpa_t end)
{
	if (boot_info.taken_end == 0 || start < boot_info.taken_start)
		boot_info.taken_start = start;
	if (end > boot_info.taken_end)
		boot_info.taken_end = end;
}

static void multiboot2_leave_out(const struct tag_module *module, const char *words, size_t *count,
				 char *name, size_t name_bytes)
{
	if ((*count)++ == 0)
		string_copy(name, words, name_bytes);
	boot_info.is_policy_left_out |= rv_is_policy((const char *)(uint64_t)module->start,
						     module->end - module->start);
}

static size_t multiboot2_count(enum boot_module_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < boot_info.nr_modules; i++)
		count += boot_info.modules[i].kind == kind;
	return count;
}

static size_t multiboot2_most(enum boot_module_kind kind)
{
	return kind == BOOT_MODULE_FILE ? BOOT_FILES_MAXIMUM : RV_SCRIPTS_MAXIMUM;
}

/* Module strings: "engine", "script NAME", "signature NAME", of the script of that name, or "file NAME". Others are left
 * out, and boot/main.c says so. */
static void multiboot2_module(const struct tag_module *module)
{
	struct boot_module *slot = &boot_info.modules[boot_info.nr_modules];
	const char *words = module->command_line;
	enum boot_module_kind kind = BOOT_MODULE_ENGINE;

	multiboot2_take(module->start, module->end);
	if (strncmp(words, "script ", 7) == 0) {
		kind = BOOT_MODULE_SCRIPT;
		words += 7;
	} else if (strncmp(words, "signature ", 10) == 0) {
		kind = BOOT_MODULE_SIGNATURE;
		words += 10;
	} else if (strncmp(words, "file ", 5) == 0) {
		kind = BOOT_MODULE_FILE;
		words += 5;
	} else if (strcmp(words, "engine") != 0) {
		multiboot2_leave_out(module, words, &boot_info.nr_modules_unknown,
				     boot_info.module_unknown, sizeof(boot_info.module_unknown));
		return;
	}
	if (boot_info.nr_modules == BOOT_MODULES_MAXIMUM ||
	    (kind != BOOT_MODULE_ENGINE && multiboot2_count(kind) == multiboot2_most(kind))) {
		multiboot2_leave_out(module, words, &boot_info.nr_modules_over, boot_info.module_over,
				     sizeof(boot_info.module_over));
		return;
	}
	slot->kind = kind;
	string_copy(slot->name, words, sizeof(slot->name));
	slot->data = module->start;
	slot->length_bytes = module->end - module->start;
	boot_info.nr_modules++;
}

static void multiboot2_memory_map(const struct tag_memory_map *map)
{
	uint32_t at = 0, bytes = map->tag.size_bytes - (uint32_t)sizeof(*map);

	for (; map->entry_bytes >= 24 && bytes - at >= map->entry_bytes; at += map->entry_bytes) {
		struct e820_entry *entry = &boot_info.map[boot_info.nr_map];

		if (boot_info.nr_map == ARRAY_LENGTH(boot_info.map)) {
			boot_info.nr_map_over++;
			continue;
		}
		memcpy(entry, map->entries + at, sizeof(*entry));
		entry->attributes = 1; /* ACPI 15.1: the entry is valid */
		boot_info.nr_map++;
	}
}

static void multiboot2_tag(const struct tag *tag)
{
	switch (tag->type) {
	case TAG_COMMAND_LINE:
		boot_info.command_line_cut = string_copy(boot_info.command_line, (const char *)(tag + 1),
							 sizeof(boot_info.command_line)) >=
					     sizeof(boot_info.command_line);
		break;
	case TAG_MODULE:
		multiboot2_module((const struct tag_module *)tag);
		break;
	case TAG_BOOT_DEVICE:
		boot_info.bios_device = ((const struct tag_boot_device *)tag)->bios_device;
		break;
	case TAG_MEMORY_MAP:
		multiboot2_memory_map((const struct tag_memory_map *)tag);
		break;
	case TAG_ACPI_OLD:
	case TAG_ACPI_NEW: {
		size_t bytes = tag->size_bytes - sizeof(*tag);

		if (boot_info.has_rsdp_copy && tag->type == TAG_ACPI_OLD)
			break;
		memcpy(boot_info.rsdp_copy, tag + 1,
		       bytes < sizeof(boot_info.rsdp_copy) ? bytes : sizeof(boot_info.rsdp_copy));
		boot_info.has_rsdp_copy = true;
		break;
	}
	default:
		break;
	}
}

void boot_multiboot2(uint32_t information)
{
	const uint8_t *at = (const uint8_t *)(uint64_t)information;
	uint32_t total = *(const uint32_t *)at, offset = 8;

	multiboot2_take(information, information + total);
	while (offset + sizeof(struct tag) <= total) {
		const struct tag *tag = (const struct tag *)(const void *)(at + offset);

		if (tag->type == TAG_END || tag->size_bytes < sizeof(*tag) ||
		    tag->size_bytes > total - offset)
			break;
		multiboot2_tag(tag);
		offset += (uint32_t)align_up(tag->size_bytes, 8);
	}
	if (!bios_tpm_may_unseal() || bios_prompt_is_wanted())
		bios_prompt_ask(boot_info.command_line, &boot_info.passphrase);
	boot_main();
}
