/*
 * boot/uefi/overwrite.c: by the variables of the TCG Platform Reset Attack Mitigation Specification 1.10 (4 and 5): firmware that
 * has them clears memory. It makes them itself; we make none.
 */
#include "boot/uefi/overwrite.h"

#define OVERWRITE_ATTRIBUTES 7u /* non-volatile, of boot and of runtime services (4) */
#define OVERWRITE_CLEAR 1u
#define OVERWRITE_LOCK 1u /* without a key: nobody unlocks it (5) */

static const struct efi_guid overwrite_guid = { 0xe20939be, 0x32d4, 0x41be, { 0xa1, 0x50, 0x89, 0x7f, 0x85, 0xd4, 0x98, 0x29 } };
static const struct efi_guid overwrite_lock_guid = { 0xbb983ccf, 0x151d, 0x40e1, { 0xa0, 0x7b, 0x4a, 0x17, 0xbe, 0x16, 0x82, 0x92 } };

/* Writes a byte into a variable that is there. */
static bool overwrite_set(struct efi_runtime_services *runtime, const efi_char *name, const struct efi_guid *guid, uint8_t bits)
{
	uint64_t bytes = 1;
	uint8_t value;

	if (efi_failed(runtime->get_variable(name, guid, NULL, &bytes, &value)) || bytes != 1)
		return false;
	value |= bits;
	return !efi_failed(runtime->set_variable(name, guid, OVERWRITE_ATTRIBUTES, 1, &value));
}

bool overwrite_request(struct efi_system_table *system)
{
	bool is_asked = overwrite_set(system->runtime, L"MemoryOverwriteRequestControl", &overwrite_guid, OVERWRITE_CLEAR);

	if (is_asked)
		overwrite_set(system->runtime, L"MemoryOverwriteRequestControlLock", &overwrite_lock_guid, OVERWRITE_LOCK);
	return is_asked;
}
