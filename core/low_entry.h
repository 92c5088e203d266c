/*
 * core/low_entry.h: a page below 1 MiB by which a CPU comes from real mode to C.
 */
#ifndef CORE_LOW_ENTRY_H
#define CORE_LOW_ENTRY_H

#include "rv/types.h"

/* Fills the page, whose old contents are the caller's to keep: a CPU that begins there with CS:IP page>>4:0 calls
 * target(), which does not return, in long mode, with these page tables, which lie below 4 GiB and map the page one
 * to one. Context: boot, exit. */
void low_entry_fill(hpa_t page, hpa_t root, void (*target)(void));

/* On that stack: 16 bytes below an address that is a multiple of 16 at least. */
void low_entry_set_stack(hpa_t page, uint64_t stack);

/* Where the page has an IRET for real mode: a segment and an offset. */
uint32_t low_entry_idle_vector(hpa_t page);

/* The tables for it: an address space of ours in which the page is mapped one to one. 0: no memory. */
hpa_t low_entry_create_root(hpa_t page);

#endif
