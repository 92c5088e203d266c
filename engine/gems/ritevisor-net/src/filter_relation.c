/*
 * filter_relation.c: comparisons of numbers that stand in packets: "tcp[tcpflags] & tcp-syn != 0", "len > 100".
 */
#include "filter_parse.h"

static bool filter_arithmetic(struct filter_parser *parser, int level);

/* proto[place] or proto[place:size] */
static bool filter_load_term(struct filter_parser *parser, int layer)
{
	struct filter_step step = { .op = FILTER_VALUE_LOAD, .side = 1, .layers = (uint32_t)filter_layers[layer].header };
	uint32_t size = 1;

	filter_next(parser);
	if (!filter_take_sign(parser, '[', 0))
		return filter_fail(parser, "[ is wanted");
	if (filter_layers[layer].header < 0)
		return filter_fail(parser, "this protocol's header cannot be looked into");
	if (!filter_arithmetic(parser, 0))
		return false;
	if (filter_take_sign(parser, ':', 0)) {
		if (!filter_take_number(parser, 4, "a size of 1, 2 or 4 bytes is wanted", &size))
			return false;
		if (size == 0 || size == 3)
			return filter_fail(parser, "a size is 1, 2 or 4 bytes");
	}
	if (!filter_take_sign(parser, ']', 0))
		return filter_fail(parser, "] is wanted");
	step.side = (uint8_t)size;
	return filter_emit(parser, step);
}

static bool filter_parenthesis(struct filter_parser *parser)
{
	return filter_arithmetic(parser, 0) &&
	       (filter_take_sign(parser, ')', 0) || filter_fail(parser, ") is wanted"));
}

static bool filter_arithmetic_term(struct filter_parser *parser)
{
	struct filter_step step = { .op = FILTER_VALUE_NUMBER };
	int layer = filter_layer_at(parser);
	bool good;

	if (parser->nesting++ >= FILTER_NESTING_MAXIMUM)
		return filter_fail(parser, "there are too many parentheses");
	if (layer >= 0) {
		good = filter_load_term(parser, layer);
	} else if (filter_take_sign(parser, '(', 0)) {
		good = filter_parenthesis(parser);
	} else if (filter_take_sign(parser, '-', 0)) {
		good = filter_arithmetic_term(parser) && filter_emit(parser, (struct filter_step){ .op = FILTER_VALUE_NEGATE });
	} else if (filter_take_word(parser, "len")) {
		good = filter_emit(parser, (struct filter_step){ .op = FILTER_VALUE_LENGTH });
	} else {
		good = filter_word_number(parser, &step.first) || filter_constant_at(parser, &step.first) ||
		       filter_fail(parser, "a number is wanted");
		if (good)
			filter_next(parser);
		good = good && filter_emit(parser, step);
	}
	parser->nesting--;
	return good;
}

/* The weakest first. */
static const struct {
	char first, second;
	uint8_t level, op;
} filter_operators[] = {
	{ '|', 0, 0, FILTER_VALUE_OR }, { '^', 0, 1, FILTER_VALUE_XOR }, { '&', 0, 2, FILTER_VALUE_AND },
	{ '<', '<', 3, FILTER_VALUE_LEFT }, { '>', '>', 3, FILTER_VALUE_RIGHT }, { '+', 0, 4, FILTER_VALUE_ADD },
	{ '-', 0, 4, FILTER_VALUE_SUBTRACT }, { '*', 0, 5, FILTER_VALUE_MULTIPLY }, { '/', 0, 5, FILTER_VALUE_DIVIDE },
	{ '%', 0, 5, FILTER_VALUE_MODULO },
};

enum { FILTER_LEVELS = 6 };

/* The operator of that level that stands here; 0: none does. */
static uint8_t filter_take_operator(struct filter_parser *parser, int level)
{
	for (size_t i = 0; i < sizeof(filter_operators) / sizeof(filter_operators[0]); i++) {
		if (filter_operators[i].level == level &&
		    filter_take_sign(parser, filter_operators[i].first, filter_operators[i].second))
			return filter_operators[i].op;
	}
	return 0;
}

