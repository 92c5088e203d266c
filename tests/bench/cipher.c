/*
 * tests/bench/cipher.c: what the cipher of disks takes a byte, in instructions, by single-stepping the hypervisor's
 * own objects on this machine: some sectors of 512 bytes, AES-256. The call, and what saves and restores the guest's
 * vector registers, are counted.
 *
 * Prints `NAME COUNT` lines; without AES instructions on this machine, one only.
 */
#include <signal.h>
#include <stdio.h>

#include "crypt/aes_xts.h"
#include "crypt/xts.h"

#define BYTES 4096
#define PORTABLE_BYTES 2048 /* it takes a hundred times as long */
#define SECTOR_BYTES 512

static volatile unsigned long steps;
static struct xts_key portable;
static struct aes_xts_key aes;
static uint8_t data[BYTES];

static void count_step(int signal)
{
	(void)signal;
	steps++;
}

static void nothing(bool encrypt)
{
	(void)encrypt;
}

static void by_portable(bool encrypt)
{
	xts_sectors(&portable, encrypt, data, PORTABLE_BYTES, SECTOR_BYTES, 0);
}

static void by_aes(bool encrypt)
{
	aes_xts_sectors(&aes, data, BYTES, SECTOR_BYTES, 0, encrypt);
}

/* Each instruction executed with the trap flag set ends in one SIGTRAP. */
__attribute__((noinline)) static unsigned long count(void (*function)(bool), bool encrypt)
{
	steps = 0;
	__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
	function(encrypt);
	__asm__ volatile("pushfq; andq $~0x100, (%%rsp); popfq" ::: "memory", "cc");
	return steps;
}

static void print(const char *name, void (*function)(bool), size_t bytes)
{
	unsigned long around = count(nothing, true), there = count(function, true) - around, back = count(function, false) - around;

	printf("%s_instructions_per_byte %.2f\n", name, (double)(there > back ? there : back) / (double)bytes);
}

int main(void)
{
	uint8_t key[XTS_KEY_BYTES_MAXIMUM];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 7);
	signal(SIGTRAP, count_step);
	(void)xts_expand(&portable, key, sizeof(key));
	print("aes_xts_portable", by_portable, PORTABLE_BYTES);
	if (!__builtin_cpu_supports("aes"))
		return 0;
	aes_xts_expand(&aes, key, sizeof(key) / 2);
	print("aes_xts", by_aes, BYTES);
	return 0;
}
