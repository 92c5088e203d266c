/*
 * address.h: addresses as text: "10.0.0.1", "10.0.0.0/8", "2001:db8::1", "52:54:00:12:34:56".
 */
#ifndef RITEVISOR_NET_ADDRESS_H
#define RITEVISOR_NET_ADDRESS_H

#include "packet.h"

/* Room for any of them with a NUL. */
enum { ADDRESS_TEXT_BYTES = 48, ADDRESS_MAC_BYTES = 6 };

/* Some addresses: those that begin with the first `bits` of one. */
struct network {
	struct address address;
	uint8_t family, bits;
};

/* An address (of which all bits count) or a network. All of the text has to be one. False: it is none; bits behind the
 * prefix are cleared. */
bool address_read(const char *text, size_t length, struct network *network);

/* "52:54:00:12:34:56" */
bool address_read_mac(const char *text, size_t length, uint8_t mac[ADDRESS_MAC_BYTES]);

/* As RFC 5952 spells it. */
void address_write(const struct address *address, uint8_t family, char text[ADDRESS_TEXT_BYTES]);
void address_write_mac(const uint8_t *mac, char text[ADDRESS_TEXT_BYTES]);

bool network_has(const struct network *network, const struct address *address, uint8_t family);

/* Clears all bits behind the first. */
void network_trim(struct network *network);

#endif
