/*
 * boot/uefi/config.h: ritevisor.conf: lines KEY=VALUE or KEY, # starts a comment. Pure code.
 */
#ifndef BOOT_UEFI_CONFIG_H
#define BOOT_UEFI_CONFIG_H

#include "boot/boot_info.h"

#define CONFIG_NAME_BYTES 256
#define CONFIG_LINE_LENGTH_MAXIMUM 1023
#define CONFIG_RESCUE_KEY_MS_MAXIMUM 60000

struct config {
	char options[BOOT_COMMAND_LINE_BYTES]; /* options=: as on GRUB's command line; joined */
	char hypervisor[CONFIG_NAME_BYTES];    /* hypervisor=ritevisor.elf */
	char engine[CONFIG_NAME_BYTES];	       /* engine=engine.elf; "none" for no engine */
	char scripts[RV_SCRIPTS_MAXIMUM][CONFIG_NAME_BYTES]; /* script=, in this order */
	size_t nr_scripts;
	char files[BOOT_FILES_MAXIMUM][CONFIG_NAME_BYTES]; /* file=: what options name */
	size_t nr_files;
	char chain[CONFIG_NAME_BYTES];	       /* chain=\EFI\debian\grubx64.efi: started after us */
	char chain_options[BOOT_COMMAND_LINE_BYTES]; /* chain_options=: its load options */
	bool rescue;			       /* rescue: no scripts */
	uint64_t rescue_key_ms;		       /* rescue_key_ms=500: how long R is waited for; 0: not */
	uint64_t attempts; /* attempts=3: boots that reach no OS until scripts are left out; 0: never */
};

/* What holds without a file, and for keys that it leaves out. What was sealed is taken for a policy: there
 * neither a key nor a count leaves the scripts out unless the configuration says so. */
void config_set_defaults(struct config *config, bool is_sealed);

/* Reads a NUL-terminated file over the defaults. Returns 0; else the number of the first line that
 * means nothing (the lines behind it are read all the same). */
unsigned config_parse(const char *text, struct config *config);

#endif
