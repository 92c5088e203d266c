/*
 * boot/tpm_log.c: see the header. Numbers are little-endian, as the CPU's.
 */
#include "boot/tpm_log.h"

#include "core/string.h"

#define EV_NO_ACTION 3u
#define EV_IPL 0xdu
#define SHA1_BYTES 20

struct log_reader {
	const uint8_t *log;
	size_t room_bytes, at;
	bool bad; /* it went over the end */
	struct tpm_bank banks[TPM_BANKS_MAXIMUM];
	unsigned nr_banks;
};

static void log_skip(struct log_reader *reader, size_t nr_bytes)
{
	if (reader->bad || nr_bytes > reader->room_bytes - reader->at)
		reader->bad = true;
	else
		reader->at += nr_bytes;
}

static uint32_t log_get(struct log_reader *reader, size_t nr_bytes)
{
	const uint8_t *from = reader->log + reader->at;
	uint32_t value = 0;

	log_skip(reader, nr_bytes);
	if (!reader->bad)
		memcpy(&value, from, nr_bytes);
	return value;
}

/* The first entry, in the older form: which digests the others have. False: it is none. */
static bool log_read_banks(struct log_reader *reader)
{
	static const char signature[16] = "Spec ID Event03";
	size_t end;

	log_skip(reader, 4);
	if (log_get(reader, 4) != EV_NO_ACTION)
		return false;
	log_skip(reader, SHA1_BYTES);
	end = log_get(reader, 4);
	if (reader->bad || end > reader->room_bytes - reader->at || end < sizeof(signature) ||
	    memcmp(reader->log + reader->at, signature, sizeof(signature)) != 0)
		return false;
	end += reader->at;
	log_skip(reader, sizeof(signature) + 8);
	reader->nr_banks = log_get(reader, 4);
	if (reader->nr_banks > TPM_BANKS_MAXIMUM)
		return false;
	for (unsigned i = 0; i < reader->nr_banks; i++) {
		reader->banks[i].algorithm = (uint16_t)log_get(reader, 2);
		reader->banks[i].digest_bytes = (uint16_t)log_get(reader, 2);
		if (reader->banks[i].digest_bytes > TPM_DIGEST_BYTES)
			return false;
	}
	if (reader->bad || reader->at > end)
		return false;
	reader->at = end;
	return true;
}

static void log_skip_digest(struct log_reader *reader)
{
	uint32_t number = log_get(reader, 2);

	for (unsigned i = 0; i < reader->nr_banks; i++) {
		if (reader->banks[i].algorithm == number) {
			log_skip(reader, reader->banks[i].digest_bytes);
			return;
		}
	}
	reader->bad = true;
}

/* Behind the last entry there are zeros, or nothing: an entry has a digest. False: it is damaged. */
static bool log_find_end(struct log_reader *reader)
{
	while (!reader->bad && reader->room_bytes - reader->at >= 3 * sizeof(uint32_t)) {
		size_t start = reader->at;
		uint32_t nr;

		log_skip(reader, 2 * sizeof(uint32_t));
		nr = log_get(reader, 4);
		if (nr == 0) {
			reader->at = start;
			return true;
		}
		if (nr > reader->nr_banks)
			return false;
		for (uint32_t i = 0; i < nr; i++)
			log_skip_digest(reader);
		log_skip(reader, log_get(reader, 4));
	}
	return !reader->bad;
}

bool tpm_log_banks(const uint8_t *log, size_t room_bytes, struct tpm_digests *digests)
{
	struct log_reader reader = { .log = log, .room_bytes = room_bytes };

	if (!log_read_banks(&reader))
		return false;
	memcpy(digests->banks, reader.banks, sizeof(reader.banks));
	digests->nr = reader.nr_banks;
	return true;
}

/* NULL: only how long it is. */
static size_t log_write_event(uint8_t *to, uint32_t pcr, const struct tpm_digests *digests, const char *text)
{
	uint32_t head[] = { pcr, EV_IPL, digests->nr }, text_bytes = (uint32_t)strlen(text) + 1;
	size_t at = sizeof(head);

	if (to != NULL)
		memcpy(to, head, sizeof(head));
	for (unsigned i = 0; i < digests->nr; i++) {
		const struct tpm_bank *bank = &digests->banks[i];

		if (to != NULL) {
			memcpy(to + at, &bank->algorithm, sizeof(bank->algorithm));
			memcpy(to + at + sizeof(bank->algorithm), digests->values[i], bank->digest_bytes);
		}
		at += sizeof(bank->algorithm) + bank->digest_bytes;
	}
	if (to != NULL) {
		memcpy(to + at, &text_bytes, sizeof(text_bytes));
		memcpy(to + at + sizeof(text_bytes), text, text_bytes);
	}
	return at + sizeof(text_bytes) + text_bytes;
}

bool tpm_log_append(uint8_t *log, size_t room_bytes, uint32_t pcr, const struct tpm_digests *digests, const char *text)
{
	struct log_reader reader = { .log = log, .room_bytes = room_bytes };

	if (!log_read_banks(&reader) || reader.nr_banks != digests->nr ||
	    memcmp(reader.banks, digests->banks, reader.nr_banks * sizeof(reader.banks[0])) != 0 || !log_find_end(&reader) ||
	    log_write_event(NULL, pcr, digests, text) > room_bytes - reader.at)
		return false;
	log_write_event(log + reader.at, pcr, digests, text);
	return true;
}
