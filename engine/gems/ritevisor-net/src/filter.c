/*
 * filter.c: compiles a filter's text: what joins primitives and relations.
 *
 * As in pcap-filter(7) `and` and `or` bind alike, from left to right, and `not` binds before both.
 */
#include "filter_parse.h"

#include <string.h>

static bool filter_expression(struct filter_parser *parser);

/* An address, a number, the name of a service: with what was said before the last one. */
static bool filter_at_name(const struct filter_parser *parser)
{
	const struct filter_place *place = &parser->place;
	uint32_t port;

	if (place->kind != FILTER_TOKEN_WORD)
		return false;
	if ((place->token[0] >= '0' && place->token[0] <= '9') || memchr(place->token, ':', place->length))
		return true;
	return parser->last.type >= FILTER_TYPE_PORT && parser->last.type <= FILTER_TYPE_PORTRANGE &&
	       filter_service_at(parser, &port);
}

static bool filter_parentheses(struct filter_parser *parser)
{
	return filter_expression(parser) && (filter_take_sign(parser, ')', 0) || filter_fail(parser, ") is wanted"));
}

static bool filter_term_of(struct filter_parser *parser)
{
	bool is_relation;

	if (filter_take_word(parser, "not") || filter_take_sign(parser, '!', 0)) {
		if (parser->nesting++ >= FILTER_NESTING_MAXIMUM)
			return filter_fail(parser, "there are too many nots");
		if (!filter_term_of(parser))
			return false;
		parser->nesting--;
		return filter_emit(parser, (struct filter_step){ .op = FILTER_NOT });
	}
	if (!filter_relation(parser, &is_relation))
		return false;
	if (is_relation)
		return true;
	if (filter_take_sign(parser, '(', 0))
		return filter_parentheses(parser);
	return filter_at_name(parser) ? filter_names(parser, &parser->last) : filter_primitive(parser);
}

static bool filter_expression(struct filter_parser *parser)
{
	if (parser->nesting++ >= FILTER_NESTING_MAXIMUM)
		return filter_fail(parser, "there are too many parentheses");
	if (!filter_term_of(parser))
		return false;
	for (;;) {
		bool is_or = filter_take_word(parser, "or") || filter_take_sign(parser, '|', '|');
		uint32_t at = parser->filter->nr_steps;

		if (!is_or && !filter_take_word(parser, "and") && !filter_take_sign(parser, '&', '&'))
			break;
		if (!filter_emit(parser, (struct filter_step){ .op = is_or ? FILTER_OR : FILTER_AND }) || !filter_term_of(parser))
			return false;
		parser->filter->steps[at].first = parser->filter->nr_steps;
	}
	parser->nesting--;
	return true;
}

bool filter_compile(struct filter *filter, const char *text, size_t length, char error[FILTER_ERROR_BYTES])
{
	struct filter_parser parser = { .place = { .at = text }, .end = text + length, .filter = filter, .error = error,
					.last = { .layer = -1 } };

	filter->nr_steps = 0;
	error[0] = '\0';
	filter_next(&parser);
	if (parser.place.kind == FILTER_TOKEN_END)
		return filter_emit(&parser, (struct filter_step){ .op = FILTER_TEST_ALL });
	if (!filter_expression(&parser))
		return false;
	if (parser.place.kind != FILTER_TOKEN_END)
		return filter_fail(&parser, "and, or or the end is wanted");
	return filter_check(filter->steps, filter->nr_steps) || filter_fail(&parser, "the filter is too deep");
}
