/*
 * tests/uefi/mute.c: has a TPM that is there, and gives no answer while Ritevisor starts.
 */
#include "tests/uefi/test.h"

#include "boot/uefi/chain.h"
#include "boot/uefi/tcg2.h"

efi_status EFI_API efi_main(efi_handle self, struct efi_system_table *system);

static efi_status EFI_API mute_submit(struct efi_tcg2 *self, uint32_t input_bytes, const uint8_t *input, uint32_t output_bytes,
				      uint8_t *output)
{
	(void)self;
	(void)input_bytes;
	(void)input;
	(void)output_bytes;
	(void)output;
	return EFI_UNSUPPORTED;
}

efi_status EFI_API efi_main(efi_handle self, struct efi_system_table *system)
{
	static const struct efi_guid image_guid = EFI_GUID_LOADED_IMAGE, tcg2_guid = EFI_GUID_TCG2;
	struct efi_loaded_image *image;
	struct efi_tcg2 *tpm;

	if (efi_failed(system->boot->handle_protocol(self, &image_guid, (void **)&image)) ||
	    efi_failed(system->boot->locate_protocol(&tcg2_guid, NULL, (void **)&tpm)))
		return EFI_UNSUPPORTED;
	tpm->submit_command = mute_submit;
	chain_start(system, self, image, "\\EFI\\ritevisor\\ritevisor.efi", "");
	say("mute: Ritevisor came back");
	((efi_reset_system)system->runtime->reset_system)(EFI_RESET_SHUTDOWN, EFI_SUCCESS, 0, NULL);
	return EFI_SUCCESS;
}
