/*
 * service/keeper.h: what the hypervisor and the program that unlocks disks agree on, beside service/program.h: the
 * header of a disk lies at SERVICE_TEXT_ADDRESS, memory for the work at SERVICE_MEMORY_ADDRESS.
 */
#ifndef SERVICE_KEEPER_H
#define SERVICE_KEEPER_H

#include "service/program.h"

#define KEEPER_PASSPHRASE_BYTES 4096 /* or key file, at most */
#define KEEPER_KEY_BYTES 64
#define KEEPER_UUID_BYTES 40
#define KEEPER_WHY_BYTES 160

enum keeper_work {
	KEEPER_LOOK = 1, /* what the header says, without a passphrase */
	KEEPER_UNLOCK,
};

struct keeper_request {
	uint32_t work;
	uint32_t passphrase_bytes;
	uint64_t header_bytes, memory_bytes;
	uint8_t passphrase[KEEPER_PASSPHRASE_BYTES];
};

/* Nothing that memory holds by chance. */
#define KEEPER_GOOD UINT64_C(0x676f6f642e6b6579)     /* "good.key" */
#define KEEPER_WRONG UINT64_C(0x77726f6e672e6b65)    /* the passphrase */
#define KEEPER_NO_MEMORY UINT64_C(0x6d6f72652e6d656d) /* a slot that may fit needs memory_bytes */

struct keeper_answer {
	uint64_t verdict; /* KEEPER_*; anything else: the header is refused */
	uint64_t offset_bytes, size_bytes, iv_tweak;
	uint64_t whole_bytes;  /* of the header, with its key slots */
	uint64_t memory_bytes; /* that the hungriest slot needs */
	uint32_t sector_bytes, key_bytes;
	uint8_t key[KEEPER_KEY_BYTES];
	char uuid[KEEPER_UUID_BYTES];
	char why[KEEPER_WHY_BYTES];
};

#endif
