/*
 * libc_string.c - memory, strings, integer text, calendar and stdio of the engine's C library,
 * the shipped objects, against the host's.
 *
 * Usage: libc_string [CASES].
 */
#include "../softfloat/engine_libc.h"
#include "../softfloat/generate.h"
#include "unit.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <time.h>

void *engine_memcpy(void *to, const void *from, size_t len_bytes);
void *engine_memmove(void *to, const void *from, size_t len_bytes);
void *engine_memset(void *to, int c, size_t len_bytes);
void *engine_memchr(const void *memory, int c, size_t len_bytes);
int engine_memcmp(const void *a, const void *b, size_t len_bytes);
size_t engine_strlen(const char *s);
int engine_strcmp(const char *a, const char *b);
int engine_strncmp(const char *a, const char *b, size_t n);
int engine_strcasecmp(const char *a, const char *b);
char *engine_strchr(const char *s, int c);
char *engine_strrchr(const char *s, int c);
char *engine_strstr(const char *a, const char *b);
size_t engine_strspn(const char *a, const char *b);
size_t engine_strcspn(const char *a, const char *b);
char *engine_strcpy(char *to, const char *from);
char *engine_strncpy(char *to, const char *from, size_t n);
char *engine_strcat(char *to, const char *from);
char *engine_strncat(char *to, const char *from, size_t n);
char *engine_strtok_r(char *s, const char *separators, char **rest);
char *engine_strerror(int number);
long long engine_strtoll(const char *s, char **end, int base);
unsigned long long engine_strtoull(const char *s, char **end, int base);
int engine_snprintf(char *text, size_t size, const char *format, ...);
void engine_qsort(void *base, size_t count, size_t size,
		  int (*compare)(const void *, const void *));
int *engine___errno_location(void);
int engine_isalnum(int c);
int engine_isalpha(int c);
int engine_isdigit(int c);
int engine_isspace(int c);
int engine_ispunct(int c);
int engine_isprint(int c);
int engine_isxdigit(int c);
int engine_iscntrl(int c);
int engine_isupper(int c);
int engine_islower(int c);
int engine_toupper(int c);
int engine_tolower(int c);

/* struct tm of engine/libc/include/time.h has the host's layout on this architecture. */
struct tm *engine_gmtime_r(const time_t *seconds, struct tm *tm);
time_t engine_mktime(struct tm *tm);
size_t engine_strftime(char *text, size_t size, const char *format, const struct tm *tm);

static uint64_t cases = 200000;
static struct generator generator = { .state = 0x9e3779b97f4a7c15ULL };

#define REGION 1200

static size_t random_below(size_t limit)
{
	return (size_t)(generate_random(&generator) % limit);
}

static void fill_random(unsigned char *region)
{
	for (size_t i = 0; i < REGION; i++)
		region[i] = (unsigned char)generate_random(&generator);
}

/* The whole region is compared: what lies around the target must not change. */
static void test_memory_moves(void)
{
	static unsigned char wanted[REGION];
	static unsigned char got[REGION];

	for (uint64_t i = 0; i < cases; i++) {
		size_t length = random_below(i % 4 == 0 ? 500 : 40);
		size_t from = random_below(REGION - length);
		size_t to = random_below(REGION - length);

		if (i % 1000 == 0) {
			fill_random(wanted);
			memcpy(got, wanted, REGION);
		}
		if (i % 3 == 0 && from + 40 < REGION - length)
			to = from + random_below(40);
		if (i % 3 == 1 && from > 40)
			to = from - random_below(40);
		switch (i % 5) {
		case 0:
			memset(wanted + to, (int)i, length);
			UNIT_CHECK(engine_memset(got + to, (int)i, length) == got + to);
			break;
		case 1:
			if (from + length <= to || to + length <= from) {
				memcpy(wanted + to, wanted + from, length);
				UNIT_CHECK(engine_memcpy(got + to, got + from, length) == got + to);
			}
			break;
		default:
			memmove(wanted + to, wanted + from, length);
			UNIT_CHECK(engine_memmove(got + to, got + from, length) == got + to);
			break;
		}
		if (memcmp(got, wanted, REGION) != 0) {
			unit_fail("case %" PRIu64 ": %zu bytes from %zu to %zu", i, length, from, to);
			return;
		}
	}
}

static int sign_of(int value)
{
	return (value > 0) - (value < 0);
}

