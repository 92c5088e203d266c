/*
 * service/card.c: see the header. Commands are short ones, since not every reader has longer ones: what is longer goes in
 * pieces (ISO/IEC 7816-4, 5.1.1, 5.3.4).
 */
#include "service/card.h"

#include "core/log.h"
#include "core/string.h"

#define INS_VERIFY 0x20
#define INS_AUTHENTICATE 0x87
#define INS_SELECT 0xa4
#define INS_GET_RESPONSE 0xc0
#define INS_GET_DATA 0xcb
#define CLASS_MORE 0x10 /* the command goes on in the next */
#define KEY_MANAGEMENT 0x9d
#define PIN_REFERENCE 0x80
#define SHORT_BYTES 255

/* ISO/IEC 7816-4, table 5 */
#define STATUS_GOOD 0x9000u
#define STATUS_MORE 0x6100u /* so many bytes as the low half says */
#define STATUS_TRIES 0x63c0u
#define STATUS_WRONG_LENGTH 0x6c00u /* that is the right one */
#define STATUS_BLOCKED 0x6983u
#define STATUS_NOT_ALLOWED 0x6982u
#define STATUS_NO_OBJECT 0x6a82u

/* SP 800-73-4, part 2, 3.2.4; part 1, 4.1 */
#define TAG_TEMPLATE 0x7c
#define TAG_CHALLENGE 0x81
#define TAG_RESPONSE 0x82
#define TAG_EXPONENTIATION 0x85
#define TAG_OBJECT 0x53
#define TAG_CERTIFICATE 0x70

#define OBJECT_BYTES 4096 /* a certificate's: SP 800-73-4, part 1, table 10 has 1,895, others have more */
#define ANSWERS_MAXIMUM 32

struct command {
	uint8_t instruction, p1, p2;
	const uint8_t *data;
	size_t data_bytes;
	bool wants_answer;
};

/* What the card says, all of its pieces. */
struct answer {
	uint8_t *bytes;
	size_t room_bytes, nr_bytes;
	unsigned status;
};

static bool card_exchange(const struct card_link *link, const uint8_t *command, size_t command_bytes, struct answer *answer)
{
	uint8_t piece[CARD_ANSWER_BYTES] = { 0 };
	size_t bytes = sizeof(piece);
	bool fits = link->exchange(link->context, command, command_bytes, piece, &bytes) && bytes >= 2 && bytes <= sizeof(piece) &&
		    bytes - 2 <= answer->room_bytes - answer->nr_bytes;

	if (fits) {
		memcpy(answer->bytes + answer->nr_bytes, piece, bytes - 2);
		answer->nr_bytes += bytes - 2;
		answer->status = (unsigned)piece[bytes - 2] << 8 | piece[bytes - 1];
	}
	memory_wipe(piece, sizeof(piece));
	return fits;
}

/* The pieces of an answer, as the card offers them. */
static bool card_collect(const struct card_link *link, uint8_t *last, size_t last_bytes, struct answer *answer)
{
	uint8_t more[] = { 0, INS_GET_RESPONSE, 0, 0, 0 };

	for (unsigned i = 0; i < ANSWERS_MAXIMUM; i++) {
		switch (answer->status & 0xff00) {
		case STATUS_MORE:
			more[4] = (uint8_t)answer->status;
			if (!card_exchange(link, more, sizeof(more), answer))
				return false;
			break;
		case STATUS_WRONG_LENGTH: /* it has done nothing */
			last[last_bytes - 1] = (uint8_t)answer->status;
			if (!card_exchange(link, last, last_bytes, answer))
				return false;
			break;
		default:
			return true;
		}
	}
	return false;
}

/* False: there was no answer, or more than has room. */
static bool card_ask(const struct card_link *link, const struct command *command, struct answer *answer)
{
	uint8_t bytes[CARD_COMMAND_BYTES];
	size_t at = 0, nr_bytes;
	bool is_answered, is_last;

	answer->nr_bytes = 0;
	do {
		size_t piece = command->data_bytes - at < SHORT_BYTES ? command->data_bytes - at : SHORT_BYTES;

		is_last = at + piece == command->data_bytes;
		bytes[0] = is_last ? 0 : CLASS_MORE;
		bytes[1] = command->instruction;
		bytes[2] = command->p1;
		bytes[3] = command->p2;
		bytes[4] = (uint8_t)piece;
		memcpy(bytes + 5, command->data + at, piece);
		nr_bytes = 5 + piece;
		if (is_last && command->wants_answer)
			bytes[nr_bytes++] = 0; /* as many as there are */
		is_answered = card_exchange(link, bytes, nr_bytes, answer);
		at += piece;
	} while (is_answered && !is_last && answer->status == STATUS_GOOD);
	if (is_answered && is_last && command->wants_answer)
		is_answered = card_collect(link, bytes, nr_bytes, answer);
	memory_wipe(bytes, sizeof(bytes));
	return is_answered;
}

