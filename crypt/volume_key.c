/*
 * crypt/volume_key.c: owns the keys. crypt_lock guards who takes a slot; a wipe takes no lock and waits for nobody,
 * so whoever uses a key looks behind his work whether it was there to the end.
 *
 * A slot's page is never freed: another CPU may be reading it.
 */
#include "crypt/volume_key.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/spinlock.h"
#include "core/string.h"
#include "crypt/xts.h"
#include "rv/errno.h"

/* What is done between two looks at the slot. */
#define CRYPT_SECTION_BYTES KIB(64)

enum crypt_slot_state { CRYPT_SLOT_FREE, CRYPT_SLOT_READY, CRYPT_SLOT_WIPED };

struct crypt_slot {
	struct xts_key *key; /* a page of its own */
	enum crypt_slot_state state;
};
_Static_assert(sizeof(struct xts_key) <= PAGE_BYTES, "a page a key");

enum crypt_trust { CRYPT_UNTESTED, CRYPT_GOOD, CRYPT_WRONG };

static struct spinlock crypt_lock;
static struct crypt_slot crypt_slots[CRYPT_KEYS_MAXIMUM];
static int crypt_nr_slots;
static enum crypt_trust crypt_trust; /* under crypt_lock */
static uint32_t crypt_nr_wipes;

/* What OpenSSL makes of the two sectors that crypt_test() has: each word xored to the rotated ones before it. The
 * second sector's number has more than 32 bits, where plain and plain64 part. */
#define TEST_SECTOR_BYTES 512
#define TEST_BYTES (2 * TEST_SECTOR_BYTES)
#define TEST_IV UINT64_C(0xffffffff)

static const struct crypt_answer {
	size_t key_bytes;
	uint64_t sum;
} crypt_answers[] = {
	{ 32, UINT64_C(0xa6d94e557cbfc4bf) },
	{ 64, UINT64_C(0xe4045656590a2a50) },
};

static uint8_t crypt_test_byte(size_t i)
{
	return (uint8_t)((i * 13) ^ (i >> 8));
}

/* Does this CPU, with the code that it will have, answer rightly? */
static bool crypt_test(struct xts_key *key, const struct crypt_answer *answer)
{
	static union {
		uint8_t bytes[TEST_BYTES];
		uint64_t words[TEST_BYTES / sizeof(uint64_t)];
	} data;
	uint8_t bytes[XTS_KEY_BYTES_MAXIMUM], differ = 0;
	uint64_t sum = 0;

	for (size_t i = 0; i < answer->key_bytes; i++)
		bytes[i] = (uint8_t)(i * 29 + 7);
	for (size_t i = 0; i < TEST_BYTES; i++)
		data.bytes[i] = crypt_test_byte(i);
	if (!xts_expand(key, bytes, answer->key_bytes))
		return false;
	xts_sectors(key, true, data.bytes, TEST_BYTES, TEST_SECTOR_BYTES, TEST_IV);
	for (size_t i = 0; i < ARRAY_LENGTH(data.words); i++)
		sum = (sum << 1 | sum >> 63) ^ data.words[i];
	xts_sectors(key, false, data.bytes, TEST_BYTES, TEST_SECTOR_BYTES, TEST_IV);
	for (size_t i = 0; i < TEST_BYTES; i++)
		differ |= data.bytes[i] ^ crypt_test_byte(i);
	return sum == answer->sum && differ == 0;
}

/* In the page that the first key will have. */
static bool crypt_is_trusted(struct xts_key *key)
{
	if (crypt_trust == CRYPT_UNTESTED) {
		crypt_trust = CRYPT_GOOD;
		for (size_t i = 0; i < ARRAY_LENGTH(crypt_answers); i++) {
			if (!crypt_test(key, &crypt_answers[i]))
				crypt_trust = CRYPT_WRONG;
		}
		if (crypt_trust == CRYPT_WRONG)
			log_error("AES gives wrong answers on this machine: no disk is unlocked");
	}
	return crypt_trust == CRYPT_GOOD;
}