static void test_memory_compare(void)
{
	unsigned char a[64];
	unsigned char b[64];

	for (uint64_t i = 0; i < cases; i++) {
		size_t length = random_below(64);

		for (size_t j = 0; j < sizeof(a); j++)
			a[j] = b[j] = (unsigned char)(generate_random(&generator) % 3 * 127);
		if (length > 0 && i % 2 == 0)
			b[random_below(length)] ^= (unsigned char)(1U << random_below(8));
		UNIT_EQUAL(sign_of(engine_memcmp(a, b, length)), sign_of(memcmp(a, b, length)));
		UNIT_CHECK(engine_memchr(a, 127, length) == memchr(a, 127, length));
	}
}

/* Few different letters, so that searches find something. */
static void random_string(char *text, size_t size)
{
	size_t length = random_below(size);

	for (size_t i = 0; i < length; i++)
		text[i] = "abcA\xe9 "[random_below(6)];
	text[length] = '\0';
}

static void test_strings(void)
{
	for (uint64_t i = 0; i < cases; i++) {
		char a[80];
		char b[6];
		char got[200] = "start";
		char wanted[200] = "start";
		size_t n = random_below(20);

		random_string(a, sizeof(a));
		random_string(b, sizeof(b));
		UNIT_EQUAL(engine_strlen(a), strlen(a));
		UNIT_EQUAL(sign_of(engine_strcmp(a, b)), sign_of(strcmp(a, b)));
		UNIT_EQUAL(sign_of(engine_strncmp(a, b, n)), sign_of(strncmp(a, b, n)));
		UNIT_EQUAL(sign_of(engine_strcasecmp(b, a)), sign_of(strcasecmp(b, a)));
		UNIT_CHECK(engine_strchr(a, 'c') == strchr(a, 'c'));
		UNIT_CHECK(engine_strchr(a, 0xe9) == strchr(a, 0xe9));
		UNIT_CHECK(engine_strrchr(a, 'a') == strrchr(a, 'a'));
		UNIT_CHECK(engine_strstr(a, b) == strstr(a, b));
		UNIT_EQUAL(engine_strspn(a, b), strspn(a, b));
		UNIT_EQUAL(engine_strcspn(a, b), strcspn(a, b));
		engine_strcat(got, a);
		strcat(wanted, a);
		engine_strncat(got, a, n);
		strncat(wanted, a, n);
		UNIT_CHECK(memcmp(got, wanted, sizeof(got)) == 0);
		engine_strncpy(got, b, 30);
		strncpy(wanted, b, 30);
		engine_strcpy(got + 40, a);
		strcpy(wanted + 40, a);
		UNIT_CHECK(memcmp(got, wanted, sizeof(got)) == 0);
	}
}

static void test_characters(void)
{
	for (int c = -1; c < 256; c++) {
		UNIT_EQUAL(!!engine_isalnum(c), !!isalnum(c));
		UNIT_EQUAL(!!engine_isalpha(c), !!isalpha(c));
		UNIT_EQUAL(!!engine_isdigit(c), !!isdigit(c));
		UNIT_EQUAL(!!engine_isspace(c), !!isspace(c));
		UNIT_EQUAL(!!engine_ispunct(c), !!ispunct(c));
		UNIT_EQUAL(!!engine_isprint(c), !!isprint(c));
		UNIT_EQUAL(!!engine_isxdigit(c), !!isxdigit(c));
		UNIT_EQUAL(!!engine_iscntrl(c), !!iscntrl(c));
		UNIT_EQUAL(!!engine_isupper(c), !!isupper(c));
		UNIT_EQUAL(!!engine_islower(c), !!islower(c));
		UNIT_EQUAL(engine_toupper(c), toupper(c));
		UNIT_EQUAL(engine_tolower(c), tolower(c));
	}
}

static void check_number(const char *text, int base)
{
	char *got_end = NULL;
	char *wanted_end = NULL;
	long long wanted;
	unsigned long long wanted_unsigned;

	errno = 0;
	*engine___errno_location() = 0;
	wanted = strtoll(text, &wanted_end, base);
	if (engine_strtoll(text, &got_end, base) != wanted || got_end != wanted_end
	    || *engine___errno_location() != errno)
		unit_fail("strtoll(\"%s\", %d)", text, base);
	errno = 0;
	*engine___errno_location() = 0;
	wanted_unsigned = strtoull(text, &wanted_end, base);
	if (engine_strtoull(text, &got_end, base) != wanted_unsigned || got_end != wanted_end
	    || *engine___errno_location() != errno)
		unit_fail("strtoull(\"%s\", %d)", text, base);
}

