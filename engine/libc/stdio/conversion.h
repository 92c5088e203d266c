/*
 * conversion.h - one conversion of printf: what was asked for, and how its field is put out.
 */
#ifndef ENGINE_LIBC_CONVERSION_H
#define ENGINE_LIBC_CONVERSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Where text goes: to file, or to at most size - 1 characters of text. */
struct output {
	FILE *file;
	char *text;
	size_t size;
	size_t length;
};

enum length_modifier {
	LENGTH_NONE, LENGTH_CHAR, LENGTH_SHORT, LENGTH_LONG, LENGTH_LONG_LONG,
};

struct conversion {
	bool left;
	bool plus;
	bool space;
	bool alternate;
	bool zero;
	int width;
	int precision;		/* -1: not given */
	enum length_modifier modifier;
	char kind;
};

/* Plain text, no padding. */
void output_put(struct output *output, const char *text, size_t length);

/* The conversions d u o x X; the value is given as magnitude and sign. */
void output_integer(struct output *output, struct conversion *conversion, uint64_t value,
		    bool negative);

/* The conversions a A e E f F g G. */
void output_float(struct output *output, struct conversion *conversion, double value);

/* NULL is shown as "(null)"; at most precision characters, when one is given. */
void output_string(struct output *output, struct conversion *conversion, const char *string);

/* One character, which may be NUL. */
void output_character(struct output *output, struct conversion *conversion, char c);

#endif
