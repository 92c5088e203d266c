/*
 * tests/unit/fake_process/core/memory.h: what paging needs beside the fake memory.
 */
#ifndef FAKE_PROCESS_CORE_MEMORY_H
#define FAKE_PROCESS_CORE_MEMORY_H

#include "../../fake/core/memory.h"

#define DIRECT_MAP_ADDRESS UINT64_C(0xffff800000000000)
#define DIRECT_MAP_BYTES_MAXIMUM GIB(512)
#define HYPERVISOR_ADDRESS UINT64_C(0xffffffff80000000)

void memory_free_page(void *page);

#endif
