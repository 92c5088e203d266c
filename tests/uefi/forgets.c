/*
 * tests/uefi/forgets.c: makes another firmware of OVMF: one that clears memory when it is asked to, by the two variables that the TCG's
 * specification has for that. It starts Ritevisor, which comes back, and says what is in them then.
 */
#include "tests/uefi/test.h"

#include "boot/uefi/chain.h"
#include "core/string.h"

#define ATTRIBUTES 7u /* non-volatile, of boot and of runtime services */

efi_status EFI_API efi_main(efi_handle self, struct efi_system_table *system);

static struct forgets_variable {
	const efi_char *name;
	struct efi_guid vendor;
	uint8_t value;
	bool is_written;
} forgets_variables[] = {
	{ L"MemoryOverwriteRequestControl",
	  { 0xe20939be, 0x32d4, 0x41be, { 0xa1, 0x50, 0x89, 0x7f, 0x85, 0xd4, 0x98, 0x29 } }, 0x10, false },
	{ L"MemoryOverwriteRequestControlLock",
	  { 0xbb983ccf, 0x151d, 0x40e1, { 0xa0, 0x7b, 0x4a, 0x17, 0xbe, 0x16, 0x82, 0x92 } }, 0, false },
};
static struct efi_runtime_services forgets_firmware; /* as it was */

/* NULL: another one's. */
static struct forgets_variable *forgets_find(const efi_char *name, const struct efi_guid *vendor)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(forgets_variables); i++) {
		struct forgets_variable *variable = &forgets_variables[i];
		unsigned at = 0;

		while (name[at] != 0 && name[at] == variable->name[at])
			at++;
		if (name[at] == variable->name[at] && memcmp(vendor, &variable->vendor, sizeof(*vendor)) == 0)
			return variable;
	}
	return NULL;
}

static efi_status EFI_API forgets_get(const efi_char *name, const struct efi_guid *vendor, uint32_t *attributes, uint64_t *data_bytes,
				      void *data)
{
	const struct forgets_variable *variable = forgets_find(name, vendor);

	if (variable == NULL)
		return forgets_firmware.get_variable(name, vendor, attributes, data_bytes, data);
	if (attributes != NULL)
		*attributes = ATTRIBUTES;
	*data_bytes = 1;
	memcpy(data, &variable->value, 1);
	return EFI_SUCCESS;
}

/* A lock that is set is for both. */
static efi_status EFI_API forgets_set(const efi_char *name, const struct efi_guid *vendor, uint32_t attributes, uint64_t data_bytes,
				      const void *data)
{
	struct forgets_variable *variable = forgets_find(name, vendor);

	if (variable == NULL)
		return forgets_firmware.set_variable(name, vendor, attributes, data_bytes, data);
	if (forgets_variables[1].value != 0 || attributes != ATTRIBUTES || data_bytes != 1)
		return EFI_UNSUPPORTED;
	memcpy(&variable->value, data, 1);
	variable->is_written = true;
	return EFI_SUCCESS;
}

efi_status EFI_API efi_main(efi_handle self, struct efi_system_table *system)
{
	static const struct efi_guid image_guid = EFI_GUID_LOADED_IMAGE;
	struct efi_loaded_image *image;

	if (efi_failed(system->boot->handle_protocol(self, &image_guid, (void **)&image)))
		return EFI_UNSUPPORTED;
	forgets_firmware = *system->runtime;
	system->runtime->get_variable = forgets_get;
	system->runtime->set_variable = forgets_set;
	chain_start(system, self, image, "\\EFI\\ritevisor\\ritevisor.efi", "");
	system->runtime->get_variable = forgets_firmware.get_variable;
	system->runtime->set_variable = forgets_firmware.set_variable;
	say("forgets: memory 0x%x, lock 0x%x", forgets_variables[0].value, forgets_variables[1].value);
	((efi_reset_system)system->runtime->reset_system)(EFI_RESET_SHUTDOWN, EFI_SUCCESS, 0, NULL);
	return EFI_SUCCESS;
}
