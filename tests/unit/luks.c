/*
 * tests/unit/luks.c: LUKS2 headers as Debian's cryptsetup makes them, and whatever may be wrong with them.
 */
#include "service/arena.h"
#include "service/json.h"
#include "service/luks.h"
#include "unit.h"

#define COPY_BYTES 16384u
#define TEXT 4096u
#define SUM 448u
#define SEQUENCE 16u
#define ARENA_BYTES (40u << 20)

static char folder[] = "/tmp/luks-unit-XXXXXX";
static uint8_t *header; /* just as long as it is: ASan sees what is read behind it */
static size_t header_bytes;
static uint8_t *arena;
static uint8_t volume_key[64], key[64];
static struct luks_header luks;
static char why[LUKS_WHY_BYTES];

__attribute__((format(printf, 1, 2))) static void sh(const char *format, ...)
{
	char words[700], command[900];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	snprintf(command, sizeof(command), "cd %s && { %s; } >/dev/null 2>error </dev/null || { cat error; false; }", folder, words);
	if (system(command) != 0)
		unit_fail("%s", words);
}

static void use(const uint8_t *bytes, size_t nr_bytes)
{
	uint8_t *copy = malloc(nr_bytes != 0 ? nr_bytes : 1);

	if (nr_bytes != 0)
		memcpy(copy, bytes, nr_bytes);
	free(header);
	header = copy;
	header_bytes = nr_bytes;
}

/* A file's first bytes, at most so many. */
static void load(const char *name, size_t bytes_maximum)
{
	static uint8_t bytes[18u << 20];
	char path[300];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (file == NULL) {
		unit_fail("%s is missing", path);
		return;
	}
	use(bytes, fread(bytes, 1, bytes_maximum < sizeof(bytes) ? bytes_maximum : sizeof(bytes), file));
	fclose(file);
}

#define SMALL "--luks2-metadata-size 16k --luks2-keyslots-size 2m"
#define PBKDF2 "--pbkdf pbkdf2 --pbkdf-force-iterations 1000"
#define FORMAT "cryptsetup luksFormat -q --type luks2 --cipher aes-xts-plain64 --key-file one --volume-key-file key " SMALL " "

/* A disk of that key and the passphrase "one", and its header read. */
static void make(const char *key_bytes, const char *options)
{
	FILE *file;
	char path[300];

	memset(volume_key, 0, sizeof(volume_key));
	sh("rm -f disk && truncate -s 4M disk && head -c %s /dev/urandom >key && " FORMAT "%s disk", key_bytes, options);
	snprintf(path, sizeof(path), "%s/key", folder);
	file = fopen(path, "rb");
	if (file == NULL || fread(volume_key, 1, sizeof(volume_key), file) != strtoul(key_bytes, NULL, 10))
		unit_fail("no key");
	if (file != NULL)
		fclose(file);
	load("disk", 3u << 20);
}

static enum luks_result read_with(uint64_t arena_length)
{
	memset(why, 0x5a, sizeof(why));
	arena_begin(arena, arena_length);
	return luks_read(header, header_bytes, &luks, why);
}

static enum luks_result unlock_with(uint64_t arena_length, const char *passphrase)
{
	enum luks_result result = read_with(arena_length);

	memset(key, 0x5a, sizeof(key));
	if (result == LUKS_GOOD)
		result = luks_unlock(header, &luks, (const uint8_t *)passphrase, strlen(passphrase), key, why);
	if (memchr(why, 0, sizeof(why)) == NULL)
		unit_fail("the words do not end");
	return result;
}

#define OPENS(passphrase)                                                                                         \
	do {                                                                                                      \
		enum luks_result result = unlock_with(ARENA_BYTES, passphrase);                                   \
		if (result != LUKS_GOOD || memcmp(key, volume_key, luks.key_bytes) != 0)                          \
			unit_fail("%s:%d: %s gives %d, %s", __FILE__, __LINE__, passphrase, result, why);         \
	} while (0)
