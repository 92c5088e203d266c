/*
 * service/luks_metadata.c: what a header's JSON says: specification, chapter 3. Numbers of 64 bits are strings there.
 */
#include "core/string.h"
#include "service/luks_internal.h"

#define SECTOR_BYTES 512
#define LANES_MAXIMUM 64
#define MEMORY_KIB_MAXIMUM 0x400000u /* 4 GiB: cryptsetup's own limit */
#define PRIORITY_IGNORE 0
#define PRIORITY_NORMAL 1
#define PRIORITY_PREFER 2
#define CIPHER "aes-xts-plain64"

struct luks_text {
	const struct json *json;
	struct luks_header *header;
	uint64_t nr_bytes;   /* of the header that there are */
	uint64_t areas_bytes; /* behind the two copies */
	char *why;
};

static bool luks_number(const struct luks_text *text, const struct json_node *object, const char *name, uint64_t least,
			uint64_t most, uint32_t *value)
{
	uint64_t number;

	if (!json_number(text->json, json_member(text->json, object, name), &number) || number < least || number > most)
		return false;
	*value = (uint32_t)number;
	return true;
}

static bool luks_long_number(const struct luks_text *text, const struct json_node *object, const char *name,
			     uint64_t *value)
{
	return json_number_string(text->json, json_member(text->json, object, name), value);
}

static bool luks_is(const struct luks_text *text, const struct json_node *object, const char *name, const char *value)
{
	return json_is(text->json, json_member(text->json, object, name), value);
}

static bool luks_hash(const struct luks_text *text, const struct json_node *object, enum kdf_hash *hash)
{
	*hash = luks_is(text, object, "hash", "sha512") ? KDF_SHA512 : KDF_SHA256;
	return *hash == KDF_SHA512 || luks_is(text, object, "hash", "sha256");
}

/* A cipher that is none: a disk that it "opens" is what its maker wants it to be. */
static bool luks_is_null_cipher(const struct luks_text *text, const struct json_node *object)
{
	static const char name[] = "cipher_null";
	const struct json_node *cipher = json_member(text->json, object, "encryption");

	return cipher != NULL && cipher->kind == JSON_STRING && cipher->bytes >= sizeof(name) - 1 &&
	       memcmp(text->json->text + cipher->begin, name, sizeof(name) - 1) == 0;
}

static bool luks_key_bytes(const struct luks_text *text, const struct json_node *object, uint32_t *bytes)
{
	return luks_number(text, object, "key_size", 32, LUKS_KEY_BYTES_MAXIMUM, bytes) &&
	       (*bytes == 32 || *bytes == LUKS_KEY_BYTES_MAXIMUM);
}

static bool luks_read_config(struct luks_text *text, const struct json_node *config)
{
	static const char reencrypt[] = "online-reencrypt", offline[] = "offline-reencrypt";
	const struct json_node *requirements = json_member(text->json, config, "requirements"), *wanted;
	uint64_t json_bytes;

	for (const struct json_node *kind = json_first(text->json, requirements); kind != NULL;
	     kind = json_next(text->json, kind)) {
		wanted = json_first(text->json, kind);
		if (kind->kind == JSON_ARRAY && wanted == NULL)
			continue;
		if (wanted != NULL && wanted->kind == JSON_STRING &&
		    ((wanted->bytes >= sizeof(reencrypt) - 1 &&
		      memcmp(text->json->text + wanted->begin, reencrypt, sizeof(reencrypt) - 1) == 0) ||
		     json_is(text->json, wanted, offline)))
			return luks_refuse(text->why, "its conversion is not finished: "
						      "cryptsetup reencrypt --resume-only finishes it");
		return luks_refuse(text->why, "the header requires something that is not known (config.requirements)");
	}
	if (!luks_long_number(text, config, "json_size", &json_bytes) || json_bytes + 4096 != text->header->header_bytes ||
	    !luks_long_number(text, config, "keyslots_size", &text->areas_bytes) || text->areas_bytes % 4096 != 0 ||
	    text->areas_bytes > UINT64_C(0x8000000)) /* 128 MiB: specification, 3.5 */
		return luks_refuse(text->why, "the header's sizes contradict each other (config)");
	text->header->whole_bytes = 2 * text->header->header_bytes + text->areas_bytes;
	return true;
}

static bool luks_read_segment_size(struct luks_text *text, const struct json_node *segment)
{
	struct luks_header *header = text->header;

	if (luks_is(text, segment, "size", "dynamic"))
		return true;
	return luks_long_number(text, segment, "size", &header->size_bytes) && header->size_bytes != 0 &&
	       header->size_bytes % header->sector_bytes == 0 &&
	       header->size_bytes <= INT64_MAX - header->offset_bytes;
}

