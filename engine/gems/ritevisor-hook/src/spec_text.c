/*
 * spec_text.c: takes words like "8086:100e" and "00:1f.2" apart.
 */
#include "spec_text.h"

#include <mruby/string.h>
#include <string.h>

/* Takes a hexadecimal number up to |maximum| and the |separator| behind it; '\0': up to the end.
 * Returns false if there is none. */
static bool spec_text_number(const char **at, const char *end, char separator, uint64_t maximum,
			     uint64_t *number)
{
	const char *start = *at;

	*number = 0;
	for (; *at < end && !(separator && **at == separator); (*at)++) {
		char c = **at, small = c | 0x20;
		uint64_t digit = c >= '0' && c <= '9' ? (uint64_t)(c - '0')
			       : small >= 'a' && small <= 'f' ? (uint64_t)(small - 'a' + 10) : 16;

		*number = *number * 16 + digit;
		if (digit == 16 || *number > maximum)
			return false;
	}
	if (*at == start || (separator && *at == end))
		return false;
	*at += separator != 0;
	return true;
}

unsigned int spec_text_parse(mrb_state *mrb, const struct rv_kind *kind, const struct rv_text *text,
			     mrb_value word, uint64_t numbers[RV_TEXT_FIELDS_MAXIMUM])
{
	unsigned int count = (unsigned int)strlen(text->separators) + 1, i = 0;

	if (mrb_string_p(word)) {
		const char *at = RSTRING_PTR(word), *end = at + RSTRING_LEN(word);

		while (i < count &&
		       spec_text_number(&at, end, text->separators[i],
					kind->fields[rv_field_named(kind, text->fields[i])].last,
					&numbers[i]))
			i++;
	}
	if (i < count)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "%s: is \"%s\" in hex, \"%s\", not %v", text->name,
			   text->shape, text->example, mrb_inspect(mrb, word));
	return count;
}
