/*
 * boot/uefi/chain.c: device paths of files on volumes, LoadImage and StartImage (UEFI 7.4).
 */
#include "boot/uefi/chain.h"

#include "boot/uefi/text.h"
#include "core/string.h"

#define CHAIN_PATH_CHARACTERS 512
#define CHAIN_OPTIONS_CHARACTERS 1024
#define NODE_BYTES 4

static const struct efi_guid chain_path_guid = EFI_GUID_DEVICE_PATH;
static const struct efi_guid chain_image_guid = EFI_GUID_LOADED_IMAGE;
static const struct efi_guid chain_volume_guid = EFI_GUID_SIMPLE_FILE_SYSTEM;

/* Load options must stay while the program runs. */
static efi_char chain_options[CHAIN_OPTIONS_CHARACTERS];

/* Widens ASCII text; returns the characters with the final NUL, 0 if it is too long. */
static size_t chain_widen(efi_char *to, size_t maximum, const char *text)
{
	size_t length = strlen(text);

	if (length + 1 > maximum)
		return 0;
	for (size_t i = 0; i <= length; i++)
		to[i] = (efi_char)(text[i] == '/' && maximum == CHAIN_PATH_CHARACTERS
					   ? '\\' : (uint8_t)text[i]);
	return length + 1;
}

static void chain_put_node(uint8_t *at, uint8_t type, uint8_t subtype, size_t bytes)
{
	at[0] = type;
	at[1] = subtype;
	at[2] = (uint8_t)bytes;
	at[3] = (uint8_t)(bytes >> 8);
}

static size_t chain_path_bytes(const struct efi_device_path *path)
{
	const uint8_t *at = (const uint8_t *)path;

	while (at[0] != EFI_DEVICE_PATH_END) {
		unsigned bytes = at[2] | (unsigned)at[3] << 8;

		if (bytes < NODE_BYTES)
			break;
		at += bytes;
	}
	return (size_t)(at - (const uint8_t *)path);
}

/* The volume's path, a file node, the end; pool memory. */
static struct efi_device_path *chain_make_path(struct efi_boot_services *boot, efi_handle volume,
					       const char *name)
{
	struct efi_device_path *path;
	size_t volume_bytes, node_bytes, characters;
	efi_char wide[CHAIN_PATH_CHARACTERS];
	uint8_t *at;

	if (efi_failed(boot->handle_protocol(volume, &chain_path_guid, (void **)&path)))
		return NULL;
	characters = chain_widen(wide, CHAIN_PATH_CHARACTERS, name);
	if (characters == 0)
		return NULL;
	volume_bytes = chain_path_bytes(path);
	node_bytes = NODE_BYTES + characters * sizeof(efi_char);
	if (efi_failed(boot->allocate_pool(EFI_LOADER_DATA, volume_bytes + node_bytes + NODE_BYTES,
					   (void **)&at)))
		return NULL;
	memcpy(at, path, volume_bytes);
	chain_put_node(at + volume_bytes, EFI_DEVICE_PATH_MEDIA, EFI_DEVICE_PATH_MEDIA_FILE,
		       node_bytes);
	memcpy(at + volume_bytes + NODE_BYTES, wide, node_bytes - NODE_BYTES);
	chain_put_node(at + volume_bytes + node_bytes, EFI_DEVICE_PATH_END,
		       EFI_DEVICE_PATH_END_ENTIRE, NODE_BYTES);
	return (struct efi_device_path *)at;
}

static bool chain_has_file(struct efi_boot_services *boot, efi_handle volume, const char *name)
{
	struct efi_simple_file_system *system;
	struct efi_file *root, *file;
	efi_char wide[CHAIN_PATH_CHARACTERS];
	bool found;

	if (chain_widen(wide, CHAIN_PATH_CHARACTERS, name) == 0 ||
	    efi_failed(boot->handle_protocol(volume, &chain_volume_guid, (void **)&system)) ||
	    efi_failed(system->open_volume(system, &root)))
		return false;
	found = !efi_failed(root->open(root, &file, wide, EFI_FILE_READ, 0));
	if (found)
		file->close(file);
	root->close(root);
	return found;
}

