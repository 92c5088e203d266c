/*
 * boot/uefi/place.h: takes the memory that stays the hypervisor's and puts its program there.
 */
#ifndef BOOT_UEFI_PLACE_H
#define BOOT_UEFI_PLACE_H

#include "boot/uefi/efi.h"
#include "boot/uefi/file.h"
#include "core/log_ring.h"

struct place {
	hpa_t start; /* 2 MiB aligned, below 4 GiB */
	uint64_t length_bytes;
	void *entry, *cpu_entry;  /* linked addresses: the boot CPU's, the others' */
	uint64_t tables, nr_tables; /* pages of the page tables for the entry */
};

/* Allocates length_bytes (a multiple of 2 MiB) that the OS is told is reserved. */
efi_status place_allocate(struct efi_boot_services *boot, uint64_t length_bytes,
			  struct place *place);

/* Copies what is there of the log of the boot before, which place_load() writes over: firmware that comes to this
 * program the same way gives it the same memory. False: there is none. */
bool place_save_log(const struct place *place, struct log_ring *saved);

/* Puts an ELF program's segments there, the rest of them zeroed, and finds its entries. False with a
 * reason in plain words if it is no hypervisor that this loader can start. */
bool place_load(const struct file_data *program, struct place *place, const char **why);

/* Makes the page tables in which the hypervisor starts: the firmware's, and the image at its linked
 * address. Returns their root, 0 without memory. */
hpa_t place_make_tables(struct efi_boot_services *boot, struct place *place,
			hpa_t firmware_root);

void place_free_tables(struct efi_boot_services *boot, struct place *place);
void place_free(struct efi_boot_services *boot, struct place *place);

#endif
