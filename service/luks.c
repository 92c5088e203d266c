/*
 * service/luks.c: which of the two copies of a header counts: specification, 2.1 and 2.3.
 */
#include "service/luks.h"

#include "core/log.h"
#include "core/string.h"
#include "service/arena.h"
#include "service/luks_internal.h"

/* The binary header, big-endian: specification, 2.1, figure 2. */
#define BINARY_BYTES 4096
#define BINARY_MAGIC 0
#define BINARY_MAGIC_BYTES 6
#define BINARY_VERSION 6
#define BINARY_HEADER_SIZE 8
#define BINARY_SEQUENCE 16
#define BINARY_CHECKSUM_KIND 72
#define BINARY_UUID 168
#define BINARY_HEADER_OFFSET 256
#define BINARY_CHECKSUM 448
#define BINARY_CHECKSUM_BYTES 64

#define LUKS_HEADER_BYTES_MINIMUM 0x4000u
#define LUKS_HEADER_BYTES_MAXIMUM 0x400000u

static const uint8_t luks_magic_first[BINARY_MAGIC_BYTES] = { 'L', 'U', 'K', 'S', 0xba, 0xbe };
static const uint8_t luks_magic_second[BINARY_MAGIC_BYTES] = { 'S', 'K', 'U', 'L', 0xba, 0xbe };

struct luks_copy {
	const uint8_t *bytes;
	uint64_t header_bytes, sequence;
};

bool luks_refuse(char *why, const char *format, ...)
{
	va_list arguments;

	if (why[0] != '\0')
		return false;
	va_start(arguments, format);
	print_format_list(why, LUKS_WHY_BYTES, format, arguments);
	va_end(arguments);
	return false;
}

static uint64_t luks_big_endian(const uint8_t *bytes, unsigned nr_bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < nr_bytes; i++)
		value = value << 8 | bytes[i];
	return value;
}

/* The sizes that there are: specification, 2.2, table 1. */
static bool luks_is_size(uint64_t size)
{
	return size >= LUKS_HEADER_BYTES_MINIMUM && size <= LUKS_HEADER_BYTES_MAXIMUM && (size & (size - 1)) == 0;
}

/* With zeros for the field of the checksum itself. */
static bool luks_sum_is_right(const uint8_t *copy, uint64_t header_bytes)
{
	static const uint8_t zeros[BINARY_CHECKSUM_BYTES];
	const struct kdf_part parts[] = {
		{ copy, BINARY_CHECKSUM },
		{ zeros, sizeof(zeros) },
		{ copy + BINARY_CHECKSUM + sizeof(zeros), header_bytes - BINARY_CHECKSUM - sizeof(zeros) },
	};
	uint8_t sum[KDF_HASH_BYTES_MAXIMUM];

	kdf_hash(KDF_SHA256, sum, parts, 3);
	return memcmp(sum, copy + BINARY_CHECKSUM, kdf_hash_bytes(KDF_SHA256)) == 0;
}

static bool luks_find_copy(const uint8_t *bytes, uint64_t nr_bytes, uint64_t at, struct luks_copy *copy)
{
	const uint8_t *binary = bytes + at;

	if (at > nr_bytes || nr_bytes - at < BINARY_BYTES ||
	    memcmp(binary + BINARY_MAGIC, at == 0 ? luks_magic_first : luks_magic_second, BINARY_MAGIC_BYTES) != 0 ||
	    luks_big_endian(binary + BINARY_VERSION, 2) != 2 || luks_big_endian(binary + BINARY_HEADER_OFFSET, 8) != at)
		return false;
	copy->bytes = binary;
	copy->header_bytes = luks_big_endian(binary + BINARY_HEADER_SIZE, 8);
	copy->sequence = luks_big_endian(binary + BINARY_SEQUENCE, 8);
	/* The second begins where the first ends. */
	return luks_is_size(copy->header_bytes) && (at == 0 || copy->header_bytes == at) &&
	       copy->header_bytes <= nr_bytes - at &&
	       memcmp(binary + BINARY_CHECKSUM_KIND, "sha256", sizeof("sha256")) == 0 &&
	       luks_sum_is_right(binary, copy->header_bytes);
}

