/*
 * boot/uefi/file.h: whole files of the loader's own folder.
 */
#ifndef BOOT_UEFI_FILE_H
#define BOOT_UEFI_FILE_H

#include "boot/uefi/efi.h"

#define FILE_PATH_CHARACTERS 512

struct file_folder {
	struct efi_boot_services *boot;
	struct efi_file *root; /* of the volume */
	efi_char path[FILE_PATH_CHARACTERS]; /* of the folder, ends with a backslash */
	size_t path_length;
};

struct file_data {
	void *data; /* pool memory; a NUL stands behind it */
	uint64_t length_bytes;
};

/* Finds the folder that the image was loaded from. */
efi_status file_open_folder(struct efi_boot_services *boot, const struct efi_loaded_image *image,
			    struct file_folder *folder);

/* Reads a file into pool memory of type EFI_LOADER_DATA. name: ASCII, may go into subfolders, with /
 * or \; one that starts with either is looked up from the volume's root. */
efi_status file_read(const struct file_folder *folder, const char *name, struct file_data *file);

/* Replaces or makes a file of the folder. */
efi_status file_write(const struct file_folder *folder, const char *name, const void *data,
		      uint64_t length_bytes);

void file_free(const struct file_folder *folder, struct file_data *file);

#endif
