/*
 * service/net_icmp6.h: numbers of ICMPv6 (RFC 4443) and of neighbour discovery (RFC 4861), which has its messages there.
 */
#ifndef SERVICE_NET_ICMP6_H
#define SERVICE_NET_ICMP6_H

#define HOP_LIMIT_NEIGHBOUR 255 /* which nothing has that came by a router (RFC 4861, 7.1) */

#define ICMP_TOO_BIG 2
#define ICMP_INFORMATIONAL 128 /* and above; below there are errors */
#define ICMP_ROUTER_SOLICITATION 133
#define ICMP_ROUTER_ADVERTISEMENT 134
#define ICMP_SOLICITATION 135
#define ICMP_ADVERTISEMENT 136
#define ICMP_BYTES 8
#define ICMP_CHECKSUM 2 /* where it is */

#define SOLICITATION_BYTES 24 /* and of an advertisement of a neighbour's */
#define NEIGHBOUR_ROUTER_OVERRIDE 0xa0u
#define NEIGHBOUR_SOLICITED 0x40u
#define NEIGHBOUR_OVERRIDE 0x20u

#define ROUTER_BYTES 16

#define OPTION_UNIT 8 /* of lengths */
#define OPTION_SOURCE_MAC 1
#define OPTION_TARGET_MAC 2
#define OPTION_PREFIX 3
#define OPTION_MTU 5
#define OPTION_DNS 25 /* RFC 8106 */

#define PREFIX_BYTES 32
#define PREFIX_ON_LINK 0x80u
#define PREFIX_AUTONOMOUS 0x40u

#endif
