/*
 * boot/uefi/reconnect.c: by the PCI I/O protocol of each function (UEFI 2.10, 14.4; 7.3, ConnectController).
 */
#include "boot/uefi/reconnect.h"

#define RECONNECT_CLASS 0x0b /* in configuration space */
#define RECONNECT_SUBCLASS 0x0a
#define RECONNECT_MASS_STORAGE 0x01
#define RECONNECT_SERIAL_BUS 0x0c
#define RECONNECT_USB 0x03

static const struct efi_guid reconnect_pci_guid = EFI_GUID_PCI_IO;

static uint8_t reconnect_read(struct efi_boot_services *boot, efi_handle handle, uint32_t offset)
{
	struct efi_pci_io *pci;
	uint8_t value;

	if (efi_failed(boot->handle_protocol(handle, &reconnect_pci_guid, (void **)&pci)) ||
	    efi_failed(pci->read_configuration(pci, EFI_PCI_WIDTH_8, offset, 1, &value)))
		return 0; /* a class that is none of those */
	return value;
}

static bool reconnect_is_storage(struct efi_boot_services *boot, efi_handle handle)
{
	return reconnect_read(boot, handle, RECONNECT_CLASS) == RECONNECT_MASS_STORAGE;
}

static bool reconnect_is_usb(struct efi_boot_services *boot, efi_handle handle)
{
	return reconnect_read(boot, handle, RECONNECT_CLASS) == RECONNECT_SERIAL_BUS &&
	       reconnect_read(boot, handle, RECONNECT_SUBCLASS) == RECONNECT_USB;
}

static void reconnect_all(struct efi_boot_services *boot, bool (*is_one)(struct efi_boot_services *boot, efi_handle handle),
			  bool anew)
{
	efi_handle *handles;
	uint64_t nr_handles;

	if (efi_failed(boot->locate_handle_buffer(EFI_SEARCH_BY_PROTOCOL, &reconnect_pci_guid, NULL, &nr_handles,
						  &handles)))
		return;
	for (uint64_t i = 0; i < nr_handles; i++) {
		if (!is_one(boot, handles[i]))
			continue;
		if (anew)
			boot->disconnect_controller(handles[i], NULL, NULL);
		boot->connect_controller(handles[i], NULL, NULL, true);
	}
	boot->free_pool(handles);
}

void reconnect_disks(struct efi_boot_services *boot)
{
	reconnect_all(boot, reconnect_is_storage, true);
}

void connect_usb(struct efi_boot_services *boot)
{
	reconnect_all(boot, reconnect_is_usb, false);
}
