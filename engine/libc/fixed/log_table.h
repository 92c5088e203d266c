/* log_table.h - points at which log.c knows the logarithm. */
#ifndef ENGINE_LIBC_LOG_TABLE_H
#define ENGINE_LIBC_LOG_TABLE_H

#include <stdint.h>

/*
 * inverse is 1/c with 64 bits behind the point, c being the middle of the 128th part of [1, 2)
 * that is the index. high and low are -ln(inverse), 96 bits behind the point and signed; from
 * index 53 on, where c exceeds the root of 2, it is that of c/2.
 */
struct log_point {
	uint64_t inverse;
	uint64_t high;
	uint64_t low;
};

#define LOG_TABLE_HALVED 53

extern const struct log_point log_table[128];

#endif
