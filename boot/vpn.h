/*
 * boot/vpn.h: the option vpn=, by which the guest's packets leave through a WireGuard tunnel or not at all
 * (docs/vpn.md):
 *
 *	vpn=FILE[,address=ADDRESS/PREFIX[,router=ADDRESS]][,roaming]
 *
 * FILE is a module of the loader's ("file NAME", or file=NAME in ritevisor.conf), as wg-quick(8) has it. Without address=
 * the address outside is had by DHCP; with roaming a peer may move. Whatever is wrong with it stops the boot.
 */
#ifndef BOOT_VPN_H
#define BOOT_VPN_H

#include "rv/types.h"

struct vcpu;

/* Takes an option, as it stands on the boot line. False: it is another. Context: boot. */
bool vpn_option(const char *word, size_t length);

bool vpn_is_wanted(void);

/* Keeps the file, before the loader's are wiped, and has it that cards that are found from now on send nothing. NULL, or
 * why not. Context: boot, before nic_find() and encrypt_unlock(). */
const char *vpn_prepare(void);

/* Claims the card, keeps USB's networks out, and starts the service. NULL; or why not, in plain words: then no guest may run.
 * Context: boot, after nic_find(), usb_find() and process_prepare(). */
const char *vpn_start(struct vcpu *vcpu);

#endif
