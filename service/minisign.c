/*
 * service/minisign.c: minisign's formats (jedisct1.github.io/minisign, "Signature format" and "Public key format").
 */
#include "service/minisign.h"

#include "core/string.h"
#include "service/base64.h"

#define KEY_BYTES (2 + MINISIGN_ID_BYTES + MINISIGN_PUBLIC_BYTES)
#define BLOB_BYTES (2 + MINISIGN_ID_BYTES + MINISIGN_SIGNATURE_BYTES)
#define DAY_SECONDS 86400

const char *minisign_read_key(const char *text, size_t length, struct minisign_key *key)
{
	uint8_t bytes[KEY_BYTES];

	if (!base64_decode(text, length, bytes, sizeof(bytes)) || bytes[0] != 'E' || bytes[1] != 'd')
		return "a key of the configuration is no public key of minisign";
	memcpy(key->id, bytes + 2, sizeof(key->id));
	memcpy(key->key, bytes + 2 + sizeof(key->id), sizeof(key->key));
	return NULL;
}

struct line {
	const char *text;
	size_t length;
};

/* The next line, without its end; false: there is none. */
static bool line_next(const char **text, size_t *length, struct line *line)
{
	size_t end = 0;

	if (*length == 0)
		return false;
	while (end < *length && (*text)[end] != '\n')
		end++;
	*line = (struct line){ *text, end };
	if (line->length != 0 && line->text[line->length - 1] == '\r')
		line->length--;
	end += end < *length;
	*text += end;
	*length -= end;
	return true;
}

/* Takes the words at a line's front away; false: they are not there. */
static bool line_begins(struct line *line, const char *words)
{
	size_t length = strlen(words);

	if (line->length < length || strncmp(line->text, words, length) != 0)
		return false;
	line->text += length;
	line->length -= length;
	return true;
}

const char *minisign_read_signature(const char *text, size_t length, struct minisign_signature *signature)
{
	struct line comment, blob, trusted, global;
	uint8_t bytes[BLOB_BYTES];

	if (!line_next(&text, &length, &comment) || !line_next(&text, &length, &blob) ||
	    !line_next(&text, &length, &trusted) || !line_next(&text, &length, &global) || length != 0)
		return "its signature file is cut short, or no file of minisign's";
	if (!line_begins(&comment, "untrusted comment: ") || !line_begins(&trusted, "trusted comment: ") ||
	    !base64_decode(blob.text, blob.length, bytes, sizeof(bytes)) ||
	    !base64_decode(global.text, global.length, signature->global, sizeof(signature->global)))
		return "its signature file is damaged, or no file of minisign's";
	if (bytes[0] != 'E' || (bytes[1] != 'd' && bytes[1] != 'D'))
		return "its signature is of a kind that is not known";
	signature->prehashed = bytes[1] == 'D';
	memcpy(signature->id, bytes + 2, sizeof(signature->id));
	memcpy(signature->signature, bytes + 2 + sizeof(signature->id), sizeof(signature->signature));
	signature->comment = trusted.text;
	signature->comment_bytes = trusted.length;
	return NULL;
}

static bool claim_digits(const char *text, size_t length, uint64_t *value)
{
	uint64_t number = 0;

	for (size_t i = 0; i < length; i++) {
		uint64_t digit = (uint64_t)text[i] - '0';

		if (text[i] < '0' || text[i] > '9' || number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*value = number;
	return length != 0;
}

static bool date_is_leap(uint64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970 to a date of the years from then on to 9999. */
static bool date_days(uint64_t year, uint64_t month, uint64_t day, int64_t *days)
{
	static const uint8_t lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	uint64_t count = 0, length;

	if (year < 1970 || year > 9999 || month < 1 || month > 12)
		return false;
	for (uint64_t y = 1970; y < year; y++)
		count += date_is_leap(y) ? 366 : 365;
	for (uint64_t m = 1; m < month; m++)
		count += lengths[m - 1] + (m == 2 && date_is_leap(year));
	length = lengths[month - 1] + (month == 2 && date_is_leap(year));
	*days = (int64_t)(count + day - 1);
	return day >= 1 && day <= length;
}

/* 2027-12-31: the last second of that day. */
static bool claim_date(const struct line *value, int64_t *second)
{
	const char *text = value->text;
	uint64_t year, month, day;
	int64_t days;

	if (value->length != 10 || text[4] != '-' || text[7] != '-' || !claim_digits(text, 4, &year) ||
	    !claim_digits(text + 5, 2, &month) || !claim_digits(text + 8, 2, &day) ||
	    !date_days(year, month, day, &days))
		return false;
	*second = days * DAY_SECONDS + DAY_SECONDS - 1;
	return true;
}

enum claim { CLAIM_NAME = 1, CLAIM_SERIAL = 2, CLAIM_NOT_AFTER = 4 };

static bool line_has(const struct line *line, char c)
{
	for (size_t i = 0; i < line->length; i++) {
		if (line->text[i] == c)
			return true;
	}
	return false;
}

static const char *claim_read(struct line word, struct minisign_claims *claims, unsigned *seen)
{
	enum claim claim;
	bool good = true;

	if (line_begins(&word, "script=") || line_begins(&word, "file:")) {
		claim = CLAIM_NAME;
		claims->name = word.text;
		claims->name_bytes = word.length;
	} else if (line_begins(&word, "serial=")) {
		claim = CLAIM_SERIAL;
		good = claim_digits(word.text, word.length, &claims->serial);
	} else if (line_begins(&word, "not-after=")) {
		claim = CLAIM_NOT_AFTER;
		good = claim_date(&word, &claims->not_after);
	} else {
		return line_has(&word, '=') ? "its trusted comment has a word that is not known" : NULL;
	}
	if (*seen & claim)
		return "its trusted comment says something twice";
	*seen |= claim;
	return good ? NULL : "its trusted comment has a serial or a date that is none";
}

static bool claim_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

const char *minisign_read_claims(const char *comment, size_t length, struct minisign_claims *claims)
{
	const char *why = NULL;
	unsigned seen = 0;

	*claims = (struct minisign_claims){ .not_after = INT64_MAX };
	while (length != 0 && why == NULL) {
		size_t end = 0;

		while (end < length && !claim_is_blank(comment[end]))
			end++;
		if (end != 0)
			why = claim_read((struct line){ comment, end }, claims, &seen);
		else
			end = 1;
		comment += end;
		length -= end;
	}
	if (why == NULL && !(seen & CLAIM_NAME))
		why = "its trusted comment does not say which script it is for (script=NAME)";
	return why;
}
