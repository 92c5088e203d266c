/*
 * process/user_memory.h: the memory of an engine, as the hypervisor reaches it: every address and
 * length that an engine names is checked here against what is mapped for it.
 */
#ifndef PROCESS_USER_MEMORY_H
#define PROCESS_USER_MEMORY_H

#include "rv/types.h"

struct process;

/* Maps a fresh zeroed page with PAGING_* rights. 0, -RV_ENOMEM, -RV_EEXIST. */
int user_map_new_page(struct process *process, uint64_t address, uint64_t rights);

/* The same for all pages that hold a part of a range. What was mapped before an error stays. */
int user_map_new_pages(struct process *process, uint64_t address, uint64_t length_bytes, uint64_t rights);

/* Maps the hypervisor's pages that hold `length_bytes` from `pages` on, which are not the engine's alone. 0,
 * -RV_ENOMEM, -RV_EEXIST. */
int user_map_shared(struct process *process, uint64_t address, hpa_t pages, uint64_t length_bytes, uint64_t rights);

/* Overwrites the pages of a range that are mapped, whatever their rights. */
void user_wipe(struct process *process, uint64_t address, uint64_t length_bytes);

/* Takes out and frees the pages of a range that are mapped. */
void user_unmap(struct process *process, uint64_t address, uint64_t length_bytes);

/* Maps the stack page that holds an address, if it lies within the stack and is not mapped yet. */
bool user_grow_stack(struct process *process, uint64_t address);

/* The byte at an address through the direct map, valid to the end of its page; NULL if the engine
 * may not read (write) there. */
void *user_pointer(struct process *process, uint64_t address, bool write);

/* May the engine read (write) all of this? */
bool user_check(struct process *process, uint64_t address, uint64_t length_bytes, bool write);

/* The part of a transfer that lies on one page of the engine's. */
static inline size_t user_chunk(uint64_t address, uint64_t length_bytes)
{
	uint64_t rest = PAGE_BYTES - (address & PAGE_MASK);

	return (size_t)(length_bytes < rest ? length_bytes : rest);
}

/* Copies into pages that are mapped, whatever the engine's rights to them. */
void user_fill(struct process *process, uint64_t to, const void *from, uint64_t length_bytes);

/* Copies between the hypervisor and the engine. 0 or -RV_EFAULT, in which case nothing was copied
 * out. */
int user_copy_in(struct process *process, void *to, uint64_t from, size_t length_bytes);
int user_copy_out(struct process *process, uint64_t to, const void *from, size_t length_bytes);

#endif