static efi_status chain_load(struct efi_system_table *system, efi_handle self, efi_handle volume,
			     const char *name, efi_handle *program)
{
	struct efi_device_path *path = chain_make_path(system->boot, volume, name);
	efi_status status;

	if (path == NULL)
		return EFI_OUT_OF_RESOURCES;
	status = system->boot->load_image(false, self, path, NULL, 0, program);
	system->boot->free_pool(path);
	/* The firmware leaves an image that it will not start (7.4, LoadImage). */
	if (status == EFI_SECURITY_VIOLATION)
		system->boot->unload_image(*program);
	return status;
}

static efi_status chain_run(struct efi_system_table *system, efi_handle program,
			    const char *options)
{
	struct efi_loaded_image *image;
	size_t characters = 0;

	if (*options != '\0')
		characters = chain_widen(chain_options, CHAIN_OPTIONS_CHARACTERS, options);
	if (characters != 0 &&
	    !efi_failed(system->boot->handle_protocol(program, &chain_image_guid,
						      (void **)&image))) {
		image->load_options = chain_options;
		image->load_options_bytes = (uint32_t)(characters * sizeof(efi_char));
	}
	return system->boot->start_image(program, NULL, NULL);
}

/* The volume with the file, of those that the firmware has connected; NULL if none. */
static efi_handle chain_search_volumes(struct efi_boot_services *boot, const char *name)
{
	efi_handle *handles, found = NULL;
	uint64_t nr_handles;

	if (efi_failed(boot->locate_handle_buffer(EFI_SEARCH_BY_PROTOCOL, &chain_volume_guid, NULL,
						  &nr_handles, &handles)))
		return NULL;
	for (uint64_t i = 0; i < nr_handles && found == NULL; i++) {
		if (chain_has_file(boot, handles[i], name))
			found = handles[i];
	}
	boot->free_pool(handles);
	return found;
}

/* A firmware in a hurry leaves disks that its boot entry does not need without drivers (UEFI 7.3.12). */
static void chain_connect_all(struct efi_boot_services *boot)
{
	efi_handle *handles;
	uint64_t nr_handles;

	if (efi_failed(boot->locate_handle_buffer(EFI_SEARCH_ALL_HANDLES, NULL, NULL, &nr_handles,
						  &handles)))
		return;
	for (uint64_t i = 0; i < nr_handles; i++)
		boot->connect_controller(handles[i], NULL, NULL, true);
	boot->free_pool(handles);
}

/* The volume with the file: ours if it has it; NULL if none. */
static efi_handle chain_find_volume(struct efi_boot_services *boot, efi_handle own,
				    const char *name)
{
	efi_handle found = own;

	if (!chain_has_file(boot, own, name))
		found = chain_search_volumes(boot, name);
	if (found == NULL) {
		chain_connect_all(boot);
		found = chain_search_volumes(boot, name);
	}
	return found;
}

efi_status chain_start(struct efi_system_table *system, efi_handle self,
		       const struct efi_loaded_image *image, const char *path, const char *options)
{
	efi_handle volume = chain_find_volume(system->boot, image->device, path), program;
	efi_status status;

	if (volume == NULL) {
		text_line("chain=%s: no volume has this file", path);
		return EFI_NOT_FOUND;
	}
	status = chain_load(system, self, volume, path, &program);
	if (efi_failed(status)) {
		text_line("chain=%s: the firmware does not load it (status %llx)%s", path,
			  (unsigned long long)(status & 0xff),
			  status == EFI_SECURITY_VIOLATION ? ": not signed for Secure Boot" : "");
		return status;
	}
	text_line("starting %s", path);
	return chain_run(system, program, options);
}
