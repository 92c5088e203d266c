/*
 * service/wireguard.h: WireGuard (wireguard.com/papers/wireguard.pdf), as Linux has it: takes packets and makes
 * datagrams of them, and the reverse. It does no I/O, knows no clock and allocates nothing: whoever has it gives it the
 * time, datagrams and packets, and functions that take what comes out. One caller at a time; those functions must not
 * call back. Whatever a datagram holds, it is dropped and counted, or taken.
 */
#ifndef SERVICE_WIREGUARD_H
#define SERVICE_WIREGUARD_H

#include "service/wireguard_config.h"
#include "service/wireguard_cookie.h"
#include "service/wireguard_noise.h"
#include "service/wireguard_session.h"

#define WIREGUARD_DATA_HEADER_BYTES 16
#define WIREGUARD_DATAGRAM_BYTES (WIREGUARD_DATA_HEADER_BYTES + WIREGUARD_MTU_MAXIMUM + WIREGUARD_TAG_BYTES)
#define WIREGUARD_STAGED_MAXIMUM 8  /* packets a peer that wait for a handshake; the oldest goes first */
#define WIREGUARD_SOURCES_MAXIMUM 32 /* whose handshakes are counted while there are many */

/* The paper's 6.1; tests make 2^60 messages fewer. */
#define WIREGUARD_REKEY_AFTER_MS 120000
#define WIREGUARD_REJECT_AFTER_MS 180000
#define WIREGUARD_REKEY_TIMEOUT_MS 5000
#define WIREGUARD_REKEY_ATTEMPT_MS 90000
#define WIREGUARD_KEEPALIVE_MS 10000
#define WIREGUARD_REKEY_AFTER_MESSAGES (UINT64_C(1) << 60)
#define WIREGUARD_REJECT_AFTER_MESSAGES (UINT64_MAX - (UINT64_C(1) << 13))

enum wireguard_event {
	WIREGUARD_UP,	/* there are keys, and were none */
	WIREGUARD_REKEYED,
	WIREGUARD_DOWN, /* the peer does not answer, or keys are too old */
	WIREGUARD_ROAMED,
};

struct wireguard_host {
	void *context;
	void (*send)(void *context, const struct ip_endpoint *to, const uint8_t *datagram, size_t nr_bytes);
	void (*deliver)(void *context, uint32_t peer, const uint8_t *packet, size_t nr_bytes);
	void (*random)(void *context, void *bytes, size_t nr_bytes);
	void (*event)(void *context, uint32_t peer, enum wireguard_event event);
};

struct wireguard_time {
	uint64_t ms;		 /* goes only forward */
	uint64_t unix_seconds;	 /* of the day; may be set, also back */
	uint32_t nanoseconds;
};

enum wireguard_timer {
	WIREGUARD_TIMER_RETRANSMIT, /* of an initiation */
	WIREGUARD_TIMER_KEEPALIVE,  /* data came and none went since */
	WIREGUARD_TIMER_SILENCE,    /* data went and nothing came since */
	WIREGUARD_TIMER_FORGET,	    /* all keys */
	WIREGUARD_TIMER_PERSISTENT,
	WIREGUARD_NR_TIMERS,
};

/* What was dropped, and why. */
enum wireguard_drop {
	WIREGUARD_DROP_MALFORMED,  /* it is none of the four messages */
	WIREGUARD_DROP_MAC,	   /* a handshake message without what only one who knows our key can make */
	WIREGUARD_DROP_LOAD,	   /* a handshake message while there are many: a cookie was sent, or too many came */
	WIREGUARD_DROP_HANDSHAKE,  /* of nobody who is known, a replay, or not genuine */
	WIREGUARD_DROP_SESSION,	   /* data under no key that is known and young enough */
	WIREGUARD_DROP_FORGED,
	WIREGUARD_DROP_REPLAY,
	WIREGUARD_DROP_INNER,	   /* no IP packet, or of an address that is not that peer's */
	WIREGUARD_DROP_NO_PEER,	   /* a packet to an address that is nobody's */
	WIREGUARD_DROP_NO_ENDPOINT,
	WIREGUARD_DROP_TOO_LONG,
	WIREGUARD_DROP_STAGED,	   /* it waited, and too many came behind it, or there was no handshake */
	WIREGUARD_NR_DROPS,
};

