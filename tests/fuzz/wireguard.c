/*
 * tests/fuzz/wireguard.c: WireGuard on a network that the input steers (tests/unit/wireguard_sequence.h), its datagrams
 * as they are, and files of wg-quick's, which begin with '['.
 */
#include "input.h"
#include "../unit/wireguard_sequence.h"

#define STEP_BYTES 4

static struct input input;

static uint32_t next(void)
{
	return (uint32_t)input_number(&input, 2);
}

static void read_file(const uint8_t *data, size_t length_bytes)
{
	static struct wireguard_config config;
	char why[WIREGUARD_WHY_BYTES], *text = malloc(length_bytes); /* just so long */
	bool good;

	memcpy(text, data, length_bytes);
	good = wireguard_read_config(text, length_bytes, &config, why);
	FUZZ_MUST(memchr(why, 0, sizeof(why)) != NULL && (why[0] == 0) == good);
	FUZZ_MUST(!good || (config.nr_peers != 0 && config.nr_peers <= WIREGUARD_PEERS_MAXIMUM));
	free(text);
}

/* Nobody answers what only this sender made up. */
static void take_datagram(const uint8_t *data, size_t length_bytes)
{
	struct ip_endpoint from = net_endpoint(9, 9);
	uint8_t *datagram = malloc(length_bytes);

	memcpy(datagram, data, length_bytes);
	net_begin();
	wireguard_receive(&net_nodes[0].wireguard, &from, datagram, length_bytes);
	FUZZ_MUST(net_nodes[0].nr_sent == 0 && net_nodes[0].nr_delivered == 0);
	free(datagram);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes)
{
	if (length_bytes == 0)
		return 0;
	if (data[0] == '[') {
		read_file(data, length_bytes);
	} else if (data[0] <= WIREGUARD_DATA) {
		take_datagram(data, length_bytes);
	} else {
		input = (struct input){ data + 1, length_bytes - 1 };
		sequence_next = next;
		FUZZ_MUST(sequence_run((uint32_t)(length_bytes / STEP_BYTES)) == NULL);
	}
	return 0;
}
