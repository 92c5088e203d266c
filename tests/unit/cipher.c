/*
 * tests/unit/cipher.c: AES instructions against the portable code, and what they leave of the guest's registers and
 * of keys: under the rule of crypt/cipher.c, with a CR0 of the test's.
 */
#include "crypt/cipher.h"

#include <cpuid.h>
#include <immintrin.h>
#include <pthread.h>

#include "core/cpu.h"
#include "core/instructions.h"
#include "unit.h"

#define HOST_CR0 (CR0_PG | CR0_WP | CR0_NE | CR0_EM | CR0_PE)
#define STACK_BYTES 262144
#define SECTORS_BYTES 16384
#define STATE_BYTES 4096 /* of XSAVE */
#define XCR0_X87 UINT64_C(1)
#define XCR0_SSE UINT64_C(2)
#define XCR0_AVX UINT64_C(4)

struct cpu fake_cpu;
struct cpuid_result fake_cpuid_1;
uint64_t fake_cr0 = HOST_CR0;
static unsigned nr_opened, nr_closed;
static bool machine_has_aes;

void fake_cr0_written(uint64_t value)
{
	UNIT_CHECK(fake_cpu.holds_secrets);
	if (value == HOST_CR0)
		nr_closed++;
	else
		nr_opened += value == (HOST_CR0 & ~CR0_EM);
}

static struct cipher_key key, other_key;
static uint8_t key_bytes[64], data[SECTORS_BYTES + 16], wanted[SECTORS_BYTES];

/* The CPU that the code sees. */
static bool choose(bool aes)
{
	fake_cpuid_1 = (struct cpuid_result){ .ecx = aes ? UINT32_C(1) << 25 : 0, .edx = UINT32_C(5) << 24 };
	return cipher_choose(&other_key);
}

static void fill(void)
{
	for (size_t i = 0; i < sizeof(key_bytes); i++)
		key_bytes[i] = (uint8_t)unit_random();
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)unit_random();
}

static void test_known_answers(void)
{
	const uint8_t *left = (const uint8_t *)&other_key;

	for (unsigned aes = 0; aes <= machine_has_aes; aes++) {
		memset(&other_key, 0x5a, sizeof(other_key));
		UNIT_CHECK(choose(aes));
		for (size_t i = 0; i < sizeof(other_key); i++)
			UNIT_EQUAL(left[i], 0);
		UNIT_EQUAL(strstr(cipher_name(), "in C") == NULL, aes);
	}
}

/* Every length up to two batches of tweaks and one sector more, at any alignment. */
static void test_against_portable(void)
{
	UNIT_CHECK(choose(true));
	for (unsigned round = 0; round < 400; round++) {
		size_t nr_key = round & 1 ? 64 : 32, off = (size_t)unit_random() % 16;
		uint32_t sector_bytes = UINT32_C(512) << unit_random() % 4;
		size_t bytes = sector_bytes * (1 + unit_random() % 17);
		uint64_t iv = unit_random() >> unit_random() % 64;
		struct xts_key portable;

		bytes = bytes > SECTORS_BYTES ? SECTORS_BYTES : bytes;
		fill();
		memcpy(wanted, data + off, bytes);
		UNIT_CHECK(cipher_expand(&key, key_bytes, nr_key));
		UNIT_CHECK(xts_expand(&portable, key_bytes, nr_key));
		xts_sectors(&portable, round & 2, wanted, bytes, sector_bytes, iv);
		cipher_sectors(&key, round & 2, data + off, bytes, sector_bytes, iv);
		UNIT_CHECK(memcmp(data + off, wanted, bytes) == 0);
	}
	UNIT_CHECK(!cipher_expand(&key, key_bytes, 48));
	cipher_sectors(&key, true, data, 0, 512, 0);
}

static uint8_t pattern[STATE_BYTES] __attribute__((aligned(64))), saved[STATE_BYTES] __attribute__((aligned(64)));

/* What the work leaves of XMM, the upper halves of YMM, MXCSR and x87: all. */
__attribute__((target("xsave"), noinline)) static void state_around(void (*work)(void), uint64_t features)
{
	uint8_t mine[STATE_BYTES] __attribute__((aligned(64)));

	memset(mine, 0, sizeof(mine));
	memset(saved, 0, sizeof(saved));
	_xsave64(mine, features);
	_xrstor64(pattern, features);
	work();
	_xsave64(saved, features);
	_xrstor64(mine, features);
}

static void work_expand(void)
{
	(void)cipher_expand(&key, key_bytes, 64);
}

static void work_expand_short(void)
{
	(void)cipher_expand(&key, key_bytes, 32);
}

static void work_encrypt(void)
{
	cipher_sectors(&key, true, data, SECTORS_BYTES, 512, 3);
}

static void work_decrypt(void)
{
	cipher_sectors(&key, false, data, 3 * 512, 512, 3);
}

static uint32_t xcr0_read(void)
{
	uint32_t eax, edx;

	__asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
	return eax;
}

