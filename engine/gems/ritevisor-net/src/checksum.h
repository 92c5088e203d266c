/*
 * checksum.h: the Internet checksums of a frame (RFC 1071).
 */
#ifndef RITEVISOR_NET_CHECKSUM_H
#define RITEVISOR_NET_CHECKSUM_H

#include "packet.h"

/* Reads a part of the frame's bytes: 0, or what went wrong. */
typedef int (*checksum_read_t)(void *context, uint32_t offset, uint8_t *bytes, uint32_t count);

/* The sum of some bytes, not yet folded; the first is at an even place. */
uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, uint32_t count);

/* What stands in a header for such a sum. */
uint16_t checksum_fold(uint64_t sum);

/* Of the header of an IPv4 packet, as it is with zeros where the checksum stands. */
uint16_t checksum_ip(const struct packet *packet);

/* Of what TCP, UDP and ICMPv6 sum up beside their own bytes: addresses, length, protocol. Not yet folded. */
uint64_t checksum_pseudo_header(const struct packet *packet);

/* Where the checksum of TCP, UDP, ICMP or ICMPv6 stands; 0: there is none, or in another fragment. */
uint32_t checksum_place(const struct packet *packet);

/* That checksum, as it is with zeros where it stands: the sum goes over bytes that `read` gives. 0 or what that
 * returned. The packet has to have a place for it, and to be whole. */
int checksum_transport(const struct packet *packet, checksum_read_t read, void *context, uint16_t *checksum);

/* The checksum after a number of 16 bits that it covers has become another (RFC 1624). */
uint16_t checksum_replace(uint16_t checksum, uint16_t before, uint16_t after);

#endif
