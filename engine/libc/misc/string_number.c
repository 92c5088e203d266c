/* string_number.c - text to integers: strtol and its kin (C11 7.22.1.4). */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

struct number_text {
	unsigned long long magnitude;
	bool negative;
	bool overflow;
};

/* The value of a digit in any base up to 36; 36 for what is none. */
static unsigned int number_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
		return (unsigned int)((c | 0x20) - 'a') + 10;
	return 36;
}

/* Where digits start; a prefix counts only when a digit of its base follows. */
static const char *number_prefix(const char *p, int *base)
{
	bool hexadecimal = p[0] == '0' && (p[1] | 0x20) == 'x' && number_digit(p[2]) < 16;

	if ((*base == 0 || *base == 16) && hexadecimal) {
		*base = 16;
		return p + 2;
	}
	if (*base == 0)
		*base = *p == '0' ? 8 : 10;
	return p;
}

static struct number_text number_parse(const char *text, char **end, int base)
{
	struct number_text number = { .magnitude = 0 };
	const char *p = text;
	const char *digits;

	if (end != NULL)
		*end = (char *)text;
	if (base < 0 || base == 1 || base > 36) {
		errno = EINVAL;
		return number;
	}
	while (isspace((unsigned char)*p))
		p++;
	number.negative = *p == '-';
	if (*p == '-' || *p == '+')
		p++;
	p = number_prefix(p, &base);
	for (digits = p; number_digit(*p) < (unsigned int)base; p++) {
		number.overflow |= __builtin_mul_overflow(number.magnitude,
							  (unsigned int)base, &number.magnitude);
		number.overflow |= __builtin_add_overflow(number.magnitude, number_digit(*p),
							  &number.magnitude);
	}
	if (end != NULL && p > digits)
		*end = (char *)p;
	return number;
}

long long strtoll(const char *text, char **end, int base)
{
	struct number_text number = number_parse(text, end, base);
	unsigned long long limit = (unsigned long long)LLONG_MAX + number.negative;

	if (number.overflow || number.magnitude > limit) {
		errno = ERANGE;
		return number.negative ? LLONG_MIN : LLONG_MAX;
	}
	return (long long)(number.negative ? -number.magnitude : number.magnitude);
}

unsigned long long strtoull(const char *text, char **end, int base)
{
	struct number_text number = number_parse(text, end, base);

	if (number.overflow) {
		errno = ERANGE;
		return ULLONG_MAX;
	}
	return number.negative ? -number.magnitude : number.magnitude;
}

long strtol(const char *text, char **end, int base)
{
	return strtoll(text, end, base);
}

unsigned long strtoul(const char *text, char **end, int base)
{
	return strtoull(text, end, base);
}
