/*
 * tests/unit/card.c: keys that a smart card gives, from the reader's messages up: with answers that are right, and with what
 * readers and cards may say instead. The tokens come from tools/host/card.py, the answers of the cards from openssl.
 */
#include "service/ccid.h"
#include "unit.h"

#define HEAD_BYTES 10
#define COMMANDS_MAXIMUM 64
#define KINDS 3
#define PACKETS_MAXIMUM 32

static char folder[] = "/tmp/card-unit-XXXXXX";
static const char *const kinds[KINDS] = { "rsa", "p256", "p384" };
static struct card_sealed sealed[KINDS];
static uint8_t secret[CARD_SECRET_BYTES];
static char why[CARD_WHY_BYTES];

static struct bytes {
	uint8_t bytes[4096];
	size_t nr;
} tokens[KINDS], certificates[KINDS], answers[KINDS], secrets[KINDS];

/* The reader, and the card in it. */
static struct {
	unsigned kind; /* of the card */
	bool is_tpdu;
	uint8_t pin[8];
	unsigned tries_left;
	bool is_verified, is_powered;
	uint8_t question[600];
	size_t question_bytes;
	uint8_t rest[4096]; /* of what it says */
	size_t rest_bytes;
	uint8_t packets[PACKETS_MAXIMUM][CCID_PACKET_BYTES]; /* that wait */
	size_t packet_bytes[PACKETS_MAXIMUM], nr_packets, at_packet;
	size_t packet_maximum;
	unsigned nr_powered, nr_verified, nr_used;
	uint8_t t; /* protocol that the card speaks */
} card;

/* What is said otherwise, of the messages to the host. */
static struct {
	size_t at, which;
	enum { AS_IT_IS, FLIP, CUT, LONGER, FAIL, LATER, OLD, EMPTY } how;
	size_t where;
} change;

static FILE *seed; /* what tests/fuzz/card.c begins with */

/* Behind whole packets an empty one ends the message: USB 2.0, 5.8.3. */
static void push(const uint8_t *message, size_t nr_bytes)
{
	for (size_t at = 0; at <= nr_bytes; at += card.packet_maximum) {
		size_t bytes = nr_bytes - at < card.packet_maximum ? nr_bytes - at : card.packet_maximum;

		if (card.nr_packets == PACKETS_MAXIMUM) {
			unit_fail("too many packets");
			return;
		}
		memcpy(card.packets[card.nr_packets], message + at, bytes);
		card.packet_bytes[card.nr_packets++] = bytes;
	}
}

/* One message to the host, changed if it is its turn. */
static void say(uint8_t kind, uint8_t sequence, uint8_t status, uint8_t last, const uint8_t *data, size_t nr_bytes)
{
	uint8_t message[CCID_PACKET_BYTES * 2] = { kind, (uint8_t)nr_bytes, (uint8_t)(nr_bytes >> 8), 0, 0, 0, sequence, status, 0, last };
	bool is_it = change.at++ == change.which && change.how != AS_IT_IS;
	size_t bytes = HEAD_BYTES + nr_bytes;

	if (nr_bytes != 0)
		memcpy(message + HEAD_BYTES, data, nr_bytes);
	if (is_it && change.how == FAIL)
		return;
	if (is_it && change.how == EMPTY)
		bytes = 0;
	if (is_it && change.how == FLIP)
		message[change.where] ^= (uint8_t)(1 + change.where % 255);
	if (is_it && change.how == CUT)
		bytes = change.where;
	if (is_it && change.how == LONGER) {
		bytes += change.where;
		message[1] = (uint8_t)(bytes - HEAD_BYTES);
		message[2] = (uint8_t)((bytes - HEAD_BYTES) >> 8);
	}
	if (is_it && (change.how == LATER || change.how == OLD)) {
		uint8_t other[HEAD_BYTES] = { kind, 0, 0, 0, 0, 0, (uint8_t)(sequence - (change.how == OLD)), change.how == LATER ? 0x80 : 0 };

		push(other, sizeof(other));
	}
	push(message, bytes);
}

