/*
 * core/paging.h: host page tables: 4-level, ours in the upper half of every address space.
 */
#ifndef CORE_PAGING_H
#define CORE_PAGING_H

#include "core/x86.h"
#include "rv/types.h"

extern hpa_t paging_host_root; /* CR3 of the hypervisor's own address space */
/* How much of the direct map there is: what the CPU can address, up to all of it, or what RAM needs on one without
 * 1 GiB pages. */
extern uint64_t paging_direct_bytes;

/* A new address space: empty lower half, the hypervisor in the upper. Returns the physical address
 * of its root or 0 when the pool is empty. */
hpa_t paging_create(void);
/* Frees all tables of the lower half and the root (not the pages they map). */
void paging_destroy(hpa_t root);
/* Maps one 4 KiB page in the lower half with PAGING_* rights. 0, -RV_ENOMEM, -RV_EEXIST, -RV_EINVAL: not in the
 * lower half. Of this and the next two: nobody else changes that half meanwhile. */
int paging_map(hpa_t root, uint64_t virtual_address, hpa_t hpa, uint64_t rights);
/* The leaf entry for an address in the lower half, 0 if none. */
uint64_t paging_lookup(hpa_t root, uint64_t virtual_address);
/* Takes a page out; returns the entry it had, 0 if none. The caller flushes. */
uint64_t paging_unmap(hpa_t root, uint64_t virtual_address);

/* Gives a page of ours, by its address in the direct map or in the image, other rights (PAGING_*); 0
 * takes it out. Other CPUs notice when they come to it next. 0, -RV_ENOMEM. Context: boot, any CPU. */
int paging_protect(const void *page, uint64_t rights);

#endif
