/*
 * service/wireguard_session.h: what one handshake gives: keys for both ways, their counters and the window by which
 * what came twice is found (RFC 6479).
 */
#ifndef SERVICE_WIREGUARD_SESSION_H
#define SERVICE_WIREGUARD_SESSION_H

#include "service/wireguard_noise.h"

#define WIREGUARD_WINDOW_WORDS 32 /* of 64 counters each; one of them is being cleared */
#define WIREGUARD_WINDOW (64 * (WIREGUARD_WINDOW_WORDS - 1))

struct wireguard_session {
	bool is_valid;
	struct noise_keys keys;
	uint64_t born_ms;
	uint64_t send_counter;	  /* of the next */
	uint64_t receive_counter; /* behind the highest that came */
	uint64_t window[WIREGUARD_WINDOW_WORDS];
};

void wireguard_session_begin(struct wireguard_session *session, const struct noise_keys *keys, uint64_t now_ms);
void wireguard_session_end(struct wireguard_session *session);

/* Notes a counter of what is genuine. False: it came before, or may have. */
bool wireguard_session_note(struct wireguard_session *session, uint64_t counter);

#endif
