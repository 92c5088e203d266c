/*
 * service/wireguard_noise.c: the handshake. Names of Noise are said in comments: C is the chaining key, H the hash, E an
 * ephemeral key and S a static one, each "i" the initiator's or "r" the responder's.
 */
#include "service/wireguard_noise.h"

#include "core/string.h"

/* C and H while a message is made or read: a copy, so that a message that is not genuine changes nothing. */
struct noise_mix {
	uint8_t chaining_key[WIREGUARD_HASH_BYTES], hash[WIREGUARD_HASH_BYTES];
};

static void noise_mix_hash(struct noise_mix *mix, const void *bytes, size_t nr_bytes)
{
	wireguard_hash(mix->hash, mix->hash, sizeof(mix->hash), bytes, nr_bytes);
}

/* H and C before a message to who has that key. */
static void noise_mix_begin(struct noise_mix *mix, const uint8_t *responder)
{
	static const char construction[] = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";
	static const char identifier[] = "WireGuard v1 zx2c4 Jason@zx2c4.com";

	wireguard_hash(mix->chaining_key, construction, sizeof(construction) - 1, "", 0);
	memcpy(mix->hash, mix->chaining_key, sizeof(mix->hash));
	noise_mix_hash(mix, identifier, sizeof(identifier) - 1);
	noise_mix_hash(mix, responder, WIREGUARD_KEY_BYTES);
}

/* An ephemeral public key, as it stands in the message. */
static void noise_mix_ephemeral(struct noise_mix *mix, const uint8_t *public_key)
{
	noise_mix_hash(mix, public_key, WIREGUARD_KEY_BYTES);
	wireguard_kdf(mix->chaining_key, NULL, NULL, mix->chaining_key, public_key, WIREGUARD_KEY_BYTES);
}

/* A shared secret; `key`, if there is one, is for what is sealed next. */
static void noise_mix_shared(struct noise_mix *mix, const uint8_t *shared, uint8_t *key)
{
	wireguard_kdf(mix->chaining_key, key, NULL, mix->chaining_key, shared, WIREGUARD_KEY_BYTES);
}

static bool noise_mix_dh(struct noise_mix *mix, const uint8_t *private_key, const uint8_t *public_key, uint8_t *key)
{
	uint8_t shared[WIREGUARD_KEY_BYTES];
	bool good = wireguard_dh(shared, private_key, public_key);

	noise_mix_shared(mix, shared, key);
	memory_wipe(shared, sizeof(shared));
	return good;
}

static void noise_mix_preshared(struct noise_mix *mix, const uint8_t *preshared_key, uint8_t *key)
{
	uint8_t temporary[WIREGUARD_HASH_BYTES];

	wireguard_kdf(mix->chaining_key, temporary, key, mix->chaining_key, preshared_key, WIREGUARD_KEY_BYTES);
	noise_mix_hash(mix, temporary, sizeof(temporary));
	memory_wipe(temporary, sizeof(temporary));
}

static void noise_mix_seal(struct noise_mix *mix, const uint8_t *key, const uint8_t *plain, size_t nr_bytes,
			   uint8_t *sealed)
{
	if (nr_bytes != 0)
		memcpy(sealed, plain, nr_bytes);
	wireguard_seal(key, 0, mix->hash, sizeof(mix->hash), sealed, nr_bytes);
	noise_mix_hash(mix, sealed, nr_bytes + WIREGUARD_TAG_BYTES);
}

static bool noise_mix_open(struct noise_mix *mix, const uint8_t *key, const uint8_t *sealed, size_t nr_bytes,
			   uint8_t *plain)
{
	uint8_t copy[WIREGUARD_KEY_BYTES + WIREGUARD_TAG_BYTES]; /* a static key is the longest */
	bool good;

	memcpy(copy, sealed, nr_bytes + WIREGUARD_TAG_BYTES);
	good = wireguard_open(key, 0, mix->hash, sizeof(mix->hash), copy, nr_bytes);
	if (nr_bytes != 0)
		memcpy(plain, copy, nr_bytes);
	noise_mix_hash(mix, sealed, nr_bytes + WIREGUARD_TAG_BYTES);
	memory_wipe(copy, sizeof(copy));
	return good;
}

static void noise_store_mix(struct noise_handshake *handshake, const struct noise_mix *mix)
{
	memcpy(handshake->chaining_key, mix->chaining_key, sizeof(mix->chaining_key));
	memcpy(handshake->hash, mix->hash, sizeof(mix->hash));
}

