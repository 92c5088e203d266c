/*
 * translate.c: Ruby's regular expressions in PCRE2's spelling.
 *
 * The two languages are nearly the same. What differs: /m is PCRE2's /s, \h is a hexadecimal
 * digit, \v one character, \u a code point, and characters are UTF-8, of which PCRE2 as it is built
 * here sees bytes. One pass over the source, atom by atom; what is the same is copied.
 */
#include "translate.h"

#include "utf8.h"

#include <mruby/class.h>
#include <mruby/string.h>
#include <stdio.h>
#include <string.h>

enum { TRANSLATE_DEPTH = 128 };

struct translator {
	mrb_state *mrb;
	const char *at, *end;	/* what is left of the source */
	mrb_value out;
	bool bytes;
	bool has_names, has_sets;
	unsigned int depth;	/* of groups */
	bool extended[TRANSLATE_DEPTH];	/* the option x, in each open group */
};

/* A class, [...], in two parts. */
struct class_parts {
	mrb_value set;		/* what stands between the brackets, of bytes */
	mrb_value wide;		/* "|" and an alternative each for characters above 0x7f */
	bool negated;
	bool others;		/* it has \W or the like: all that is not ASCII */
};

static _Noreturn void translate_fail(const struct translator *t, const char *why)
{
	struct RClass *error = mrb_class_get(t->mrb, "RegexpError");

	mrb_raise(t->mrb, error, why);
	__builtin_unreachable();
}

static void translate_emit(struct translator *t, const char *text)
{
	mrb_str_cat_cstr(t->mrb, t->out, text);
}

static void translate_copy(struct translator *t, mrb_value to, int length_bytes)
{
	mrb_str_cat(t->mrb, to, t->at, (size_t)length_bytes);
	t->at += length_bytes;
}

static bool translate_next_is(const struct translator *t, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(t->end - t->at) >= length && memcmp(t->at, text, length) == 0;
}

static bool translate_quantifier_follows(const struct translator *t)
{
	return t->at < t->end && strchr("*+?{", *t->at) != NULL && *t->at != '\0';
}

/* "*" or "+" follows and takes as much as it can: then bytes give the same as characters. */
static bool translate_takes_all(const struct translator *t)
{
	return t->at < t->end && (*t->at == '*' || *t->at == '+') &&
	       (t->end - t->at < 2 || t->at[1] != '?');
}

/* An atom that means characters: `narrow` is its part in ASCII, and all bytes. */
static void translate_emit_wide(struct translator *t, const char *narrow)
{
	bool as_bytes = t->bytes || translate_takes_all(t);

	if (!as_bytes)
		translate_emit(t, "(?:(?![\\x80-\\xff])");
	translate_emit(t, narrow);
	if (!as_bytes)
		translate_emit(t, "|" UTF8_WIDE ")");
}

/* The bytes of a character, kept together for a quantifier. */
static void translate_emit_character(struct translator *t, const char *bytes, int length)
{
	bool group = length > 1 && translate_quantifier_follows(t);

	if (group)
		translate_emit(t, "(?:");
	mrb_str_cat(t->mrb, t->out, bytes, (size_t)length);
	if (group)
		translate_emit(t, ")");
}

/* The hexadecimal digits at t->at, `least` to `most` of them. */
static uint32_t translate_hex(struct translator *t, int least, int most)
{
	uint32_t code = 0;
	int digits = 0;

	for (; digits < most && t->at < t->end; digits++, t->at++) {
		char c = *t->at;

		if (c >= '0' && c <= '9')
			code = code << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			code = code << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			break;
	}
	if (digits < least || code > UTF8_LAST)
		translate_fail(t, "\\u needs four hexadecimal digits, or \\u{...} up to 10ffff");
	return code;
}

