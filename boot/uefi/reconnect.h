/*
 * boot/uefi/reconnect.h: the firmware's drivers. Those of disks begin anew, so that the hypervisor sees the controllers set
 * up: until then requests pass by scripts, and nothing reaches those that have an encrypted disk. Those of USB begin where
 * firmware has not needed them yet.
 */
#ifndef BOOT_UEFI_RECONNECT_H
#define BOOT_UEFI_RECONNECT_H

#include "boot/uefi/efi.h"

/* Disconnects the drivers of all PCI functions of mass storage, and connects them again. Handles of volumes are others
 * then. Context: behind the hypervisor's start, as its guest. */
void reconnect_disks(struct efi_boot_services *boot);

/* Has the firmware's drivers take the USB controllers and what is behind them, where they have not yet. */
void connect_usb(struct efi_boot_services *boot);

#endif
