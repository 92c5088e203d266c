/*
 * filter_lex.c: the words and signs of a filter's text.
 */
#include "filter_parse.h"

#include <stdio.h>
#include <string.h>

static bool filter_is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool filter_is_in_word(const struct filter_place *place, const char *at, const char *end)
{
	char before = at > place->token ? at[-1] : '\0';

	if (filter_is_alphanumeric(*at) || *at == '_' || *at == '.')
		return true;
	if (*at == '-')
		return at + 1 < end && filter_is_alphanumeric(at[1]) && filter_is_alphanumeric(before);
	return place->brackets == 0 && (*at == ':' || (*at == '/' && (before == ':' || filter_is_alphanumeric(before))));
}

static void filter_next_word(struct filter_place *place, const char *end)
{
	place->kind = FILTER_TOKEN_WORD;
	while (place->at < end && filter_is_in_word(place, place->at, end))
		place->at++;
	place->length = (size_t)(place->at - place->token);
}

static void filter_next_sign(struct filter_place *place, const char *end)
{
	static const char pairs[][2] = { { '&', '&' }, { '|', '|' }, { '<', '<' }, { '>', '>' }, { '<', '=' },
					 { '>', '=' }, { '=', '=' }, { '!', '=' } };
	char second = '\0';

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (end - place->at >= 2 && place->at[0] == pairs[i][0] && place->at[1] == pairs[i][1])
			second = pairs[i][1];
	}
	place->kind = FILTER_TOKEN_SIGN;
	place->sign = FILTER_SIGN((uint8_t)*place->at, second);
	place->brackets += *place->at == '[' ? 1 : *place->at == ']' ? -1 : 0;
	place->length = second ? 2 : 1;
	place->at += place->length;
}

void filter_next(struct filter_parser *parser)
{
	struct filter_place *place = &parser->place;

	while (place->at < parser->end && (*place->at == ' ' || *place->at == '\t' || *place->at == '\n' || *place->at == '\r'))
		place->at++;
	/* What stands behind a backslash is a name, no word of the language; here it is clear from where it stands. */
	if (place->at + 1 < parser->end && *place->at == '\\' && filter_is_alphanumeric(place->at[1]))
		place->at++;
	place->token = place->at;
	place->length = 0;
	if (place->at == parser->end)
		place->kind = FILTER_TOKEN_END;
	else if (filter_is_alphanumeric(*place->at) || (*place->at == ':' && place->brackets == 0))
		filter_next_word(place, parser->end);
	else
		filter_next_sign(place, parser->end);
}

bool filter_at_word(const struct filter_parser *parser, const char *word)
{
	const struct filter_place *place = &parser->place;

	return place->kind == FILTER_TOKEN_WORD && place->length == strlen(word) &&
	       memcmp(place->token, word, place->length) == 0;
}

bool filter_at_sign(const struct filter_parser *parser, char first, char second)
{
	return parser->place.kind == FILTER_TOKEN_SIGN && parser->place.sign == FILTER_SIGN((uint8_t)first, second);
}

bool filter_take_word(struct filter_parser *parser, const char *word)
{
	bool there = filter_at_word(parser, word);

	if (there)
		filter_next(parser);
	return there;
}

bool filter_take_sign(struct filter_parser *parser, char first, char second)
{
	bool there = filter_at_sign(parser, first, second);

	if (there)
		filter_next(parser);
	return there;
}

static unsigned int filter_digit(char c)
{
	char small = c | 0x20;

	return c >= '0' && c <= '9' ? (unsigned int)(c - '0') : small >= 'a' && small <= 'f' ? (unsigned int)(small - 'a') + 10 : 99;
}

bool filter_word_number(const struct filter_parser *parser, uint32_t *number)
{
	const char *at = parser->place.token, *end = at + parser->place.length;
	unsigned int base = 10;
	uint64_t value = 0;

	if (parser->place.kind != FILTER_TOKEN_WORD)
		return false;
	if (end - at > 2 && at[0] == '0' && (at[1] | 0x20) == 'x') {
		base = 16;
		at += 2;
	} else if (end - at > 1 && at[0] == '0') {
		base = 8;
	}
	for (; at < end; at++) {
		if (filter_digit(*at) >= base || value > UINT32_MAX)
			return false;
		value = value * base + filter_digit(*at);
	}
	*number = (uint32_t)value;
	return value <= UINT32_MAX;
}

bool filter_take_number(struct filter_parser *parser, uint32_t maximum, const char *wanted, uint32_t *number)
{
	if (!filter_word_number(parser, number) || *number > maximum)
		return filter_fail(parser, wanted);
	filter_next(parser);
	return true;
}

bool filter_fail(struct filter_parser *parser, const char *what)
{
	const struct filter_place *place = &parser->place;
	int shown = place->length > 32 ? 32 : (int)place->length;

	if (parser->error[0] != '\0')
		return false;
	if (place->kind == FILTER_TOKEN_END)
		snprintf(parser->error, FILTER_ERROR_BYTES, "%s, and the text ends", what);
	else
		snprintf(parser->error, FILTER_ERROR_BYTES, "%s at \"%.*s\"", what, shown, place->token);
	return false;
}

bool filter_emit(struct filter_parser *parser, struct filter_step step)
{
	if (parser->filter->nr_steps == FILTER_STEPS_MAXIMUM)
		return filter_fail(parser, "the filter is too long");
	parser->filter->steps[parser->filter->nr_steps++] = step;
	return true;
}
