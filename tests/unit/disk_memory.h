/*
 * tests/unit/disk_memory.h: memory of which a part is the hypervisor's, for mediators of disks: each page of that is
 * free, or taken, or taken for devices.
 */
#ifndef TESTS_UNIT_DISK_MEMORY_H
#define TESTS_UNIT_DISK_MEMORY_H

#include "rv/types.h"

extern unsigned disk_memory_taken; /* pages of the hypervisor's */

/* From now on there are so many pages, at most 1,024. */
void disk_memory_reset(unsigned nr_pages);
/* All that was given, whoever has it. */
void disk_memory_take_back(void);
/* Has nobody written to memory of the hypervisor's that is free? */
bool disk_memory_is_untouched(void);
/* Is it of a page of the hypervisor's that is taken for devices? */
bool disk_memory_is_given(uint64_t address);
/* What a device touches, within a page: fails the test unless it is the guest's, or taken for devices. */
uint8_t *disk_memory_reach(uint64_t address, uint64_t length_bytes);

#endif