static void noise_load_mix(struct noise_mix *mix, const struct noise_handshake *handshake)
{
	memcpy(mix->chaining_key, handshake->chaining_key, sizeof(mix->chaining_key));
	memcpy(mix->hash, handshake->hash, sizeof(mix->hash));
}

void noise_set_identity(struct noise_identity *identity, const uint8_t *private_key)
{
	memcpy(identity->private_key, private_key, WIREGUARD_KEY_BYTES);
	wireguard_public_key(identity->public_key, private_key);
}

bool noise_begin(struct noise_handshake *handshake, const struct noise_identity *identity, const uint8_t *public_key,
		 const uint8_t *preshared_key)
{
	*handshake = (struct noise_handshake){ 0 };
	memcpy(handshake->peer, public_key, WIREGUARD_KEY_BYTES);
	memcpy(handshake->preshared_key, preshared_key, WIREGUARD_KEY_BYTES);
	return wireguard_dh(handshake->static_static, identity->private_key, public_key);
}

void noise_forget(struct noise_handshake *handshake)
{
	handshake->state = NOISE_NOTHING;
	memory_wipe(handshake->ephemeral, sizeof(handshake->ephemeral));
	memory_wipe(handshake->peer_ephemeral, sizeof(handshake->peer_ephemeral));
	memory_wipe(handshake->hash, sizeof(handshake->hash));
	memory_wipe(handshake->chaining_key, sizeof(handshake->chaining_key));
	handshake->index = 0;
	handshake->peer_index = 0;
}

bool noise_write_initiation(struct noise_handshake *handshake, const struct noise_identity *identity,
			    const uint8_t *ephemeral, const uint8_t *timestamp, uint32_t index, uint8_t *message)
{
	uint8_t key[WIREGUARD_KEY_BYTES];
	struct noise_mix mix;
	bool good;

	wireguard_store32(message, WIREGUARD_INITIATION);
	wireguard_store32(message + NOISE_SENDER, index);
	noise_mix_begin(&mix, handshake->peer);
	wireguard_public_key(message + NOISE_INITIATION_EPHEMERAL, ephemeral);
	noise_mix_ephemeral(&mix, message + NOISE_INITIATION_EPHEMERAL);
	good = noise_mix_dh(&mix, ephemeral, handshake->peer, key); /* Ei and Sr */
	noise_mix_seal(&mix, key, identity->public_key, WIREGUARD_KEY_BYTES, message + NOISE_INITIATION_STATIC);
	noise_mix_shared(&mix, handshake->static_static, key);
	noise_mix_seal(&mix, key, timestamp, NOISE_TIMESTAMP_BYTES, message + NOISE_INITIATION_TIMESTAMP);
	if (good) {
		noise_store_mix(handshake, &mix);
		memcpy(handshake->ephemeral, ephemeral, WIREGUARD_KEY_BYTES);
		handshake->index = index;
		handshake->state = NOISE_SENT_INITIATION;
	}
	memory_wipe(key, sizeof(key));
	memory_wipe(&mix, sizeof(mix));
	return good;
}

bool noise_read_initiation(const struct noise_identity *identity, const uint8_t *message,
			   struct noise_initiation *initiation)
{
	uint8_t key[WIREGUARD_KEY_BYTES];
	struct noise_mix mix;
	bool good;

	noise_mix_begin(&mix, identity->public_key);
	memcpy(initiation->peer_ephemeral, message + NOISE_INITIATION_EPHEMERAL, WIREGUARD_KEY_BYTES);
	noise_mix_ephemeral(&mix, initiation->peer_ephemeral);
	good = noise_mix_dh(&mix, identity->private_key, initiation->peer_ephemeral, key) && /* Sr and Ei */
	       noise_mix_open(&mix, key, message + NOISE_INITIATION_STATIC, WIREGUARD_KEY_BYTES, initiation->peer);
	memcpy(initiation->chaining_key, mix.chaining_key, sizeof(mix.chaining_key));
	memcpy(initiation->hash, mix.hash, sizeof(mix.hash));
	initiation->peer_index = wireguard_load32(message + NOISE_SENDER);
	memory_wipe(key, sizeof(key));
	memory_wipe(&mix, sizeof(mix));
	return good;
}

bool noise_take_initiation(struct noise_handshake *handshake, const uint8_t *message,
			   struct noise_initiation *initiation)
{
	uint8_t key[WIREGUARD_KEY_BYTES];
	struct noise_mix mix;
	bool good;

