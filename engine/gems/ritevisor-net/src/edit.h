/*
 * edit.h: changes of a packet's headers, with the checksums that cover them: by what has changed alone (RFC 1624), so that
 * a packet's data need not be read, and a checksum that was wrong stays wrong.
 */
#ifndef RITEVISOR_NET_EDIT_H
#define RITEVISOR_NET_EDIT_H

#include "packet.h"

/* `bytes` are those that `packet` was made of, which is not changed. `partial`: the device fills in the checksum of TCP or
 * UDP: what stands there covers addresses and length alone. False: there is no such thing in the packet. */
bool edit_address(uint8_t *bytes, const struct packet *packet, bool is_dst, const struct address *address, bool partial);
bool edit_port(uint8_t *bytes, const struct packet *packet, bool is_dst, uint16_t port, bool partial);

/* Of the first tag. */
bool edit_vlan(uint8_t *bytes, const struct packet *packet, uint16_t vlan);

/* The lengths that headers tell, of a packet that ends at `end` of its frame. Sums of them are the caller's. */
bool edit_end(uint8_t *bytes, const struct packet *packet, uint32_t end);

#endif
