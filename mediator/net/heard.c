/*
 * mediator/net/heard.c: see the header. heard_lock, innermost, guards all of it.
 */
#include "mediator/net/heard.h"

#include "core/spinlock.h"
#include "core/string.h"

#define ETHERNET_BYTES 14
#define V4_BYTES 20
#define UDP_BYTES 8
#define DHCP_CLIENT 28 /* where its address is */
#define DHCP_OPTIONS 240 /* where they begin */
#define DHCP_OPTION_DNS 6
#define DHCP_OPTION_END 255
#define DNS_RECORDS 12 /* where they begin, or the question */
#define ANSWERS 4
#define PAYLOAD_BYTES 600 /* that are kept: an answer has 512 at most (RFC 1035, 4.2.1), DHCP's options are before it */

struct heard {
	uint32_t nr_bytes;
	uint8_t bytes[PAYLOAD_BYTES];
};

static struct spinlock heard_lock;
static struct heard heard_dhcp, heard_answers[ANSWERS];
static unsigned heard_next;
static uint8_t heard_server[NET_V4_BYTES]; /* zero: none */

static void heard_keep(struct heard *heard, const uint8_t *payload, uint64_t nr_bytes)
{
	heard->nr_bytes = nr_bytes < PAYLOAD_BYTES ? (uint32_t)nr_bytes : PAYLOAD_BYTES;
	memcpy(heard->bytes, payload, heard->nr_bytes);
}

void heard_note(const uint8_t mac[NET_MAC_BYTES], const uint8_t *frame, uint64_t frame_bytes)
{
	const uint8_t *ip = frame + ETHERNET_BYTES, *udp = ip + V4_BYTES, *payload = udp + UDP_BYTES;
	uint32_t from, to;

	if (frame_bytes <= ETHERNET_BYTES + V4_BYTES + UDP_BYTES || frame[12] != 8 || frame[13] != 0 || ip[0] != 0x45 || ip[9] != 17 ||
	    (ip[6] & 0x3f) != 0 || ip[7] != 0)
		return;
	frame_bytes -= ETHERNET_BYTES + V4_BYTES + UDP_BYTES;
	from = (uint32_t)udp[0] << 8 | udp[1];
	to = (uint32_t)udp[2] << 8 | udp[3];
	spinlock_acquire(&heard_lock);
	if (from == 67 && to == 68 && frame_bytes > DHCP_OPTIONS) {
		if (memcmp(payload + DHCP_CLIENT, mac, NET_MAC_BYTES) == 0)
			heard_keep(&heard_dhcp, payload, frame_bytes);
	} else if (from == 53 && memcmp(ip + 12, heard_server, NET_V4_BYTES) == 0) {
		heard_keep(&heard_answers[heard_next], payload, frame_bytes);
		heard_next = (heard_next + 1) % ANSWERS;
	}
	spinlock_release(&heard_lock);
}

/* Among the options (RFC 2132, 3.8). */
static bool heard_dhcp_names(const uint8_t *address)
{
	const uint8_t *bytes = heard_dhcp.bytes;
	uint32_t at = DHCP_OPTIONS, end = heard_dhcp.nr_bytes;

	while (at + 2 <= end && bytes[at] != DHCP_OPTION_END) {
		uint32_t length = bytes[at + 1];

		if (bytes[at] == 0) {
			at++;
			continue;
		}
		for (uint32_t i = 0; bytes[at] == DHCP_OPTION_DNS && i + NET_V4_BYTES <= length && at + 2 + i + NET_V4_BYTES <= end;
		     i += NET_V4_BYTES) {
			if (memcmp(bytes + at + 2 + i, address, NET_V4_BYTES) == 0)
				return true;
		}
		at += 2 + length;
	}
	return false;
}

bool heard_name_server(const uint8_t address[NET_V4_BYTES])
{
	bool is_named;

	spinlock_acquire(&heard_lock);
	is_named = memcmp(address, heard_server, NET_V4_BYTES) == 0 || heard_dhcp_names(address);
	if (is_named)
		memcpy(heard_server, address, NET_V4_BYTES);
	spinlock_release(&heard_lock);
	return is_named;
}

/* A record of an address, of any name and time (RFC 1035, 3.2.1): it is looked for, and not read, as names before it could
 * be anything. */
static bool heard_answer_has(const struct heard *answer, const uint8_t *address)
{
	static const uint8_t address_in[] = { 0, 1, 0, 1 }, length[] = { 0, NET_V4_BYTES };

	for (uint32_t at = DNS_RECORDS; at + 10 + NET_V4_BYTES <= answer->nr_bytes; at++) {
		const uint8_t *record = answer->bytes + at;

		if (memcmp(record, address_in, sizeof(address_in)) == 0 && memcmp(record + 8, length, sizeof(length)) == 0 &&
		    memcmp(record + 10, address, NET_V4_BYTES) == 0)
			return true;
	}
	return false;
}

bool heard_address(const uint8_t address[NET_V4_BYTES])
{
	bool is_there = false;

	spinlock_acquire(&heard_lock);
	for (unsigned i = 0; i < ANSWERS && !is_there; i++)
		is_there = heard_answer_has(&heard_answers[i], address);
	spinlock_release(&heard_lock);
	return is_there;
}

void heard_forget(void)
{
	spinlock_acquire(&heard_lock);
	heard_dhcp.nr_bytes = 0;
	for (unsigned i = 0; i < ANSWERS; i++)
		heard_answers[i].nr_bytes = 0;
	memset(heard_server, 0, sizeof(heard_server));
	spinlock_release(&heard_lock);
}