static bool filter_arithmetic(struct filter_parser *parser, int level)
{
	uint8_t op;

	if (level == FILTER_LEVELS)
		return filter_arithmetic_term(parser);
	if (!filter_arithmetic(parser, level + 1))
		return false;
	while ((op = filter_take_operator(parser, level)) != 0) {
		if (!filter_arithmetic(parser, level + 1) || !filter_emit(parser, (struct filter_step){ .op = op }))
			return false;
	}
	return true;
}

/* How the comparison that stands here is done; false: none does. */
static bool filter_take_comparison(struct filter_parser *parser, uint8_t *op, bool *negated)
{
	static const struct {
		char first, second;
		uint8_t op;
		bool negated;
	} comparisons[] = {
		{ '=', 0, FILTER_COMPARE_EQUAL, false }, { '=', '=', FILTER_COMPARE_EQUAL, false },
		{ '!', '=', FILTER_COMPARE_EQUAL, true }, { '>', 0, FILTER_COMPARE_ABOVE, false },
		{ '<', '=', FILTER_COMPARE_ABOVE, true }, { '>', '=', FILTER_COMPARE_NOT_BELOW, false },
		{ '<', 0, FILTER_COMPARE_NOT_BELOW, true },
	};

	for (size_t i = 0; i < sizeof(comparisons) / sizeof(comparisons[0]); i++) {
		if (filter_take_sign(parser, comparisons[i].first, comparisons[i].second)) {
			*op = comparisons[i].op;
			*negated = comparisons[i].negated;
			return true;
		}
	}
	return false;
}

/* Before the steps from `first` on: is there each header that they look into? If not, all of the relation is false. */
static bool filter_demand_layers(struct filter_parser *parser, uint32_t first)
{
	struct filter *filter = parser->filter;
	uint32_t seen = 1u << FILTER_ETHER, nr_demands = 0, end;

	for (uint32_t i = first; i < filter->nr_steps; i++) {
		if (filter->steps[i].op != FILTER_VALUE_LOAD || (seen & 1u << filter->steps[i].layers))
			continue;
		seen |= 1u << filter->steps[i].layers;
		nr_demands++;
	}
	if (filter->nr_steps + 2 * nr_demands > FILTER_STEPS_MAXIMUM)
		return filter_fail(parser, "the filter is too long");
	end = filter->nr_steps + 2 * nr_demands;
	for (uint32_t i = filter->nr_steps; i-- > first;)
		filter->steps[i + 2 * nr_demands] = filter->steps[i];
	for (uint32_t layer = FILTER_IP, at = first; layer < FILTER_LAYERS; layer++) {
		if (!(seen & 1u << layer))
			continue;
		filter->steps[at++] = (struct filter_step){ .op = FILTER_TEST_LAYER, .layers = layer };
		filter->steps[at++] = (struct filter_step){ .op = FILTER_AND, .first = end };
	}
	filter->nr_steps = end;
	return true;
}

/* Could a number begin here? */
static bool filter_at_arithmetic(struct filter_parser *parser)
{
	struct filter_place before = parser->place;
	uint32_t number;
	bool bracket;

	if (filter_at_sign(parser, '(', 0) || filter_at_sign(parser, '-', 0) || filter_at_word(parser, "len") ||
	    filter_word_number(parser, &number) || filter_constant_at(parser, &number))
		return true;
	if (filter_layer_at(parser) < 0)
		return false;
	filter_next(parser);
	bracket = filter_at_sign(parser, '[', 0);
	parser->place = before;
	return bracket;
}

bool filter_relation(struct filter_parser *parser, bool *is_one)
{
	struct filter_place before = parser->place;
	uint32_t first = parser->filter->nr_steps;
	int nesting = parser->nesting;
	bool negated;
	uint8_t op;

	*is_one = false;
	if (!filter_at_arithmetic(parser))
		return true;
	if (!filter_arithmetic(parser, 0) || !filter_take_comparison(parser, &op, &negated)) {
		/* "(" may begin something else, and a number be a name; "tcp[" cannot. */
		if (parser->error[0] != '\0' && before.token[0] != '(')
			return false;
		parser->error[0] = '\0';
		parser->place = before;
		parser->nesting = nesting;
		parser->filter->nr_steps = first;
		return true;
	}
	*is_one = true;
	return filter_arithmetic(parser, 0) && filter_emit(parser, (struct filter_step){ .op = op }) &&
	       (!negated || filter_emit(parser, (struct filter_step){ .op = FILTER_NOT })) &&
	       filter_demand_layers(parser, first);
}