static bool crypt_has_equal_halves(const uint8_t *key, size_t key_bytes)
{
	uint8_t differ = 0;

	for (size_t i = 0; i < key_bytes / 2; i++)
		differ |= key[i] ^ key[key_bytes / 2 + i];
	return differ == 0;
}

/* Under crypt_lock. */
static int crypt_fill_slot(struct xts_key *page, const uint8_t *key, size_t key_bytes)
{
	uint32_t nr_wipes = __atomic_load_n(&crypt_nr_wipes, __ATOMIC_SEQ_CST);
	int number = crypt_nr_slots;
	struct crypt_slot *slot = &crypt_slots[number];

	if (number == CRYPT_KEYS_MAXIMUM)
		return -RV_ENOSPC;
	if (!crypt_is_trusted(page))
		return -RV_ENOTSUP;
	if (!xts_expand(page, key, key_bytes))
		return -RV_EINVAL;
	crypt_nr_slots++;
	slot->key = page;
	__atomic_store_n(&slot->state, CRYPT_SLOT_READY, __ATOMIC_SEQ_CST);
	/* A wipe that has not seen the slot has counted before. */
	if (__atomic_load_n(&crypt_nr_wipes, __ATOMIC_SEQ_CST) == nr_wipes)
		return number;
	crypt_keys_wipe();
	return -RV_EAGAIN;
}

int crypt_key_add(const uint8_t *key, size_t key_bytes)
{
	struct xts_key *page;
	int number;

	if ((key_bytes != 32 && key_bytes != 64) || crypt_has_equal_halves(key, key_bytes))
		return -RV_EINVAL;
	page = memory_allocate_page();
	if (page == NULL)
		return -RV_ENOMEM;
	spinlock_acquire(&crypt_lock);
	number = crypt_fill_slot(page, key, key_bytes);
	spinlock_release(&crypt_lock);
	if (number < 0 && number != -RV_EAGAIN) {
		xts_erase(page, sizeof(*page));
		memory_free_page(page);
	}
	return number;
}

void crypt_keys_wipe(void)
{
	(void)__atomic_fetch_add(&crypt_nr_wipes, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < CRYPT_KEYS_MAXIMUM; i++) {
		struct crypt_slot *slot = &crypt_slots[i];

		if (__atomic_load_n(&slot->state, __ATOMIC_SEQ_CST) == CRYPT_SLOT_FREE)
			continue;
		/* Before the key goes: who has worked with what is left of one sees it. */
		__atomic_store_n(&slot->state, CRYPT_SLOT_WIPED, __ATOMIC_SEQ_CST);
		xts_erase(slot->key, sizeof(*slot->key));
	}
}

static bool crypt_is_ready(const struct crypt_slot *slot)
{
	return __atomic_load_n(&slot->state, __ATOMIC_SEQ_CST) == CRYPT_SLOT_READY;
}

int crypt_sectors(int key, bool encrypt, void *data, size_t bytes, uint32_t sector_bytes, uint64_t iv)
{
	const struct crypt_slot *slot;
	uint8_t *at = data;

	if (key < 0 || key >= CRYPT_KEYS_MAXIMUM)
		return -RV_ENOENT;
	slot = &crypt_slots[key];
	if (!crypt_is_ready(slot))
		return -RV_ENOENT;
	if (!xts_is_whole(bytes, sector_bytes))
		return -RV_EINVAL;
	while (bytes != 0) {
		size_t now = bytes < CRYPT_SECTION_BYTES ? bytes : CRYPT_SECTION_BYTES;

		xts_sectors(slot->key, encrypt, at, now, sector_bytes, iv);
		if (!crypt_is_ready(slot))
			return -RV_ENOENT;
		at += now;
		bytes -= now;
		iv += now / XTS_IV_SECTOR_BYTES;
	}
	return 0;
}