static size_t wrap(uint8_t *to, uint8_t tag, const uint8_t *data, size_t nr_bytes)
{
	to[0] = tag;
	to[1] = 0x82;
	to[2] = (uint8_t)(nr_bytes >> 8);
	to[3] = (uint8_t)nr_bytes;
	memcpy(to + 4, data, nr_bytes);
	return nr_bytes + 4;
}

/* The next piece of an answer. */
static size_t piece(uint8_t *to)
{
	size_t bytes = card.rest_bytes < 256 ? card.rest_bytes : 256;

	memcpy(to, card.rest, bytes);
	card.rest_bytes -= bytes;
	memmove(card.rest, card.rest + bytes, card.rest_bytes);
	to[bytes] = card.rest_bytes != 0 ? 0x61 : 0x90;
	to[bytes + 1] = (uint8_t)(card.rest_bytes > 255 ? 255 : card.rest_bytes);
	return bytes + 2;
}

static size_t status(uint8_t *to, unsigned value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
	return 2;
}

static size_t verify(const uint8_t *pin, uint8_t *to)
{
	card.nr_verified++;
	if (card.tries_left == 0)
		return status(to, 0x6983);
	card.is_verified = memcmp(pin, card.pin, 8) == 0;
	card.tries_left -= !card.is_verified;
	return status(to, card.is_verified ? 0x9000 : 0x63c0 | card.tries_left);
}

static size_t use(uint8_t algorithm, uint8_t *to)
{
	static const uint8_t algorithms[KINDS] = { CARD_RSA_2048, CARD_P_256, CARD_P_384 };
	const struct card_sealed *asked = &sealed[card.kind];
	static uint8_t inner[1024];
	size_t bytes;

	card.nr_used++;
	if (!card.is_verified)
		return status(to, 0x6982);
	if (algorithm != algorithms[card.kind] || card.question_bytes < asked->question_bytes ||
	    memcmp(card.question + card.question_bytes - asked->question_bytes, asked->question, asked->question_bytes) != 0)
		return status(to, 0x6a80);
	bytes = wrap(inner, 0x82, answers[card.kind].bytes, answers[card.kind].nr);
	card.rest_bytes = wrap(card.rest, 0x7c, inner, bytes);
	return piece(to);
}

static size_t command(const uint8_t *apdu, size_t nr_bytes, uint8_t *to)
{
	static uint8_t inner[4096];
	size_t data_bytes = nr_bytes > 5 ? apdu[4] : 0;

	UNIT_CHECK(nr_bytes >= 5 && nr_bytes <= CARD_COMMAND_BYTES);
	UNIT_CHECK(nr_bytes == 5 + data_bytes || (!card.is_tpdu && nr_bytes == 6 + data_bytes));
	if (apdu[1] == 0x87 || (apdu[0] & 0x10) != 0) {
		memcpy(card.question + card.question_bytes, apdu + 5, data_bytes);
		card.question_bytes += data_bytes;
	}
	if (apdu[0] & 0x10)
		return status(to, 0x9000);
	switch (apdu[1]) {
	case 0xa4:
		return status(to, 0x9000);
	case 0xcb:
		card.rest_bytes = wrap(card.rest, 0x53, inner, wrap(inner, 0x70, certificates[card.kind].bytes, certificates[card.kind].nr));
		if (!card.is_tpdu)
			return piece(to);
		return status(to, 0x61ff);
	case 0x20:
		return verify(apdu + 5, to);
	case 0x87:
		data_bytes = use(apdu[2], to);
		card.question_bytes = 0;
		return data_bytes;
	case 0xc0:
		return piece(to);
	}
	return status(to, 0x6d00);
}

