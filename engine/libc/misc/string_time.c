/* string_time.c - strftime in the C locale (C11 7.27.3.5) with POSIX's additions. */
#include <stdbool.h>
#include <string.h>
#include <time.h>

struct time_text {
	char *text;
	size_t size;
	size_t length;
};

static const char *const time_weekdays[] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
};

static const char *const time_months[] = {
	"January", "February", "March", "April", "May", "June", "July", "August", "September",
	"October", "November", "December",
};

static void time_put(struct time_text *out, const char *string, size_t length)
{
	if (out->length + length < out->size)
		memcpy(out->text + out->length, string, length);
	out->length += length;
}

static void time_put_string(struct time_text *out, const char *string)
{
	time_put(out, string, strlen(string));
}

static void time_put_number(struct time_text *out, long long number, unsigned int width, char pad)
{
	char digit[24];
	char *p = digit + sizeof(digit);
	unsigned long long left = number < 0 ? -(unsigned long long)number
		: (unsigned long long)number;

	do {
		*--p = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	while ((size_t)(digit + sizeof(digit) - p) < width)
		*--p = pad;
	if (number < 0)
		*--p = '-';
	time_put(out, p, (size_t)(digit + sizeof(digit) - p));
}

/* The name by index, or "-" for a field out of range; short_length 0 means the whole name. */
static void time_put_name(struct time_text *out, const char *const *names, int count, int index,
			  size_t short_length)
{
	if (index < 0 || index >= count)
		time_put_string(out, "-");
	else if (short_length > 0)
		time_put(out, names[index], short_length);
	else
		time_put_string(out, names[index]);
}

static bool time_is_leap(long long year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* ISO 8601: week 1 has the year's first Thursday; *year gets the year the week belongs to. */
static int time_iso_week(const struct tm *tm, long long *year)
{
	int weekday = (tm->tm_wday + 6) % 7;
	int week = (tm->tm_yday - weekday + 10) / 7;
	int days;

	*year = tm->tm_year + 1900LL;
	if (week < 1) {
		(*year)--;
		days = 365 + time_is_leap(*year);
		return (tm->tm_yday + days - weekday + 10) / 7;
	}
	days = 365 + time_is_leap(*year);
	/* a week 53 whose Thursday is in the next year is that year's week 1 */
	if (week == 53 && tm->tm_yday - weekday + 3 >= days) {
		(*year)++;
		return 1;
	}
	return week;
}

static void time_put_zone(struct time_text *out, long offset)
{
	long minutes = (offset < 0 ? -offset : offset) / 60;

	time_put_string(out, offset < 0 ? "-" : "+");
	time_put_number(out, minutes / 60 * 100 + minutes % 60, 4, '0');
}

static bool time_put_composite(struct time_text *out, char kind, const struct tm *tm);

static bool time_put_date(struct time_text *out, char kind, const struct tm *tm)
{
	long long year = tm->tm_year + 1900LL;

	switch (kind) {
	case 'a': time_put_name(out, time_weekdays, 7, tm->tm_wday, 3); return true;
	case 'A': time_put_name(out, time_weekdays, 7, tm->tm_wday, 0); return true;
	case 'b':
	case 'h': time_put_name(out, time_months, 12, tm->tm_mon, 3); return true;
	case 'B': time_put_name(out, time_months, 12, tm->tm_mon, 0); return true;
	case 'C': time_put_number(out, year / 100, 2, '0'); return true;
	case 'd': time_put_number(out, tm->tm_mday, 2, '0'); return true;
	case 'e': time_put_number(out, tm->tm_mday, 2, ' '); return true;
	case 'j': time_put_number(out, tm->tm_yday + 1, 3, '0'); return true;
	case 'm': time_put_number(out, tm->tm_mon + 1, 2, '0'); return true;
	case 'u': time_put_number(out, tm->tm_wday == 0 ? 7 : tm->tm_wday, 1, '0'); return true;
	case 'U': time_put_number(out, (tm->tm_yday + 7 - tm->tm_wday) / 7, 2, '0'); return true;
	case 'w': time_put_number(out, tm->tm_wday, 1, '0'); return true;
	case 'W':
		time_put_number(out, (tm->tm_yday + 7 - (tm->tm_wday + 6) % 7) / 7, 2, '0');
		return true;
	case 'V': time_put_number(out, time_iso_week(tm, &year), 2, '0'); return true;
	case 'G': time_iso_week(tm, &year); time_put_number(out, year, 4, '0'); return true;
	case 'g': time_iso_week(tm, &year); time_put_number(out, year % 100, 2, '0'); return true;
	case 'y': time_put_number(out, (year % 100 + 100) % 100, 2, '0'); return true;
	case 'Y': time_put_number(out, year, year < 0 ? 1 : 4, '0'); return true;
	default: return false;
	}
}

static bool time_put_clock(struct time_text *out, char kind, const struct tm *tm)
{
	struct tm copy = *tm;

	switch (kind) {
	case 'H': time_put_number(out, tm->tm_hour, 2, '0'); return true;
	case 'I': time_put_number(out, (tm->tm_hour + 11) % 12 + 1, 2, '0'); return true;
	case 'M': time_put_number(out, tm->tm_min, 2, '0'); return true;
	case 'n': time_put_string(out, "\n"); return true;
	case 'p': time_put_string(out, tm->tm_hour >= 12 ? "PM" : "AM"); return true;
	case 's': time_put_number(out, mktime(&copy) - tm->tm_gmtoff, 1, '0'); return true;
	case 'S': time_put_number(out, tm->tm_sec, 2, '0'); return true;
	case 't': time_put_string(out, "\t"); return true;
	case 'z': time_put_zone(out, tm->tm_gmtoff); return true;
	case 'Z': time_put_string(out, tm->tm_zone == NULL ? "UTC" : tm->tm_zone); return true;
	case '%': time_put_string(out, "%"); return true;
	default: return false;
	}
}

static void time_put_format(struct time_text *out, const char *format, const struct tm *tm)
{
	for (; *format != '\0'; format++) {
		if (*format != '%') {
			time_put(out, format, 1);
			continue;
		}
		format++;
		/* The C locale has no alternative forms: E and O change nothing. */
		if (*format == 'E' || *format == 'O')
			format++;
		if (*format == '\0')
			return;
		if (!time_put_date(out, *format, tm) && !time_put_clock(out, *format, tm)
		    && !time_put_composite(out, *format, tm))
			time_put(out, format, 1);
	}
}

static bool time_put_composite(struct time_text *out, char kind, const struct tm *tm)
{
	const char *format;

	switch (kind) {
	case 'c': format = "%a %b %e %H:%M:%S %Y"; break;
	case 'D':
	case 'x': format = "%m/%d/%y"; break;
	case 'F': format = "%Y-%m-%d"; break;
	case 'r': format = "%I:%M:%S %p"; break;
	case 'R': format = "%H:%M"; break;
	case 'T':
	case 'X': format = "%H:%M:%S"; break;
	default: return false;
	}
	time_put_format(out, format, tm);
	return true;
}

size_t strftime(char *text, size_t size, const char *format, const struct tm *tm)
{
	struct time_text out = { .text = text, .size = size };

	time_put_format(&out, format, tm);
	if (out.length >= size)
		return 0;
	text[out.length] = '\0';
	return out.length;
}
