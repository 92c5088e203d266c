/*
 * tests/unit/wireguard_hostile.c: WireGuard on hostile networks, and with files that somebody else wrote: random ones, of
 * which a number repeats each. Behind the program's name: how many networks, and twice as many files (1000); from which
 * number on.
 */
#include "wireguard_sequence.h"

#define STEPS 60

static uint64_t state;
static unsigned first = 1, number = 1000;

static uint32_t next(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)(state * 0x2545f4914f6cdd1dull >> 32);
}

static void test_networks(void)
{
	sequence_next = next;
	for (unsigned i = first; i < first + number; i++) {
		const char *wrong;

		state = 0x9e3779b97f4a7c15ull * i;
		wrong = sequence_run(STEPS);
		if (wrong != NULL)
			unit_fail("sequence %u: %s", i, wrong);
	}
}

static const char file[] = "[Interface]\nPrivateKey = AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\nListenPort = 51820\n"
			   "Address = 10.9.0.2/24, fd00:9::2/64\nDNS = 10.9.0.1,fd00:9::1\nMTU=1380\n[Peer]\n"
			   "PublicKey = IB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgE=\nAllowedIPs = 0.0.0.0/0, ::/0\n"
			   "PresharedKey = AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\nEndpoint = [2001:db8::7]:51820\n"
			   "PersistentKeepalive = 25\n[Peer]\nPublicKey = AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\n"
			   "Endpoint = vpn.example.org:443\n";

/* What is read is within its bounds, and what is not has words that can be printed. */
static void check_file(const char *text, size_t nr_bytes, unsigned i)
{
	static struct wireguard_config config;
	char why[WIREGUARD_WHY_BYTES];
	bool good = wireguard_read_config(text, nr_bytes, &config, why);

	if (memchr(why, 0, sizeof(why)) == NULL || (why[0] == 0) != good)
		unit_fail("file %u: %d without words, or with", i, good);
	for (const char *c = why; *c != 0; c++) {
		if (*c < ' ' || *c > '~')
			unit_fail("file %u: words that cannot be printed", i);
	}
	if (good && (config.nr_peers == 0 || config.nr_peers > WIREGUARD_PEERS_MAXIMUM || config.mtu < WIREGUARD_MTU_MINIMUM ||
		     config.mtu > WIREGUARD_MTU_MAXIMUM))
		unit_fail("file %u: numbers that cannot be", i);
	for (uint32_t j = 0; good && j < config.nr_allowed; j++) {
		if (config.allowed[j].peer >= config.nr_peers ||
		    config.allowed[j].network.prefix > ip_address_bits(config.allowed[j].network.address.family))
			unit_fail("file %u: a network that cannot be", i);
	}
}

static void test_files(void)
{
	unsigned nr_good = 0;

	for (unsigned i = first; i < first + 2 * number; i++) {
		size_t nr_bytes = sizeof(file) - 1;
		char *text = malloc(2 * nr_bytes + 300);

		state = 0x9e3779b97f4a7c15ull * i;
		memcpy(text, file, nr_bytes);
		for (uint32_t changes = next() % 6; changes != 0 && nr_bytes != 0; changes--) {
			size_t from = next() % nr_bytes, to = next() % nr_bytes, length = next() % 60;

			if (length > nr_bytes - from)
				length = nr_bytes - from;
			switch (next() % 5) {
			case 0: /* a piece more */
				memmove(text + to + length, text + to, nr_bytes - to);
				nr_bytes += length;
				break;
			case 1: /* a piece less */
				memmove(text + from, text + from + length, nr_bytes - from - length);
				nr_bytes -= length;
				break;
			case 2:
				text[from] = (char)next();
				break;
			case 3:
				text[from] = "0123456789:/.,=[]# \n"[next() % 20];
				break;
			default: /* a piece elsewhere */
				if (length > nr_bytes - to)
					length = nr_bytes - to;
				memmove(text + to, text + from, length);
			}
		}
		text = realloc(text, nr_bytes != 0 ? nr_bytes : 1); /* just so long: ASan sees what is read behind it */
		check_file(text, nr_bytes, i);
		free(text);
		nr_good += unit_why[0] == 0;
	}
	UNIT_EQUAL(nr_good, 2 * number);
}

int main(int count, char **words)
{
	if (count > 1)
		number = (unsigned)atoi(words[1]);
	if (count > 2)
		first = (unsigned)atoi(words[2]);
	unit_run("hostile networks", test_networks);
	unit_run("files of others", test_files);
	return unit_failed;
}