#define GIVES(wanted, passphrase, words)                                                                          \
	do {                                                                                                      \
		enum luks_result result = unlock_with(ARENA_BYTES, passphrase);                                   \
		if (result != (wanted) || strstr(why, words) == NULL || memcmp(key, volume_key, 32) == 0)         \
			unit_fail("%s:%d: %s gives %d, %s, not %s", __FILE__, __LINE__, passphrase, result, why, words); \
	} while (0)

static void sum(uint8_t *copy)
{
	struct kdf_part part = { copy, COPY_BYTES };

	memset(copy + SUM, 0, 64);
	kdf_hash(KDF_SHA256, copy + SUM, &part, 1);
}

/* Exchanges the first such text in both copies, which are whole again then. */
static void edit(const char *from, const char *to)
{
	for (unsigned i = 0; i < 2; i++) {
		uint8_t *copy = header + i * COPY_BYTES;
		char *text = (char *)copy + TEXT, *at = strstr(text, from);

		if (at == NULL) {
			unit_fail("there is no %s", from);
			return;
		}
		memmove(at + strlen(to), at + strlen(from), (size_t)((char *)copy + COPY_BYTES - at) -
			(strlen(from) > strlen(to) ? strlen(from) : strlen(to)));
		memcpy(at, to, strlen(to));
		if (strlen(to) < strlen(from))
			memset((char *)copy + COPY_BYTES - (strlen(from) - strlen(to)), 0, strlen(from) - strlen(to));
		sum(copy);
	}
}

