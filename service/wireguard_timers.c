/*
 * service/wireguard_timers.c: when to ask for keys, to say that one is still there, and to forget (the WireGuard paper,
 * chapter 6; where it says less than Linux does, as Linux).
 */
#include "service/wireguard_internal.h"

#define JITTER_MS 333
#define ATTEMPTS_MAXIMUM (WIREGUARD_REKEY_ATTEMPT_MS / WIREGUARD_REKEY_TIMEOUT_MS)
#define FORGET_MS (3 * WIREGUARD_REJECT_AFTER_MS)

static void wireguard_timer_set(struct wireguard *wireguard, struct wireguard_peer *peer, enum wireguard_timer timer,
				uint64_t after_ms)
{
	peer->timers[timer] = wireguard->now.ms + after_ms;
}

/* So that both ends do not ask at the same moment, again and again. */
static uint64_t wireguard_jitter(struct wireguard *wireguard)
{
	uint16_t number;

	wireguard->host->random(wireguard->host->context, &number, sizeof(number));
	return number % (JITTER_MS + 1);
}

void wireguard_timers_data_sent(struct wireguard *wireguard, struct wireguard_peer *peer)
{
	if (peer->timers[WIREGUARD_TIMER_SILENCE] == 0)
		wireguard_timer_set(wireguard, peer, WIREGUARD_TIMER_SILENCE,
				    WIREGUARD_KEEPALIVE_MS + WIREGUARD_REKEY_TIMEOUT_MS + wireguard_jitter(wireguard));
}

void wireguard_timers_data_received(struct wireguard *wireguard, struct wireguard_peer *peer)
{
	if (peer->timers[WIREGUARD_TIMER_KEEPALIVE] == 0)
		wireguard_timer_set(wireguard, peer, WIREGUARD_TIMER_KEEPALIVE, WIREGUARD_KEEPALIVE_MS);
	else
		peer->wants_another_keepalive = true;
}

static void wireguard_timers_traversed(struct wireguard *wireguard, struct wireguard_peer *peer)
{
	if (peer->keepalive_seconds != 0)
		wireguard_timer_set(wireguard, peer, WIREGUARD_TIMER_PERSISTENT, UINT64_C(1000) * peer->keepalive_seconds);
}

void wireguard_timers_sent(struct wireguard *wireguard, struct wireguard_peer *peer)
{
	peer->timers[WIREGUARD_TIMER_KEEPALIVE] = 0;
	wireguard_timers_traversed(wireguard, peer);
}

void wireguard_timers_received(struct wireguard *wireguard, struct wireguard_peer *peer)
{
	peer->timers[WIREGUARD_TIMER_SILENCE] = 0;
	wireguard_timers_traversed(wireguard, peer);
}

void wireguard_timers_initiated(struct wireguard *wireguard, struct wireguard_peer *peer)
{
	wireguard_timer_set(wireguard, peer, WIREGUARD_TIMER_RETRANSMIT,
			    WIREGUARD_REKEY_TIMEOUT_MS + wireguard_jitter(wireguard));
}

void wireguard_timers_completed(struct wireguard *wireguard, struct wireguard_peer *peer)
{
	peer->timers[WIREGUARD_TIMER_RETRANSMIT] = 0;
	peer->nr_attempts = 0;
	peer->has_asked_late = false;
	peer->last_handshake_ms = wireguard->now.ms;
	peer->nr_handshakes++;
	wireguard->host->event(wireguard->host->context, wireguard_peer_number(wireguard, peer),
			       peer->is_up ? WIREGUARD_REKEYED : WIREGUARD_UP);
	peer->is_up = true;
}

void wireguard_timers_derived(struct wireguard *wireguard, struct wireguard_peer *peer)
{
	wireguard_timer_set(wireguard, peer, WIREGUARD_TIMER_FORGET, FORGET_MS);
}

void wireguard_timers_lost(struct wireguard *wireguard, struct wireguard_peer *peer)
{
	if (!peer->is_up)
		return;
	peer->is_up = false;
	wireguard->host->event(wireguard->host->context, wireguard_peer_number(wireguard, peer), WIREGUARD_DOWN);
}

static void wireguard_retransmit(struct wireguard *wireguard, struct wireguard_peer *peer)
{
	if (peer->nr_attempts >= ATTEMPTS_MAXIMUM) {
		/* It tries again when there is something to send. */
		peer->timers[WIREGUARD_TIMER_KEEPALIVE] = 0;
		wireguard_drop_staged(wireguard, peer);
		if (peer->timers[WIREGUARD_TIMER_FORGET] == 0)
			wireguard_timer_set(wireguard, peer, WIREGUARD_TIMER_FORGET, FORGET_MS);
		wireguard_timers_lost(wireguard, peer);
		return;
	}
	peer->nr_attempts++;
	wireguard_initiate(wireguard, peer, true);
}

static void wireguard_timer_due(struct wireguard *wireguard, struct wireguard_peer *peer, enum wireguard_timer timer)
{
	switch (timer) {
	case WIREGUARD_TIMER_RETRANSMIT:
		wireguard_retransmit(wireguard, peer);
		break;
	case WIREGUARD_TIMER_KEEPALIVE:
		wireguard_send_keepalive(wireguard, peer);
		if (peer->wants_another_keepalive) {
			peer->wants_another_keepalive = false;
			wireguard_timer_set(wireguard, peer, WIREGUARD_TIMER_KEEPALIVE, WIREGUARD_KEEPALIVE_MS);
		}
		break;
	case WIREGUARD_TIMER_SILENCE:
		wireguard_initiate(wireguard, peer, false);
		break;
	case WIREGUARD_TIMER_FORGET:
		wireguard_forget(peer);
		wireguard_timers_lost(wireguard, peer);
		break;
	case WIREGUARD_TIMER_PERSISTENT:
		wireguard_timers_traversed(wireguard, peer); /* also while there is nowhere to send it */
		wireguard_send_keepalive(wireguard, peer);
		break;
	case WIREGUARD_NR_TIMERS:
		break;
	}
}

uint64_t wireguard_advance(struct wireguard *wireguard, struct wireguard_time now)
{
	uint64_t next = UINT64_MAX;

	if (now.ms < wireguard->now.ms)
		now.ms = wireguard->now.ms;
	wireguard->now = now;
	for (uint32_t i = 0; i < wireguard->nr_peers; i++) {
		struct wireguard_peer *peer = &wireguard->peers[i];

		for (unsigned timer = 0; timer < WIREGUARD_NR_TIMERS; timer++) {
			if (peer->timers[timer] == 0 || peer->timers[timer] > now.ms)
				continue;
			peer->timers[timer] = 0;
			wireguard_timer_due(wireguard, peer, (enum wireguard_timer)timer);
		}
	}
	for (uint32_t i = 0; i < wireguard->nr_peers; i++) {
		for (unsigned timer = 0; timer < WIREGUARD_NR_TIMERS; timer++) {
			uint64_t at = wireguard->peers[i].timers[timer];

			if (at != 0 && at < next)
				next = at;
		}
	}
	return next;
}