	memcpy(mix.chaining_key, initiation->chaining_key, sizeof(mix.chaining_key));
	memcpy(mix.hash, initiation->hash, sizeof(mix.hash));
	noise_mix_shared(&mix, handshake->static_static, key);
	good = noise_mix_open(&mix, key, message + NOISE_INITIATION_TIMESTAMP, NOISE_TIMESTAMP_BYTES,
			      initiation->timestamp) &&
	       memcmp(initiation->timestamp, handshake->timestamp, NOISE_TIMESTAMP_BYTES) > 0;
	if (good) {
		noise_store_mix(handshake, &mix);
		memcpy(handshake->timestamp, initiation->timestamp, NOISE_TIMESTAMP_BYTES);
		memcpy(handshake->peer_ephemeral, initiation->peer_ephemeral, WIREGUARD_KEY_BYTES);
		handshake->peer_index = initiation->peer_index;
		handshake->state = NOISE_GOT_INITIATION;
	}
	memory_wipe(key, sizeof(key));
	memory_wipe(&mix, sizeof(mix));
	return good;
}

bool noise_write_response(struct noise_handshake *handshake, const uint8_t *ephemeral, uint32_t index, uint8_t *message)
{
	uint8_t key[WIREGUARD_KEY_BYTES];
	struct noise_mix mix;
	bool good;

	if (handshake->state != NOISE_GOT_INITIATION)
		return false;
	wireguard_store32(message, WIREGUARD_RESPONSE);
	wireguard_store32(message + NOISE_SENDER, index);
	wireguard_store32(message + NOISE_RESPONSE_RECEIVER, handshake->peer_index);
	noise_load_mix(&mix, handshake);
	wireguard_public_key(message + NOISE_RESPONSE_EPHEMERAL, ephemeral);
	noise_mix_ephemeral(&mix, message + NOISE_RESPONSE_EPHEMERAL);
	good = noise_mix_dh(&mix, ephemeral, handshake->peer_ephemeral, NULL) && /* Er and Ei */
	       noise_mix_dh(&mix, ephemeral, handshake->peer, NULL);		 /* Er and Si */
	noise_mix_preshared(&mix, handshake->preshared_key, key);
	noise_mix_seal(&mix, key, NULL, 0, message + NOISE_RESPONSE_NOTHING);
	if (good) {
		noise_store_mix(handshake, &mix);
		handshake->index = index;
		handshake->state = NOISE_SENT_RESPONSE;
	}
	memory_wipe(key, sizeof(key));
	memory_wipe(&mix, sizeof(mix));
	return good;
}

bool noise_read_response(struct noise_handshake *handshake, const struct noise_identity *identity,
			 const uint8_t *message)
{
	const uint8_t *ephemeral = message + NOISE_RESPONSE_EPHEMERAL;
	uint8_t key[WIREGUARD_KEY_BYTES];
	struct noise_mix mix;
	bool good;

	if (handshake->state != NOISE_SENT_INITIATION)
		return false;
	noise_load_mix(&mix, handshake);
	noise_mix_ephemeral(&mix, ephemeral);
	good = noise_mix_dh(&mix, handshake->ephemeral, ephemeral, NULL) &&    /* Ei and Er */
	       noise_mix_dh(&mix, identity->private_key, ephemeral, NULL);     /* Si and Er */
	noise_mix_preshared(&mix, handshake->preshared_key, key);
	good = noise_mix_open(&mix, key, message + NOISE_RESPONSE_NOTHING, 0, NULL) && good;
	if (good) {
		noise_store_mix(handshake, &mix);
		handshake->peer_index = wireguard_load32(message + NOISE_SENDER);
		handshake->state = NOISE_GOT_RESPONSE;
	}
	memory_wipe(key, sizeof(key));
	memory_wipe(&mix, sizeof(mix));
	return good;
}

bool noise_derive(struct noise_handshake *handshake, struct noise_keys *keys)
{
	if (handshake->state != NOISE_SENT_RESPONSE && handshake->state != NOISE_GOT_RESPONSE)
		return false;
	keys->is_initiator = handshake->state == NOISE_GOT_RESPONSE;
	wireguard_kdf(keys->is_initiator ? keys->send : keys->receive, keys->is_initiator ? keys->receive : keys->send,
		      NULL, handshake->chaining_key, "", 0);
	keys->index = handshake->index;
	keys->peer_index = handshake->peer_index;
	noise_forget(handshake);
	return true;
}
