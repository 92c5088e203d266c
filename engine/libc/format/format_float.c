/*
 * format_float.c - doubles to text: printf's e, f, g and a conversions, and the shortest form.
 */
#include "format_float.h"

#include "../include/engine_float.h"
#include "../softfloat/double_bits.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* From this exponent on, and below 1e-4, mruby's Float#to_s uses the exponent form. */
#define SHORTEST_POINT_MAX 15

/* Counts every character but stores only what fits, as snprintf promises. */
static inline void text_put(struct float_sink *sink, char c)
{
	if (sink->length + 1 < sink->size)
		sink->text[sink->length] = c;
	sink->length++;
}

static void text_put_string(struct float_sink *sink, const char *string)
{
	while (*string != '\0')
		text_put(sink, *string++);
}

/* How many of count characters there is room for, the NUL kept free. */
static inline size_t text_room(const struct float_sink *sink, size_t count)
{
	size_t room = sink->length + 1 < sink->size ? sink->size - 1 - sink->length : 0;

	return count < room ? count : room;
}

static void text_put_zeros(struct float_sink *sink, int count)
{
	if (count <= 0)
		return;
	memset(sink->text + sink->length, '0', text_room(sink, (size_t)count));
	sink->length += (size_t)count;
}

/* count digits from index on, which may be before the first; zeros where there are none. */
static void text_put_digits(struct float_sink *sink, const struct decimal *decimal, int index,
			    int count)
{
	int zeros = index < 0 ? -index : 0;
	int held;

	if (zeros > count)
		zeros = count;
	text_put_zeros(sink, zeros);
	index += zeros;
	count -= zeros;
	held = decimal->count - index;
	held = held < 0 ? 0 : held < count ? held : count;
	if (held > 0) {
		memcpy(sink->text + sink->length, decimal->digit + index,
		       text_room(sink, (size_t)held));
		sink->length += (size_t)held;
	}
	text_put_zeros(sink, count - held);
}

static void text_put_exponent(struct float_sink *sink, char letter, int exponent, int least)
{
	char digit[8];
	int count = 0;
	unsigned int magnitude = exponent < 0 ? -(unsigned int)exponent : (unsigned int)exponent;

	text_put(sink, letter);
	text_put(sink, exponent < 0 ? '-' : '+');
	do {
		digit[count++] = (char)('0' + magnitude % 10);
		magnitude /= 10;
	} while (magnitude > 0 || count < least);
	while (count > 0)
		text_put(sink, digit[--count]);
}

/* d.ddd with places digits after the point, then the exponent */
static void text_put_scientific(struct float_sink *sink, const struct decimal *decimal,
				int places, bool point, char letter)
{
	text_put_digits(sink, decimal, 0, 1);
	if (places > 0 || point)
		text_put(sink, '.');
	text_put_digits(sink, decimal, 1, places);
	text_put_exponent(sink, letter, decimal->count == 0 ? 0 : decimal->point - 1, 2);
}

static void text_put_fixed(struct float_sink *sink, const struct decimal *decimal, int places,
			   bool point)
{
	if (decimal->point <= 0)
		text_put(sink, '0');
	else
		text_put_digits(sink, decimal, 0, decimal->point);
	if (places > 0 || point)
		text_put(sink, '.');
	text_put_digits(sink, decimal, decimal->point, places);
}

static void text_put_general(struct float_sink *sink, const struct decimal *decimal,
			     int precision, bool alternate, char letter)
{
	int exponent = decimal->count == 0 ? 0 : decimal->point - 1;
	int shown = alternate ? precision : decimal->count;

	if (shown < 1)
		shown = 1;
	if (exponent < -4 || exponent >= precision) {
		text_put_scientific(sink, decimal, shown - 1, alternate, letter);
		return;
	}
	shown -= exponent + 1;
	text_put_fixed(sink, decimal, shown > 0 ? shown : 0, alternate);
}

