/* time.h - calendar time, always in UTC; the clock comes from the program (engine_time_ns). */
#ifndef ENGINE_TIME_H
#define ENGINE_TIME_H

#include <sys/types.h>

#define CLOCKS_PER_SEC	1000000L
#define TIME_UTC	1
#define CLOCK_REALTIME	0
#define CLOCK_MONOTONIC	1

typedef int clockid_t;

struct timespec {
	time_t tv_sec;
	long tv_nsec;
};

struct tm {
	int tm_sec;
	int tm_min;
	int tm_hour;
	int tm_mday;
	int tm_mon;
	int tm_year;
	int tm_wday;
	int tm_yday;
	int tm_isdst;
	long tm_gmtoff;
	const char *tm_zone;
};

time_t time(time_t *);
clock_t clock(void);
int timespec_get(struct timespec *, int);
int clock_gettime(clockid_t, struct timespec *);
struct tm *gmtime(const time_t *);
struct tm *gmtime_r(const time_t *, struct tm *);
struct tm *localtime(const time_t *);
struct tm *localtime_r(const time_t *, struct tm *);
time_t mktime(struct tm *);
time_t timegm(struct tm *);
double difftime(time_t, time_t);
size_t strftime(char *, size_t, const char *, const struct tm *);
void tzset(void);

#endif