static bool luks_read_segment(struct luks_text *text, const struct json_node *segments)
{
	struct luks_header *header = text->header;
	const struct json_node *segment = json_first(text->json, segments);
	uint64_t number;

	if (segments == NULL || segments->kind != JSON_OBJECT || segment == NULL)
		return luks_refuse(text->why, "the header has no segment");
	if (json_next(text->json, segment) != NULL)
		return luks_refuse(text->why, "the header has several segments: a conversion that is not finished, or "
					      "something that is not known");
	if (luks_is(text, segment, "type", "linear"))
		return luks_refuse(text->why, "its segment is linear: that is no encryption");
	if (luks_is_null_cipher(text, segment))
		return luks_refuse(text->why, "its segment is in cipher_null: that is no encryption");
	if (!json_name_number(text->json, segment, &number) || number != 0 || !luks_is(text, segment, "type", "crypt") ||
	    json_member(text->json, segment, "integrity") != NULL || json_member(text->json, segment, "flags") != NULL)
		return luks_refuse(text->why, "its segment is of a kind that is not known");
	if (!luks_is(text, segment, "encryption", CIPHER))
		return luks_refuse(text->why, "its segment is not in " CIPHER);
	if (!luks_number(text, segment, "sector_size", SECTOR_BYTES, 4096, &header->sector_bytes) ||
	    (header->sector_bytes & (header->sector_bytes - 1)) != 0 ||
	    !luks_long_number(text, segment, "offset", &header->offset_bytes) || header->offset_bytes > INT64_MAX ||
	    header->offset_bytes % SECTOR_BYTES != 0 || !luks_long_number(text, segment, "iv_tweak", &header->iv_tweak) ||
	    !luks_read_segment_size(text, segment))
		return luks_refuse(text->why, "its segment has a place or a size that is none");
	return true;
}

/* Does an array of strings have this number? */
static bool luks_lists(const struct luks_text *text, const struct json_node *array, uint64_t wanted)
{
	uint64_t number;

	if (array == NULL || array->kind != JSON_ARRAY)
		return false;
	for (const struct json_node *one = json_first(text->json, array); one != NULL; one = json_next(text->json, one)) {
		if (json_number_string(text->json, one, &number) && number == wanted)
			return true;
	}
	return false;
}

/* The one digest of segment 0. */
static const struct json_node *luks_find_digest(struct luks_text *text, const struct json_node *digests)
{
	const struct json_node *found = NULL;

	if (digests == NULL || digests->kind != JSON_OBJECT)
		return NULL;
	for (const struct json_node *digest = json_first(text->json, digests); digest != NULL;
	     digest = json_next(text->json, digest)) {
		if (!luks_lists(text, json_member(text->json, digest, "segments"), 0))
			continue;
		if (found != NULL)
			return NULL;
		found = digest;
	}
	return found;
}

static bool luks_read_digest(struct luks_text *text, const struct json_node *node)
{
	struct luks_digest *digest = &text->header->digest;

	if (node == NULL || !luks_is(text, node, "type", "pbkdf2") || !luks_hash(text, node, &digest->hash) ||
	    !luks_number(text, node, "iterations", 1, UINT32_MAX, &digest->iterations))
		return luks_refuse(text->why, "its segment has no digest, or one of a kind that is not known");
	digest->salt_bytes = (uint32_t)json_base64(text->json, json_member(text->json, node, "salt"), digest->salt,
						   sizeof(digest->salt));
	digest->value_bytes = (uint32_t)json_base64(text->json, json_member(text->json, node, "digest"), digest->value,
						    sizeof(digest->value));
	if (digest->salt_bytes == 0 || digest->value_bytes != kdf_hash_bytes(digest->hash))
		return luks_refuse(text->why, "its digest is damaged");
	return true;
}

static bool luks_read_kdf(struct luks_text *text, const struct json_node *node, struct kdf *kdf)
{
	kdf->salt_bytes = (uint32_t)json_base64(text->json, json_member(text->json, node, "salt"), kdf->salt,
						sizeof(kdf->salt));
	if (kdf->salt_bytes < 8) /* what Argon2 demands; cryptsetup has 32 */
		return false;
	if (luks_is(text, node, "type", "pbkdf2")) {
		kdf->kind = KDF_PBKDF2;
		return luks_hash(text, node, &kdf->hash) &&
		       luks_number(text, node, "iterations", 1, UINT32_MAX, &kdf->iterations);
	}
	kdf->kind = luks_is(text, node, "type", "argon2i") ? KDF_ARGON2I : KDF_ARGON2ID;
	return (kdf->kind == KDF_ARGON2I || luks_is(text, node, "type", "argon2id")) &&
	       luks_number(text, node, "time", 1, UINT32_MAX, &kdf->iterations) &&
	       luks_number(text, node, "cpus", 1, LANES_MAXIMUM, &kdf->lanes) &&
	       luks_number(text, node, "memory", 8 * (uint64_t)kdf->lanes, MEMORY_KIB_MAXIMUM, &kdf->memory_kib);
}

/* Its area lies behind the two copies, and within what there is. */
static bool luks_read_area(struct luks_text *text, const struct json_node *area, uint32_t key_bytes,
			   struct luks_slot *slot)
{
	uint64_t front = 2 * text->header->header_bytes, end = text->header->whole_bytes, bytes;

