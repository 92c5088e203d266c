/*
 * service/wireguard_noise.h: WireGuard's handshake, Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s (the WireGuard paper, 5.4):
 * makes and reads its two messages, but for their MACs (wireguard_cookie.h). It takes no random numbers and no time
 * itself. Whatever a message is, a handshake changes only by one that is genuine.
 */
#ifndef SERVICE_WIREGUARD_NOISE_H
#define SERVICE_WIREGUARD_NOISE_H

#include "service/wireguard_crypto.h"

/* Types of messages; each begins with its type in 32 bits, little-endian. */
enum wireguard_type { WIREGUARD_INITIATION = 1, WIREGUARD_RESPONSE, WIREGUARD_COOKIE, WIREGUARD_DATA };

/* Messages are laid out by these offsets (5.4.2, 5.4.3); the MACs are last. */
#define NOISE_SENDER 4
#define NOISE_INITIATION_EPHEMERAL 8
#define NOISE_INITIATION_STATIC 40
#define NOISE_INITIATION_TIMESTAMP 88
#define NOISE_INITIATION_MACS 116
#define NOISE_INITIATION_BYTES 148
#define NOISE_RESPONSE_RECEIVER 8
#define NOISE_RESPONSE_EPHEMERAL 12
#define NOISE_RESPONSE_NOTHING 44
#define NOISE_RESPONSE_MACS 60
#define NOISE_RESPONSE_BYTES 92
#define NOISE_TIMESTAMP_BYTES 12 /* TAI64N */

struct noise_identity {
	uint8_t private_key[WIREGUARD_KEY_BYTES], public_key[WIREGUARD_KEY_BYTES];
};

enum noise_state {
	NOISE_NOTHING,
	NOISE_SENT_INITIATION,
	NOISE_GOT_INITIATION,
	NOISE_SENT_RESPONSE,
	NOISE_GOT_RESPONSE,
};

struct noise_handshake {
	enum noise_state state;
	uint8_t peer[WIREGUARD_KEY_BYTES];	   /* its public key */
	uint8_t static_static[WIREGUARD_KEY_BYTES]; /* of both static keys */
	uint8_t preshared_key[WIREGUARD_KEY_BYTES]; /* zero: none */
	uint8_t timestamp[NOISE_TIMESTAMP_BYTES];   /* the newest that the peer sent: what is not newer is a replay */
	/* Of the handshake that is on. */
	uint8_t ephemeral[WIREGUARD_KEY_BYTES];	     /* private */
	uint8_t peer_ephemeral[WIREGUARD_KEY_BYTES]; /* public */
	uint8_t hash[WIREGUARD_HASH_BYTES], chaining_key[WIREGUARD_HASH_BYTES];
	uint32_t index, peer_index;
};

/* An initiation that has been read up to who sent it. */
struct noise_initiation {
	uint8_t peer[WIREGUARD_KEY_BYTES];
	uint8_t peer_ephemeral[WIREGUARD_KEY_BYTES];
	uint8_t timestamp[NOISE_TIMESTAMP_BYTES];
	uint8_t hash[WIREGUARD_HASH_BYTES], chaining_key[WIREGUARD_HASH_BYTES];
	uint32_t peer_index;
};

struct noise_keys {
	uint8_t send[WIREGUARD_KEY_BYTES], receive[WIREGUARD_KEY_BYTES];
	uint32_t index, peer_index;
	bool is_initiator;
};

void noise_set_identity(struct noise_identity *identity, const uint8_t *private_key);

/* A peer's. False: its public key is one of small order. */
bool noise_begin(struct noise_handshake *handshake, const struct noise_identity *identity, const uint8_t *public_key,
		 const uint8_t *preshared_key);

/* Forgets the handshake that is on. */
void noise_forget(struct noise_handshake *handshake);

/* Writes an initiation, all but its MACs. `ephemeral`: WIREGUARD_KEY_BYTES of randomness; `index` is what the peer is to
 * call us by. False: that is no good key. */
bool noise_write_initiation(struct noise_handshake *handshake, const struct noise_identity *identity,
			    const uint8_t *ephemeral, const uint8_t *timestamp, uint32_t index, uint8_t *message);

/* Finds out who sent an initiation. */
bool noise_read_initiation(const struct noise_identity *identity, const uint8_t *message,
			   struct noise_initiation *initiation);

/* It is this peer's: takes it, if it is genuine and newer than all before. */
bool noise_take_initiation(struct noise_handshake *handshake, const uint8_t *message,
			   struct noise_initiation *initiation);

/* Answers the initiation that was taken. */
bool noise_write_response(struct noise_handshake *handshake, const uint8_t *ephemeral, uint32_t index, uint8_t *message);

/* Of the handshake that the message names. */
bool noise_read_response(struct noise_handshake *handshake, const struct noise_identity *identity,
			 const uint8_t *message);

/* The keys of a handshake that both have done; it is forgotten. False: it is not that far. */
bool noise_derive(struct noise_handshake *handshake, struct noise_keys *keys);

#endif
