/*
 * core/symbols.h: names of our functions for backtraces. The table is made from the linked program
 * (tools/make-symbols) and linked into its second pass; in the first it is empty.
 */
#ifndef CORE_SYMBOLS_H
#define CORE_SYMBOLS_H

#include "rv/types.h"

struct symbol {
	uint32_t offset; /* from HYPERVISOR_ADDRESS */
	uint32_t name;	 /* offset into symbols_names */
};

extern const struct symbol symbols_table[]; /* by ascending offset */
extern const uint32_t symbols_count;
extern const char symbols_names[];

/* The function that holds an address and the distance from its start; NULL if none. */
const char *symbols_find(uint64_t address, uint64_t *distance);

#endif
