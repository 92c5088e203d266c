/*
 * crypt/volume_key.c: owns the keys. crypt_lock guards who takes a slot; a wipe takes no lock, so whoever uses a key
 * looks behind his work whether it was there to the end.
 *
 * A slot's page is never freed: another CPU may be reading it.
 */
#include "crypt/volume_key.h"

#include "core/cpu.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/panic.h"
#include "core/spinlock.h"
#include "core/string.h"
#include "crypt/cipher.h"
#include "rv/errno.h"

enum crypt_slot_state { CRYPT_SLOT_FREE, CRYPT_SLOT_READY, CRYPT_SLOT_WIPED };

struct crypt_slot {
	struct cipher_key *key; /* a page of its own */
	enum crypt_slot_state state;
};
_Static_assert(sizeof(struct cipher_key) <= PAGE_BYTES, "a page a key");

enum crypt_trust { CRYPT_UNTESTED, CRYPT_GOOD, CRYPT_WRONG };

static struct spinlock crypt_lock;
static struct crypt_slot crypt_slots[CRYPT_KEYS_MAXIMUM];
static int crypt_nr_slots;
static enum crypt_trust crypt_trust; /* under crypt_lock */
static uint32_t crypt_nr_wipes;
static bool crypt_is_guarded; /* under crypt_lock */
int (*crypt_guard)(void);

/* Some milliseconds, for all CPUs together: a section takes two at most, in C. */
#define WIPE_PATIENCE_PAUSES 100000

/* A panic comes here first, and every CPU that it stops. */
static void crypt_forget(void)
{
	crypt_keys_wipe();
	cipher_forget();
}

/* In the page that the first key will have. */
static bool crypt_is_trusted(struct cipher_key *key)
{
	if (crypt_trust != CRYPT_UNTESTED)
		return crypt_trust == CRYPT_GOOD;
	crypt_trust = cipher_choose(key) ? CRYPT_GOOD : CRYPT_WRONG;
	if (crypt_trust == CRYPT_GOOD) {
		panic_forget = crypt_forget;
		log_info("disks are encrypted %s", cipher_name());
	} else {
		log_error("AES gives wrong answers on this machine (%s): no disk is unlocked", cipher_name());
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
static int crypt_fill_slot(struct cipher_key *page, const uint8_t *key, size_t key_bytes)
{
	uint32_t nr_wipes = __atomic_load_n(&crypt_nr_wipes, __ATOMIC_SEQ_CST);
	int number = crypt_nr_slots;
	struct crypt_slot *slot = &crypt_slots[number];

	if (number == CRYPT_KEYS_MAXIMUM)
		return -RV_ENOSPC;
	if (!crypt_is_trusted(page))
		return -RV_ENOTSUP;
	if (!crypt_is_guarded && crypt_guard != NULL) {
		int error = crypt_guard();

		if (error != 0)
			return error;
		crypt_is_guarded = true;
	}
	if (!cipher_expand(page, key, key_bytes))
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
	struct cipher_key *page;
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

/* What other CPUs have in registers and on their stacks goes when they are through with it. In a panic they stop where
 * they are, and erase it themselves. */
static void crypt_await_sections(void)
{
	unsigned patience = WIPE_PATIENCE_PAUSES;

	for (uint32_t i = 0; i < cpus_count; i++) {
		const struct cpu *cpu = cpu_get(i);

		while (cpu != cpu_current() && __atomic_load_n(&cpu->holds_secrets, __ATOMIC_ACQUIRE) &&
		       __atomic_load_n(&panic_cpu, __ATOMIC_RELAXED) == NULL && patience != 0) {
			patience--;
			cpu_pause();
		}
	}
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
	crypt_await_sections();
}

int crypt_key_renew(int number, const uint8_t *key, size_t key_bytes)
{
	struct crypt_slot *slot;

	if (number < 0 || number >= CRYPT_KEYS_MAXIMUM || crypt_slots[number].state != CRYPT_SLOT_WIPED)
		return -RV_ENOENT;
	slot = &crypt_slots[number];
	if ((key_bytes != 32 && key_bytes != 64) || crypt_has_equal_halves(key, key_bytes) ||
	    !cipher_expand(slot->key, key, key_bytes))
		return -RV_EINVAL;
	__atomic_store_n(&slot->state, CRYPT_SLOT_READY, __ATOMIC_SEQ_CST);
	return 0;
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
		size_t now = bytes < CIPHER_SECTION_BYTES ? bytes : CIPHER_SECTION_BYTES;

		cipher_sectors(slot->key, encrypt, at, now, sector_bytes, iv);
		if (!crypt_is_ready(slot))
			return -RV_ENOENT;
		at += now;
		bytes -= now;
		iv += now / XTS_IV_SECTOR_BYTES;
	}
	return 0;
}
