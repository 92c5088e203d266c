/*
 * tests/system/wireguard_time.c: the arithmetic of WireGuard in the objects that run at CPL 3, for valgrind: keys and
 * what is sealed count as undefined, so that memcheck reports each branch and each address that depends on them.
 *
 * usage: wireguard_time [control]    control: branches on a secret, which has to be reported
 */
#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "service/wireguard_crypto.h"

#define DATA_BYTES 1424

static unsigned long before;
static bool wrong;

static void hide(void *bytes, size_t nr_bytes)
{
	(void)VALGRIND_MAKE_MEM_UNDEFINED(bytes, nr_bytes);
}

static void tell(const char *what)
{
	unsigned long now = (unsigned long)VALGRIND_COUNT_ERRORS;

	printf("wireguard_time: %s: %s\n", what, now == before ? "good" : "depends on a secret");
	wrong |= now != before;
	before = now;
}

int main(int count, char **words)
{
	static uint8_t data[DATA_BYTES + WIREGUARD_TAG_BYTES];
	uint8_t key[32], other[32], point[32] = { 9 }, shared[32], second[32], third[32], nonce[24] = { 0 };
	volatile bool good;

	(void)words;
	memset(key, 0x5a, sizeof(key));
	memset(other, 0x33, sizeof(other));
	wireguard_public_key(point, other);
	hide(key, sizeof(key));
	good = wireguard_dh(shared, key, point);
	tell("X25519");
	wireguard_public_key(other, key);
	tell("X25519 of the base point");
	wireguard_kdf(shared, second, third, shared, key, sizeof(key));
	tell("HKDF");
	wireguard_mac(other, key, sizeof(key), shared, sizeof(shared));
	tell("MAC");
	hide(data, DATA_BYTES);
	wireguard_seal(second, 7, shared, sizeof(shared), data, DATA_BYTES);
	tell("sealing");
	good = wireguard_open(second, 7, shared, sizeof(shared), data, DATA_BYTES);
	tell("opening");
	wireguard_seal_cookie(third, nonce, shared, sizeof(shared), data, WIREGUARD_COOKIE_BYTES);
	tell("sealing a cookie");
	if (count > 1 && good)
		puts("control");
	if (count > 1)
		tell("control");
	return wrong ? 3 : 0;
}