/* Behind \u. */
static uint32_t translate_code_point(struct translator *t)
{
	uint32_t code;

	if (!translate_next_is(t, "{"))
		return translate_hex(t, 4, 4);
	t->at++;
	code = translate_hex(t, 1, 6);
	if (!translate_next_is(t, "}"))
		translate_fail(t, "\\u{...} takes one code point here");
	t->at++;
	return code;
}

static void translate_emit_code_point(struct translator *t, uint32_t code)
{
	char bytes[UTF8_BYTES_MAXIMUM], text[8];
	int length = utf8_encode(code, bytes);

	/* An ASCII character by its number, lest it mean something. */
	if (length == 1) {
		snprintf(text, sizeof(text), "\\x%02x", (unsigned int)code);
		translate_emit(t, text);
	} else {
		translate_emit_character(t, bytes, length);
	}
}

/* Outside of classes; t->at is at the backslash. */
static void translate_escape(struct translator *t)
{
	char letter;

	if (t->end - t->at < 2)
		translate_fail(t, "too short escape sequence");
	letter = t->at[1];
	if (strchr("hHvuWDS", letter) == NULL || letter == '\0') {
		bool same = ((letter | 0x20) >= 'a' && (letter | 0x20) <= 'z')
				    ? strchr("AbBdefgGknpPrRstwxXzZK", letter) != NULL
				    : (unsigned char)letter < 0x80;

		if (!same)
			t->at++;	/* \y is y; \é is é */
		else
			translate_copy(t, t->out, 2);
		return;
	}
	t->at += 2;
	switch (letter) {
	case 'h':
		translate_emit(t, "[0-9a-fA-F]");
		break;
	case 'H':
		translate_emit_wide(t, "[^0-9a-fA-F]");
		break;
	case 'v':
		translate_emit(t, "\\x0b");
		break;
	case 'u':
		translate_emit_code_point(t, translate_code_point(t));
		break;
	default:
		translate_emit_wide(t, letter == 'W' ? "\\W" : letter == 'D' ? "\\D" : "\\S");
	}
}

/* One end of a range or a single member: its code point, or -1 when it was something else (a
 * class), which has been copied. ASCII and bytes are copied too. */
static int64_t class_member(struct translator *t, struct class_parts *parts)
{
	int length = utf8_length(t->at, t->end);
	uint32_t code;

	if (t->at[0] == '\\' && t->end - t->at >= 2 && t->at[1] == 'u') {
		t->at += 2;
		code = translate_code_point(t);
		if (code >= 0x80)
			return code;
		translate_fail(t, "\\u in a class is for what is not ASCII: write \\x41, or A");
	}
	if (length > 1 && !t->bytes) {
		code = utf8_decode(t->at, length);
		t->at += length;
		return code;
	}
	translate_copy(t, parts->set, 1);
	return -1;
}

static void class_escape(struct translator *t, struct class_parts *parts)
{
	char letter = t->at[1];

	switch (letter) {
	case 'h':
		mrb_str_cat_lit(t->mrb, parts->set, "0-9a-fA-F");
		break;
	case 'H':
		mrb_str_cat_lit(t->mrb, parts->set, "\\x00-\\x2f:-@G-`g-\\xff");
		break;
	case 'v':
		mrb_str_cat_lit(t->mrb, parts->set, "\\x0b");
		break;
	case 'R':
	case 'X':
		translate_fail(t, "\\R and \\X have no meaning in a class");
	default:
		translate_copy(t, parts->set, 2);
		t->at -= 2;
	}
	if (strchr("HWDS", letter) && letter)
		parts->others = true;
	t->at += 2;
}

/* A character that is not ASCII, perhaps the first of a range. */
static void class_wide_member(struct translator *t, struct class_parts *parts, int64_t first)
{
	int64_t last = first;

	if (t->end - t->at >= 2 && t->at[0] == '-' && t->at[1] != ']') {
		t->at++;
		last = class_member(t, parts);
		if (last < first)
			translate_fail(t, "empty range in char class");
	}
	utf8_append_range(t->mrb, parts->wide, (uint32_t)first, (uint32_t)last);
}

