/*
 * boot/hardware_check.c: the order of the hardware report, what it says of memory and firmware, and
 * the verdict.
 */
#include "boot/hardware_check.h"

#include "boot/memory_need.h"
#include "core/cpu.h"
#include "core/log.h"
#include "core/memory.h"

const char *hardware_status_word(enum hardware_status status)
{
	static const char *const words[] = { "ok", "note", "ask", "FAIL" };

	return words[status];
}

void hardware_say(struct hardware_report *report, enum hardware_status status, const char *name,
		  const char *advice, const char *format, ...)
{
	char text[160];
	const struct hardware_line line = {
		.status = status, .name = name, .text = text, .advice = advice,
	};
	va_list arguments;

	va_start(arguments, format);
	print_format_list(text, sizeof(text), format, arguments);
	va_end(arguments);
	report->failed = report->failed || status == HARDWARE_FAIL;
	report->unknown = report->unknown || status == HARDWARE_ASK;
	report->emit(&line, report->context);
}

static void hardware_check_firmware(struct hardware_report *report)
{
	const struct hardware_source *source = report->source;

	hardware_say(report, HARDWARE_OK, "firmware", "", "firmware: %s", source->firmware);
	if (source->secure_boot == HARDWARE_YES)
		hardware_say(report, HARDWARE_NOTE, "secure-boot",
			     "sign the loader with a key of your own (docs/uefi.md), or switch Secure "
			     "Boot off", "Secure Boot is on: the firmware starts signed loaders only");
	if (source->acpi_table("FACP") == HARDWARE_NO)
		hardware_say(report, HARDWARE_NOTE, "acpi",
			     "the other CPUs stay off, and power-off is not noticed", "no ACPI tables");
}

static void hardware_check_cpus(struct hardware_report *report)
{
	uint32_t nr_cpus = report->source->nr_cpus;

	if (nr_cpus > CPUS_MAXIMUM)
		hardware_say(report, HARDWARE_NOTE, "cpus", "the others cannot be started",
			     "CPUs: %u, of which Ritevisor takes %u", nr_cpus, CPUS_MAXIMUM);
	else
		hardware_say(report, HARDWARE_OK, "cpus", "", "CPUs: %u", nr_cpus);
}

static uint64_t hardware_ram(const struct hardware_source *source, uint64_t *end)
{
	uint64_t bytes = 0;

	*end = 0;
	for (size_t i = 0; i < source->nr_map; i++) {
		const struct e820_entry *entry = &source->map[i];

		if (entry->type != E820_USABLE)
			continue;
		bytes += entry->length_bytes;
		*end = entry->base + entry->length_bytes;
	}
	return bytes;
}

/* What of the map does not count, here as at boot (boot/main.c). */
static void hardware_check_map(struct hardware_report *report)
{
	const struct hardware_source *source = report->source;

	if (source->map_from != NULL)
		hardware_say(report, HARDWARE_NOTE, "memory-map", source->map_advice,
			     "memory map: from %s", source->map_from);
	if (source->nr_map_wrong != 0)
		hardware_say(report, HARDWARE_NOTE, "memory-map-wrong", "the firmware is at fault",
			     "memory map: %zu entries end before they start, and are left out",
			     source->nr_map_wrong);
	if (source->nr_map_over != 0)
		hardware_say(report, HARDWARE_NOTE, "memory-map-long", "",
			     "memory map: more than %d entries; the last %zu are left out",
			     E820_RAW_ENTRIES_MAXIMUM, source->nr_map_over);
	if (source->map_bytes_lost != 0)
		hardware_say(report, HARDWARE_NOTE, "memory-map-long",
			     "under Ritevisor the OS does without them",
			     "memory map: more than %d ranges; the smallest, %lu KiB, are left out",
			     E820_ENTRIES_MAXIMUM, source->map_bytes_lost >> 10);
}

static void hardware_check_memory(struct hardware_report *report)
{
	const struct hardware_source *source = report->source;
	uint64_t place = source->reserved_start, bytes = source->reserved_bytes, end, ram;

	if (source->nr_map == 0) {
		hardware_say(report, HARDWARE_ASK, "memory", source->map_advice, "memory: not known");
		return;
	}
	hardware_check_map(report);
	ram = hardware_ram(source, &end) + bytes;
	if (end > DIRECT_MAP_BYTES_MAXIMUM) {
		hardware_say(report, HARDWARE_FAIL, "memory", "take memory modules out",
			     "memory ends at %lu GiB; Ritevisor reaches %lu GiB", end >> 30,
			     DIRECT_MAP_BYTES_MAXIMUM >> 30);
		return;
	}
	if (place != 0) {
		hardware_say(report, HARDWARE_OK, "memory", "",
			     "memory: %lu MiB, of which Ritevisor takes 0x%lx-0x%lx", ram >> 20, place,
			     place + bytes - 1);
		return;
	}
	if (e820_find_place(source->map, source->nr_map, MEMORY_NEED_USUAL_BYTES, &place) != 0)
		hardware_say(report, HARDWARE_FAIL, "memory", "try the option memory=16M",
			     "memory: no %lu MiB are free below 4 GiB", MEMORY_NEED_USUAL_BYTES >> 20);
	else
		hardware_say(report, HARDWARE_OK, "memory", "",
			     "memory: %lu MiB; Ritevisor would take %lu of them, such as 0x%lx-0x%lx",
			     ram >> 20, MEMORY_NEED_USUAL_BYTES >> 20, place,
			     place + MEMORY_NEED_USUAL_BYTES - 1);
}

/* What no machine has from us, so that nobody has to find out. */
static void hardware_say_limits(struct hardware_report *report)
{
	static const struct {
		const char *name, *text, *advice;
	} limits[] = {
		{ "limit-nested", "no virtualization inside the guest: KVM, Hyper-V and such",
		  "they see a CPU without it, and say so" },
		{ "limit-suspend", "suspend to RAM",
		  "the system is not offered it; suspend to disk, to idle and power-off are as ever" },
	};

	for (size_t i = 0; i < ARRAY_LENGTH(limits); i++)
		hardware_say(report, HARDWARE_NOTE, limits[i].name, limits[i].advice,
			     "will not work: %s", limits[i].text);
}

enum hardware_answer hardware_check(const struct hardware_source *source, hardware_emit *emit,
				    void *context)
{
	struct hardware_report report = { .source = source, .emit = emit, .context = context };

	/* What matters most comes last: a text screen has 25 lines. */
	hardware_check_devices(&report);
	hardware_say_limits(&report);
	hardware_check_iommu(&report);
	hardware_check_memory(&report);
	hardware_check_firmware(&report);
	hardware_check_cpus(&report);
	hardware_check_cpu(&report);
	if (report.failed) {
		hardware_say(&report, HARDWARE_FAIL, "result", "see FAIL above",
			     "Ritevisor cannot run on this machine");
		return HARDWARE_NO;
	}
	if (report.unknown) {
		hardware_say(&report, HARDWARE_ASK, "result", "see ask above",
			     "nothing speaks against Ritevisor on this machine, but not all is known");
		return HARDWARE_UNKNOWN;
	}
	hardware_say(&report, HARDWARE_OK, "result", "", "Ritevisor can run on this machine");
	return HARDWARE_YES;
}
