/*
 * boot/hardware_check.h: whether Ritevisor can run on a machine, and what there is to know about it:
 * one report for the hypervisor's boot and for `./ritevisor hwcheck` on a running Linux. Pure code:
 * the facts come from a struct hardware_source, the lines go to a function. Context: any.
 */
#ifndef BOOT_HARDWARE_CHECK_H
#define BOOT_HARDWARE_CHECK_H

#include "boot/e820.h"

enum hardware_answer { HARDWARE_NO, HARDWARE_YES, HARDWARE_UNKNOWN };

struct hardware_pci {
	uint8_t bus, device, function;
	uint16_t vendor_id, device_id;
	uint32_t class_code; /* base class << 16 | subclass << 8 | programming interface */
};

/* Where the facts come from. Any function may say that it does not know. */
struct hardware_source {
	/* CPUID: EAX, EBX, ECX, EDX. */
	void (*cpuid)(uint32_t leaf, uint32_t subleaf, uint32_t registers[4]);
	/* HARDWARE_NO: the CPU does not have this MSR. */
	enum hardware_answer (*msr)(uint32_t msr, uint64_t *value);
	/* What an operating system that runs already says of a CPU feature, by Linux's name for it
	 * in /proc/cpuinfo. NULL: there is none. */
	enum hardware_answer (*os_flag)(const char *name);
	/* Is there an ACPI table of that signature? */
	enum hardware_answer (*acpi_table)(const char *signature);
	/* The PCI function at an index, in order of address; false behind the last. */
	bool (*pci)(size_t index, struct hardware_pci *function);
	const struct e820_entry *map; /* the machine's memory, normalised; nr_map 0: not known */
	size_t nr_map;
	const char *map_advice;	  /* how to get to know it */
	const char *map_from;	  /* where it is from, if not from where it is best; NULL: it is */
	uint64_t map_bytes_lost;  /* of usable ranges that are left out, since it is too long */
	size_t nr_map_over;	  /* entries that are left out, since there are too many */
	size_t nr_map_wrong;	  /* entries that end before they start, and are left out */
	uint64_t reserved_start, reserved_bytes; /* Ritevisor's memory; start 0: not taken yet */
	uint32_t nr_cpus;
	const char *firmware; /* "UEFI" or "BIOS" */
	enum hardware_answer secure_boot;
};

enum hardware_status {
	HARDWARE_OK,
	HARDWARE_NOTE,	 /* good to know; nothing is wrong */
	HARDWARE_ASK,	 /* it could not be found out; the advice says how */
	HARDWARE_FAIL,	 /* Ritevisor cannot run */
};

struct hardware_line {
	enum hardware_status status;
	const char *name;   /* of the check, the same in every version: "nested-paging" */
	const char *text;
	const char *advice; /* what to do or to expect; "": nothing */
};

typedef void hardware_emit(const struct hardware_line *line, void *context);

/* Writes the report, a line at a time; strings are valid during the call only. Returns whether
 * Ritevisor can run; the last line says so too. */
enum hardware_answer hardware_check(const struct hardware_source *source, hardware_emit *emit,
				    void *context);

/* "ok", "note", "ask" or "FAIL". */
const char *hardware_status_word(enum hardware_status status);

/* boot/hardware_source.c: the machine that we run on, into the log; all of it, or only what keeps us
 * from running. Context: boot, after ACPI is known. */
void hardware_report(const struct e820_entry *map, size_t nr_map, bool all);

/* For the files of the check. -------------------------------------------------------------- */

struct hardware_report {
	const struct hardware_source *source;
	hardware_emit *emit;
	void *context;
	bool failed, unknown;
};

/* One line; `format` makes its text. */
void hardware_say(struct hardware_report *report, enum hardware_status status, const char *name,
		  const char *advice, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* boot/hardware_features.c: the CPU and its firmware's switches. */
void hardware_check_cpu(struct hardware_report *report);

/* boot/hardware_devices.c: the IOMMU and the PCI devices. */
void hardware_check_iommu(struct hardware_report *report);
void hardware_check_devices(struct hardware_report *report);

#endif
