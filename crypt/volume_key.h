/*
 * crypt/volume_key.h: the keys of encrypted disks, in slots at CPL 0 that nothing shows, and what is done with
 * them. Who unlocks a disk puts its key here and keeps the number.
 */
#ifndef CRYPT_VOLUME_KEY_H
#define CRYPT_VOLUME_KEY_H

#include "rv/types.h"

/* A number is never used twice. */
#define CRYPT_KEYS_MAXIMUM 16

/* Called before the first key is taken, so that nothing ends the machine's run and leaves keys in memory: 0, or what
 * crypt_key_add() then returns. Set at boot, by mediator/power. */
extern int (*crypt_guard)(void);

/*
 * Takes the key of AES-XTS, 32 bytes (AES-128) or 64 (AES-256), and expands it: its number, 0 or more. The caller
 * erases its copy. The first call finds out how this CPU does AES, and whether it does it right.
 * -RV_EINVAL: another length, or both halves are the same, which makes XTS weak (FIPS 140-2 IG A.9).
 * -RV_ENOSPC: CRYPT_KEYS_MAXIMUM were taken. -RV_ENOMEM. -RV_ENOTSUP: AES goes wrong here; the log says so.
 * -RV_EAGAIN: all keys were wiped meanwhile.
 * Context: boot, exit.
 */
int crypt_key_add(const uint8_t *key, size_t key_bytes);

/* Erases all keys, for good but for crypt_key_renew(). For the machine's end: resets, power-off, panic; and for its
 * sleep. It takes no lock, and gives CPUs that are amid work some milliseconds to end it. Context: any. */
void crypt_keys_wipe(void);

/* Gives a number whose key was wiped the same key again: 0, or what crypt_key_add() says; -RV_ENOENT: no key was wiped
 * there. The caller erases its copy. Context: exit, no other CPU uses or wipes keys. */
int crypt_key_renew(int number, const uint8_t *key, size_t key_bytes);

/*
 * En- or decrypts sectors in place, as aes-xts-plain64 does: the first one's IV is `iv`, counted in units of 512
 * bytes whatever sector_bytes is (512, 1024, 2048 or 4096), so that it goes up by sector_bytes / 512.
 * -RV_ENOENT: there is no such key, or not any more; -RV_EINVAL: no whole sectors. Whatever the error: what stands
 * in `data` then is neither the one nor the other, and must reach neither the disk nor the guest.
 * `data` is memory of ours, which neither the guest nor a device reaches meanwhile.
 * Context: boot, exit; any locks.
 */
int crypt_sectors(int key, bool encrypt, void *data, size_t bytes, uint32_t sector_bytes, uint64_t iv);

#endif
