/*
 * tools/hwcheck/facts.c: reads the facts from /proc, /sys and /dev, or from a folder with such files
 * in it.
 */
#include "tools/hwcheck/facts.h"

#include <cpuid.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define PCI_MAXIMUM 512
#define FLAGS_BYTES 8192

static const char *facts_root;
static char facts_flags[FLAGS_BYTES]; /* a space before and behind each word */
static bool facts_has_flags, facts_has_vmx_flags;
static struct hardware_pci facts_pci[PCI_MAXIMUM];
static size_t facts_nr_pci;
static struct e820_entry facts_raw_map[E820_RAW_ENTRIES_MAXIMUM];
static size_t facts_nr_raw;
static struct e820_entry facts_map[2 * E820_RAW_ENTRIES_MAXIMUM];
static struct hardware_source facts_source;

__attribute__((format(printf, 1, 2))) static const char *facts_path(const char *format, ...)
{
	static char path[PATH_BYTES];
	int used = snprintf(path, sizeof(path), "%s", facts_root);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(path + used, sizeof(path) - (size_t)used, format, arguments);
	va_end(arguments);
	return path;
}

/* The first line of a file without its end; false if there is none. */
static bool facts_line(const char *path, char *line, size_t line_bytes)
{
	FILE *file = fopen(path, "r");
	bool good = file != NULL && fgets(line, (int)line_bytes, file) != NULL;

	if (file != NULL)
		fclose(file);
	if (good)
		line[strcspn(line, "\n")] = '\0';
	return good;
}

static bool facts_number(const char *path, uint64_t *value)
{
	char line[64], *end;

	if (!facts_line(path, line, sizeof(line)))
		return false;
	*value = strtoull(line, &end, 0);
	return end != line;
}

/* The CPU's registers --------------------------------------------------------------------------- */

/* A line of a root's own file `cpuid` that begins with these two numbers. */
static bool facts_cpuid_file(uint32_t leaf, uint32_t subleaf, uint32_t registers[4])
{
	FILE *file = fopen(facts_path("/cpuid"), "r");
	bool found = false;
	char line[128];

	while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL) {
		unsigned wanted[2], r[4];

		found = sscanf(line, "%x %x %x %x %x %x", &wanted[0], &wanted[1], &r[0], &r[1], &r[2],
			       &r[3]) == 6 && wanted[0] == leaf && wanted[1] == subleaf;
		for (unsigned i = 0; found && i < 4; i++)
			registers[i] = r[i];
	}
	if (file != NULL)
		fclose(file);
	return found;
}

static void facts_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t registers[4])
{
	if (facts_root[0] == '\0')
		__cpuid_count(leaf, subleaf, registers[0], registers[1], registers[2], registers[3]);
	else if (!facts_cpuid_file(leaf, subleaf, registers))
		memset(registers, 0, 4 * sizeof(registers[0]));
}

static enum hardware_answer facts_msr_file(uint32_t msr, uint64_t *value)
{
	FILE *file = fopen(facts_path("/msr"), "r");
	enum hardware_answer answer = HARDWARE_UNKNOWN;
	char line[128], word[64];
	unsigned number;

	while (file != NULL && answer == HARDWARE_UNKNOWN && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "%x %63s", &number, word) != 2 || number != msr)
			continue;
		answer = strcmp(word, "absent") == 0 ? HARDWARE_NO : HARDWARE_YES;
		if (answer == HARDWARE_YES)
			*value = strtoull(word, NULL, 16);
	}
	if (file != NULL)
		fclose(file);
	return answer;
}

/* The driver's file: the MSR's number is the offset; one that the CPU lacks is an I/O error. */
static enum hardware_answer facts_msr(uint32_t msr, uint64_t *value)
{
	enum hardware_answer answer = HARDWARE_UNKNOWN;
	ssize_t length;
	int file;