	if (end > text->nr_bytes)
		end = text->nr_bytes;
	return luks_is(text, area, "type", "raw") && luks_is(text, area, "encryption", CIPHER) &&
	       luks_key_bytes(text, area, &slot->area_key_bytes) && luks_long_number(text, area, "offset", &slot->area_offset) &&
	       luks_long_number(text, area, "size", &bytes) && bytes >= (uint64_t)key_bytes * LUKS_STRIPES &&
	       slot->area_offset >= front && slot->area_offset <= end && bytes <= end - slot->area_offset;
}

/* False: it is none that would do. */
static bool luks_read_slot(struct luks_text *text, const struct json_node *node, struct luks_slot *slot)
{
	const struct json_node *stripes = json_member(text->json, node, "af");
	uint32_t nr_stripes, priority = PRIORITY_NORMAL;

	if (json_member(text->json, node, "priority") != NULL &&
	    (!luks_number(text, node, "priority", PRIORITY_IGNORE, PRIORITY_PREFER, &priority) || priority == PRIORITY_IGNORE))
		return false;
	slot->preferred = priority == PRIORITY_PREFER;
	return luks_is(text, node, "type", "luks2") && luks_is(text, stripes, "type", "luks1") &&
	       luks_number(text, stripes, "stripes", LUKS_STRIPES, LUKS_STRIPES, &nr_stripes) &&
	       luks_hash(text, stripes, &slot->stripes_hash) &&
	       luks_read_kdf(text, json_member(text->json, node, "kdf"), &slot->kdf);
}

static bool luks_take_slot(struct luks_text *text, const struct json_node *node, const struct json_node *digest)
{
	struct luks_header *header = text->header;
	const struct json_node *area = json_member(text->json, node, "area");
	struct luks_slot slot = { 0 };
	uint64_t number;
	uint32_t key_bytes;

	if (!json_name_number(text->json, node, &number) || number >= LUKS_SLOTS_MAXIMUM)
		return luks_refuse(text->why, "a key slot has a number that is none");
	if (luks_is(text, node, "type", "reencrypt"))
		return luks_refuse(text->why, "its conversion is not finished: cryptsetup reencrypt --resume-only finishes it");
	if (luks_is_null_cipher(text, area))
		return luks_refuse(text->why, "key slot %lu is in cipher_null: that is no encryption", number);
	if (!luks_lists(text, json_member(text->json, digest, "keyslots"), number))
		return true; /* of another key, as cryptsetup's --unbound makes it */
	slot.number = (uint32_t)number;
	if (!luks_key_bytes(text, node, &key_bytes) || !luks_read_slot(text, node, &slot)) {
		header->nr_slots_skipped++;
		return true;
	}
	if (!luks_read_area(text, area, key_bytes, &slot))
		return luks_refuse(text->why, "the area of key slot %lu is not in " CIPHER ", lies where it must not, or is cut off",
				   number);
	if (header->key_bytes != 0 && header->key_bytes != key_bytes)
		return luks_refuse(text->why, "its key slots have keys of different lengths");
	header->key_bytes = key_bytes;
	header->slots[header->nr_slots++] = slot;
	return true;
}

/* Those that are preferred first, then by number. */
static bool luks_is_before(const struct luks_slot *a, const struct luks_slot *b)
{
	return a->preferred != b->preferred ? a->preferred : a->number < b->number;
}

static void luks_sort_slots(struct luks_header *header)
{
	for (uint32_t i = 1; i < header->nr_slots; i++) {
		struct luks_slot slot = header->slots[i];
		uint32_t at = i;

		for (; at > 0 && luks_is_before(&slot, &header->slots[at - 1]); at--)
			header->slots[at] = header->slots[at - 1];
		header->slots[at] = slot;
	}
}

static bool luks_read_slots(struct luks_text *text, const struct json_node *slots, const struct json_node *digest)
{
	unsigned nr_slots = 0;

	if (slots == NULL || slots->kind != JSON_OBJECT)
		return luks_refuse(text->why, "the header has no key slot");
	for (const struct json_node *slot = json_first(text->json, slots); slot != NULL; slot = json_next(text->json, slot)) {
		if (++nr_slots > LUKS_SLOTS_MAXIMUM)
			return luks_refuse(text->why, "the header has too many key slots");
		if (!luks_take_slot(text, slot, digest))
			return false;
	}
	luks_sort_slots(text->header);
	if (text->header->nr_slots == 0)
		return luks_refuse(text->why, "the header has no key slot of a kind that is known");
	return true;
}

bool luks_read_metadata(const struct json *json, uint64_t nr_bytes, struct luks_header *header, char *why)
{
	struct luks_text text = { .json = json, .header = header, .nr_bytes = nr_bytes, .why = why };
	const struct json_node *whole = &json->nodes[0];
	const struct json_node *digest = luks_find_digest(&text, json_member(json, whole, "digests"));

	return luks_read_config(&text, json_member(json, whole, "config")) &&
	       luks_read_segment(&text, json_member(json, whole, "segments")) && luks_read_digest(&text, digest) &&
	       luks_read_slots(&text, json_member(json, whole, "keyslots"), digest);
}
