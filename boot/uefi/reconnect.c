/*
 * boot/uefi/reconnect.c: by the PCI I/O protocol of each function (UEFI 2.10, 14.4; 7.3, ConnectController).
 */
#include "boot/uefi/reconnect.h"

#define RECONNECT_CLASS 0x0b /* in configuration space */
#define RECONNECT_MASS_STORAGE 0x01

static const struct efi_guid reconnect_pci_guid = EFI_GUID_PCI_IO;

static bool reconnect_is_storage(struct efi_boot_services *boot, efi_handle handle)
{
	struct efi_pci_io *pci;
	uint8_t class = 0;

	return !efi_failed(boot->handle_protocol(handle, &reconnect_pci_guid, (void **)&pci)) &&
	       !efi_failed(pci->read_configuration(pci, EFI_PCI_WIDTH_8, RECONNECT_CLASS, 1, &class)) &&
	       class == RECONNECT_MASS_STORAGE;
}

void reconnect_disks(struct efi_boot_services *boot)
{
	efi_handle *handles;
	uint64_t nr_handles;

	if (efi_failed(boot->locate_handle_buffer(EFI_SEARCH_BY_PROTOCOL, &reconnect_pci_guid, NULL, &nr_handles,
						  &handles)))
		return;
	for (uint64_t i = 0; i < nr_handles; i++) {
		if (!reconnect_is_storage(boot, handles[i]))
			continue;
		boot->disconnect_controller(handles[i], NULL, NULL);
		boot->connect_controller(handles[i], NULL, NULL, true);
	}
	boot->free_pool(handles);
}
