/*
 * tests/bench/wireguard.c: WireGuard as the network service has it, for somebody who counts its instructions: the service's
 * own objects on this machine. What brings frames to the service and from there is not in it.
 *
 * usage: wireguard initiator|responder|send|receive    that part alone is done below counted(): a handshake, on either
 *                                                      side, or a packet of 1,420 bytes, either way
 */
#include <string.h>

#include "service/wireguard.h"

#define PACKET_BYTES 1420

/* A side, and what it has sent last. */
struct side {
	struct wireguard wireguard;
	struct wireguard_host host;
	size_t nr_bytes;
	uint8_t datagram[2048];
	unsigned nr_delivered;
};

static const char *wanted;
static struct side ours, theirs;
static uint8_t packet[PACKET_BYTES];
static const struct ip_endpoint our_place = { { IP_V4, { 192, 0, 2, 1 } }, 51820 }, their_place = { { IP_V4, { 192, 0, 2, 2 } }, 51820 };

/* Callgrind counts what is below. */
void counted(void (*function)(void));

__attribute__((noinline)) void counted(void (*function)(void))
{
	function();
	__asm__ volatile("" ::: "memory"); /* it comes back here */
}

static void perform(const char *part, void (*function)(void))
{
	if (strcmp(part, wanted) == 0)
		counted(function);
	else
		function();
}

static void keep(void *context, const struct ip_endpoint *to, const uint8_t *datagram, size_t nr_bytes)
{
	struct side *side = context;

	(void)to;
	side->nr_bytes = nr_bytes;
	memcpy(side->datagram, datagram, nr_bytes);
}

static void deliver(void *context, uint32_t peer, const uint8_t *bytes, size_t nr_bytes)
{
	(void)peer;
	(void)bytes;
	(void)nr_bytes;
	((struct side *)context)->nr_delivered++;
}

static void number(void *context, void *bytes, size_t nr_bytes)
{
	static uint64_t state = 1;

	(void)context;
	for (size_t i = 0; i < nr_bytes; i++) {
		state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		((uint8_t *)bytes)[i] = (uint8_t)(state >> 56);
	}
}

static void event(void *context, uint32_t peer, enum wireguard_event what)
{
	(void)context;
	(void)peer;
	(void)what;
}

static bool begin(struct side *side, uint8_t key, uint8_t other, const struct ip_endpoint *there)
{
	static struct wireguard_config config;
	uint8_t private_key[WIREGUARD_KEY_BYTES];
	char why[WIREGUARD_WHY_BYTES];

	config = (struct wireguard_config){ .mtu = WIREGUARD_MTU_DEFAULT, .nr_peers = 1, .nr_allowed = 1 };
	memset(config.private_key, key, sizeof(config.private_key));
	memset(private_key, other, sizeof(private_key));
	wireguard_public_key(config.peers[0].public_key, private_key);
	config.peers[0].endpoint = *there;
	config.allowed[0].network.address.family = IP_V4; /* 0.0.0.0/0 */
	side->host = (struct wireguard_host){ side, keep, deliver, number, event };
	return wireguard_begin(&side->wireguard, &config, &side->host, (struct wireguard_time){ 1000, 1700000000, 0 }, NULL, why);
}

/* Asks for keys, if there are none. */
static void send(void)
{
	wireguard_transmit(&ours.wireguard, packet, sizeof(packet));
}

static void take(void)
{
	wireguard_receive(&theirs.wireguard, &our_place, ours.datagram, ours.nr_bytes);
}

/* And sends what waited. */
static void complete(void)
{
	wireguard_receive(&ours.wireguard, &their_place, theirs.datagram, theirs.nr_bytes);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	wanted = argv[1];
	packet[0] = 0x45;
	packet[2] = PACKET_BYTES >> 8;
	packet[3] = PACKET_BYTES & 0xff;
	if (!begin(&ours, 1, 2, &their_place) || !begin(&theirs, 2, 1, &our_place))
		return 1;
	perform("initiator", send);
	perform("responder", take);
	perform("initiator", complete);
	take(); /* what waited */
	perform("send", send);
	perform("receive", take);
	return ours.nr_bytes != PACKET_BYTES + WIREGUARD_DATA_HEADER_BYTES + WIREGUARD_TAG_BYTES || theirs.nr_delivered != 2;
}