struct wireguard_staged {
	uint32_t nr_bytes;
	uint8_t packet[WIREGUARD_MTU_MAXIMUM];
};

struct wireguard_peer {
	struct noise_handshake handshake;
	struct cookie_keys cookie_keys;
	struct cookie_held cookie;
	/* Keys in use, those before, and those that we answered with and that the peer has not used yet. */
	struct wireguard_session current, previous, next;
	struct ip_endpoint endpoint;
	uint16_t keepalive_seconds;
	uint64_t timers[WIREGUARD_NR_TIMERS]; /* when, in ms; 0: not set */
	uint32_t nr_attempts;
	bool has_initiated;	     /* last_initiation_ms says when */
	uint64_t last_initiation_ms; /* that we sent */
	bool has_answered;	     /* last_answered_ms says when */
	uint64_t last_answered_ms;   /* an initiation of its */
	bool wants_another_keepalive;
	bool has_asked_late; /* for new keys, when the old ones were nearly too old for what comes in */
	uint32_t first_staged, nr_staged;
	struct wireguard_staged staged[WIREGUARD_STAGED_MAXIMUM];
	/* For whoever asks. */
	bool is_up;
	uint64_t last_handshake_ms, nr_handshakes; /* 0: none yet */
	uint64_t sent_bytes, received_bytes;
};

struct wireguard_source {
	struct ip_address address;
	uint64_t last_ms;
	uint32_t tokens;
};

struct wireguard {
	const struct wireguard_host *host;
	struct noise_identity identity;
	struct cookie_keys cookie_keys; /* for messages to us */
	struct cookie_secret cookie_secret;
	struct wireguard_time now;
	uint8_t stamp[NOISE_TIMESTAMP_BYTES]; /* the newest that an initiation of ours had; what is to be kept */
	uint32_t mtu;
	uint32_t nr_peers, nr_allowed;
	struct wireguard_peer peers[WIREGUARD_PEERS_MAXIMUM];
	struct wireguard_allowed allowed[WIREGUARD_ALLOWED_MAXIMUM];
	/* Handshake messages of the second that began then, and until when they are answered by cookies. */
	uint64_t load_second_ms, load_until_ms;
	uint32_t nr_of_second;
	struct wireguard_source sources[WIREGUARD_SOURCES_MAXIMUM];
	uint64_t drops[WIREGUARD_NR_DROPS];
	uint8_t datagram[WIREGUARD_DATAGRAM_BYTES]; /* that is being made */
};

/* `stamp`, NOISE_TIMESTAMP_BYTES: the newest ever used with this private key, or NULL. False: `why`, WIREGUARD_WHY_BYTES,
 * says which peer's key is useless. */
bool wireguard_begin(struct wireguard *wireguard, const struct wireguard_config *config,
		     const struct wireguard_host *host, struct wireguard_time now, const uint8_t *stamp, char *why);

/* Wipes all of it. */
void wireguard_end(struct wireguard *wireguard);

/* Says what time it is, and does what is due. Returns when to call next at the latest, in ms; UINT64_MAX: nothing is
 * to come. Calls of the others may bring that forward. */
uint64_t wireguard_advance(struct wireguard *wireguard, struct wireguard_time now);

/* The others go by the time that was said last. */

/* A datagram that came; it is deciphered in place. */
void wireguard_receive(struct wireguard *wireguard, const struct ip_endpoint *from, uint8_t *datagram, size_t nr_bytes);

/* A packet that is to go. */
void wireguard_transmit(struct wireguard *wireguard, const uint8_t *packet, size_t nr_bytes);

/* By which peer an address in the tunnel is reached. False: by none. */
bool wireguard_finds(struct wireguard *wireguard, const struct ip_address *address, uint32_t *peer);

/* Where a peer is, which a name was looked up for. */
void wireguard_set_endpoint(struct wireguard *wireguard, uint32_t peer, const struct ip_endpoint *endpoint);

/* Asks for new keys now. False: it was asked for less than WIREGUARD_REKEY_TIMEOUT_MS ago, or has no endpoint. */
bool wireguard_rekey(struct wireguard *wireguard, uint32_t peer);

#endif