static bool send(void *context, const uint8_t *message, size_t nr_bytes)
{
	static uint8_t answer[4096];
	size_t data_bytes = message[1] | (size_t)message[2] << 8;

	(void)context;
	UNIT_EQUAL(nr_bytes, HEAD_BYTES + data_bytes);
	UNIT_CHECK(message[3] == 0 && message[4] == 0 && message[5] == 0);
	switch (message[0]) {
	case 0x62:
		card.nr_powered++;
		card.is_powered = true;
		say(0x80, message[6], 0, 0, (const uint8_t[]){ 0x3b, 0 }, 2);
		return true;
	case 0x63:
		card.is_powered = false;
		card.is_verified = false;
		say(0x81, message[6], 1, 0, NULL, 0);
		return true;
	case 0x6c:
		say(0x82, message[6], 0, card.t, (const uint8_t[]){ 0x11, 0, 0, 10, 0 }, 5);
		return true;
	case 0x6f:
		UNIT_CHECK(card.is_powered);
		data_bytes = command(message + HEAD_BYTES, data_bytes, answer);
		say(0x80, message[6], 0, 0, answer, data_bytes);
		return true;
	}
	unit_fail("message %02x", message[0]);
	return false;
}

static bool receive(void *context, uint8_t *packet, size_t *nr_bytes)
{
	(void)context;
	if (card.at_packet == card.nr_packets)
		return false;
	*nr_bytes = card.packet_bytes[card.at_packet];
	memcpy(packet, card.packets[card.at_packet++], *nr_bytes);
	if (seed != NULL) {
		fputc((int)*nr_bytes & 0xff, seed);
		fputc((int)(*nr_bytes >> 8), seed);
		fwrite(packet, 1, *nr_bytes, seed);
	}
	if (card.at_packet == card.nr_packets)
		card.at_packet = card.nr_packets = 0;
	return true;
}

static const struct ccid_link link_of_reader = { .send = send, .receive = receive };

/* A configuration with two interfaces; the second one is a reader. */
static size_t describe(uint8_t *bytes, uint32_t features)
{
	static const uint8_t head[] = { 9, 2, 0, 0, 2, 1, 0, 0x80, 50, 9, 4, 0, 0, 1, 3, 1, 1, 0, 7, 5, 0x81, 3, 8, 0, 10, 9, 4, 1, 0, 2, 0x0b, 0, 0, 0 };
	uint8_t *ccid = bytes + sizeof(head);

	memcpy(bytes, head, sizeof(head));
	memset(ccid, 0, 54);
	ccid[0] = 54;
	ccid[1] = 0x21;
	ccid[5] = 7;
	memcpy(ccid + 40, &features, 4);
	ccid[44] = 0x0f;
	ccid[45] = 1;
	return sizeof(head) + 54;
}

#define SHORT_FEATURES 0x2000au
#define TPDU_FEATURES 0x100b2u

static const char *begin(struct ccid *reader, uint32_t features)
{
	uint8_t bytes[128];
	size_t nr_bytes = describe(bytes, features);

	return ccid_begin(reader, &link_of_reader, 1, bytes, nr_bytes);
}

/* All of it, as boot/uefi/card.c does. */
static enum card_result ask(unsigned kind, const struct card_sealed *what, uint32_t features, const char *pin)
{
	struct ccid reader;
	const struct card_link link = { .exchange = ccid_exchange, .context = &reader };
	enum card_result result = CARD_BAD_ANSWER;
	const char *bad;

	memset(secret, 0, sizeof(secret));
	memset(why, 0x5a, sizeof(why));
	card.kind = kind;
	card.is_tpdu = features == TPDU_FEATURES;
	card.is_verified = card.is_powered = false;
	card.rest_bytes = card.question_bytes = card.nr_packets = card.at_packet = 0;
	card.nr_powered = card.nr_verified = card.nr_used = 0;
	card.tries_left = 3;
	change.at = 0;
	memcpy(card.pin, "123456\xff\xff", 8);
	UNIT_CHECK(begin(&reader, features) == NULL);
	bad = ccid_power_on(&reader);
	if (bad == NULL) {
		result = card_open(&link, what, (const uint8_t *)pin, strlen(pin), secret, why);
		if (memchr(why, 0, sizeof(why)) == NULL && result != CARD_GOOD)
			unit_fail("result %d has no words", result);
	}
	(void)ccid_power_off(&reader);
	if (change.how == AS_IT_IS && card.is_powered)
		unit_fail("the card has power yet");
	return result;
}

