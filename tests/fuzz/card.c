/*
 * tests/fuzz/card.c: any bytes as what a reader's packets hold, one behind the other, as its descriptors, and as a header with
 * keys for cards: what is read lies within them, all has an end, and no key comes out. The seed is what tests/unit/card.c's reader says (CARD_SEED).
 */
#include "input.h"
#include "service/ccid.h"

static struct input packets;
static unsigned nr_sent;

static bool send(void *context, const uint8_t *message, size_t nr_bytes)
{
	(void)context;
	FUZZ_MUST(nr_bytes >= 10 && nr_bytes <= CCID_MESSAGE_BYTES && (message[1] | (size_t)message[2] << 8) == nr_bytes - 10);
	FUZZ_MUST(++nr_sent < 200);
	return true;
}

/* With the head's sequence right more often than not, so that what is behind it is reached. */
static bool receive(void *context, uint8_t *packet, size_t *nr_bytes)
{
	struct ccid *ccid = context;
	size_t bytes = (size_t)input_number(&packets, 2);

	if (packets.left == 0)
		return false;
	bytes = bytes < *nr_bytes ? bytes : *nr_bytes;
	input_take(&packets, packet, bytes);
	if (bytes > 6 && packet[6] < 0xf0)
		packet[6] = (uint8_t)(ccid->sequence - 1);
	*nr_bytes = bytes;
	return true;
}

static void look(const uint8_t *header, size_t nr_bytes)
{
	static struct card_sealed sealed;
	size_t at = 0, before = 0;

	while (card_sealed_next(header, nr_bytes, &at, &sealed)) {
		FUZZ_MUST(at > before && at <= nr_bytes);
		before = at;
		FUZZ_MUST(strlen(sealed.day) < sizeof(sealed.day) && strlen(sealed.name) < sizeof(sealed.name));
		FUZZ_MUST(sealed.question >= sealed.bytes && sealed.question + sealed.question_bytes <= sealed.bytes + sizeof(sealed.bytes));
	}
}

static void ask(const uint8_t *bytes, size_t nr_bytes, uint8_t kind)
{
	static const uint8_t algorithms[] = { CARD_RSA_2048, CARD_P_256, CARD_P_384 };
	static const size_t lengths[][2] = { { 256, 256 }, { 65, 32 }, { 97, 48 } };
	static const uint8_t zeros[256];
	struct card_sealed sealed = { .algorithm = algorithms[kind % 3], .certificate_hash = zeros, .check = zeros, .question = zeros,
				      .question_bytes = lengths[kind % 3][0], .answer_bytes = lengths[kind % 3][1] };
	struct ccid reader = { .takes_tpdu = kind & 8, .voltages = kind & 16 ? 7 : 0x80 };
	const struct ccid_link link = { .send = send, .receive = receive, .context = &reader };
	const struct card_link card = { .exchange = ccid_exchange, .context = &reader };
	uint8_t secret[CARD_SECRET_BYTES], hash[TPM_HASH_BYTES];
	char why[CARD_WHY_BYTES];

	/* The certificate of nothing is the one that is wanted, so that what is behind it is reached. */
	tpm_hash(NULL, 0, hash);
	sealed.certificate_hash = hash;
	packets = (struct input){ bytes, nr_bytes };
	nr_sent = 0;
	reader.link = &link;
	if (ccid_power_on(&reader) == NULL) {
		memset(why, 0x5a, sizeof(why));
		FUZZ_MUST(card_open(&card, &sealed, zeros, 6, secret, why) != CARD_GOOD);
		FUZZ_MUST(memchr(why, 0, sizeof(why)) != NULL && why[0] != '\0');
	}
	(void)ccid_power_off(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes)
{
	struct ccid reader;
	uint8_t *exact;

	if (length_bytes < 2)
		return 0;
	exact = malloc(length_bytes - 1);
	memcpy(exact, data + 1, length_bytes - 1);
	if (data[0] % 4 == 0)
		look(exact, length_bytes - 1);
	else if (data[0] % 4 == 1)
		(void)ccid_begin(&reader, NULL, data[0] >> 4, exact, length_bytes - 1);
	else
		ask(exact, length_bytes - 1, data[0] >> 2);
	free(exact);
	return 0;
}
