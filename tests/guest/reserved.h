/*
 * tests/guest/reserved.h: the memory that the hypervisor keeps for itself, as the map shows it.
 */
#ifndef RESERVED_H
#define RESERVED_H

#include <stdint.h>

/* The reserved range that follows usable memory on a 2 MiB boundary; 0: there is none. */
uint64_t reserved_find(void);

#endif
