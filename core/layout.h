/*
 * core/layout.h: how boot/ sets up core's memory, once.
 */
#ifndef CORE_LAYOUT_H
#define CORE_LAYOUT_H

#include "rv/types.h"

/* Gives the allocator its pool: what remains of the reserved range. */
void memory_init_pool(hpa_t start, uint64_t length_bytes);

/* One range of the guest's RAM, ascending; MEMORY_RANGES_MAXIMUM of them at most. */
#define MEMORY_RANGES_MAXIMUM 129
void memory_add_ram(hpa_t start, uint64_t length_bytes);

/* Builds the host's address space (image and direct map) in `tables`, which are still reached through the boot
 * loader's identity map, and returns its root, 0 if there is no room; *used_bytes are taken then. The image of
 * `image_bytes` stands at `image`. Context: boot, before the direct map exists. */
hpa_t paging_build_host(hpa_t image, uint64_t image_bytes, hpa_t tables, uint64_t tables_bytes,
			uint64_t *used_bytes);

/* Where our program starts and ends in virtual memory, by boot/ritevisor.lds. */
extern uint8_t layout_image_start[], layout_text_end[], layout_rodata_end[], layout_image_end[];
extern const uint64_t layout_clac[], layout_clac_end[]; /* core/exception_frame.h */

/* Takes away the right to write our code and constants by the direct map, where they are too. 0,
 * -RV_ENOMEM. Context: boot, after all that changes them. */
int paging_protect_image(void);

#endif
