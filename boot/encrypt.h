/*
 * boot/encrypt.h: the option encrypt=, which says what of a disk is encrypted below the guest (mediator/disk/cipher.h),
 * and what unlocks it:
 *
 *	encrypt=SERIAL[/NAMESPACE][,header=disk][,key=FILE|,sealed=FILE][,discard=pass]
 *	encrypt=SERIAL[/NAMESPACE],plain=FILE|header=FILE[,key=FILE|,sealed=FILE][,first=SECTOR][,sectors=NUMBER][,discard=pass]
 *
 * SERIAL is the disk's serial number, with %20 for a blank; FILEs are modules of the loader's ("file NAME", or file=NAME
 * in ritevisor.conf). `plain` is an AES-XTS key as it is, 32 or 64 bytes; `header` a LUKS2 header, and `key` its
 * passphrase, and `sealed` one that a TPM unseals (service/tpm_sealed.h). Without either, the disk begins with its header, as stock cryptsetup makes it, and the guest's disk is what
 * follows: so many sectors less. first and sectors say where the range is, in sectors of the disk's; all of it if they do not.
 *
 * Whatever is wrong with such an option stops the boot: no OS runs beside a disk that should be encrypted and is not.
 */
#ifndef BOOT_ENCRYPT_H
#define BOOT_ENCRYPT_H

#include "rv/types.h"

struct e820_entry;
struct vcpu;

/* Takes an option, as it stands on the boot line. False: it is another. Context: boot. */
bool encrypt_option(const char *word, size_t length);

bool encrypt_is_wanted(void);

/* Unlocks all, and has disks' controllers watched. NULL; or why not, in plain words: then no guest may run. The files
 * are wiped, whichever it is. The map tells what memory unlocking may borrow, where the loader has lent none. Context:
 * boot, after disk_find() and process_prepare(). */
const char *encrypt_start(const struct e820_entry *map, size_t nr_map, struct vcpu *vcpu);

#endif