/* Where it is, only the first knows, which may be damaged. */
static bool luks_find_second(const uint8_t *bytes, uint64_t nr_bytes, const struct luks_copy *first,
			     struct luks_copy *copy)
{
	if (first != NULL)
		return luks_find_copy(bytes, nr_bytes, first->header_bytes, copy);
	for (uint64_t at = LUKS_HEADER_BYTES_MINIMUM; at <= LUKS_HEADER_BYTES_MAXIMUM; at *= 2) {
		if (luks_find_copy(bytes, nr_bytes, at, copy))
			return true;
	}
	return false;
}

static bool luks_choose(const uint8_t *bytes, uint64_t nr_bytes, struct luks_copy *chosen, struct luks_header *header,
			char *why)
{
	struct luks_copy first, second;
	bool has_first = luks_find_copy(bytes, nr_bytes, 0, &first);
	bool has_second = luks_find_second(bytes, nr_bytes, has_first ? &first : NULL, &second);

	if (!has_first && !has_second) {
		if (nr_bytes < BINARY_BYTES || memcmp(bytes, luks_magic_first, BINARY_MAGIC_BYTES) != 0)
			return luks_refuse(why, "there is no LUKS header");
		if (luks_big_endian(bytes + BINARY_VERSION, 2) == 1)
			return luks_refuse(why, "the header is of LUKS1: cryptsetup convert --type luks2 makes it LUKS2");
		return luks_refuse(why, "both copies of the LUKS header are damaged, or of another version");
	}
	header->is_first_damaged = !has_first;
	header->is_second = !has_first || (has_second && second.sequence > first.sequence);
	*chosen = header->is_second ? second : first;
	return true;
}

/* What a name may be that reaches terminals; the rest is zeros. */
static bool luks_read_uuid(const uint8_t *from, char *uuid)
{
	size_t length = 0;

	while (length < LUKS_UUID_BYTES && from[length] != '\0') {
		char c = (char)from[length];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-'))
			return false;
		uuid[length++] = c;
	}
	return length < LUKS_UUID_BYTES;
}

/* The text ends with a NUL, and zeros follow to the header's end. */
static bool luks_find_text(const struct luks_copy *copy, struct json *json)
{
	uint64_t room = copy->header_bytes - BINARY_BYTES;
	uint64_t at = 0;

	json->text = (const char *)copy->bytes + BINARY_BYTES;
	while (at < room && json->text[at] != '\0')
		at++;
	json->bytes = (uint32_t)at;
	if (at == room)
		return false;
	while (at < room && json->text[at] == '\0')
		at++;
	return at == room;
}

static bool luks_read_copy(const struct luks_copy *copy, uint64_t nr_bytes, struct json *json,
			   struct luks_header *header, char *why)
{
	const char *fault = luks_find_text(copy, json) ? json_parse(json) : "it does not end, or something follows its end";

	header->header_bytes = copy->header_bytes;
	header->sequence = copy->sequence;
	if (fault != NULL)
		return luks_refuse(why, "the header's JSON is refused: %s", fault);
	if (!luks_read_uuid(copy->bytes + BINARY_UUID, header->uuid))
		return luks_refuse(why, "the header's UUID is none");
	return luks_read_metadata(json, nr_bytes, header, why);
}

enum luks_result luks_read(const uint8_t *bytes, size_t nr_bytes, struct luks_header *header, char *why)
{
	struct json json = { .nr_nodes_maximum = LUKS_NODES_MAXIMUM };
	uint64_t mark = arena_mark();
	struct luks_copy copy;
	bool good;

	*header = (struct luks_header){ 0 };
	why[0] = '\0';
	json.nodes = arena_allocate(LUKS_NODES_MAXIMUM * sizeof(*json.nodes));
	if (json.nodes == NULL) {
		luks_refuse(why, "the header cannot be read: too little memory was lent");
		return LUKS_NO_MEMORY;
	}
	good = luks_choose(bytes, nr_bytes, &copy, header, why) && luks_read_copy(&copy, nr_bytes, &json, header, why);
	arena_reset(mark);
	if (good && header->is_second)
		luks_refuse(why, "the first copy of the header is %s: the second is used",
			    header->is_first_damaged ? "damaged" : "older");
	return good ? LUKS_GOOD : LUKS_REFUSED;
}