static size_t load(const char *kind, const char *name, struct bytes *to)
{
	char path[300];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.%s", folder, kind, name);
	file = fopen(path, "rb");
	to->nr = 0;
	if (file != NULL) {
		to->nr = fread(to->bytes, 1, sizeof(to->bytes), file);
		fclose(file);
	}
	return to->nr;
}

static void prepare(void)
{
	char words[100];

	card.packet_maximum = 64;
	snprintf(words, sizeof(words), "python3 -B tests/unit/card_keys.py %s", folder);
	UNIT_EQUAL(system(words), 0);
	for (unsigned i = 0; i < KINDS; i++) {
		size_t at = 0;

		UNIT_CHECK(load(kinds[i], "token", &tokens[i]) != 0 && load(kinds[i], "certificate", &certificates[i]) != 0);
		UNIT_CHECK(load(kinds[i], "answer", &answers[i]) != 0 && load(kinds[i], "secret", &secrets[i]) == CARD_SECRET_BYTES);
		UNIT_CHECK(card_sealed_next(tokens[i].bytes, tokens[i].nr, &at, &sealed[i]));
		UNIT_EQUAL(sealed[i].answer_bytes, answers[i].nr);
		UNIT_CHECK(strcmp(sealed[i].name, kinds[i]) == 0 && strlen(sealed[i].day) == 10);
		UNIT_CHECK(!card_sealed_next(tokens[i].bytes, tokens[i].nr, &at, &(struct card_sealed){ 0 }));
	}
}

static void opened(void)
{
	/* 12 and 52 are how long some messages are. */
	static const size_t packets[] = { 64, 512, 12, 52 };

	for (unsigned i = 0; i < 2 * 4 * KINDS; i++) {
		unsigned kind = i % KINDS;

		card.packet_maximum = packets[i / KINDS % 4];
		UNIT_EQUAL(ask(kind, &sealed[kind], i < 4 * KINDS ? SHORT_FEATURES : TPDU_FEATURES, "123456"), CARD_GOOD);
		UNIT_CHECK(memcmp(secret, secrets[kind].bytes, sizeof(secret)) == 0);
		UNIT_CHECK(card.nr_verified == 1 && card.nr_used == 1);
	}
	card.packet_maximum = 64;
	if (getenv("CARD_SEED") != NULL && (seed = fopen(getenv("CARD_SEED"), "wb")) != NULL) {
		fputc(1 << 2 | 2, seed);
		UNIT_EQUAL(ask(1, &sealed[1], SHORT_FEATURES, "123456"), CARD_GOOD);
		fclose(seed);
		seed = NULL;
	}
}

static void another(void)
{
	for (unsigned i = 0; i < KINDS; i++) {
		UNIT_EQUAL(ask((i + 1) % KINDS, &sealed[i], SHORT_FEATURES, "123456"), CARD_ANOTHER);
		UNIT_EQUAL(card.nr_verified, 0);
	}
}

static void pins(void)
{
	UNIT_EQUAL(ask(1, &sealed[1], SHORT_FEATURES, "123457"), CARD_WRONG_PIN);
	UNIT_CHECK(strstr(why, "2 more") != NULL && card.nr_used == 0);
	UNIT_EQUAL(ask(1, &sealed[1], SHORT_FEATURES, "123456789"), CARD_WRONG_PIN);
	UNIT_CHECK(card.nr_verified == 0 && card.tries_left == 3);
	UNIT_EQUAL(ask(1, &sealed[1], SHORT_FEATURES, ""), CARD_WRONG_PIN);
	UNIT_EQUAL(card.nr_verified, 0);
}