static void test_numbers(void)
{
	static const char *const texts[] = {
		"", " ", "-", "+", "0", "-0", "0x", "0x1", "0xg", "0X7fG", "08", "077", "12abc", "zz",
		"9223372036854775807", "9223372036854775808", "-9223372036854775808",
		"-9223372036854775809", "18446744073709551615", "18446744073709551616",
		"-18446744073709551615", "-18446744073709551616", "99999999999999999999999999",
		" \t\n-42", "--1", "1 2", "0b1",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (int base = 0; base <= 36; base++) {
			/* The host may know the prefix 0b; C11 does not. */
			if (base != 1 && strcmp(texts[i], "0b1") != 0)
				check_number(texts[i], base);
		}
	}
	for (uint64_t i = 0; i < cases; i++) {
		char text[40];

		snprintf(text, sizeof(text), i % 2 ? "%" PRId64 : "%#" PRIx64,
			 generate_integer(&generator));
		check_number(text, 0);
	}
}

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
static void test_printf_integers(void)
{
	static const char *const kinds[] = {
		"d", "i", "u", "x", "X", "o", "hd", "hhd", "hu", "hhu", "hhx", "ld", "lu", "lx", "lld",
		"llu", "llX", "zu", "jd", "td",
	};

	for (uint64_t i = 0; i < cases; i++) {
		uint64_t random = generate_random(&generator);
		char format[40] = "<%";
		char got[200];
		char wanted[200];
		size_t size = random >> 50 & 1 ? sizeof(got) : random >> 51 & 15;
		uint64_t value = random % 16 == 0 ? 0 : generate_integer(&generator);

		for (unsigned int flag = 0; flag < 5; flag++) {
			if (random >> flag & 1)
				strncat(format, &"-+ #0"[flag], 1);
		}
		if (random >> 5 & 1)
			sprintf(format + strlen(format), "%d", (int)(random >> 8 & 31));
		if (random >> 6 & 1)
			sprintf(format + strlen(format), ".%d", (int)(random >> 16 & 31));
		strcat(format, kinds[(random >> 24) % (sizeof(kinds) / sizeof(kinds[0]))]);
		strcat(format, ">");
		memset(got, 'x', sizeof(got));
		memset(wanted, 'x', sizeof(wanted));
		UNIT_EQUAL(engine_snprintf(got, size, format, value),
			   snprintf(wanted, size, format, value));
		if (memcmp(got, wanted, sizeof(got)) != 0)
			unit_fail("\"%s\" of %#" PRIx64 ": \"%.60s\", not \"%.60s\"", format, value, got,
				  wanted);
	}
}
#pragma clang diagnostic pop

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
/* More places than a double can have. */
static void check_long_float(const char *format, double value)
{
	static char got[1600];
	static char wanted[1600];
	int length = engine_snprintf(got, sizeof(got), format, bits_of(value));

	UNIT_EQUAL(length, snprintf(wanted, sizeof(wanted), format, value));
	if (strcmp(got, wanted) != 0)
		unit_fail("\"%s\" of %g differs", format, value);
}
#pragma clang diagnostic pop

static void test_printf_rest(void)
{
	char got[200];
	int count = 0;

	engine_snprintf(got, sizeof(got), "%s|%10s|%-10s|%.2s|%c|%%|%5c", "abc", "def", "ghi", "jklm",
			'n', 'o');
	UNIT_CHECK(strcmp(got, "abc|       def|ghi       |jk|n|%|    o") == 0);
	engine_snprintf(got, sizeof(got), "%*d|%-*d|%.*d|%.*d|", 5, 42, 5, 42, 4, 42, -1, 42);
	UNIT_CHECK(strcmp(got, "   42|42   |0042|42|") == 0);
	engine_snprintf(got, sizeof(got), "%p %s", (void *)0x1234, (char *)NULL);
	UNIT_CHECK(strcmp(got, "0x1234 (null)") == 0);
	/* Many arguments: integers and doubles share the registers, then the stack. */
	engine_snprintf(got, sizeof(got), "%d %g %d %g %d %g %s%n", 1, bits_of(2.5), 3, bits_of(4.5), 5,
			bits_of(6.5), "end", &count);
	UNIT_CHECK(strcmp(got, "1 2.5 3 4.5 5 6.5 end") == 0);
	UNIT_EQUAL(count, 21);
	UNIT_EQUAL(engine_snprintf(NULL, 0, "%d", 12345), 5);
	UNIT_CHECK(engine_snprintf(got, sizeof(got), "%y", 1) < 0);
	UNIT_EQUAL(engine_snprintf(got, 4, "%.2000f", bits_of(1.0)), 2002);
	UNIT_CHECK(strcmp(got, "1.0") == 0);
	UNIT_EQUAL(engine_snprintf(got, 4, "%.3000e", bits_of(5e-324)), 3007);
	check_long_float("%.1100f", 1.5);
	check_long_float("%.1100e", -0x1p-1074);
	check_long_float("%.1100E", 1e300);
	check_long_float("%.1100a", 0x1.8p3);
	check_long_float("%#.1100g", 0.1);
	check_long_float("%.1100g", 0.1);
	check_long_float("%1200.1100e|", 3.25);
	check_long_float("%-1200.1100F|", 3.25);
	check_long_float("%+01200.1100A|", 3.25);
	check_long_float("%1200.1100f|", INFINITY);
	UNIT_CHECK(strcmp(engine_strerror(ENOENT), "No such file or directory") == 0);
}

