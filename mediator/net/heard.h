/*
 * mediator/net/heard.h: what has come by the wire of late that says where peers with a name are: the last message of DHCP,
 * and the last answers of the name server that it names. The egress gate (egress.h) opens to what was there, and so not to
 * what the network service makes up; each byte of it may be a lie of the wire's.
 */
#ifndef MEDIATOR_NET_HEARD_H
#define MEDIATOR_NET_HEARD_H

#include "rv/tunnel.h"

/* A frame from the wire to the card of that address. Context: exit, under the card's lock. */
void heard_note(const uint8_t mac[NET_MAC_BYTES], const uint8_t *frame, uint64_t frame_bytes);

/* Has DHCP named that name server? Then its answers are noted from now on. Context: any; so are those of the next. */
bool heard_name_server(const uint8_t address[NET_V4_BYTES]);

/* Has the name server said that somebody has that address? */
bool heard_address(const uint8_t address[NET_V4_BYTES]);

/* None of it counts any more: the service begins. */
void heard_forget(void);

#endif
