/*
 * service/card_sealed.h: keys that a smart card gives, as they stand in a LUKS2 header: a token of the type ritevisor-piv
 * (`ritevisor disk add-key --card`) whose text has CARD_SEALED_MARK and behind it, in hexadecimal digits:
 *
 *	u8	version, 1
 *	u8	the key's algorithm, as PIV numbers it: CARD_RSA_2048, CARD_P_256, CARD_P_384
 *	u16, text	the day on which it was added
 *	u16, text	whose certificate it is, as it is shown
 *	32 bytes	SHA-256 of the certificate that belongs to the key
 *	32 bytes	what the right answer gives beside the disk's key, to know it by
 *	u16, bytes	what the card is asked: a point of the curve (SEC 1, 2.3.3, uncompressed), or a number below the modulus
 *
 * The card answers with what only its key makes of the question, the x coordinate of the product or the number's power.
 * The disk's key is made of that (card_sealed_open()). Pure code.
 */
#ifndef SERVICE_CARD_SEALED_H
#define SERVICE_CARD_SEALED_H

#include "service/tpm_crypto.h"

#define CARD_SEALED_MARK "ritevisor-piv:"
#define CARD_SEALED_BYTES 512
#define CARD_TEXT_BYTES 64
#define CARD_SECRET_BYTES 32

/* SP 800-78-4, table 6-2 */
#define CARD_RSA_2048 0x07
#define CARD_P_256 0x11
#define CARD_P_384 0x14

struct card_sealed {
	uint8_t bytes[CARD_SEALED_BYTES];
	uint8_t algorithm;			       /* one of the three */
	char day[CARD_TEXT_BYTES], name[CARD_TEXT_BYTES]; /* printable */
	/* Within `bytes`. */
	const uint8_t *certificate_hash, *check, *question;
	size_t question_bytes; /* as many as the algorithm has */
	size_t answer_bytes;   /* likewise */
};

/* The next of a header from *at on, which goes behind it; false: there is none. Those that are damaged are passed over. */
bool card_sealed_next(const uint8_t *header, size_t header_bytes, size_t *at, struct card_sealed *sealed);

/* Makes the disk's key of the card's answer, of sealed->answer_bytes. False: it is not the answer of the right key. */
bool card_sealed_open(const struct card_sealed *sealed, const uint8_t *answer, uint8_t secret[CARD_SECRET_BYTES]);

#endif