/* C11 7.21.6.1: normalised, so the digit before the point is 1 unless the value is zero. */
static void text_put_hexadecimal(struct float_sink *sink, uint64_t bits, int precision,
				 bool alternate, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	uint64_t fraction = bits & 0x000fffffffffffffULL;
	int exponent = (int)(bits >> 52 & 0x7ff);
	uint64_t lead = exponent != 0;

	exponent = exponent != 0 ? exponent - 1023 : fraction != 0 ? -1022 : 0;
	fraction |= lead << 52;
	if (precision >= 0 && precision < 13) {
		unsigned int drop = (unsigned int)(13 - precision) * 4;
		uint64_t half = 1ULL << (drop - 1);
		uint64_t odd = fraction >> drop & 1;

		fraction = (fraction + half - 1 + odd) >> drop << drop;
	}
	text_put(sink, '0');
	text_put(sink, upper ? 'X' : 'x');
	text_put(sink, digits[fraction >> 52]);
	fraction = fraction << 12;
	if (precision > 0 || alternate || (precision < 0 && fraction != 0))
		text_put(sink, '.');
	for (int i = 0; precision < 0 ? fraction != 0 : i < precision; i++) {
		text_put(sink, digits[fraction >> 60]);
		fraction <<= 4;
	}
	text_put_exponent(sink, upper ? 'P' : 'p', exponent, 1);
}

void float_text_put(struct float_sink *sink, double value, char format, int precision,
		    bool alternate)
{
	bool upper = (format & 0x20) == 0;
	char letter = upper ? 'E' : 'e';
	struct decimal decimal;

	if (!isfinite(value)) {
		if (isnan(value))
			text_put_string(sink, upper ? "NAN" : "nan");
		else
			text_put_string(sink, upper ? "INF" : "inf");
		return;
	}
	switch (format | 0x20) {
	case 'a':
		text_put_hexadecimal(sink, double_to_bits(value), precision, alternate, upper);
		break;
	case 'e':
		precision = precision < 0 ? 6 : precision;
		decimal_round_significant(&decimal, value, precision + 1);
		text_put_scientific(sink, &decimal, precision, alternate, letter);
		break;
	case 'f':
		precision = precision < 0 ? 6 : precision;
		decimal_round_places(&decimal, value, precision);
		text_put_fixed(sink, &decimal, precision, alternate);
		break;
	default:
		precision = precision < 0 ? 6 : precision == 0 ? 1 : precision;
		decimal_round_significant(&decimal, value, precision);
		text_put_general(sink, &decimal, precision, alternate, letter);
		break;
	}
}

static void text_start(struct float_sink *sink, char *text, size_t size, double value, char sign)
{
	*sink = (struct float_sink){ .text = text, .size = size };
	if (signbit(value))
		text_put(sink, '-');
	else if (sign != '\0')
		text_put(sink, sign);
}

static int text_finish(struct float_sink *sink)
{
	size_t length = sink->length < sink->size ? sink->length : sink->size - 1;

	sink->text[length] = '\0';
	return (int)length;
}

int mrb_format_float(double value, char *text, size_t size, char format, int precision, char sign)
{
	bool alternate = ((unsigned char)format & 0x80) != 0;
	struct float_sink sink;
	int excess;

	format = (char)((unsigned char)format & 0x7f);
	if (size == 0)
		return 0;
	text_start(&sink, text, size, value, sign);
	float_text_put(&sink, value, format, precision, alternate);
	if (sink.length < size)
		return text_finish(&sink);
	/* It does not fit: drop digits after the point, then change to the exponent form. */
	precision = precision < 0 ? 6 : precision;
	excess = (int)(sink.length - (size - 1));
	if ((format | 0x20) == 'f' && excess > precision)
		format = (char)('e' | (format & 0x20));
	else
		precision -= excess;
	text_start(&sink, text, size, value, sign);
	float_text_put(&sink, value, format, precision > 0 ? precision : 0, alternate);
	if (sink.length >= size) {
		precision -= (int)(sink.length - (size - 1));
		text_start(&sink, text, size, value, sign);
		float_text_put(&sink, value, format, precision > 0 ? precision : 0, alternate);
	}
	return text_finish(&sink);
}

int engine_format_float_shortest(double value, char *text, size_t size, char format,
				 int precision, char sign)
{
	struct float_sink sink;
	struct decimal decimal;

	(void)format;
	(void)precision;
	if (size == 0)
		return 0;
	text_start(&sink, text, size, value, sign);
	if (!isfinite(value)) {
		float_text_put(&sink, value, 'g', 0, false);
		return text_finish(&sink);
	}
	decimal_shortest(&decimal, value);
	text_put_general(&sink, &decimal, SHORTEST_POINT_MAX, false, 'e');
	return text_finish(&sink);
}