static int compare_integers(const void *a, const void *b)
{
	int left = *(const int *)a;
	int right = *(const int *)b;

	return (left > right) - (left < right);
}

static void test_sort(void)
{
	static int values[1000];

	for (uint64_t i = 0; i < cases / 2000; i++) {
		size_t count = random_below(1000);
		long long sum = 0;

		for (size_t j = 0; j < count; j++) {
			values[j] = (int)(generate_random(&generator) % (i % 2 ? 10 : 1000000));
			sum += values[j];
		}
		engine_qsort(values, count, sizeof(values[0]), compare_integers);
		for (size_t j = 0; j < count; j++) {
			sum -= values[j];
			UNIT_CHECK(j == 0 || values[j - 1] <= values[j]);
		}
		UNIT_EQUAL(sum, 0);
	}
}

static void test_calendar(void)
{
	static const char *const formats[] = {
		"%a %A %b %B %c %C %d %D %e %F %g %G %h %H %I %j %m %M", "%n%p %r %R %S %t %T %u %U %V",
		"%w %W %x %X %y %Y %z %%",
	};

	for (uint64_t i = 0; i < cases; i++) {
		time_t seconds = (time_t)(generate_random(&generator) % 253402300800ULL);
		struct tm wanted;
		struct tm got;
		char got_text[400];
		char wanted_text[400];

		if (i % 4 == 0)
			seconds = seconds % 4102444800LL - 2208988800LL;
		gmtime_r(&seconds, &wanted);
		UNIT_CHECK(engine_gmtime_r(&seconds, &got) == &got);
		UNIT_EQUAL(got.tm_year, wanted.tm_year);
		UNIT_EQUAL(got.tm_yday, wanted.tm_yday);
		UNIT_EQUAL(got.tm_wday, wanted.tm_wday);
		UNIT_EQUAL(engine_mktime(&got), seconds);
		for (size_t j = 0; j < sizeof(formats) / sizeof(formats[0]); j++) {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
			strftime(wanted_text, sizeof(wanted_text), formats[j], &wanted);
#pragma clang diagnostic pop
			engine_strftime(got_text, sizeof(got_text), formats[j], &got);
			if (strcmp(got_text, wanted_text) != 0)
				unit_fail("\"%s\", not \"%s\"", got_text, wanted_text);
		}
		/* Fields out of range are brought into it. */
		got.tm_mon += (int)random_below(100) - 50;
		got.tm_mday += (int)random_below(1000) - 500;
		got.tm_sec += (int)random_below(100000);
		wanted = got;
		UNIT_EQUAL(engine_mktime(&got), timegm(&wanted));
		UNIT_EQUAL(got.tm_mday, wanted.tm_mday);
	}
}

static void test_strtok(void)
{
	char text[] = "  one, two,,three ";
	char *rest = NULL;

	UNIT_CHECK(strcmp(engine_strtok_r(text, " ,", &rest), "one") == 0);
	UNIT_CHECK(strcmp(engine_strtok_r(NULL, " ,", &rest), "two") == 0);
	UNIT_CHECK(strcmp(engine_strtok_r(NULL, " ,", &rest), "three") == 0);
	UNIT_CHECK(engine_strtok_r(NULL, " ,", &rest) == NULL);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		cases = strtoull(argv[1], NULL, 0);
	unit_run("libc_string memory_moves", test_memory_moves);
	unit_run("libc_string memory_compare", test_memory_compare);
	unit_run("libc_string strings", test_strings);
	unit_run("libc_string characters", test_characters);
	unit_run("libc_string numbers", test_numbers);
	unit_run("libc_string printf_integers", test_printf_integers);
	unit_run("libc_string printf_rest", test_printf_rest);
	unit_run("libc_string sort", test_sort);
	unit_run("libc_string calendar", test_calendar);
	unit_run("libc_string strtok", test_strtok);
	return unit_failed;
}