static void blocked(void)
{
	struct ccid reader;
	const struct card_link link = { .exchange = ccid_exchange, .context = &reader };

	UNIT_EQUAL(ask(1, &sealed[1], SHORT_FEATURES, "1"), CARD_WRONG_PIN);
	UNIT_CHECK(begin(&reader, SHORT_FEATURES) == NULL && ccid_power_on(&reader) == NULL);
	UNIT_EQUAL(card_open(&link, &sealed[1], (const uint8_t *)"2", 1, secret, why), CARD_WRONG_PIN);
	UNIT_EQUAL(card_open(&link, &sealed[1], (const uint8_t *)"3", 1, secret, why), CARD_BLOCKED);
	UNIT_EQUAL(card_open(&link, &sealed[1], (const uint8_t *)"123456", 6, secret, why), CARD_BLOCKED);
	UNIT_CHECK(strstr(why, "PUK") != NULL);
}

static void blocks(void)
{
	card.t = 1;
	UNIT_EQUAL(ask(1, &sealed[1], TPDU_FEATURES, "123456"), CARD_BAD_ANSWER);
	UNIT_EQUAL(card.nr_verified, 0);
	UNIT_EQUAL(ask(1, &sealed[1], SHORT_FEATURES, "123456"), CARD_GOOD);
	card.t = 0;
}

/* Each message, in each way: the right key or none, and an end. */
static void answered_otherwise(void)
{
	size_t nr, nr_good = 0, nr_bad = 0;

	UNIT_EQUAL(ask(0, &sealed[0], SHORT_FEATURES, "123456"), CARD_GOOD);
	nr = change.at;
	UNIT_CHECK(nr > 8 && nr < COMMANDS_MAXIMUM);
	for (change.which = 0; change.which < nr; change.which++) {
		for (change.how = FLIP; change.how <= EMPTY; change.how++) {
			for (change.where = 0; change.where < 300; change.where++) {
				if (ask(0, &sealed[0], SHORT_FEATURES, "123456") != CARD_GOOD) {
					nr_bad++;
					continue;
				}
				nr_good++;
				UNIT_CHECK(memcmp(secret, secrets[0].bytes, sizeof(secret)) == 0);
			}
		}
	}
	change.how = AS_IT_IS;
	UNIT_CHECK(nr_good != 0 && nr_bad != 0);
}

static void later_and_old(void)
{
	size_t nr;

	UNIT_EQUAL(ask(1, &sealed[1], SHORT_FEATURES, "123456"), CARD_GOOD);
	nr = change.at;
	for (change.which = 0; change.which < nr; change.which++) {
		for (change.how = LATER; change.how <= OLD; change.how++)
			UNIT_EQUAL(ask(1, &sealed[1], SHORT_FEATURES, "123456"), CARD_GOOD);
	}
	change.how = AS_IT_IS;
}

static bool exchange_gush(void *context, const uint8_t *bytes, size_t nr_bytes, uint8_t *answer, size_t *answer_bytes)
{
	unsigned *nr = context;

	(void)nr_bytes;
	memset(answer, 0x53, *answer_bytes);
	answer[256] = bytes[1] == 0xa4 ? 0x90 : 0x61;
	answer[257] = 0;
	*answer_bytes = 258;
	(*nr)++;
	return true;
}

/* Whatever it has to say, it has an end. */
static void gushing(void)
{
	unsigned nr = 0;
	const struct card_link link = { .exchange = exchange_gush, .context = &nr };

	UNIT_EQUAL(card_open(&link, &sealed[0], (const uint8_t *)"1", 1, secret, why), CARD_BAD_ANSWER);
	UNIT_CHECK(nr > 10 && nr < 50);
}

static unsigned nr_endless;

static bool send_nothing(void *context, const uint8_t *message, size_t nr_bytes)
{
	(void)context;
	(void)message;
	(void)nr_bytes;
	return true;
}

