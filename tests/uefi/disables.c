/*
 * tests/uefi/disables.c: has the firmware take its second CPU for disabled, which EFI_MP_SERVICES does not
 * call then, and starts Ritevisor.
 */
#include "tests/uefi/test.h"

#include "boot/uefi/chain.h"

typedef efi_status(EFI_API *efi_enable_disable)(struct efi_mp_services *self, uint64_t number, bool enable,
						uint32_t *health);

efi_status EFI_API efi_main(efi_handle self, struct efi_system_table *system);

efi_status EFI_API efi_main(efi_handle self, struct efi_system_table *system)
{
	static const struct efi_guid image_guid = EFI_GUID_LOADED_IMAGE, mp_guid = EFI_GUID_MP_SERVICES;
	struct efi_mp_services *services;
	struct efi_loaded_image *image;
	efi_status status;

	if (efi_failed(system->boot->handle_protocol(self, &image_guid, (void **)&image)) ||
	    efi_failed(system->boot->locate_protocol(&mp_guid, NULL, (void **)&services)))
		return EFI_UNSUPPORTED;
	status = ((efi_enable_disable)services->enable_disable_ap)(services, 1, false, NULL);
	say("disables: status %llx", (unsigned long long)(status & 0xff));
	return chain_start(system, self, image, "\\EFI\\ritevisor\\ritevisor.efi", "");
}