	if (facts_root[0] != '\0')
		return facts_msr_file(msr, value);
	file = open("/dev/cpu/0/msr", O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return HARDWARE_UNKNOWN;
	length = pread(file, value, sizeof(*value), msr);
	if (length == (ssize_t)sizeof(*value))
		answer = HARDWARE_YES;
	else if (length < 0 && errno == EIO)
		answer = HARDWARE_NO;
	close(file);
	return answer;
}

/* What the system says ----------------------------------------------------------------------- */

/* Adds the words behind the colon of /proc/cpuinfo's first line with that name. */
static bool facts_add_flags(const char *name)
{
	FILE *file = fopen(facts_path("/proc/cpuinfo"), "r");
	size_t used = strlen(facts_flags);
	char line[FLAGS_BYTES / 2];
	bool found = false;

	while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL) {
		const char *colon = strchr(line, ':');
		size_t length = strcspn(line, "\t:");

		if (colon == NULL || length != strlen(name) || strncmp(line, name, length) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(facts_flags + used, sizeof(facts_flags) - used, "%s ", colon + 1);
		found = true;
	}
	if (file != NULL)
		fclose(file);
	return found;
}

static enum hardware_answer facts_os_flag(const char *name)
{
	char word[64];

	if (!facts_has_flags)
		return HARDWARE_UNKNOWN;
	snprintf(word, sizeof(word), " %s ", name);
	if (strstr(facts_flags, word) != NULL)
		return HARDWARE_YES;
	/* The features of VMX have a line of their own, from Linux 5.6 on. */
	return strcmp(name, "svm") == 0 || strcmp(name, "vmx") == 0 || facts_has_vmx_flags
		       ? HARDWARE_NO : HARDWARE_UNKNOWN;
}

/* The names can be seen without root, the contents not. */
static enum hardware_answer facts_acpi_table(const char *signature)
{
	if (access(facts_path("/sys/firmware/acpi/tables/%s", signature), F_OK) == 0)
		return HARDWARE_YES;
	return access(facts_path("/sys/firmware/acpi/tables"), X_OK) == 0 ? HARDWARE_NO
									  : HARDWARE_UNKNOWN;
}

static bool facts_next_pci(size_t index, struct hardware_pci *function)
{
	if (index >= facts_nr_pci)
		return false;
	*function = facts_pci[index];
	return true;
}

/* Names such as 0000:00:1f.2; other PCI domains than 0 are left out, as in the hypervisor. */
static void facts_read_pci(void)
{
	struct dirent **names;
	int nr_names = scandir(facts_path("/sys/bus/pci/devices"), &names, NULL, alphasort);

	for (int i = 0; i < nr_names; i++) {
		const char *name = names[i]->d_name;
		unsigned domain, bus, device, function;
		uint64_t vendor_id, device_id, class_code;

		if (sscanf(name, "%x:%x:%x.%x", &domain, &bus, &device, &function) != 4 ||
		    domain != 0 || facts_nr_pci == PCI_MAXIMUM ||
		    !facts_number(facts_path("/sys/bus/pci/devices/%s/vendor", name), &vendor_id) ||
		    !facts_number(facts_path("/sys/bus/pci/devices/%s/device", name), &device_id) ||
		    !facts_number(facts_path("/sys/bus/pci/devices/%s/class", name), &class_code))
			continue;
		facts_pci[facts_nr_pci++] = (struct hardware_pci){
			(uint8_t)bus, (uint8_t)device, (uint8_t)function,
			(uint16_t)vendor_id, (uint16_t)device_id, (uint32_t)class_code,
		};
	}
	for (int i = 0; i < nr_names; i++)
		free(names[i]);
	if (nr_names >= 0)
		free(names);
}

/* One range of the machine's memory, by Linux's name for its type. */
static void facts_add_memory(uint64_t start, uint64_t end, const char *type)
{
	static const struct {
		const char *text;
		uint32_t type;
	} types[] = {
		{ "System RAM", E820_USABLE },
		{ "ACPI Tables", E820_ACPI_RECLAIMABLE },
		{ "ACPI Non-volatile Storage", E820_ACPI_NVS },
	};
	struct e820_entry entry = { .base = start, .type = E820_RESERVED };

	if (start > end) {
		facts_source.nr_map_wrong++;
		return;
	}
	if (facts_nr_raw == ARRAY_LENGTH(facts_raw_map)) {
		facts_source.nr_map_over++;
		return;
	}
	entry.length_bytes = end - start + 1;
	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		if (strcmp(type, types[i].text) == 0)
			entry.type = types[i].type;
	}
	facts_raw_map[facts_nr_raw++] = entry;
}

