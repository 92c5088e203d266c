/*
 * format.h: sprintf and format of this gem.
 */
#ifndef LOG_FORMAT_H
#define LOG_FORMAT_H

#include <mruby.h>
#include <stdbool.h>

/* One directive: %, flags, width, precision, type, and which argument it takes if not the next. */
struct format_directive {
	bool minus, zero, sharp, plus, space;
	bool star_width, star_precision;
	mrb_int width, precision;	/* -1: without precision */
	mrb_int position;		/* "1$"; 0 without */
	const char *name;		/* "<name>"; NULL without */
	size_t name_length;
	char type;			/* '{' for "{name}" */
	size_t length;			/* in the format, the % included */
};

/* The base of d, i, u, x, X, o, b and B; 0 for other types. */
mrb_int format_base(char type);

/* Appends an integer, as one of the types that have a base. */
void format_integer(mrb_state *mrb, mrb_value out, const struct format_directive *directive,
		    mrb_value number);

/* Appends a big integer as type f: exactly, unlike a Float. */
void format_fixed(mrb_state *mrb, mrb_value out, const struct format_directive *directive,
		  mrb_value number);

void format_init(mrb_state *mrb);

#endif