static void test_kinds(void)
{
	static const struct {
		const char *key_bytes, *options;
		uint32_t sector_bytes;
	} cases[] = {
		{ "64", "--key-size 512 " PBKDF2 " --sector-size 512", 512 },
		{ "32", "--key-size 256 " PBKDF2 " --sector-size 4096", 4096 },
		{ "64", "--key-size 512 --hash sha512 " PBKDF2, 512 },
		{ "64", "--key-size 512 --pbkdf argon2id --pbkdf-memory 32768 --pbkdf-force-iterations 4 --pbkdf-parallel 1", 512 },
		{ "64", "--key-size 512 --pbkdf argon2id --pbkdf-memory 32768 --pbkdf-force-iterations 4 --pbkdf-parallel 4", 512 },
		{ "32", "--key-size 256 --pbkdf argon2i --pbkdf-memory 9001 --pbkdf-force-iterations 5 --pbkdf-parallel 3", 512 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make(cases[i].key_bytes, cases[i].options);
		OPENS("one");
		UNIT_CHECK(why[0] == '\0' && !luks.is_second);
		UNIT_EQUAL(luks.key_bytes, strtoul(cases[i].key_bytes, NULL, 10));
		if (strstr(cases[i].options, "--sector-size") != NULL)
			UNIT_EQUAL(luks.sector_bytes, cases[i].sector_bytes);
		UNIT_EQUAL(luks.whole_bytes, 2 * COPY_BYTES + (2u << 20));
		UNIT_CHECK(luks.offset_bytes >= luks.whole_bytes);
		UNIT_EQUAL(luks.size_bytes, 0);
		UNIT_EQUAL(luks.iv_tweak, 0);
		UNIT_EQUAL(strlen(luks.uuid), 36);
		GIVES(LUKS_WRONG, "One", "the passphrase is wrong");
		GIVES(LUKS_WRONG, "", "the passphrase is wrong");
		/* Without the header's last area it is none. */
		if (i == 0) {
			header[luks.slots[0].area_offset + 63 * 1000] ^= 1;
			GIVES(LUKS_WRONG, "one", "the passphrase is wrong");
		}
	}
}

static void test_detached(void)
{
	sh("rm -f apart disk && truncate -s 4M disk && head -c 64 /dev/urandom >key && " FORMAT
	   "--key-size 512 " PBKDF2 " --header apart disk");
	load("key", 64);
	memcpy(volume_key, header, 64);
	load("apart", 3u << 20);
	OPENS("one");
	UNIT_EQUAL(luks.offset_bytes, 0);
}

static void test_copies(void)
{
	uint8_t *whole, *old;

	make("64", "--key-size 512 " PBKDF2);
	old = malloc(2 * COPY_BYTES);
	memcpy(old, header, 2 * COPY_BYTES);
	sh("printf two >two && cryptsetup luksAddKey --key-file one --new-keyfile two " PBKDF2 " disk || "
	   "cryptsetup luksAddKey --key-file one " PBKDF2 " disk two");
	load("disk", 3u << 20);
	OPENS("two");
	whole = malloc(header_bytes);
	memcpy(whole, header, header_bytes);
	/* A bit anywhere in the first. */
	for (unsigned at = 0; at < COPY_BYTES; at += 331) {
		header[at] ^= 4;
		UNIT_EQUAL(read_with(ARENA_BYTES), LUKS_GOOD);
		if (!luks.is_second || strstr(why, "first copy of the header is damaged: the second is used") == NULL)
			unit_fail("byte %u: %s", at, why);
		if (at % (331 * 8) == 0)
			OPENS("two");
		header[at] ^= 4;
	}
	/* In both; in the second only, which is no matter. */
	for (unsigned at = 0; at < COPY_BYTES; at += 331) {
		header[COPY_BYTES + at] ^= 4;
		UNIT_EQUAL(read_with(ARENA_BYTES), LUKS_GOOD);
		UNIT_CHECK(!luks.is_second && why[0] == '\0');
		header[at] ^= 4;
		GIVES(LUKS_REFUSED, "one", at < 6 ? "there is no LUKS header" : "both copies of the LUKS header are damaged");
		header[at] ^= 4;
		header[COPY_BYTES + at] ^= 4;
	}
	/* An older one, of before there was a second passphrase. */
	memcpy(header, old, COPY_BYTES);
	OPENS("two");
	UNIT_CHECK(luks.is_second && strstr(why, "is older: the second is used") != NULL);
	use(whole, header_bytes);
	memcpy(header + COPY_BYTES, old + COPY_BYTES, COPY_BYTES);
	OPENS("two");
	UNIT_CHECK(!luks.is_second && why[0] == '\0');
	memcpy(header, old, COPY_BYTES);
	GIVES(LUKS_WRONG, "two", "the passphrase is wrong");
	/* The second alone, at the place where the first would be, and the first at its. */
	memcpy(header, whole + COPY_BYTES, COPY_BYTES);
	memcpy(header + COPY_BYTES, whole, COPY_BYTES);
	GIVES(LUKS_REFUSED, "one", "there is no LUKS header");
	free(whole);
	free(old);
}

static void test_slots(void)
{
	make("64", "--key-size 512 " PBKDF2);
	sh("for i in two three four; do printf $i >$i; cryptsetup luksAddKey --key-file one " PBKDF2 " disk $i; done");
	sh("printf five >five; head -c 64 /dev/urandom >unbound; cryptsetup luksAddKey --unbound --key-size 512 --volume-key-file unbound " PBKDF2
	   " disk five");
	sh("printf '{\"type\":\"note\",\"keyslots\":[\"1\"],\"text\":\"a\\\\/b\\\\u00e4\\\\n\",\"n\":[1,-2.5e3,true,null,{}]}' "
	   ">token; cryptsetup token import --json-file token disk");
	load("disk", 3u << 20);
	OPENS("one");
	UNIT_EQUAL(luks.nr_slots, 4);
	OPENS("two");
	OPENS("three");
	OPENS("four");
	GIVES(LUKS_WRONG, "five", "the passphrase is wrong");
	sh("cryptsetup config -q --key-slot 1 --priority ignore disk; cryptsetup config -q --key-slot 3 --priority prefer disk");
	load("disk", 3u << 20);
	OPENS("one");
	UNIT_EQUAL(luks.slots[0].number, 3);
	GIVES(LUKS_WRONG, "two", "of a kind that is not known");
	OPENS("four");
	sh("cryptsetup luksKillSlot -q disk 0 --key-file three");
	load("disk", 3u << 20);
	GIVES(LUKS_WRONG, "one", "the passphrase is wrong");
	OPENS("three");
}

static void test_memory(void)
{
	uint64_t needed;

	make("64", "--key-size 512 --pbkdf argon2id --pbkdf-memory 32768 --pbkdf-force-iterations 4 --pbkdf-parallel 2");
	sh("printf two >two && cryptsetup luksAddKey --key-file one " PBKDF2 " disk two");
	load("disk", 3u << 20);
	UNIT_EQUAL(read_with(ARENA_BYTES), LUKS_GOOD);
	needed = luks_memory_bytes(&luks);
	UNIT_CHECK(needed > 32768u * 1024 && needed < ARENA_BYTES);
	UNIT_EQUAL(unlock_with(needed, "one"), LUKS_GOOD);
	UNIT_EQUAL(unlock_with(needed - 2048, "one"), LUKS_NO_MEMORY);
	UNIT_CHECK(strstr(why, "KiB of memory") != NULL);
	UNIT_EQUAL(unlock_with(needed - 2048, "two"), LUKS_GOOD); /* that slot needs none */
	UNIT_EQUAL(unlock_with(200000, "two"), LUKS_NO_MEMORY);
	UNIT_EQUAL(read_with(4096), LUKS_NO_MEMORY);
	UNIT_CHECK(strstr(why, "too little memory") != NULL);
}

static void test_lengths(void)
{
	uint8_t *whole;
	size_t whole_bytes, area;

	make("32", "--key-size 256 " PBKDF2);
	OPENS("one");
	whole_bytes = header_bytes;
	area = luks.slots[0].area_offset;
	whole = malloc(whole_bytes);
	memcpy(whole, header, whole_bytes);
	for (unsigned i = 0; i < 2; i++) {
		static const size_t lengths[] = { 0, 5, 6, 7, 511, 4095, 4096, 4097, COPY_BYTES - 1, COPY_BYTES, COPY_BYTES + 4095,
						  COPY_BYTES + 4096, 2 * COPY_BYTES - 1, 2 * COPY_BYTES };

		for (size_t j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++) {
			use(whole, lengths[j]);
			if (i == 1 && lengths[j] > 8)
				header[8] ^= 1; /* and the first is damaged */
			UNIT_EQUAL(read_with(ARENA_BYTES), LUKS_REFUSED);
		}
	}
	use(whole, area + 32 * LUKS_STRIPES);
	GIVES(LUKS_REFUSED, "one", "is cut off");
	use(whole, area + 131072); /* the area's size, which is more than the stripes take */
	OPENS("one");
	free(whole);
}

#define SEGMENT "\"type\":\"crypt\",\"offset\":"
#define SIZE "\"size\":\"dynamic\""

static void test_refused(void)
{
	static const struct {
		const char *from, *to, *words;
		enum luks_result result;
	} cases[] = {
		{ "\"sector_size\":512", "\"sector_size\":512,\"later\":[]", "", LUKS_GOOD },
		{ SIZE, "\"size\":\"4096\"", "", LUKS_GOOD },
		{ SIZE, "\"size\":\"4097\"", "a place or a size", LUKS_REFUSED },
		{ SIZE, "\"size\":\"0\"", "a place or a size", LUKS_REFUSED },
		{ SIZE, "\"size\":4096", "a place or a size", LUKS_REFUSED },
		{ SIZE, "\"size\":\"9223372036854775296\"", "a place or a size", LUKS_REFUSED },
		{ SIZE, "\"size\":\"18446744073709551616\"", "a place or a size", LUKS_REFUSED },
		{ SIZE, "\"size\":\"04096\"", "a place or a size", LUKS_REFUSED },
		{ SIZE, "\"size\":\"0x1000\"", "a place or a size", LUKS_REFUSED },
		{ SEGMENT "\"", SEGMENT "\"512", "", LUKS_GOOD }, /* farther back */
		{ SEGMENT "\"", SEGMENT "\"99999999999999", "a place or a size", LUKS_REFUSED },
		{ "\"iv_tweak\":\"0\"", "\"iv_tweak\":\"18446744073709551615\"", "", LUKS_GOOD },
		{ "\"iv_tweak\":\"0\"", "\"iv_tweak\":\"-1\"", "a place or a size", LUKS_REFUSED },
		{ "\"sector_size\":512", "\"sector_size\":513", "a place or a size", LUKS_REFUSED },
		{ "\"sector_size\":512", "\"sector_size\":8192", "a place or a size", LUKS_REFUSED },
		{ "\"sector_size\":512", "\"sector_size\":512,\"integrity\":{}", "not known", LUKS_REFUSED },
		{ "\"sector_size\":512", "\"sector_size\":512,\"flags\":[\"in-reencryption\"]", "not known", LUKS_REFUSED },
		{ "\"sector_size\":512", "\"sector_size\":512,\"sector_size\":512", "a name is there twice", LUKS_REFUSED },
		{ "\"type\":\"crypt\"", "\"type\":\"linear\"", "linear: that is no encryption", LUKS_REFUSED },
		{ "\"encryption\":\"aes-xts-plain64\",\"sector", "\"encryption\":\"cipher_null-ecb\",\"sector",
		  "segment is in cipher_null: that is no encryption", LUKS_REFUSED },
		{ "\"encryption\":\"aes-xts-plain64\",\"sector", "\"encryption\":\"aes-cbc-essiv:sha256\",\"sector",
		  "not in aes-xts-plain64", LUKS_REFUSED },
		{ "\"encryption\":\"aes-xts-plain64\",\"key_size", "\"encryption\":\"cipher_null-ecb\",\"key_size",
		  "key slot 0 is in cipher_null: that is no encryption", LUKS_REFUSED },
		{ "\"encryption\":\"aes-xts-plain64\",\"key_size", "\"encryption\":\"twofish-xts-plain64\",\"key_size",
		  "is not in aes-xts-plain64", LUKS_REFUSED },
		{ "\"segments\":{", "\"segments\":{\"1\":{\"type\":\"linear\",\"offset\":\"0\",\"size\":\"512\"},", "several segments",
		  LUKS_REFUSED },
		{ "\"type\":\"luks2\"", "\"type\":\"reencrypt\"", "conversion is not finished", LUKS_REFUSED },
		{ "\"type\":\"luks2\"", "\"type\":\"luks3\"", "no key slot of a kind that is known", LUKS_REFUSED },
		{ "\"stripes\":4000", "\"stripes\":4001", "no key slot", LUKS_REFUSED },
		{ "\"offset\":\"32768\"", "\"offset\":\"28672\"", "lies where it must not", LUKS_REFUSED },
		{ "\"offset\":\"32768\"", "\"offset\":\"18446744073709547520\"", "lies where it must not", LUKS_REFUSED },
		{ "\"size\":\"258048\"", "\"size\":\"255999\"", "cut off", LUKS_REFUSED },
		{ "\"size\":\"258048\"", "\"size\":\"18446744073709551615\"", "cut off", LUKS_REFUSED },
		{ "\"config\":{", "\"config\":{\"requirements\":{},", "", LUKS_GOOD },
		{ "\"config\":{", "\"config\":{\"requirements\":{\"mandatory\":[]},", "", LUKS_GOOD },
		{ "\"config\":{", "\"config\":{\"requirements\":{\"mandatory\":[\"online-reencrypt-v2\"]},",
		  "conversion is not finished", LUKS_REFUSED },
		{ "\"config\":{", "\"config\":{\"requirements\":{\"mandatory\":[\"x\"]},", "something that is not known", LUKS_REFUSED },
		{ "\"config\":{", "\"config\":{\"requirements\":{\"mandatory\":\"x\"},", "something that is not known", LUKS_REFUSED },
		{ "\"json_size\":\"12288\"", "\"json_size\":\"28672\"", "sizes contradict", LUKS_REFUSED },
		{ "\"keyslots_size\":\"2", "\"keyslots_size\":\"999999999999", "sizes contradict", LUKS_REFUSED },
		{ "\"segments\":[\"0\"]", "\"segments\":[\"1\"]", "no digest", LUKS_REFUSED },
		{ "\"segments\":[\"0\"]", "\"segments\":[0]", "no digest", LUKS_REFUSED },
		{ "\"hash\":\"sha256\",\"iterations\":1000,\"salt\":\"", "\"hash\":\"sha1\",\"iterations\":1000,\"salt\":\"",
		  "no key slot", LUKS_REFUSED }, /* the slot's */
		{ "\"digest\":\"", "\"digest\":\"AAAA", "digest is damaged", LUKS_REFUSED },
		{ "}}}", "}}", "the header's JSON is refused", LUKS_REFUSED },
		{ "{\"keyslots\"", "{\"k\\u0065yslots\":1,\"keyslots\"", "a name has an escape", LUKS_REFUSED },
	};
	uint8_t *whole;

	make("64", "--key-size 512 --sector-size 512 " PBKDF2);
	whole = malloc(header_bytes);
	memcpy(whole, header, header_bytes);
	edit("}}", "}}"); /* the tool itself changes nothing */
	UNIT_EQUAL(memcmp(whole, header, header_bytes), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		use(whole, header_bytes);
		edit(cases[i].from, cases[i].to);
		if (cases[i].result == LUKS_GOOD)
			OPENS("one");
		else
			GIVES(cases[i].result, "one", cases[i].words);
	}
	/* Something behind the text's end. */
	use(whole, header_bytes);
	header[COPY_BYTES - 1] = 'x';
	header[2 * COPY_BYTES - 1] = 'x';
	sum(header);
	sum(header + COPY_BYTES);
	GIVES(LUKS_REFUSED, "one", "something follows its end");
	/* A size that is none. */
	use(whole, header_bytes);
	header[14] = header[COPY_BYTES + 14] = 0x60;
	sum(header);
	sum(header + COPY_BYTES);
	GIVES(LUKS_REFUSED, "one", "both copies");
	use(whole, header_bytes);
	header[170] = header[COPY_BYTES + 170] = 0x1b;
	sum(header);
	sum(header + COPY_BYTES);
	GIVES(LUKS_REFUSED, "one", "UUID is none");
	free(whole);
	sh("rm -f disk && truncate -s 4M disk && cryptsetup luksFormat -q --type luks1 --key-file one " PBKDF2 " disk");
	load("disk", 3u << 20);
	GIVES(LUKS_REFUSED, "one", "is of LUKS1");
	memset(header, 0, header_bytes);
	GIVES(LUKS_REFUSED, "one", "there is no LUKS header");
}

/* A conversion that stock cryptsetup has begun. */
static void test_reencrypt(void)
{
	sh("rm -f disk apart && truncate -s 4M disk && cryptsetup reencrypt -q --encrypt --init-only --type luks2 --header apart --key-file one "
	   "--cipher aes-xts-plain64 --key-size 512 --resilience checksum " PBKDF2 " " SMALL " disk");
	load("apart", 3u << 20);
	GIVES(LUKS_REFUSED, "one", "conversion is not finished");
}

/* A part of what tests/fuzz/luks.c does at length. What opens nevertheless gives that key, or none. */
static void test_changed(void)
{
	uint8_t *whole;
	unsigned nr_good = 0;

	make("64", "--key-size 512 --sector-size 512 " PBKDF2);
	whole = malloc(header_bytes);
	memcpy(whole, header, header_bytes);
	for (unsigned i = 0; i < 3000; i++) {
		enum luks_result result;

		memcpy(header, whole, 2 * COPY_BYTES);
		for (unsigned change = (unsigned)unit_random() % 3 + 1; change != 0; change--) {
			char *text = (char *)header + TEXT;
			size_t length = strlen(text), at = unit_random() % length, bytes = unit_random() % 12;

			bytes = bytes < length - at ? bytes : length - at;
			switch (unit_random() % 4) {
			case 0:
				text[at] = (char)(text[at] ^ 1 << unit_random() % 8);
				break;
			case 1:
				text[at] = "0123456789{}[]:,\"\\-e"[unit_random() % 20];
				break;
			case 2: /* a part goes */
				memmove(text + at, text + at + bytes, length - at - bytes + 1);
				memset(text + length - bytes, 0, bytes);
				break;
			default: /* or is there twice */
				memmove(text + at + bytes, text + at, length - at);
				break;
			}
			if (text[0] == '\0')
				text[0] = '{';
		}
		memcpy(header + COPY_BYTES + TEXT, header + TEXT, COPY_BYTES - TEXT);
		sum(header);
		sum(header + COPY_BYTES);
		result = read_with(ARENA_BYTES);
		if (result == LUKS_GOOD && luks.slots[0].kdf.iterations <= 2000 && luks.digest.iterations <= 2000)
			nr_good += unlock_with(ARENA_BYTES, "one") == LUKS_GOOD && memcmp(key, volume_key, 64) == 0;
		else if (result != LUKS_GOOD && (result != LUKS_REFUSED || why[0] == '\0'))
			unit_fail("%d without words", result);
		if (result == LUKS_GOOD && memchr(luks.uuid, 0, sizeof(luks.uuid)) == NULL)
			unit_fail("the UUID does not end");
	}
	UNIT_CHECK(nr_good > 0 && nr_good < 2000);
	free(whole);
}

static const char *parse(const char *text)
{
	static struct json_node nodes[64];
	char *copy = malloc(strlen(text) + 1);
	struct json json;
	const char *fault;

	memcpy(copy, text, strlen(text));
	copy = realloc(copy, strlen(text) != 0 ? strlen(text) : 1); /* without a NUL */
	json = (struct json){ .text = copy, .bytes = (uint32_t)strlen(text), .nodes = nodes, .nr_nodes_maximum = 64 };
	fault = json_parse(&json);
	free(copy);
	return fault;
}

static void test_json(void)
{
	static const char *const good[] = { "{}", "[]", " [ ] ", "0", "-0.5e+10", "\"\"", "\"\\u00e4\\\\\"", "null", "[true,false]",
					    "{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":2}]}", "[[[[[[[[[[[0]]]]]]]]]]]" };
	static const char *const bad[] = { "", " ", "{", "}", "[", "[1", "[1,", "[1,]", "[,1]", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
					   "{a:1}", "{1:1}", "\"", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\", "\"\n\"", "01",
					   "-", "1.", "1.e1", "1e", "+1", ".5", "nul", "nulll", "tru", "1 2", "{} {}", "[1 2]",
					   "{\"a\":1 \"b\":2}", "{\"a\":1,\"a\":2}", "{\"a\":1,\"b\":2,\"a\":3}", "'a'", "[[[[[[[[[[[[[0]]]]]]]]]]]]]",
					   /* More nodes than there is room for. */
					   ("[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
					   "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]") };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (parse(good[i]) != NULL)
			unit_fail("%s: %s", good[i], parse(good[i]));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (parse(bad[i]) == NULL)
			unit_fail("%s is good", bad[i]);
	}
}

int main(void)
{
	if (mkdtemp(folder) == NULL)
		return 1;
	arena = aligned_alloc(64, ARENA_BYTES);
	sh("printf one >one");
	unit_run("luks: JSON is read strictly", test_json);
	unit_run("luks: all kinds of slots that cryptsetup makes open, by their passphrase only", test_kinds);
	unit_run("luks: a detached header", test_detached);
	unit_run("luks: a damaged copy is passed over, the newer counts", test_copies);
	unit_run("luks: several slots, priorities, other keys, tokens", test_slots);
	unit_run("luks: memory that does not suffice", test_memory);
	unit_run("luks: headers that are cut off", test_lengths);
	unit_run("luks: what is no encryption, or not known, is refused", test_refused);
	unit_run("luks: whatever is changed, nothing else opens", test_changed);
	unit_run("luks: a conversion that is not finished is refused", test_reencrypt);
	sh("rm -rf %s", folder);
	free(header);
	free(arena);
	return unit_failed;
}
