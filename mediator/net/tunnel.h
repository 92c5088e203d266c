/*
 * mediator/net/tunnel.h: a card whose guest has no way to the wire: what it sends goes to the network service at CPL 3
 * (service/net.h), what comes by the wire goes there too, and what the service wants to send passes the egress gate
 * (egress.h), or does not leave. Without the service nothing moves.
 *
 * That is asked for before any card is found, and stays: there is no way back.
 */
#ifndef MEDIATOR_NET_TUNNEL_H
#define MEDIATOR_NET_TUNNEL_H

#include "mediator/bounce.h"
#include "rv/tunnel.h"

struct nic;
struct vcpu;

/* How the service is reached: gives it a record. 0; -RV_EAGAIN: it has no room, or is dead: the record is lost. Any lock may be
 * held; a deadline_look() has to follow. */
typedef int (*tunnel_give)(enum tunnel_tag tag, const void *bytes, uint32_t nr_bytes);

/* Context: boot, before nic_find(). */
void tunnel_announce(tunnel_give give);
bool tunnel_is_wanted(void);

/* Peers may be sent to where they have sent from lately, if the service says so. Context: as the last. */
void tunnel_allow_roaming(void);

/* Claims the card. NULL; or why the guest must not run: there is none, or another way out beside it. `mac` is the
 * card's. Context: boot, behind nic_find(). */
const char *tunnel_claim(uint8_t mac[NET_MAC_BYTES]);

/* The service begins, and will say which address it has outside. Context: as tunnel_said(). */
void tunnel_service_begins(void);
/* What the service says; nothing of it is believed. For one CPU at a time. Context: boot, exit; without locks. */
void tunnel_said(uint32_t tag, const uint8_t *bytes, uint32_t nr_bytes);

/* What it says of itself, or that it is dead, is other than it was: hooks are told of peers. Likewise. */
void tunnel_changed(const struct tunnel_status *before, const struct tunnel_status *now, struct vcpu *vcpu);

/* Has the service read its configuration? True: `why` is empty, or says what is wrong with it. */
bool tunnel_has_report(const char **why);

/* The guest's driver has set the card up. Context: as the next. */
void tunnel_link(void);

/* A frame: the guest's, or one from the wire. Context: exit, under the card's lock. */
void tunnel_take_frame(enum tunnel_tag way, const uint8_t *frame, uint64_t frame_bytes);
/* A script's, which goes into the tunnel: TUNNEL_SCRIPT_FRAMES at once, and one more each TUNNEL_SCRIPT_MS, so that the guest's
 * own find room. 0; -RV_ENOENT: another card's; -RV_ERANGE; -RV_EBUSY: too many; -RV_EAGAIN: as tunnel_give. `tsc`: now.
 * Context: exit; without locks; a deadline_look() has to follow. */
#define TUNNEL_SCRIPT_FRAMES 32
#define TUNNEL_SCRIPT_MS 10
int tunnel_take_script(const struct nic *nic, const struct bounce *frame, uint64_t tsc);
/* A frame in a bounce, behind so many bytes. As tunnel_take_frame(). */
void tunnel_take(enum tunnel_tag way, const struct bounce *bounce, uint64_t before_bytes);

#endif
