/*
 * format_float.h - the magnitude of a double as text, for printf and for mruby's formatter.
 */
#ifndef ENGINE_LIBC_FORMAT_FLOAT_H
#define ENGINE_LIBC_FORMAT_FLOAT_H

#include "decimal.h"

#include <stddef.h>

/* length counts all characters put, stored or not; at most size - 1 are stored. */
struct float_sink {
	char *text;
	size_t size;
	size_t length;
};

/* format is one of A a E e F f G g; a precision below 0 means the default. No sign is put. */
void float_text_put(struct float_sink *sink, double value, char format, int precision,
		    bool alternate);

#endif
