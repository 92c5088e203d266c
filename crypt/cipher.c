/*
 * crypt/cipher.c: how this CPU does AES, and the rule under which CPL 0 uses vector registers, which are the
 * guest's and live in the CPU all the time: here only, for one section at a time.
 *
 *   - Interrupts are off, as always at CPL 0. An NMI may come where GIF is 1 or on VMX: its handler names no vector
 *     register, like all else (tools/check-fpu), and returns here, or the CPU stops for good (core/panic.h). An INIT
 *     waits for VMRUN, is #SX, which returns too (vmm/svm/svm_init.c), or is blocked in VMX root operation.
 *   - The host's CR0.EM is set all the rest of the time, so that a vector instruction elsewhere is #UD. CR0 and CR4
 *     are the host's here: VMRUN and the VMCS keep the guest's apart (AMD APM v2 15.5.1, Intel SDM v3 29.5.1). Its
 *     CR0.TS and XCR0 say nothing about these instructions (APM v2 11.3, and table 8-6 of APM v1 for legacy SSE).
 *   - What the section changes of XMM it puts back, by legacy encodings, to which YMM's and ZMM's upper parts are
 *     nothing.
 */
#include "crypt/cipher.h"

#include "core/cpu.h"
#include "core/instructions.h"
#include "core/string.h"

#define CPUID_1_ECX_AES (UINT32_C(1) << 25)
#define CPUID_1_EDX_FXSR (UINT32_C(1) << 24)
#define CPUID_1_EDX_SSE2 (UINT32_C(1) << 26)

/* What the C code leaves on the stack lies in so many bytes below its caller. */
#define STACK_LEFT_BYTES 4096

static bool cipher_uses_aes;

/* What OpenSSL makes of the two sectors that cipher_test() has: each word xored to the rotated ones before it. The
 * second sector's number has more than 32 bits, where plain and plain64 part. */
#define TEST_SECTOR_BYTES 512
#define TEST_BYTES (2 * TEST_SECTOR_BYTES)
#define TEST_IV UINT64_C(0xffffffff)

static const struct cipher_answer {
	size_t key_bytes;
	uint64_t sum;
} cipher_answers[] = {
	{ 32, UINT64_C(0xa6d94e557cbfc4bf) },
	{ 64, UINT64_C(0xe4045656590a2a50) },
};

static __attribute__((noinline)) void cipher_erase_stack(void)
{
	uint8_t below[STACK_LEFT_BYTES];

	xts_erase(below, sizeof(below));
}

/* Until cipher_end() this CPU's registers, and its stack, may have a part of a key in them. */
static inline uint64_t cipher_begin(void)
{
	uint64_t cr0 = cr0_read();

	__atomic_store_n(&cpu_current()->holds_secrets, true, __ATOMIC_RELAXED);
	if (cipher_uses_aes)
		cr0_write(cr0 & ~(CR0_TS | CR0_EM));
	return cr0;
}

static inline void cipher_end(uint64_t cr0)
{
	if (cipher_uses_aes)
		cr0_write(cr0);
	else
		cipher_erase_stack();
	__atomic_store_n(&cpu_current()->holds_secrets, false, __ATOMIC_RELEASE);
}

bool cipher_expand(struct cipher_key *key, const uint8_t *bytes, size_t nr_bytes)
{
	uint64_t cr0;

	if (nr_bytes != 32 && nr_bytes != 64)
		return false;
	cr0 = cipher_begin();
	if (cipher_uses_aes)
		aes_xts_expand(&key->aes, bytes, nr_bytes / 2);
	else
		(void)xts_expand(&key->plain, bytes, nr_bytes);
	cipher_end(cr0);
	return true;
}

void cipher_sectors(const struct cipher_key *key, bool encrypt, void *data, size_t bytes, uint32_t sector_bytes, uint64_t iv)
{
	uint64_t cr0 = cipher_begin();

	if (cipher_uses_aes)
		aes_xts_sectors(&key->aes, data, bytes, sector_bytes, iv, encrypt);
	else
		xts_sectors(&key->plain, encrypt, data, bytes, sector_bytes, iv);
	cipher_end(cr0);
}

static uint8_t cipher_test_byte(size_t i)
{
	return (uint8_t)((i * 13) ^ (i >> 8));
}

static bool cipher_test(struct cipher_key *key, const struct cipher_answer *answer)
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
		data.bytes[i] = cipher_test_byte(i);
	if (!cipher_expand(key, bytes, answer->key_bytes))
		return false;
	cipher_sectors(key, true, data.bytes, TEST_BYTES, TEST_SECTOR_BYTES, TEST_IV);
	for (size_t i = 0; i < ARRAY_LENGTH(data.words); i++)
		sum = (sum << 1 | sum >> 63) ^ data.words[i];
	cipher_sectors(key, false, data.bytes, TEST_BYTES, TEST_SECTOR_BYTES, TEST_IV);
	for (size_t i = 0; i < TEST_BYTES; i++)
		differ |= data.bytes[i] ^ cipher_test_byte(i);
	return sum == answer->sum && differ == 0;
}

bool cipher_choose(struct cipher_key *scratch)
{
	struct cpuid_result features = cpuid_query(1, 0);
	bool good = true;

	/* CR4.OSFXSR is set where there is FXSR (core/exception.c). */
	cipher_uses_aes = (features.ecx & CPUID_1_ECX_AES) && (features.edx & CPUID_1_EDX_FXSR) &&
			  (features.edx & CPUID_1_EDX_SSE2);
	for (size_t i = 0; i < ARRAY_LENGTH(cipher_answers); i++)
		good &= cipher_test(scratch, &cipher_answers[i]);
	xts_erase(scratch, sizeof(*scratch));
	return good;
}

const char *cipher_name(void)
{
	return cipher_uses_aes ? "by the CPU's AES instructions" : "in C: this CPU has no AES instructions";
}

void cipher_forget(void)
{
	uint64_t cr0 = cr0_read();

	if (!cipher_uses_aes)
		return;
	cr0_write(cr0 & ~(CR0_TS | CR0_EM));
	aes_xts_forget();
	cr0_write(cr0);
}