/* [:alpha:] as a whole; t->at is at its bracket. */
static bool class_posix(struct translator *t, struct class_parts *parts)
{
	const char *close;

	if (!translate_next_is(t, "[:"))
		return false;
	close = memchr(t->at, ']', (size_t)(t->end - t->at));
	if (!close || close[-1] != ':')
		return false;
	if (t->at[2] == '^')
		parts->others = true;
	translate_copy(t, parts->set, (int)(close + 1 - t->at));
	return true;
}

/* A class inside of a class: copied up to its end. */
static void class_nested(struct translator *t, struct class_parts *parts)
{
	int depth = 0;

	t->has_sets = true;
	do {
		if (t->at == t->end)
			translate_fail(t, "premature end of char-class");
		if (class_posix(t, parts))
			continue;
		depth += (*t->at == '[') - (*t->at == ']');
		if (*t->at == '\\' && t->end - t->at >= 2)
			class_escape(t, parts);
		else
			translate_copy(t, parts->set, 1);
	} while (depth > 0);
}

/* What stands between the brackets; t->at ends behind the closing one. */
static void class_read(struct translator *t, struct class_parts *parts)
{
	bool first = true;

	for (;; first = false) {
		int64_t code;

		if (t->at == t->end)
			translate_fail(t, "premature end of char-class");
		if (*t->at == ']' && !first)
			break;
		if (translate_next_is(t, "&&")) {
			t->has_sets = true;
			translate_copy(t, parts->set, 2);
		} else if (*t->at == '[') {
			if (!class_posix(t, parts))
				class_nested(t, parts);
		} else if (*t->at == '\\' && t->end - t->at >= 2 && t->at[1] != 'u') {
			class_escape(t, parts);
		} else if (*t->at == ']') {
			mrb_str_cat_lit(t->mrb, parts->set, "\\]");
			t->at++;
		} else {
			code = class_member(t, parts);
			if (code >= 0)
				class_wide_member(t, parts, code);
		}
	}
	t->at++;
}

static void class_emit_set(struct translator *t, const struct class_parts *parts)
{
	translate_emit(t, parts->negated ? "[^" : "[");
	mrb_str_cat_str(t->mrb, t->out, parts->set);
	translate_emit(t, "]");
}

/* (?:[set]|wide...), or for a negated one (?:(?!wide...)(?:ASCII of [^set]|any wide)). */
static void class_emit(struct translator *t, const struct class_parts *parts)
{
	bool has_set = RSTRING_LEN(parts->set) > 0;

	if (parts->negated || parts->others) {
		translate_emit(t, "(?:");
		if (parts->negated && RSTRING_LEN(parts->wide) > 0) {
			translate_emit(t, "(?!(?!)");
			mrb_str_cat_str(t->mrb, t->out, parts->wide);
			translate_emit(t, ")");
		}
		translate_emit(t, "(?:(?![\\x80-\\xff])");
		if (has_set)
			class_emit_set(t, parts);
		else
			translate_emit(t, "[\\x00-\\x7f]");
		translate_emit(t, "|" UTF8_WIDE "))");
	} else {
		translate_emit(t, "(?:");
		if (has_set)
			class_emit_set(t, parts);
		else
			translate_emit(t, "(?!)");
		mrb_str_cat_str(t->mrb, t->out, parts->wide);
		translate_emit(t, ")");
	}
}

/* t->at is at the opening bracket. */
static void translate_class(struct translator *t)
{
	struct class_parts parts = {
		.set = mrb_str_new(t->mrb, NULL, 0),
		.wide = mrb_str_new(t->mrb, NULL, 0),
	};
	bool is_wide;

	t->at++;
	if (translate_next_is(t, "^")) {
		parts.negated = true;
		t->at++;
	}
	class_read(t, &parts);
	is_wide = parts.negated || parts.others;
	if (RSTRING_LEN(parts.wide) > 0) {
		if (t->has_sets)
			translate_fail(t, "a class with && or another class inside takes ASCII only");
		class_emit(t, &parts);
	} else if (is_wide && !t->bytes && !translate_takes_all(t)) {
		class_emit(t, &parts);
	} else {
		class_emit_set(t, &parts);
	}
}

