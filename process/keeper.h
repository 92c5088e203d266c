/*
 * process/keeper.h: the program that unlocks disks (service/keeper.h). It reads LUKS2 headers and passphrases at CPL 3,
 * in an address space that is made for one question; behind it all of that, and the memory lent to it, is wiped,
 * whatever came of it. Nothing of it is logged.
 */
#ifndef PROCESS_KEEPER_H
#define PROCESS_KEEPER_H

#include "service/keeper.h"

struct vcpu;

struct keeper_question {
	hpa_t header; /* whole pages, which nobody writes to meanwhile */
	uint64_t header_bytes; /* SERVICE_TEXT_BYTES_MAXIMUM at most: copies, and key slots */
	const void *passphrase; /* or key file; the caller's to wipe */
	size_t passphrase_bytes;
	/* Whole pages lent for the work; keeper_look() needs KEEPER_LOOK_MEMORY_BYTES, and tells how much keeper_unlock()
	 * needs. Both wipe it. The hypervisor's own memory gives 1/512 of it for page tables meanwhile. */
	hpa_t memory;
	uint64_t memory_bytes;
	void (*tick)(uint64_t elapsed_ms); /* some times a second, while it works; NULL: not wanted */
};

#define KEEPER_LOOK_MEMORY_BYTES KIB(256)

struct keeper_volume {
	uint8_t key[KEEPER_KEY_BYTES]; /* keeper_unlock() only; the caller's to wipe */
	uint32_t key_bytes;	       /* 32 or 64: aes-xts-plain64 of two AES-128 or AES-256 keys */
	uint32_t sector_bytes;	       /* 512, 1024, 2048 or 4096 */
	uint64_t offset_bytes;	       /* of the encrypted range on its disk */
	uint64_t size_bytes;	       /* 0: to the disk's end */
	uint64_t iv_tweak;	       /* added to the number, in 512 bytes, of the sector within the range */
	uint64_t whole_bytes;	       /* of the header: what it takes of a disk that it is the front of */
	uint64_t memory_bytes;	       /* that keeper_unlock() is to be lent */
	char uuid[KEEPER_UUID_BYTES];
};

/*
 * Both: 0; of others `why` tells a person what is wrong, and *volume is zeros but for memory_bytes of -RV_ENOMEM.
 * With 0 it may say something too: that the header's first copy is damaged.
 *   -RV_EACCES: the passphrase is wrong
 *   -RV_EINVAL: the header is refused, or the question has ranges that are none
 *   -RV_ENOMEM: too little memory was lent (volume->memory_bytes, if not 0, says how much is needed), or is left
 *   -RV_ETIMEDOUT: it took longer than KEEPER_TIME_MS
 *   -RV_EIO: the program died, or said what cannot be
 *   -RV_ENOTSUP: nothing can run at CPL 3 yet (process_prepare())
 * Context: boot.
 */
int keeper_look(const struct keeper_question *question, struct vcpu *vcpu, struct keeper_volume *volume, char *why,
		size_t why_bytes);
int keeper_unlock(const struct keeper_question *question, struct vcpu *vcpu, struct keeper_volume *volume, char *why,
		  size_t why_bytes);

#define KEEPER_TIME_MS 90000

#endif
