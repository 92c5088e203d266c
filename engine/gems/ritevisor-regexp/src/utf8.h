/*
 * utf8.h: UTF-8 in patterns of bytes.
 */
#ifndef RITEVISOR_REGEXP_UTF8_H
#define RITEVISOR_REGEXP_UTF8_H

#include <mruby.h>
#include <stdbool.h>
#include <stdint.h>

enum { UTF8_BYTES_MAXIMUM = 4, UTF8_LAST = 0x10ffff };

/* One character that is not ASCII, or a byte that is part of none. A continuation byte is matched
 * by itself only where no character can have begun before it. */
#define UTF8_WIDE \
	"(?>[\\xc2-\\xdf][\\x80-\\xbf]|[\\xe0-\\xef][\\x80-\\xbf]{2}|[\\xf0-\\xf4][\\x80-\\xbf]{3}" \
	"|[\\xc0-\\xff]|(?<![\\xc2-\\xf4])(?<![\\xe0-\\xf4][\\x80-\\xbf])" \
	"(?<![\\xf0-\\xf4][\\x80-\\xbf]{2})[\\x80-\\xbf])"

/* Bytes of the character at text, 1 for a byte that is part of none. */
int utf8_length(const char *text, const char *end);

/* The code point of such a character of 2 bytes and more. */
uint32_t utf8_decode(const char *text, int length_bytes);

/* Writes 1 to 4 bytes; returns how many. */
int utf8_encode(uint32_t code, char bytes[UTF8_BYTES_MAXIMUM]);

/* Appends "|" and a pattern of bytes for each part of the range of code points first..last, all of
 * them above 0x7f. */
void utf8_append_range(mrb_state *mrb, mrb_value pattern, uint32_t first, uint32_t last);

#endif