static bool receive_more_time(void *context, uint8_t *packet, size_t *nr_bytes)
{
	static const uint8_t message[HEAD_BYTES] = { 0x80, [7] = 0x80 };

	(void)context;
	nr_endless++;
	memcpy(packet, message, sizeof(message));
	*nr_bytes = sizeof(message);
	return true;
}

/* Whoever asks for more time has some, but not all. */
static void endless(void)
{
	static const struct ccid_link link = { .send = send_nothing, .receive = receive_more_time };
	struct ccid reader;

	UNIT_CHECK(begin(&reader, SHORT_FEATURES) == NULL);
	reader.link = &link;
	UNIT_CHECK(ccid_power_on(&reader) != NULL);
	UNIT_CHECK(nr_endless >= 10 && nr_endless <= 200);
}

static void descriptors(void)
{
	uint8_t bytes[128], *exact;
	struct ccid reader;
	size_t nr_bytes = describe(bytes, SHORT_FEATURES);

	for (size_t cut = 0; cut < nr_bytes; cut++) {
		exact = malloc(cut + 1); /* ASan sees what is read behind it */
		memcpy(exact + 1, bytes, cut);
		UNIT_CHECK(ccid_begin(&reader, &link_of_reader, 1, exact + 1, cut) != NULL);
		free(exact);
	}
	UNIT_CHECK(ccid_begin(&reader, &link_of_reader, 1, bytes, nr_bytes) == NULL);
	UNIT_CHECK(ccid_begin(&reader, &link_of_reader, 0, bytes, nr_bytes) != NULL);
	bytes[9] = 0;
	UNIT_CHECK(ccid_begin(&reader, &link_of_reader, 1, bytes, nr_bytes) != NULL);
	UNIT_CHECK(begin(&reader, 0xb2) != NULL); /* single characters */
	describe(bytes, SHORT_FEATURES);
	bytes[nr_bytes - 54 + 45] = 0;
	UNIT_CHECK(ccid_begin(&reader, &link_of_reader, 1, bytes, nr_bytes) != NULL);
}

static void damaged_tokens(void)
{
	static struct card_sealed other;

	for (unsigned i = 0; i < KINDS; i++) {
		for (size_t cut = 0; cut < tokens[i].nr - 2; cut++) { /* behind the digits stands "} */
			size_t at = 0;

			UNIT_CHECK(!card_sealed_next(tokens[i].bytes, cut, &at, &other));
		}
		for (size_t where = 0; where < tokens[i].nr; where++) {
			size_t at = 0;

			tokens[i].bytes[where] ^= 1;
			if (card_sealed_next(tokens[i].bytes, tokens[i].nr, &at, &other) && ask(i, &other, SHORT_FEATURES, "123456") == CARD_GOOD)
				UNIT_CHECK(memcmp(secret, secrets[i].bytes, sizeof(secret)) == 0);
			tokens[i].bytes[where] ^= 1;
		}
	}
}

int main(void)
{
	char words[100];

	if (mkdtemp(folder) == NULL)
		return 1;
	unit_run("card: three kinds of keys are asked for with a certificate only", prepare);
	if (unit_failed)
		return 1;
	unit_run("card: each gives its key, in whole commands and in those of T=0", opened);
	unit_run("card: another card is not told the PIN", another);
	unit_run("card: wrong PINs are told from right ones", pins);
	unit_run("card: one that is blocked says so", blocked);
	unit_run("card: a reader that takes blocks only is told", blocks);
	unit_run("card: what is answered otherwise gives the right key or none", answered_otherwise);
	unit_run("card: more time, and answers to what was asked before", later_and_old);
	unit_run("card: a card that says more than a certificate has", gushing);
	unit_run("card: a reader that never ends to ask for time", endless);
	unit_run("card: descriptors that are cut, or of another reader", descriptors);
	unit_run("card: tokens that are damaged", damaged_tokens);
	snprintf(words, sizeof(words), "rm -rf %s", folder);
	return unit_failed + (system(words) != 0);
}