static void test_registers(void)
{
	void (*const works[])(void) = { work_expand_short, work_expand, work_encrypt, work_decrypt };
	uint64_t features = xcr0_read() & (XCR0_X87 | XCR0_SSE | XCR0_AVX);
	size_t bytes = features & XCR0_AVX ? 576 + 256 : 576;

	UNIT_CHECK(choose(true));
	for (size_t i = 0; i < bytes; i++)
		pattern[i] = (uint8_t)(i * 37 + 11);
	/* SDM v1 10.5.1 and 13.4: FCW, FSW, FTW, FOP, FIP, FDP, MXCSR; then ST0 to ST7, XMM, the header, YMM. */
	memcpy(pattern, "\x7f\x02\x00\x28\xff\x00\x23\x01", 8);
	memset(pattern + 8, 0, 16);
	memcpy(pattern + 24, "\xa3\x5f\x00\x00\xff\xff\x00\x00", 8);
	for (size_t i = 0; i < 8; i++)
		memset(pattern + 32 + 16 * i + 10, 0, 6);
	memset(pattern + 416, 0, 96);
	memset(pattern + 512, 0, 64);
	memcpy(pattern + 512, &features, 8);
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		nr_opened = nr_closed = 0;
		state_around(works[i], features);
		for (size_t at = 0; at < bytes; at++) {
			if (saved[at] != pattern[at] && !(at >= 6 && at < 24) && !(at >= 28 && at < 32) && !(at >= 416 && at < 576))
				unit_fail("work %zu: byte %zu of the state is %#x, not %#x", i, at, saved[at], pattern[at]);
		}
		UNIT_EQUAL(nr_opened, 1);
		UNIT_EQUAL(nr_closed, 1);
		UNIT_EQUAL(fake_cr0, HOST_CR0);
		UNIT_CHECK(!fake_cpu.holds_secrets);
	}
}

/* For a CPU that stops. */
static void test_forget(void)
{
	static const uint8_t zero[256];
	uint64_t features = XCR0_SSE;

	UNIT_CHECK(choose(true));
	fake_cpu.holds_secrets = true; /* else CR0 would not be written */
	memset(pattern + 160, 0xa5, 256);
	memset(pattern + 512, 0, 64);
	memcpy(pattern + 512, &features, 8);
	state_around(cipher_forget, features);
	UNIT_CHECK(memcmp(saved + 160, zero, 256) == 0);
	UNIT_EQUAL(fake_cr0, HOST_CR0);
	fake_cpu.holds_secrets = false;
}

static uint8_t stack[STACK_BYTES] __attribute__((aligned(4096)));

static void *work_call(void *work)
{
	(*(void (*const *)(void))work)();
	return NULL;
}

/* Is any word of what is secret on the stack that the work had? Bitsliced round keys are of 16 digits 0 or f each: what
 * has few of one of them may be there by itself. */
static size_t stack_find(const void *secret, size_t bytes)
{
	for (size_t at = 0; at + 8 <= bytes; at += 8) {
		uint64_t word;

		memcpy(&word, (const uint8_t *)secret + at, sizeof(word));
		if (__builtin_popcountll(word) >= 20 && __builtin_popcountll(word) <= 44 &&
		    memmem(stack, sizeof(stack), &word, sizeof(word)) != NULL)
			return at + 1;
	}
	return 0;
}

/* Neither the key nor a round key, bitsliced or as FIPS 197 has it. */
static void expect_no_key(void)
{
	for (unsigned aes = 0; aes <= machine_has_aes; aes++) {
		for (size_t nr_key = 32; nr_key <= 64; nr_key += 32) {
			struct cipher_key expanded;

			memset(&expanded, 0, sizeof(expanded));
			UNIT_CHECK(choose(aes));
			UNIT_CHECK(cipher_expand(&expanded, key_bytes, nr_key));
			UNIT_EQUAL(stack_find(aes ? (const void *)&expanded.aes : expanded.plain.data,
					      aes ? 3 * AES_ROUND_KEYS * 16 : 2 * XTS_SLICE_WORDS * 8), 0);
		}
	}
	UNIT_EQUAL(stack_find(key_bytes, sizeof(key_bytes)), 0);
}

static void test_stack(void)
{
	void (*const works[])(void) = { work_expand_short, work_encrypt, work_decrypt, work_expand, work_encrypt, work_decrypt };

	fill();
	for (unsigned aes = 0; aes <= machine_has_aes; aes++) {
		for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
			pthread_attr_t attributes;
			pthread_t thread;

			UNIT_CHECK(choose(aes));
			pthread_attr_init(&attributes);
			pthread_attr_setstack(&attributes, stack, sizeof(stack));
			memset(stack, 0, sizeof(stack));
			UNIT_EQUAL(pthread_create(&thread, &attributes, work_call, (void *)&works[i]), 0);
			pthread_join(thread, NULL);
			expect_no_key();
		}
	}
}

int main(void)
{
	uint32_t eax, ebx, ecx = 0, edx;

	__get_cpuid(1, &eax, &ebx, &ecx, &edx);
	machine_has_aes = ecx >> 25 & 1;
	unit_run("known answers", test_known_answers);
	unit_run("nothing of a key stays on the stack", test_stack);
	if (!machine_has_aes) {
		printf("this machine has no AES instructions\n");
		return unit_failed ? unit_failed : UNIT_SKIPPED;
	}
	unit_run("AES instructions as the portable code", test_against_portable);
	unit_run("the guest's registers stay as they were", test_registers);
	unit_run("a CPU that stops forgets", test_forget);
	return unit_failed;
}
