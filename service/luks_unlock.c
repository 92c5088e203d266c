/*
 * service/luks_unlock.c: from a passphrase to the volume key: specification, 2.4 and chapter 4.
 */
#include "core/string.h"
#include "crypt/xts.h"
#include "service/arena.h"
#include "service/luks_internal.h"

#define SECTOR_BYTES 512
#define ALIGNMENT_BYTES 64 /* what an allocation of the arena may cost beside its size */

uint64_t luks_memory_bytes(const struct luks_header *header)
{
	uint64_t most = LUKS_NODES_MAXIMUM * sizeof(struct json_node); /* for luks_read() */

	for (uint32_t i = 0; i < header->nr_slots; i++) {
		uint64_t bytes = kdf_memory_bytes(&header->slots[i].kdf) + (uint64_t)header->key_bytes * LUKS_STRIPES +
				 ALIGNMENT_BYTES;

		if (bytes > most)
			most = bytes;
	}
	return most;
}

/* The hash of each part of a block, with the part's number before it, in its place (AFsplitter, "diffuse"). */
static void luks_diffuse(enum kdf_hash hash, uint8_t *block, uint32_t block_bytes)
{
	uint32_t hash_bytes = kdf_hash_bytes(hash);
	uint8_t digest[KDF_HASH_BYTES_MAXIMUM];

	for (uint32_t at = 0, number = 0; at < block_bytes; at += hash_bytes, number++) {
		const uint8_t big_endian[] = { (uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
					       (uint8_t)number };
		uint32_t bytes = block_bytes - at < hash_bytes ? block_bytes - at : hash_bytes;
		const struct kdf_part parts[] = { { big_endian, sizeof(big_endian) }, { block + at, bytes } };

		kdf_hash(hash, digest, parts, 2);
		memcpy(block + at, digest, bytes);
	}
	memory_wipe(digest, sizeof(digest));
}

static void luks_merge(enum kdf_hash hash, const uint8_t *stripes, uint32_t key_bytes, uint8_t *key)
{
	memset(key, 0, key_bytes);
	for (uint32_t stripe = 0; stripe < LUKS_STRIPES; stripe++) {
		for (uint32_t i = 0; i < key_bytes; i++)
			key[i] ^= stripes[stripe * key_bytes + i];
		if (stripe != LUKS_STRIPES - 1)
			luks_diffuse(hash, key, key_bytes);
	}
}

/* In constant time. */
static bool luks_is_key(const struct luks_header *header, const uint8_t *key)
{
	const struct luks_digest *digest = &header->digest;
	uint8_t value[KDF_HASH_BYTES_MAXIMUM], difference = 0;

	kdf_pbkdf2(digest->hash, key, header->key_bytes, digest->salt, digest->salt_bytes, digest->iterations, value,
		   digest->value_bytes);
	for (uint32_t i = 0; i < digest->value_bytes; i++)
		difference |= value[i] ^ digest->value[i];
	memory_wipe(value, sizeof(value));
	return difference == 0;
}

/* False: it is not that slot's passphrase, or Argon2 refuses its numbers. */
static bool luks_try_slot(const uint8_t *bytes, const struct luks_header *header, const struct luks_slot *slot,
			  const uint8_t *passphrase, size_t passphrase_bytes, uint8_t *stripes, uint8_t *key)
{
	size_t stripes_bytes = (size_t)header->key_bytes * LUKS_STRIPES;
	uint8_t area_key[LUKS_KEY_BYTES_MAXIMUM];
	struct xts_key xts;
	bool good = kdf_derive(&slot->kdf, passphrase, passphrase_bytes, area_key, slot->area_key_bytes) &&
		    xts_expand(&xts, area_key, slot->area_key_bytes);

	if (good) {
		memcpy(stripes, bytes + slot->area_offset, stripes_bytes);
		xts_sectors(&xts, false, stripes, stripes_bytes, SECTOR_BYTES, 0);
		luks_merge(slot->stripes_hash, stripes, header->key_bytes, key);
		good = luks_is_key(header, key);
	}
	memory_wipe(area_key, sizeof(area_key));
	memory_wipe(&xts, sizeof(xts));
	memory_wipe(stripes, stripes_bytes);
	if (!good)
		memory_wipe(key, header->key_bytes);
	return good;
}

_Static_assert(LUKS_STRIPES * 32 % SECTOR_BYTES == 0, "stripes are whole sectors");

enum luks_result luks_unlock(const uint8_t *bytes, const struct luks_header *header, const uint8_t *passphrase,
			     size_t passphrase_bytes, uint8_t *key, char *why)
{
	uint8_t *stripes = arena_allocate((size_t)header->key_bytes * LUKS_STRIPES);
	uint64_t needed = 0;

	for (uint32_t i = 0; i < header->nr_slots; i++) {
		const struct luks_slot *slot = &header->slots[i];
		uint64_t slot_bytes = kdf_memory_bytes(&slot->kdf);

		if (stripes == NULL || slot_bytes > arena_bytes_left()) {
			needed = slot_bytes > needed ? slot_bytes : needed;
			continue;
		}
		if (luks_try_slot(bytes, header, slot, passphrase, passphrase_bytes, stripes, key))
			return LUKS_GOOD;
	}
	why[0] = '\0';
	if (stripes == NULL || needed != 0) {
		luks_refuse(why, "a key slot that may fit needs %lu KiB of memory, and %lu KiB were lent",
			    luks_memory_bytes(header) / 1024 + 1, (arena_bytes_left() + arena_mark()) / 1024);
		return LUKS_NO_MEMORY;
	}
	luks_refuse(why, header->nr_slots_skipped == 0 ? "the passphrase is wrong"
						       : "the passphrase is wrong, or that of a key slot of a kind that is not known");
	return LUKS_WRONG;
}
