/* sys/time.h - time of day. */
#ifndef ENGINE_SYS_TIME_H
#define ENGINE_SYS_TIME_H

#include <sys/types.h>

struct timeval {
	time_t tv_sec;
	suseconds_t tv_usec;
};

/* The second argument (a time zone) is ignored, as POSIX allows. Returns 0. */
int gettimeofday(struct timeval *, void *);

#endif
