/* exp_table.h - the 128 roots between 1 and 2 that exp.c starts from. */
#ifndef ENGINE_LIBC_EXP_TABLE_H
#define ENGINE_LIBC_EXP_TABLE_H

#include <stdint.h>

/* 2^(i / 128), 63 bits behind the point. */
extern const uint64_t exp_table[128];

#endif
