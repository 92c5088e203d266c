/*
 * tests/system/constant_time.c: the hypervisor's own objects of the cipher, for valgrind: keys and data count as
 * undefined, so memcheck reports each branch and each address that depends on them.
 *
 * usage: constant_time portable|aes|control   control depends on a key, to show that such a thing is reported
 */
#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "crypt/aes_xts.h"
#include "crypt/xts.h"

#define BYTES 8192

static struct xts_key portable;
static struct aes_xts_key aes;
static uint8_t key[XTS_KEY_BYTES_MAXIMUM], data[BYTES];

static void make_secret(void)
{
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	(void)VALGRIND_MAKE_MEM_UNDEFINED(key, sizeof(key));
	(void)VALGRIND_MAKE_MEM_UNDEFINED(data, sizeof(data));
}

/* Is it again what make_secret() made? */
static bool is_back(void)
{
	(void)VALGRIND_MAKE_MEM_DEFINED(data, sizeof(data));
	for (size_t i = 0; i < sizeof(data); i++) {
		if (data[i] != (uint8_t)i)
			return false;
	}
	return true;
}

static bool by_portable(size_t key_bytes, uint32_t sector_bytes)
{
	make_secret();
	(void)xts_expand(&portable, key, key_bytes);
	xts_sectors(&portable, true, data, sizeof(data), sector_bytes, 1);
	xts_sectors(&portable, false, data, sizeof(data), sector_bytes, 1);
	return is_back();
}

static bool by_aes(size_t key_bytes, uint32_t sector_bytes)
{
	make_secret();
	aes_xts_expand(&aes, key, key_bytes / 2);
	aes_xts_sectors(&aes, data, sizeof(data), sector_bytes, 1, true);
	aes_xts_sectors(&aes, data, sizeof(data), sector_bytes, 1, false);
	return is_back();
}

static bool by_key(size_t key_bytes, uint32_t sector_bytes)
{
	(void)sector_bytes;
	make_secret();
	aes_xts_expand(&aes, key, key_bytes / 2);
	return ((volatile struct aes_xts_key *)&aes)->tweak[14][0] < 0x80 ? is_back() : !is_back();
}

int main(int argc, char **argv)
{
	bool (*work)(size_t, uint32_t) = NULL;

	if (argc == 2 && strcmp(argv[1], "portable") == 0)
		work = by_portable;
	else if (argc == 2 && strcmp(argv[1], "aes") == 0)
		work = by_aes;
	else if (argc == 2 && strcmp(argv[1], "control") == 0)
		work = by_key;
	if (work == NULL)
		return 2;
	for (size_t key_bytes = 32; key_bytes <= 64; key_bytes += 32) {
		for (uint32_t sector_bytes = 512; sector_bytes <= 4096; sector_bytes *= 8)
			printf("constant_time: AES-%zu, sectors of %u: %s\n", key_bytes * 4, sector_bytes,
			       work(key_bytes, sector_bytes) ? "good" : "another");
	}
	return 0;
}