/* /sys/firmware/memmap, which is the firmware's map by number. */
static void facts_read_memmap(void)
{
	for (size_t i = 0;; i++) {
		uint64_t start, end;
		char type[64];

		if (!facts_number(facts_path("/sys/firmware/memmap/%zu/start", i), &start) ||
		    !facts_number(facts_path("/sys/firmware/memmap/%zu/end", i), &end) ||
		    !facts_line(facts_path("/sys/firmware/memmap/%zu/type", i), type, sizeof(type)))
			return;
		facts_add_memory(start, end, type);
	}
}

/* /proc/iomem, which is what Linux made of that map. Its first level has devices too, which count as
 * reserved. Without root all addresses read as 0. */
static void facts_read_iomem(void)
{
	FILE *file = fopen(facts_path("/proc/iomem"), "r");
	char line[256];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		unsigned long long start, end;
		int name = 0;

		line[strcspn(line, "\n")] = '\0';
		if (line[0] != ' ' && sscanf(line, "%llx-%llx : %n", &start, &end, &name) == 2 &&
		    name != 0 && end != 0)
			facts_add_memory(start, end, line + name);
	}
	if (file != NULL)
		fclose(file);
}

/* Of a kernel without the map, root can see what it uses. */
static void facts_read_map_without_memmap(void)
{
	facts_read_iomem();
	if (facts_nr_raw != 0) {
		facts_source.map_from = "/proc/iomem";
		facts_source.map_advice = "this kernel does not show the firmware's own "
					  "(CONFIG_FIRMWARE_MEMMAP)";
	} else if (geteuid() != 0) {
		facts_source.map_advice = "this kernel does not show the firmware's memory map "
					  "(CONFIG_FIRMWARE_MEMMAP); as root this looks into /proc/iomem";
	} else {
		facts_source.map_advice = "this kernel shows it neither in /sys/firmware/memmap "
					  "(CONFIG_FIRMWARE_MEMMAP) nor in /proc/iomem; the boot option "
					  "hwcheck checks it before the OS starts";
	}
}

/* What does not fit is left out as at boot. */
static void facts_read_map(void)
{
	facts_source.map_advice = "run this as root";
	facts_read_memmap();
	if (facts_nr_raw == 0 && access(facts_path("/sys/firmware/memmap"), F_OK) != 0)
		facts_read_map_without_memmap();
	facts_source.nr_map = e820_normalise(facts_raw_map, facts_nr_raw, facts_map,
					     ARRAY_LENGTH(facts_map));
	facts_source.map_bytes_lost = e820_shorten(facts_map, &facts_source.nr_map,
						   E820_ENTRIES_MAXIMUM);
	facts_source.map = facts_map;
}

/* "0-3,8-11" */
static uint32_t facts_count_cpus(void)
{
	char line[256] = "", *at = line;
	uint32_t count = 0;

	(void)facts_line(facts_path("/sys/devices/system/cpu/present"), line, sizeof(line));
	while (*at >= '0' && *at <= '9') {
		unsigned long first = strtoul(at, &at, 10), last = first;

		if (*at == '-')
			last = strtoul(at + 1, &at, 10);
		count += (uint32_t)(last - first + 1);
		at += *at == ',';
	}
	return count != 0 ? count : 1;
}

/* The variable: four bytes of attributes, then the value. */
static enum hardware_answer facts_secure_boot(void)
{
	static const char variable[] =
		"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
	FILE *file = fopen(facts_path("%s", variable), "rb");
	unsigned char bytes[5];
	bool good = file != NULL && fread(bytes, 1, sizeof(bytes), file) == sizeof(bytes);

	if (file != NULL)
		fclose(file);
	if (!good)
		return HARDWARE_UNKNOWN;
	return bytes[4] == 1 ? HARDWARE_YES : HARDWARE_NO;
}

const struct hardware_source *facts_read(const char *root)
{
	facts_root = root;
	facts_flags[0] = ' ';
	facts_has_flags = facts_add_flags("flags");
	facts_has_vmx_flags = facts_add_flags("vmx flags");
	facts_read_pci();
	facts_read_map();
	facts_source.cpuid = facts_cpuid;
	facts_source.msr = facts_msr;
	facts_source.os_flag = facts_os_flag;
	facts_source.acpi_table = facts_acpi_table;
	facts_source.pci = facts_next_pci;
	facts_source.nr_cpus = facts_count_cpus();
	facts_source.firmware = access(facts_path("/sys/firmware/efi"), F_OK) == 0 ? "UEFI" : "BIOS";
	facts_source.secure_boot = facts_secure_boot();
	return &facts_source;
}
