/*
 * service/ccid.h: a USB reader of smart cards (Device Class: Smart Card CCID, revision 1.1), one that takes whole commands
 * (APDU level), as all do that have a card's chip built in, or those of cards that speak T=0 (TPDU level). What it says is
 * of a hostile hand. Pure code: how bytes reach it is the caller's.
 */
#ifndef SERVICE_CCID_H
#define SERVICE_CCID_H

#include "service/card.h"

#define CCID_MESSAGE_BYTES 512 /* at most, with its head: more than a short command and its answer take */
#define CCID_PACKET_BYTES 512  /* of a bulk endpoint, at most, but of SuperSpeed, which no reader has */

struct ccid_link {
	bool (*send)(void *context, const uint8_t *message, size_t nr_bytes);
	/* One packet, of CCID_PACKET_BYTES at most, within some seconds. */
	bool (*receive)(void *context, uint8_t *packet, size_t *nr_bytes);
	void *context;
};

struct ccid {
	const struct ccid_link *link;
	uint8_t slot, sequence;
	bool takes_tpdu; /* a command has either data or an answer that it asks for: ISO/IEC 7816-3, 12.1.1 */
	uint8_t voltages; /* what may be asked for: 0x80 the reader chooses, 1 << 0, 1, 2: 5, 3, 1.8 V */
};

/* Takes what the reader's configuration says (descriptors, USB 2.0, 9.6) of its interface of this number. NULL; or why it
 * cannot be used. */
const char *ccid_begin(struct ccid *ccid, const struct ccid_link *link, uint8_t interface, const uint8_t *configuration,
		       size_t nr_bytes);

/* Gives a card power. NULL; or why it cannot be used. It may have power then all the same. */
const char *ccid_power_on(struct ccid *ccid);
/* Takes it away: the card forgets its PIN. */
bool ccid_power_off(struct ccid *ccid);

/* struct card_link's, of a struct ccid. */
bool ccid_exchange(void *context, const uint8_t *command, size_t command_bytes, uint8_t *answer, size_t *answer_bytes);

#endif
