/*
 * boot/uefi/file.c: reads and writes files by the Simple File System protocol (UEFI 13.4, 13.5).
 */
#include "boot/uefi/file.h"

#include "core/string.h"

#define FILE_BYTES_MAXIMUM MIB(256)
#define FILE_INFO_BYTES 1024

static const struct efi_guid file_info_guid = EFI_GUID_FILE_INFO;

static unsigned file_node_bytes(const struct efi_device_path *node)
{
	return (unsigned)node->length_bytes[0] | (unsigned)node->length_bytes[1] << 8;
}

/* The image's path is in one or more file path nodes (10.3.5.4); joined, with backslashes. */
static bool file_take_path(const struct efi_device_path *node, struct file_folder *folder)
{
	size_t used = 0;

	for (; node != NULL && node->type != EFI_DEVICE_PATH_END && file_node_bytes(node) >= 4;
	     node = (const void *)((const uint8_t *)node + file_node_bytes(node))) {
		unsigned nr = (file_node_bytes(node) - 4) / 2;

		if (node->type != EFI_DEVICE_PATH_MEDIA ||
		    node->subtype != EFI_DEVICE_PATH_MEDIA_FILE)
			continue;
		if (used != 0 && folder->path[used - 1] != '\\')
			folder->path[used++] = '\\';
		for (unsigned i = 0; i < nr; i++) {
			efi_char c;

			memcpy(&c, (const uint8_t *)node + 4 + 2 * i, sizeof(c));
			if (c == 0)
				break;
			if (used + 2 >= FILE_PATH_CHARACTERS)
				return false;
			folder->path[used++] = c == '/' ? '\\' : c;
		}
	}
	while (used != 0 && folder->path[used - 1] != '\\')
		used--;
	if (used == 0)
		folder->path[used++] = '\\';
	folder->path[used] = 0;
	folder->path_length = used;
	return true;
}

efi_status file_open_folder(struct efi_boot_services *boot, const struct efi_loaded_image *image,
			    struct file_folder *folder)
{
	static const struct efi_guid guid = EFI_GUID_SIMPLE_FILE_SYSTEM;
	struct efi_simple_file_system *volume;
	efi_status status;

	folder->boot = boot;
	if (!file_take_path(image->file_path, folder))
		return EFI_INVALID_PARAMETER;
	status = boot->handle_protocol(image->device, &guid, (void **)&volume);
	if (efi_failed(status))
		return status;
	return volume->open_volume(volume, &folder->root);
}

static efi_status file_open(const struct file_folder *folder, const char *name, uint64_t mode,
			    struct efi_file **file)
{
	efi_char path[FILE_PATH_CHARACTERS];
	size_t used = 0;

	if (name[0] != '/' && name[0] != '\\') {
		used = folder->path_length;
		memcpy(path, folder->path, used * sizeof(path[0]));
	}
	for (; *name != '\0'; name++) {
		if (used + 1 >= FILE_PATH_CHARACTERS)
			return EFI_INVALID_PARAMETER;
		path[used++] = (efi_char)(*name == '/' ? '\\' : (uint8_t)*name);
	}
	path[used] = 0;
	return folder->root->open(folder->root, file, path, mode, 0);
}

static efi_status file_length(struct efi_file *file, uint64_t *length_bytes)
{
	union {
		struct efi_file_info info;
		uint8_t bytes[FILE_INFO_BYTES];
	} buffer;
	uint64_t bytes = sizeof(buffer);
	efi_status status = file->get_info(file, &file_info_guid, &bytes, &buffer);

	if (efi_failed(status))
		return status;
	*length_bytes = buffer.info.file_bytes;
	return *length_bytes > FILE_BYTES_MAXIMUM ? EFI_OUT_OF_RESOURCES : EFI_SUCCESS;
}

static efi_status file_read_all(struct efi_file *file, struct file_data *data)
{
	uint64_t done = 0;

	while (done < data->length_bytes) {
		uint64_t chunk = data->length_bytes - done;
		efi_status status = file->read(file, &chunk, (uint8_t *)data->data + done);

		if (efi_failed(status))
			return status;
		if (chunk == 0)
			return EFI_LOAD_ERROR;
		done += chunk;
	}
	((uint8_t *)data->data)[done] = 0;
	return EFI_SUCCESS;
}

efi_status file_read(const struct file_folder *folder, const char *name, struct file_data *data)
{
	struct efi_file *file;
	efi_status status;

	*data = (struct file_data){ NULL, 0 };
	status = file_open(folder, name, EFI_FILE_READ, &file);
	if (efi_failed(status))
		return status;
	status = file_length(file, &data->length_bytes);
	if (!efi_failed(status))
		status = folder->boot->allocate_pool(EFI_LOADER_DATA, data->length_bytes + 1,
						     &data->data);
	if (!efi_failed(status)) {
		status = file_read_all(file, data);
		if (efi_failed(status))
			file_free(folder, data);
	}
	file->close(file);
	return status;
}

efi_status file_write(const struct file_folder *folder, const char *name, const void *data,
		      uint64_t length_bytes)
{
	uint64_t mode = EFI_FILE_READ | EFI_FILE_WRITE;
	struct efi_file *file;
	efi_status status;

	/* Deleted first, so that what is longer leaves nothing behind. */
	if (!efi_failed(file_open(folder, name, mode, &file)))
		file->delete(file);
	status = file_open(folder, name, mode | EFI_FILE_CREATE, &file);
	if (efi_failed(status))
		return status;
	status = file->write(file, &length_bytes, data);
	if (!efi_failed(status))
		status = file->flush(file);
	file->close(file);
	return status;
}

void file_free(const struct file_folder *folder, struct file_data *data)
{
	volatile uint8_t *bytes = data->data; /* some files are keys */

	for (uint64_t i = 0; bytes != NULL && i < data->length_bytes; i++)
		bytes[i] = 0;
	if (data->data != NULL)
		folder->boot->free_pool(data->data);
	*data = (struct file_data){ NULL, 0 };
}
