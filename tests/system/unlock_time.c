/*
 * tests/system/unlock_time.c: the keeper's own objects, for valgrind: the passphrase counts as undefined, so memcheck
 * counts each branch and each address that depends on it. Two may: whether the key is the right one is no secret.
 *
 * usage: unlock_time HEADER PASSPHRASE
 */
#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "service/arena.h"
#include "service/luks.h"

#define BRANCHES 3 /* luks_try_slot()'s and luks_unlock()'s, and one for the compiler */

static uint8_t header[1u << 20], memory[4u << 20] __attribute__((aligned(64)));

int main(int argc, char **argv)
{
	static struct luks_header luks;
	static uint8_t key[LUKS_KEY_BYTES_MAXIMUM];
	static volatile enum luks_result result;
	static char why[LUKS_WHY_BYTES];
	size_t header_bytes = 0, length;
	unsigned long before;
	FILE *file;

	if (argc != 3 || (file = fopen(argv[1], "rb")) == NULL)
		return 2;
	header_bytes = fread(header, 1, sizeof(header), file);
	fclose(file);
	arena_begin(memory, sizeof(memory));
	if (luks_read(header, header_bytes, &luks, why) != LUKS_GOOD) {
		printf("unlock_time: refused: %s\n", why);
		return 1;
	}
	length = strlen(argv[2]);
	(void)VALGRIND_MAKE_MEM_UNDEFINED(argv[2], length);
	before = (unsigned long)VALGRIND_COUNT_ERRORS;
	result = luks_unlock(header, &luks, (const uint8_t *)argv[2], length, key, why);
	(void)VALGRIND_MAKE_MEM_DEFINED((void *)&result, sizeof(result));
	printf("unlock_time: it %s, and %s depends on the passphrase\n", result == LUKS_GOOD ? "opens" : "does not open",
	       VALGRIND_COUNT_ERRORS - before <= BRANCHES ? "nothing else" : "more");
	return RUNNING_ON_VALGRIND ? 0 : 1;
}
