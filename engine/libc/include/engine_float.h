/*
 * engine_float.h - exact conversion between doubles and decimal text.
 */
#ifndef ENGINE_FLOAT_TEXT_H
#define ENGINE_FLOAT_TEXT_H

#include <stddef.h>
#include <stdbool.h>

/*
 * As printf's conversion: format is one of a A e E f F g G, with 0x80 added for the '#' flag;
 * precision below 0 means the default; sign is '\0', '+' or ' '. Writes at most size bytes
 * with the NUL and returns the length written. What does not fit is shortened as mruby's own
 * function does it: %f falls back to %e, then digits after the point are dropped.
 */
int mrb_format_float(double value, char *text, size_t size, char format, int precision, char sign);

/*
 * The same interface for Float#to_s: format and precision are ignored. The fewest digits that
 * read back as the same value, in exponent form below 1e-4 and from 1e15 on.
 */
int engine_format_float_shortest(double value, char *text, size_t size, char format,
				 int precision, char sign);

/*
 * Read the longest decimal number that text starts with, correctly rounded. *end (if end is
 * not NULL) gets the place after it. False when there is none.
 */
_Bool mrb_read_float(const char *text, char **end, double *value);

#endif
