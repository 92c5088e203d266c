/*
 * control/control_key.c: auth=key: nonces, each for one address space and one answer, and the answers' check.
 *
 * control_key_lock guards the records. It is not held while the program that checks runs: who works on a record has
 * made it busy, and others are told to come again.
 */
#include "control/control_internal.h"
#include "core/entropy.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/spinlock.h"
#include "core/string.h"
#include "core/time.h"
#include "process/verify.h"
#include "rv/errno.h"

/* Whoever asks has no rights yet: so few that he cannot use up memory, and each goes by itself. */
#define CHALLENGES 4

struct challenge {
	bool taken, busy;
	uint64_t space;
	uint64_t made_tsc;
	uint8_t nonce[VERIFY_NONCE_BYTES];
	uint8_t proof[VERIFY_PROOF_BYTES]; /* the first that came: the nonce is used then */
	struct service *check;		   /* NULL: none came */
};

struct control_keys control_keys; /* written at boot only */
static struct spinlock control_key_lock;
static struct challenge challenges[CHALLENGES];

static bool challenge_is_over(const struct challenge *challenge)
{
	return control_is_over(challenge->made_tsc, CONTROL_NONCE_SECONDS);
}

/* That of the address space; else a free one, or one that is over; NULL: there is none. Under the lock. */
static struct challenge *challenge_find_place(uint64_t space)
{
	struct challenge *place = NULL;

	for (unsigned i = 0; i < CHALLENGES; i++) {
		struct challenge *challenge = &challenges[i];

		if (challenge->taken && challenge->space == space)
			return challenge->busy ? NULL : challenge;
		if (!challenge->taken || (!challenge->busy && challenge_is_over(challenge)))
			place = challenge;
	}
	return place;
}

int64_t control_key_challenge(uint64_t space, uint8_t *nonce)
{
	struct challenge new = { .taken = true, .space = space, .made_tsc = tsc_read() }, *place;
	struct service *left = NULL;

	for (size_t at = 0; at < VERIFY_NONCE_BYTES; at += sizeof(uint64_t)) {
		uint64_t value;

		if (!entropy_draw(&value))
			return -RV_EIO;
		memcpy(new.nonce + at, &value, sizeof(value));
	}
	spinlock_acquire(&control_key_lock);
	place = challenge_find_place(space);
	if (place != NULL) {
		left = place->check;
		*place = new;
	}
	spinlock_release(&control_key_lock);
	service_end(left);
	if (place == NULL)
		return -RV_ENOSPC;
	memcpy(nonce, new.nonce, sizeof(new.nonce));
	return 0;
}

/* Takes the address space's for oneself, with the proof that is, or was, its first. */
static int challenge_claim(uint64_t space, const uint8_t *proof, struct challenge **claimed)
{
	int error = -RV_EACCES;

	spinlock_acquire(&control_key_lock);
	for (unsigned i = 0; i < CHALLENGES; i++) {
		struct challenge *challenge = &challenges[i];

		if (!challenge->taken || challenge->space != space)
			continue;
		if (challenge->busy)
			error = -RV_EAGAIN;
		else if (challenge->check == NULL || memcmp(challenge->proof, proof, VERIFY_PROOF_BYTES) == 0)
			error = 0;
		if (error != 0)
			break;
		challenge->busy = true;
		memcpy(challenge->proof, proof, VERIFY_PROOF_BYTES);
		*claimed = challenge;
		break;
	}
	spinlock_release(&control_key_lock);
	return error;
}

/* stays: for the next call. It was busy. */
static void challenge_leave(struct challenge *challenge, bool stays)
{
	if (!stays) {
		service_end(challenge->check);
		challenge->check = NULL;
	}
	spinlock_acquire(&control_key_lock);
	challenge->taken = stays;
	challenge->busy = false;
	spinlock_release(&control_key_lock);
}

static int challenge_ask(struct challenge *challenge)
{
	struct verify_request *request = memory_allocate(sizeof(*request)); /* too large for the stack */
	int error;

	if (request == NULL)
		return -RV_ENOMEM;
	request->work = VERIFY_SESSION;
	request->nr_keys = control_keys.nr_keys;
	memcpy(request->keys, control_keys.keys, sizeof(request->keys));
	string_copy(request->name, "auth=key", sizeof(request->name));
	memcpy(request->nonce, challenge->nonce, sizeof(request->nonce));
	request->signature_bytes = VERIFY_PROOF_BYTES;
	memcpy(request->signature, challenge->proof, VERIFY_PROOF_BYTES);
	error = verify_begin(request, NULL, true, &challenge->check);
	memory_free(request);
	return error;
}

static int64_t challenge_go_on(struct challenge *challenge, struct vcpu *vcpu)
{
	uint64_t unused;
	int64_t error;

	if (challenge_is_over(challenge))
		return -RV_EACCES;
	if (challenge->check == NULL) {
		error = challenge_ask(challenge);
		return error != 0 ? error : -RV_EAGAIN;
	}
	if (!service_run(challenge->check, vcpu)) {
		challenge->made_tsc = tsc_read(); /* slow is not late */
		return -RV_EAGAIN;
	}
	if (verify_is_good(challenge->check, &unused))
		return 0;
	log_warning("auth=key: refused: %s", verify_why(challenge->check));
	return -RV_EACCES;
}

int64_t control_key_check(uint64_t space, const uint8_t *proof, size_t bytes, struct vcpu *vcpu)
{
	struct challenge *challenge;
	int64_t result;

	if (bytes != VERIFY_PROOF_BYTES)
		return -RV_EACCES;
	result = challenge_claim(space, proof, &challenge);
	if (result != 0)
		return result;
	result = challenge_go_on(challenge, vcpu);
	challenge_leave(challenge, result == -RV_EAGAIN);
	return result;
}
