/*
 * tests/uefi/test.h: what the UEFI programs for tests share.
 */
#ifndef TESTS_UEFI_TEST_H
#define TESTS_UEFI_TEST_H

#include "boot/uefi/efi.h"

/* What the loader does not call (UEFI 7.1, 7.4, 8.5): members of efi_boot_services that are void * there. */
#define EFI_EVENT_TIMER 0x80000000u
#define EFI_TPL_NOTIFY 16
#define EFI_TIMER_PERIODIC 1
#define EFI_RESET_SHUTDOWN 2

typedef efi_status(EFI_API *efi_set_timer)(efi_event event, uint32_t type, uint64_t period_100ns);
typedef efi_status(EFI_API *efi_signal_event)(efi_event event);
typedef efi_status(EFI_API *efi_exit_boot_services)(efi_handle image, uint64_t key);
typedef efi_status(EFI_API *efi_reinstall)(efi_handle handle, const struct efi_guid *protocol, void *old,
					   void *interface);
typedef void(EFI_API *efi_reset_system)(uint32_t type, efi_status status, uint64_t bytes, void *data);

/* One line on COM1, also without boot services. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