/* What an object holds, if a tag begins it and all of it is there (BER, ISO/IEC 7816-4, 5.2.2); what is behind it stays
 * in `in`. NULL: not so. */
static const uint8_t *object_take(struct tpm_piece *in, uint8_t tag, size_t *nr_bytes)
{
	const uint8_t *bytes = in->bytes;
	size_t at = 2, length, nr_digits = 0;

	if (in->nr_bytes < 2 || bytes[0] != tag)
		return NULL;
	length = bytes[1];
	if (length > 0x80 && length <= 0x82) {
		nr_digits = length & 0x7f;
		if (in->nr_bytes < 2 + nr_digits)
			return NULL;
		for (length = 0; at < 2 + nr_digits; at++)
			length = length << 8 | bytes[at];
	} else if (length >= 0x80) {
		return NULL;
	}
	if (length > in->nr_bytes - at)
		return NULL;
	*in = (struct tpm_piece){ bytes + at + length, in->nr_bytes - at - length };
	*nr_bytes = length;
	return bytes + at;
}

static enum card_result card_fail(enum card_result result, char *why, const char *words)
{
	string_copy(why, words, CARD_WHY_BYTES);
	return result;
}

static enum card_result card_fail_status(char *why, const char *words, unsigned status)
{
	print_format(why, CARD_WHY_BYTES, "%s (status %04x)", words, status);
	return CARD_REFUSED;
}

static enum card_result card_select(const struct card_link *link, struct answer *answer, char *why)
{
	static const uint8_t application[] = { 0xa0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00 }; /* its right end may be left out */

	if (!card_ask(link, &(struct command){ INS_SELECT, 4, 0, application, sizeof(application), true }, answer))
		return card_fail(CARD_BAD_ANSWER, why, "the card does not answer");
	if (answer->status == STATUS_NO_OBJECT)
		return card_fail(CARD_ANOTHER, why, "the card is none of PIV");
	return answer->status == STATUS_GOOD ? CARD_GOOD : card_fail_status(why, "the card cannot be used", answer->status);
}

/* Before it is told a PIN: one of another person's would lose a try. */
static enum card_result card_compare(const struct card_link *link, const struct card_sealed *sealed, struct answer *answer, char *why)
{
	static const uint8_t tag[] = { 0x5c, 3, 0x5f, 0xc1, 0x0b };
	uint8_t hash[TPM_HASH_BYTES];
	struct tpm_piece in, certificate;

	if (!card_ask(link, &(struct command){ INS_GET_DATA, 0x3f, 0xff, tag, sizeof(tag), true }, answer))
		return card_fail(CARD_BAD_ANSWER, why, "the card does not answer");
	in = (struct tpm_piece){ answer->bytes, answer->nr_bytes };
	if (answer->status != STATUS_GOOD || (in.bytes = object_take(&in, TAG_OBJECT, &in.nr_bytes)) == NULL ||
	    (certificate.bytes = object_take(&in, TAG_CERTIFICATE, &certificate.nr_bytes)) == NULL)
		return card_fail(CARD_ANOTHER, why, "the card has no certificate for its key 9D");
	tpm_hash(&certificate, 1, hash);
	return memcmp(hash, sealed->certificate_hash, sizeof(hash)) == 0 ? CARD_GOOD :
									 card_fail(CARD_ANOTHER, why, "it is another card");
}

static enum card_result card_verify(const struct card_link *link, const uint8_t *pin, size_t pin_bytes, struct answer *answer, char *why)
{
	uint8_t padded[CARD_PIN_BYTES];
	bool is_answered;

