/* clock.c - the time of day from the program's clock, and calendar time in UTC. */
#include <errno.h>
#include <sys/time.h>
#include <time.h>

#include "../include/engine_hooks.h"

#define NS_PER_SECOND	1000000000L

/* musl's conversions, which need no time zone */
int __secs_to_tm(long long seconds, struct tm *tm);
long long __tm_to_secs(const struct tm *tm);

const char __utc[] = "UTC";

static void clock_split(struct timespec *out, int64_t ns)
{
	out->tv_sec = ns / NS_PER_SECOND;
	out->tv_nsec = ns % NS_PER_SECOND;
	if (out->tv_nsec < 0) {
		out->tv_nsec += NS_PER_SECOND;
		out->tv_sec--;
	}
}

int clock_gettime(clockid_t id, struct timespec *out)
{
	if (id != CLOCK_REALTIME && id != CLOCK_MONOTONIC) {
		errno = EINVAL;
		return -1;
	}
	clock_split(out, id == CLOCK_REALTIME ? engine_time_ns() : engine_uptime_ns());
	return 0;
}

int timespec_get(struct timespec *out, int base)
{
	if (base != TIME_UTC)
		return 0;
	clock_split(out, engine_time_ns());
	return base;
}

int gettimeofday(struct timeval *out, void *zone)
{
	struct timespec now;

	(void)zone;
	clock_split(&now, engine_time_ns());
	out->tv_sec = now.tv_sec;
	out->tv_usec = now.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_split(&now, engine_time_ns());
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

clock_t clock(void)
{
	return engine_uptime_ns() / (NS_PER_SECOND / CLOCKS_PER_SEC);
}

double difftime(time_t end, time_t start)
{
	return (double)(end - start);
}

struct tm *gmtime_r(const time_t *seconds, struct tm *tm)
{
	if (__secs_to_tm(*seconds, tm) < 0) {
		errno = EOVERFLOW;
		return NULL;
	}
	tm->tm_isdst = 0;
	tm->tm_gmtoff = 0;
	tm->tm_zone = __utc;
	return tm;
}

struct tm *localtime_r(const time_t *seconds, struct tm *tm)
{
	return gmtime_r(seconds, tm);
}

struct tm *gmtime(const time_t *seconds)
{
	static struct tm result;

	return gmtime_r(seconds, &result);
}

struct tm *localtime(const time_t *seconds)
{
	return gmtime(seconds);
}

time_t timegm(struct tm *tm)
{
	time_t seconds = __tm_to_secs(tm);

	return gmtime_r(&seconds, tm) == NULL ? -1 : seconds;
}

time_t mktime(struct tm *tm)
{
	return timegm(tm);
}

void tzset(void)
{
}
