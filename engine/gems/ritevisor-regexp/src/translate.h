/*
 * translate.h: Ruby's regular expressions in PCRE2's spelling.
 */
#ifndef RITEVISOR_REGEXP_TRANSLATE_H
#define RITEVISOR_REGEXP_TRANSLATE_H

#include <mruby.h>
#include <stdbool.h>

struct translation {
	mrb_value pattern;	/* a String for pcre2_compile() */
	bool has_names;		/* there is a (?<name>...): plain groups do not capture */
	bool has_sets;		/* a class has && or a class inside: PCRE2_ALT_EXTENDED_CLASS */
};

/* Translates length_bytes of source. `extended` is the option x; `bytes` the option n: ".",
 * negated classes, \W, \D and \S then match one byte, else one UTF-8 character (or one byte that
 * is part of none). Raises RegexpError for what PCRE2 has and Ruby has not, and for what cannot be
 * translated. */
struct translation regexp_translate(mrb_state *mrb, const char *source, mrb_int length_bytes,
				    bool extended, bool bytes);

#endif
