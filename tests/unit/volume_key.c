/*
 * tests/unit/volume_key.c: slots of keys: who gets one, what a wipe leaves of it, and what becomes of work that it
 * comes amid.
 */
#include "crypt/volume_key.h"

#include <pthread.h>

#include "core/cpu.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/panic.h"
#include "core/spinlock.h"
#include "crypt/xts.h"
#include "rv/errno.h"
#include "unit.h"

#define PAGES_MAXIMUM (CRYPT_KEYS_MAXIMUM + 1)

struct cpu fake_cpu;
struct cpuid_result fake_cpuid_1; /* a CPU without AES instructions */
uint64_t fake_cr0;
void (*panic_forget)(void);
struct cpu *panic_cpu;
uint32_t cpus_count = 2;
static struct cpu other_cpu;
static unsigned nr_guards, nr_waits, busy_for;
static int guard_result;

/* The CPU that is asked about is amid work for a while. */
struct cpu *cpu_get(uint32_t index)
{
	other_cpu.holds_secrets = busy_for != 0;
	return index == 0 ? &fake_cpu : &other_cpu;
}

void fake_paused(void)
{
	nr_waits++;
	if (busy_for != 0 && --busy_for == 0)
		other_cpu.holds_secrets = false;
}

static int guard(void)
{
	nr_guards++;
	return guard_result;
}

void fake_cr0_written(uint64_t value)
{
	(void)value;
}

static uint8_t pages[PAGES_MAXIMUM][PAGE_BYTES] __attribute__((aligned(4096)));
static unsigned nr_pages, nr_freed;
static bool out_of_memory;
static uint8_t key[64], data[4096], plain[4096];

void *memory_allocate_page(void)
{
	return out_of_memory ? NULL : pages[nr_pages++ % PAGES_MAXIMUM];
}

void memory_free_page(void *page)
{
	for (size_t i = 0; i < PAGE_BYTES; i++)
		UNIT_EQUAL(((uint8_t *)page)[i], 0);
	nr_freed++;
	nr_pages--;
}

void spinlock_acquire(struct spinlock *lock)
{
	UNIT_EQUAL(lock->holder, 0);
	lock->holder = 1;
}

void spinlock_release(struct spinlock *lock)
{
	lock->holder = 0;
}

void log_line(enum log_level level, const char *format, ...)
{
	if (level != LOG_INFO)
		unit_fail("logged at %d: %s", (int)level, format);
}

static void fill(void)
{
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = plain[i] = (uint8_t)(i * 7);
}

static bool is_erased(void)
{
	for (size_t i = 0; i < sizeof(pages); i++) {
		if (((uint8_t *)pages)[i] != 0)
			return false;
	}
	return true;
}

static void test_refused(void)
{
	crypt_guard = guard;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i % 32);
	UNIT_EQUAL(crypt_key_add(key, 64), -RV_EINVAL); /* equal halves */
	memcpy(key + 16, key, 16);
	UNIT_EQUAL(crypt_key_add(key, 32), -RV_EINVAL);
	key[31] ^= 0x80;
	UNIT_EQUAL(crypt_key_add(key, 31), -RV_EINVAL);
	UNIT_EQUAL(crypt_key_add(key, 48), -RV_EINVAL);
	UNIT_EQUAL(crypt_key_add(key, 0), -RV_EINVAL);
	out_of_memory = true;
	UNIT_EQUAL(crypt_key_add(key, 32), -RV_ENOMEM);
	out_of_memory = false;
	guard_result = -RV_ENOMEM; /* what ends the machine's run cannot be watched */
	UNIT_EQUAL(crypt_key_add(key, 32), -RV_ENOMEM);
	guard_result = 0;
	UNIT_EQUAL(nr_guards, 1);
	UNIT_EQUAL(nr_pages, 0);
	for (int number = -1; number <= CRYPT_KEYS_MAXIMUM; number++)
		UNIT_EQUAL(crypt_sectors(number, true, data, 512, 512, 0), -RV_ENOENT);
}

/* As the cipher itself has it, whose vectors tests/unit/xts.c has. */
static void test_sectors(void)
{
	static uint8_t wanted[sizeof(data)];
	struct xts_key expanded;

	UNIT_EQUAL(crypt_key_add(key, 32), 0);
	UNIT_EQUAL(crypt_key_add(key, 64), 1);
	UNIT_EQUAL(nr_guards, 2);
	for (int number = 0; number < 2; number++) {
		for (uint32_t sector_bytes = 512; sector_bytes <= 4096; sector_bytes *= 2) {
			fill();
			memcpy(wanted, plain, sizeof(wanted));
			xts_expand(&expanded, key, number == 0 ? 32 : 64);
			xts_sectors(&expanded, true, wanted, sizeof(wanted), sector_bytes, 77);
			UNIT_EQUAL(crypt_sectors(number, true, data, sizeof(data), sector_bytes, 77), 0);
			UNIT_CHECK(memcmp(data, wanted, sizeof(data)) == 0);
			UNIT_EQUAL(crypt_sectors(number, false, data, sizeof(data), sector_bytes, 77), 0);
			UNIT_CHECK(memcmp(data, plain, sizeof(data)) == 0);
		}
	}
	UNIT_EQUAL(crypt_sectors(0, true, data, 0, 512, 0), 0);
	UNIT_EQUAL(crypt_sectors(0, true, data, 500, 512, 0), -RV_EINVAL);
	UNIT_EQUAL(crypt_sectors(0, true, data, 512, 500, 0), -RV_EINVAL);
	UNIT_EQUAL(crypt_sectors(2, true, data, 512, 512, 0), -RV_ENOENT);
}

