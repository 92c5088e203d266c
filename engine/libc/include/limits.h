/* limits.h - ranges of the integer types (LP64). */
#ifndef ENGINE_LIMITS_H
#define ENGINE_LIMITS_H

#define CHAR_BIT	8
#define SCHAR_MIN	(-128)
#define SCHAR_MAX	127
#define UCHAR_MAX	255
#define CHAR_MIN	(-128)
#define CHAR_MAX	127
#define SHRT_MIN	(-1 - 0x7fff)
#define SHRT_MAX	0x7fff
#define USHRT_MAX	0xffff
#define INT_MIN		(-1 - 0x7fffffff)
#define INT_MAX		0x7fffffff
#define UINT_MAX	0xffffffffU
#define LONG_MIN	(-LONG_MAX - 1)
#define LONG_MAX	0x7fffffffffffffffL
#define ULONG_MAX	(2UL * LONG_MAX + 1)
#define LLONG_MIN	(-LLONG_MAX - 1)
#define LLONG_MAX	0x7fffffffffffffffLL
#define ULLONG_MAX	(2ULL * LLONG_MAX + 1)
#define SSIZE_MAX	LONG_MAX
#define MB_LEN_MAX	4
#define LONG_BIT	64
#define WORD_BIT	32
#define PATH_MAX	4096
#define NAME_MAX	255
#define TZNAME_MAX	6

#endif
