/*
 * service/card.h: has a PIV card (NIST SP 800-73-4; many tokens have the same commands) give a key that it was added for
 * (service/card_sealed.h), by its key management key, 9D. Answers are of a hostile hand. Pure code: how commands reach the
 * card is the caller's.
 */
#ifndef SERVICE_CARD_H
#define SERVICE_CARD_H

#include "service/card_sealed.h"

#define CARD_COMMAND_BYTES 261 /* a short command: ISO/IEC 7816-4, 5.1 */
#define CARD_ANSWER_BYTES 258  /* 256, and two of status */
#define CARD_PIN_BYTES 8       /* at most */
#define CARD_WHY_BYTES 128

struct card_link {
	/* Sends a command and waits for its answer; *answer_bytes is the room, CARD_ANSWER_BYTES, and what came. False: the
	 * card is gone, or its reader. */
	bool (*exchange)(void *context, const uint8_t *command, size_t command_bytes, uint8_t *answer, size_t *answer_bytes);
	void *context;
};

enum card_result {
	CARD_GOOD,
	CARD_ANOTHER,	 /* it has not that certificate; it was not told the PIN */
	CARD_WRONG_PIN,
	CARD_BLOCKED,	 /* by wrong PINs, before this one or by it */
	CARD_REFUSED,	 /* for another reason */
	CARD_BAD_ANSWER, /* none, or one that cannot be */
};

/* Has the card make the disk's key. `why`, CARD_WHY_BYTES, says what is wrong unless it is good. The card knows its PIN to be
 * given until it loses power: that is the caller's to see to. */
enum card_result card_open(const struct card_link *link, const struct card_sealed *sealed, const uint8_t *pin, size_t pin_bytes,
			   uint8_t secret[CARD_SECRET_BYTES], char *why);

#endif
