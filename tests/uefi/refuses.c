/*
 * tests/uefi/refuses.c: makes of a firmware one that refuses calls of EFI_MP_SERVICES that do not wait, as
 * the specification allows it once a boot entry is about to start, and starts Ritevisor.
 */
#include "tests/uefi/test.h"

#include "boot/uefi/chain.h"

static struct efi_mp_services *refuses_firmware;
static efi_status(EFI_API *refuses_startup_all_aps)(struct efi_mp_services *self,
						    efi_cpu_procedure procedure, bool one_by_one,
						    efi_event event, uint64_t timeout_us, void *argument,
						    uint64_t **failed);

efi_status EFI_API efi_main(efi_handle self, struct efi_system_table *system);

static efi_status EFI_API refuses_startup_all(struct efi_mp_services *self, efi_cpu_procedure procedure,
					      bool one_by_one, efi_event event, uint64_t timeout_us,
					      void *argument, uint64_t **failed)
{
	if (event != NULL)
		return EFI_UNSUPPORTED;
	return refuses_startup_all_aps(self, procedure, one_by_one, event, timeout_us, argument, failed);
}

efi_status EFI_API efi_main(efi_handle self, struct efi_system_table *system)
{
	static const struct efi_guid image_guid = EFI_GUID_LOADED_IMAGE, mp_guid = EFI_GUID_MP_SERVICES;
	struct efi_loaded_image *image;

	if (efi_failed(system->boot->handle_protocol(self, &image_guid, (void **)&image)) ||
	    efi_failed(system->boot->locate_protocol(&mp_guid, NULL, (void **)&refuses_firmware)))
		return EFI_UNSUPPORTED;
	refuses_startup_all_aps = refuses_firmware->startup_all_aps;
	refuses_firmware->startup_all_aps = refuses_startup_all;
	return chain_start(system, self, image, "\\EFI\\ritevisor\\ritevisor.efi", "");
}
