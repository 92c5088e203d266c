/*
 * boot/uefi_entry.c: takes over from the UEFI loader and hands the boot CPU back to the firmware, as a
 * guest or natively. Written at boot only, so without a lock.
 */
#include "boot/uefi_entry.h"

#include "boot/uefi_handover.h"
#include "boot/uefi_state.h"
#include "core/console.h"
#include "core/instructions.h"
#include "core/memory.h"
#include "core/string.h"

#define EFI_UNSUPPORTED UINT64_C(0x8000000000000003)

/* boot/uefi_entry_code.S */
void uefi_entry_start(void);
void uefi_cpu_entry(void);
void uefi_jump_native(hpa_t root, uint64_t address, hpa_t handover, uint64_t status);
_Noreturn void boot_uefi(struct uefi_handover *handover);

/* boot/ritevisor.lds puts it at the start of the image, where the loader looks for it. */
static const struct uefi_header uefi_header
	__attribute__((section(".uefi_header"), used)) = {
		.magic = UEFI_HEADER_MAGIC,
		.version = UEFI_HANDOVER_VERSION,
		.handover_bytes = sizeof(struct uefi_handover),
		.entry = uefi_entry_start,
		.cpu_entry = uefi_cpu_entry,
};

static hpa_t uefi_handover_physical;
static struct uefi_handover uefi_own; /* a copy; output texts stay in the loader's */

_Noreturn void boot_uefi(struct uefi_handover *handover)
{
	uefi_handover_physical = (hpa_t)handover; /* identity, until boot_main() leaves it */
	memcpy(&uefi_own, handover, offsetof(struct uefi_handover, why));
	boot_info = handover->info;
	memory_wipe(&handover->info.passphrase, sizeof(handover->info.passphrase));
	memory_wipe(handover->info.unsealed, sizeof(handover->info.unsealed));
	memory_wipe(&uefi_own.info.passphrase, sizeof(uefi_own.info.passphrase));
	memory_wipe(uefi_own.info.unsealed, sizeof(uefi_own.info.unsealed));
	boot_main();
}

bool uefi_is_present(void)
{
	return uefi_handover_physical != 0;
}

/* By identity in the loader's page tables, by the direct map in ours. */
struct uefi_handover *uefi_loader_handover(void)
{
	return cr3_read() == uefi_own.boot.root ? (struct uefi_handover *)uefi_handover_physical
					     : memory_direct(uefi_handover_physical);
}

void uefi_copy_log(bool on)
{
	struct uefi_handover *handover = uefi_loader_handover();

	if (on)
		console_set_copy(handover->log, sizeof(handover->log));
	else
		console_set_copy(NULL, 0);
}

void uefi_prepare_guest(struct vcpu *vcpu)
{
	struct cpu_state state;

	uefi_state_read(&uefi_own.boot, &state);
	vcpu_ops->capture_state(vcpu, &state);
}

void uefi_refuse(const char *why)
{
	struct uefi_handover *handover = uefi_loader_handover();

	string_copy(handover->why, why, sizeof(handover->why));
	handover->refused = 1;
}

void uefi_reconnect_disks(void)
{
	uefi_loader_handover()->reconnect = 1;
}

_Noreturn void uefi_leave(const char *why)
{
	struct uefi_handover *handover = uefi_loader_handover();

	string_copy(handover->why, why, sizeof(handover->why));
	uefi_jump_native(uefi_own.boot.root, uefi_own.boot.native, uefi_handover_physical,
			 EFI_UNSUPPORTED);
	__builtin_unreachable();
}
