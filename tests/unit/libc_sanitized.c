/*
 * libc_sanitized.c - what joins the tests, which speak of doubles as bits, to the engine's sources
 * compiled for the host. The common paths of add and multiply are assembly; here the C functions
 * behind them do all the work.
 */
#include "libc_sanitized.h"

#include "../softfloat/engine_libc.h"

uint64_t f64_add_any(uint64_t a, uint64_t b, uint64_t b_sign);
uint64_t f64_multiply_any(uint64_t a, uint64_t b);
uint64_t engine___adddf3(uint64_t a, uint64_t b);
uint64_t engine___subdf3(uint64_t a, uint64_t b);
uint64_t engine___muldf3(uint64_t a, uint64_t b);

uint64_t engine___adddf3(uint64_t a, uint64_t b)
{
	return f64_add_any(a, b, 0);
}

uint64_t engine___subdf3(uint64_t a, uint64_t b)
{
	return f64_add_any(a, b, 1ULL << 63);
}

uint64_t engine___muldf3(uint64_t a, uint64_t b)
{
	return f64_multiply_any(a, b);
}

#define UNARY(name)							\
	uint64_t engine_##name(uint64_t x);				\
	uint64_t engine_##name(uint64_t x)				\
	{								\
		return bits_of(sanitized_##name(value_of(x)));		\
	}

UNARY(sqrt)
UNARY(floor)
UNARY(ceil)
UNARY(trunc)
UNARY(round)
UNARY(rint)

uint32_t engine_sqrtf(uint32_t x);
uint32_t engine_sqrtf(uint32_t x)
{
	return float_bits_of(sanitized_sqrtf(float_value_of(x)));
}

uint64_t engine_fmod(uint64_t x, uint64_t y);
uint64_t engine_fmod(uint64_t x, uint64_t y)
{
	return bits_of(sanitized_fmod(value_of(x), value_of(y)));
}

uint64_t engine_scalbn(uint64_t x, int n);
uint64_t engine_scalbn(uint64_t x, int n)
{
	return bits_of(sanitized_scalbn(value_of(x), n));
}

uint64_t engine_frexp(uint64_t x, int *exponent);
uint64_t engine_frexp(uint64_t x, int *exponent)
{
	return bits_of(sanitized_frexp(value_of(x), exponent));
}

uint64_t engine_modf(uint64_t x, uint64_t *integral);
uint64_t engine_modf(uint64_t x, uint64_t *integral)
{
	double whole;
	uint64_t fraction = bits_of(sanitized_modf(value_of(x), &whole));

	*integral = bits_of(whole);
	return fraction;
}

int engine_ilogb(uint64_t x);
int engine_ilogb(uint64_t x)
{
	return sanitized_ilogb(value_of(x));
}

struct complex_bits {
	uint64_t real;
	uint64_t imaginary;
};

struct complex_bits engine___muldc3(uint64_t a, uint64_t b, uint64_t c, uint64_t d);
struct complex_bits engine___muldc3(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	double _Complex product = sanitized_muldc3(value_of(a), value_of(b), value_of(c), value_of(d));

	return (struct complex_bits){ bits_of(__real__ product), bits_of(__imag__ product) };
}

struct complex_bits engine___divdc3(uint64_t a, uint64_t b, uint64_t c, uint64_t d);
struct complex_bits engine___divdc3(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	double _Complex quotient = sanitized_divdc3(value_of(a), value_of(b), value_of(c), value_of(d));

	return (struct complex_bits){ bits_of(__real__ quotient), bits_of(__imag__ quotient) };
}

int mrb_format_float(double value, char *text, size_t size, char format, int precision, char sign);
int engine_mrb_format_float(uint64_t value, char *text, size_t size, char format, int precision,
			    char sign);
int engine_mrb_format_float(uint64_t value, char *text, size_t size, char format, int precision,
			    char sign)
{
	return mrb_format_float(value_of(value), text, size, format, precision, sign);
}

int engine_format_float_shortest(double value, char *text, size_t size, char format, int precision,
				 char sign);
int engine_engine_format_float_shortest(uint64_t value, char *text, size_t size, char format,
					int precision, char sign);
int engine_engine_format_float_shortest(uint64_t value, char *text, size_t size, char format,
					int precision, char sign)
{
	return engine_format_float_shortest(value_of(value), text, size, format, precision, sign);
}

_Bool mrb_read_float(const char *text, char **end, double *value);
_Bool engine_mrb_read_float(const char *text, char **end, uint64_t *value);
_Bool engine_mrb_read_float(const char *text, char **end, uint64_t *value)
{
	double number;
	_Bool read = mrb_read_float(text, end, &number);

	*value = bits_of(number);
	return read;
}

/* libc_decimal passes one double, as bits. */
int engine_snprintf(char *text, size_t size, const char *format, uint64_t value);
int engine_snprintf(char *text, size_t size, const char *format, uint64_t value)
{
	return sanitized_snprintf(text, size, format, value_of(value));
}