	if (pin_bytes == 0 || pin_bytes > sizeof(padded))
		return card_fail(CARD_WRONG_PIN, why, "a card's PIN has 1 to 8 characters; the card was not asked");
	memset(padded, 0xff, sizeof(padded));
	memcpy(padded, pin, pin_bytes);
	is_answered = card_ask(link, &(struct command){ INS_VERIFY, 0, PIN_REFERENCE, padded, sizeof(padded), false }, answer);
	memory_wipe(padded, sizeof(padded));
	if (!is_answered)
		return card_fail(CARD_BAD_ANSWER, why, "the card does not answer");
	if (answer->status == STATUS_BLOCKED || answer->status == STATUS_TRIES)
		return card_fail(CARD_BLOCKED, why, "the card takes no PIN any more: unblock it by its PUK");
	if ((answer->status & 0xfff0) == STATUS_TRIES) {
		print_format(why, CARD_WHY_BYTES, "the PIN is wrong; %u more, and the card takes none any more", answer->status & 0xf);
		return CARD_WRONG_PIN;
	}
	return answer->status == STATUS_GOOD ? CARD_GOOD : card_fail_status(why, "the card refuses the PIN", answer->status);
}

static size_t put_object(uint8_t *bytes, uint8_t tag, size_t nr_bytes)
{
	size_t at = 0;

	bytes[at++] = tag;
	if (nr_bytes >= 0x80)
		bytes[at++] = nr_bytes >= 0x100 ? 0x82 : 0x81;
	if (nr_bytes >= 0x100)
		bytes[at++] = (uint8_t)(nr_bytes >> 8);
	bytes[at++] = (uint8_t)nr_bytes;
	return at;
}

static size_t object_head_bytes(size_t nr_bytes)
{
	return nr_bytes >= 0x100 ? 4 : nr_bytes >= 0x80 ? 3 : 2;
}

/* General Authenticate: SP 800-73-4, part 2, 3.2.4, A.4. */
static enum card_result card_use_key(const struct card_link *link, const struct card_sealed *sealed, struct answer *answer,
				     uint8_t secret[CARD_SECRET_BYTES], char *why)
{
	uint8_t question[12 + CARD_SEALED_BYTES], tag = sealed->algorithm == CARD_RSA_2048 ? TAG_CHALLENGE : TAG_EXPONENTIATION;
	size_t at, nr_bytes = 0;
	struct tpm_piece in;
	const uint8_t *response = NULL;

	at = put_object(question, TAG_TEMPLATE, 2 + object_head_bytes(sealed->question_bytes) + sealed->question_bytes);
	at += put_object(question + at, TAG_RESPONSE, 0); /* that is wanted */
	at += put_object(question + at, tag, sealed->question_bytes);
	memcpy(question + at, sealed->question, sealed->question_bytes);
	at += sealed->question_bytes;
	if (!card_ask(link, &(struct command){ INS_AUTHENTICATE, sealed->algorithm, KEY_MANAGEMENT, question, at, true }, answer))
		return card_fail(CARD_BAD_ANSWER, why, "the card does not answer");
	if (answer->status != STATUS_GOOD)
		return card_fail_status(why, answer->status == STATUS_NOT_ALLOWED ? "the card does not let its key be used" :
										   "the card cannot use its key", answer->status);
	in = (struct tpm_piece){ answer->bytes, answer->nr_bytes };
	in.bytes = object_take(&in, TAG_TEMPLATE, &in.nr_bytes);
	if (in.bytes != NULL)
		response = object_take(&in, TAG_RESPONSE, &nr_bytes);
	if (response == NULL || nr_bytes != sealed->answer_bytes || !card_sealed_open(sealed, response, secret))
		return card_fail(CARD_BAD_ANSWER, why, "the card's answer is not that of the key it was added for");
	return CARD_GOOD;
}

enum card_result card_open(const struct card_link *link, const struct card_sealed *sealed, const uint8_t *pin, size_t pin_bytes,
			   uint8_t secret[CARD_SECRET_BYTES], char *why)
{
	static uint8_t room[OBJECT_BYTES];
	struct answer answer = { .bytes = room, .room_bytes = sizeof(room) };
	enum card_result result = card_select(link, &answer, why);

	if (result == CARD_GOOD)
		result = card_compare(link, sealed, &answer, why);
	if (result == CARD_GOOD)
		result = card_verify(link, pin, pin_bytes, &answer, why);
	if (result == CARD_GOOD)
		result = card_use_key(link, sealed, &answer, secret, why);
	memory_wipe(room, sizeof(room));
	return result;
}
