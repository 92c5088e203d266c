/*
 * boot/boot_info.h: what a loader (GRUB by multiboot2, or our UEFI application) found out and hands to boot/main.c.
 */
#ifndef BOOT_BOOT_INFO_H
#define BOOT_BOOT_INFO_H

#include "boot/e820.h"
#include "boot/passphrase.h"
#include "rv/abi.h"

#define BOOT_COMMAND_LINE_BYTES 1024
#define BOOT_FILES_MAXIMUM 16
#define BOOT_MODULES_MAXIMUM (2 * RV_SCRIPTS_MAXIMUM + BOOT_FILES_MAXIMUM + 1) /* with signatures, and the engine */

/* A signature has the name of its script. A file is what options name: headers and keys of disks (boot/encrypt.h). */
enum boot_module_kind { BOOT_MODULE_ENGINE, BOOT_MODULE_SCRIPT, BOOT_MODULE_SIGNATURE, BOOT_MODULE_FILE };

/* A file that came with us; `data` is physical until boot/main.c has moved it, then direct. */
struct boot_module {
	enum boot_module_kind kind;
	char name[RV_SCRIPT_NAME_BYTES];
	hpa_t data;
	uint64_t length_bytes;
	bool policy; /* a script that must be in force: boot/policy.c says so */
};

/* What a TPM has unsealed for a header, in the place of a passphrase. Whoever is done with it wipes it. */
#define BOOT_UNSEALED_MAXIMUM 8 /* CIPHER_VOLUMES_MAXIMUM */
struct boot_unsealed {
	char header[RV_SCRIPT_NAME_BYTES];
	uint32_t length_bytes;
	uint8_t bytes[128];
};

struct boot_info {
	struct e820_entry map[E820_RAW_ENTRIES_MAXIMUM]; /* as the firmware gave it */
	size_t nr_map;
	size_t nr_map_over; /* entries that had no room */
	char command_line[BOOT_COMMAND_LINE_BYTES];
	bool command_line_cut;	/* it was longer */
	struct boot_module modules[BOOT_MODULES_MAXIMUM];
	size_t nr_modules;
	/* Modules that are left out, and one of each: there is no console yet that could tell. */
	size_t nr_modules_over, nr_modules_unknown;
	bool is_policy_left_out; /* one of them is a policy */
	char module_over[RV_SCRIPT_NAME_BYTES], module_unknown[RV_SCRIPT_NAME_BYTES];
	uint8_t rsdp_copy[36];	/* made by the loader */
	bool has_rsdp_copy;	/* else it is searched for */
	uint32_t bios_device;	/* what we were loaded from, 0xffffffff unknown */
	hpa_t taken_start, taken_end; /* loader's data and modules: not to be overwritten by the move */
	hpa_t place;		/* where the image stands for good already (UEFI), 0: it is moved */
	uint64_t place_bytes;	/* reserved there */
	hpa_t log_before;	/* a struct log_ring that the loader found there (UEFI), 0: none */
	struct passphrase passphrase; /* if passphrase_is_wanted(); for whoever unlocks disks to wipe */
	struct boot_unsealed unsealed[BOOT_UNSEALED_MAXIMUM];
	size_t nr_unsealed;
	hpa_t lent;		/* memory to unlock disks with (UEFI), which is given back */
	uint64_t lent_bytes;
	hpa_t low_page;		/* a reserved page below 1 MiB (UEFI), 0: none */
};

extern struct boot_info boot_info;

/* The file that an option names; NULL: the loader has not brought it. */
const struct boot_module *boot_find_file(const char *name);

/* The composition root: never returns. Context: long mode, loader's page tables with 4 GiB of
 * identity. */
_Noreturn void boot_main(void);

#endif