static void translate_open(struct translator *t)
{
	if (t->depth + 1 == TRANSLATE_DEPTH)
		translate_fail(t, "too deeply nested groups");
	t->depth++;
	t->extended[t->depth] = t->extended[t->depth - 1];
}

/* (?mix-mix) and (?mix-mix:...); t->at is behind "(?". False: it is none. */
static bool translate_options(struct translator *t)
{
	const char *at = t->at;
	bool on = true, extended = t->extended[t->depth];

	for (; at < t->end && strchr("imx-", *at) && *at; at++) {
		on = on && *at != '-';
		if (*at == 'x')
			extended = on;
	}
	if (at == t->end || (*at != ')' && *at != ':') || at == t->at)
		return false;
	translate_emit(t, "(?");
	if (*at == ':')
		translate_open(t);
	t->extended[t->depth] = extended;
	for (; t->at <= at; t->at++)
		mrb_str_cat(t->mrb, t->out, *t->at == 'm' ? "s" : t->at, 1);
	return true;
}

/* t->at is at the parenthesis. */
static void translate_group(struct translator *t)
{
	if (translate_next_is(t, "(*"))
		translate_fail(t, "target of repeat operator is not specified");
	if (translate_next_is(t, "(?#")) {
		const char *close = memchr(t->at, ')', (size_t)(t->end - t->at));

		if (!close)
			translate_fail(t, "end pattern in group");
		t->at = close + 1;
		return;
	}
	if (translate_next_is(t, "(?")) {
		t->at += 2;
		if (translate_options(t))
			return;
		if (translate_next_is(t, "~"))
			translate_fail(t, "(?~...) is not supported");
		if ((translate_next_is(t, "<") && t->end - t->at > 1 && t->at[1] != '=' &&
		     t->at[1] != '!') ||
		    translate_next_is(t, "'"))
			t->has_names = true;
		t->at -= 2;
	}
	translate_open(t);
	translate_copy(t, t->out, translate_next_is(t, "(?") ? 2 : 1);
}

/* With the option x: up to the end of the line. */
static void translate_skip_comment(struct translator *t)
{
	while (t->at < t->end && *t->at != '\n')
		t->at++;
}

static void translate_plain(struct translator *t)
{
	int length = t->bytes ? 1 : utf8_length(t->at, t->end);
	const char *bytes = t->at;

	t->at += length;
	translate_emit_character(t, bytes, length);
}

static void translate_atom(struct translator *t)
{
	switch (*t->at) {
	case '\\':
		translate_escape(t);
		break;
	case '[':
		translate_class(t);
		break;
	case '(':
		translate_group(t);
		break;
	case ')':
		if (t->depth > 0)
			t->depth--;
		translate_copy(t, t->out, 1);
		break;
	case '.':
		t->at++;
		translate_emit_wide(t, ".");
		break;
	case '#':
		if (t->extended[t->depth])
			translate_skip_comment(t);
		else
			translate_copy(t, t->out, 1);
		break;
	default:
		translate_plain(t);
	}
}

struct translation regexp_translate(mrb_state *mrb, const char *source, mrb_int length_bytes,
				    bool extended, bool bytes)
{
	struct translator t = {
		.mrb = mrb,
		.at = source,
		.end = source + length_bytes,
		.out = mrb_str_new_capa(mrb, length_bytes),
		.bytes = bytes,
		.extended = { extended },
	};

	while (t.at < t.end)
		translate_atom(&t);
	return (struct translation){ t.out, t.has_names, t.has_sets };
}