/* More than one section: the numbers go on across them. */
static void test_long(void)
{
	size_t bytes = 3 * 65536 + 4096;
	uint8_t *whole = malloc(bytes), *parts = malloc(bytes);

	for (size_t i = 0; i < bytes; i++)
		whole[i] = parts[i] = (uint8_t)(i >> 9);
	UNIT_EQUAL(crypt_sectors(1, true, whole, bytes, 4096, 1000), 0);
	for (size_t at = 0; at < bytes; at += 4096)
		UNIT_EQUAL(crypt_sectors(1, true, parts + at, 4096, 4096, 1000 + at / 512), 0);
	UNIT_CHECK(memcmp(whole, parts, bytes) == 0);
	free(whole);
	free(parts);
}

static void test_full(void)
{
	for (int number = 2; number < CRYPT_KEYS_MAXIMUM; number++)
		UNIT_EQUAL(crypt_key_add(key, 64), number);
	nr_freed = 0;
	UNIT_EQUAL(crypt_key_add(key, 64), -RV_ENOSPC);
	UNIT_EQUAL(nr_freed, 1);
}

static void *wipe_soon(void *unused)
{
	struct timespec soon = { .tv_nsec = 20 * 1000 * 1000 };

	(void)unused;
	nanosleep(&soon, NULL);
	crypt_keys_wipe();
	return NULL;
}

/* Whether what was worked on is of use is told rightly, whenever the wipe comes. */
static void test_wiped_amid(void)
{
	size_t bytes = 65536;
	uint8_t *here = malloc(bytes), *wanted = malloc(bytes);
	struct xts_key expanded;
	pthread_t thread;
	unsigned nr = 0;

	xts_expand(&expanded, key, 64);
	memset(wanted, 0, bytes);
	xts_sectors(&expanded, true, wanted, bytes, 512, 5);
	UNIT_EQUAL(pthread_create(&thread, NULL, wipe_soon, NULL), 0);
	for (;; nr++) {
		memset(here, 0, bytes);
		if (crypt_sectors(1, true, here, bytes, 512, 5) != 0)
			break;
		UNIT_CHECK(memcmp(here, wanted, bytes) == 0);
	}
	pthread_join(thread, NULL);
	UNIT_CHECK(nr > 0);
	free(here);
	free(wanted);
}

/* It waits for a CPU that is amid work, but not for ever, and not in a panic, where CPUs stop amid it. */
static void test_wipe_waits(void)
{
	static struct cpu panics;

	nr_waits = 0;
	crypt_keys_wipe();
	UNIT_EQUAL(nr_waits, 0);
	busy_for = 77;
	crypt_keys_wipe();
	UNIT_EQUAL(nr_waits, 77);
	nr_waits = 0;
	busy_for = 1000000000;
	crypt_keys_wipe();
	UNIT_CHECK(nr_waits > 77 && nr_waits < 1000000);
	nr_waits = 0;
	panic_cpu = &panics;
	crypt_keys_wipe();
	UNIT_EQUAL(nr_waits, 0);
	panic_cpu = NULL;
	busy_for = 0;
}

static void test_wiped(void)
{
	UNIT_CHECK(is_erased());
	for (int number = 0; number < CRYPT_KEYS_MAXIMUM; number++)
		UNIT_EQUAL(crypt_sectors(number, false, data, 512, 512, 0), -RV_ENOENT);
	crypt_keys_wipe();
	UNIT_EQUAL(crypt_key_add(key, 64), -RV_ENOSPC); /* a number is never used twice */
	UNIT_CHECK(is_erased());
}

/* A wake's: the same key under the number that it had, and under no other. */
static void test_renewed(void)
{
	static struct xts_key expanded;
	uint8_t weak[64] = { 0 };

	xts_expand(&expanded, key, 64);
	UNIT_EQUAL(crypt_key_renew(-1, key, 64), -RV_ENOENT);
	UNIT_EQUAL(crypt_key_renew(CRYPT_KEYS_MAXIMUM, key, 64), -RV_ENOENT);
	UNIT_EQUAL(crypt_key_renew(3, key, 48), -RV_EINVAL);
	UNIT_EQUAL(crypt_key_renew(3, weak, 64), -RV_EINVAL);
	UNIT_EQUAL(crypt_sectors(3, true, data, 512, 512, 0), -RV_ENOENT);
	UNIT_EQUAL(crypt_key_renew(3, key, 64), 0);
	UNIT_EQUAL(crypt_key_renew(3, key, 64), -RV_ENOENT); /* it is there */
	memset(data, 0, 512);
	memset(plain, 0, 512);
	UNIT_EQUAL(crypt_sectors(3, true, data, 512, 512, 7), 0);
	xts_sectors(&expanded, true, plain, 512, 512, 7);
	UNIT_CHECK(memcmp(data, plain, 512) == 0);
	UNIT_EQUAL(crypt_sectors(2, true, data, 512, 512, 7), -RV_ENOENT);
	crypt_keys_wipe();
	UNIT_EQUAL(crypt_sectors(3, true, data, 512, 512, 7), -RV_ENOENT);
	UNIT_CHECK(is_erased());
}

int main(void)
{
	unit_run("what is no key is refused, and nothing is allocated for it", test_refused);
	unit_run("sectors of each size, there and back", test_sectors);
	unit_run("the numbers of sectors go on across sections", test_long);
	unit_run("no more keys than there are slots", test_full);
	unit_run("a wipe amid work is told", test_wiped_amid);
	unit_run("a wipe leaves nothing", test_wiped);
	unit_run("a key that was wiped can be had again, and no other", test_renewed);
	unit_run("a wipe waits for work, but not for ever", test_wipe_waits);
	return unit_failed;
}
