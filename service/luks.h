/*
 * service/luks.h: LUKS2 headers (LUKS2 On-Disk Format Specification 1.1.1), read and unlocked. All of a header is of a
 * hostile hand. Only what disks of ours have is taken: one segment in aes-xts-plain64, key slots of the kind luks2;
 * anything that would open a disk otherwise, or without encryption, is refused (CVE-2025-59054, CVE-2025-58356).
 */
#ifndef SERVICE_LUKS_H
#define SERVICE_LUKS_H

#include "service/kdf.h"

#define LUKS_SLOTS_MAXIMUM 32
#define LUKS_STRIPES 4000
#define LUKS_KEY_BYTES_MAXIMUM 64
#define LUKS_SALT_BYTES_MAXIMUM 64
#define LUKS_UUID_BYTES 40
#define LUKS_WHY_BYTES 160

struct luks_slot {
	uint32_t number;
	bool preferred;
	enum kdf_hash stripes_hash;
	uint64_t area_offset;
	uint32_t area_key_bytes;
	struct kdf kdf;
};

struct luks_digest {
	enum kdf_hash hash;
	uint32_t iterations;
	uint32_t salt_bytes, value_bytes;
	uint8_t salt[LUKS_SALT_BYTES_MAXIMUM];
	uint8_t value[KDF_HASH_BYTES_MAXIMUM];
};

struct luks_header {
	char uuid[LUKS_UUID_BYTES];
	uint64_t sequence;
	bool is_second; /* the copy that is used, because the first is damaged or older */
	bool is_first_damaged;
	uint64_t header_bytes; /* of one copy */
	uint64_t whole_bytes;  /* of both, and the areas of the key slots */
	/* The segment. */
	uint64_t offset_bytes, size_bytes; /* size 0: to the disk's end */
	uint64_t iv_tweak;
	uint32_t sector_bytes;
	uint32_t key_bytes; /* of the volume key */
	struct luks_digest digest;
	uint32_t nr_slots, nr_slots_skipped; /* of those that would do; there are others, which need something else */
	struct luks_slot slots[LUKS_SLOTS_MAXIMUM]; /* in the order in which they are tried */
};

enum luks_result {
	LUKS_GOOD,
	LUKS_REFUSED,	/* the header */
	LUKS_WRONG,	/* the passphrase fits no slot */
	LUKS_NO_MEMORY, /* a slot that may fit needs more than there is */
};

/* Reads a header of that many bytes. `why`, LUKS_WHY_BYTES, says what is wrong, or, of one that is good, which copy it
 * is if not the first. */
enum luks_result luks_read(const uint8_t *bytes, size_t nr_bytes, struct luks_header *header, char *why);

/* How much the arena must have for all of its slots. */
uint64_t luks_memory_bytes(const struct luks_header *header);

/* Finds the volume key of a header that luks_read() read: header->key_bytes of `key`. Slots that need more memory than
 * the arena has are left out. */
enum luks_result luks_unlock(const uint8_t *bytes, const struct luks_header *header, const uint8_t *passphrase,
			     size_t passphrase_bytes, uint8_t *key, char *why);

#endif
