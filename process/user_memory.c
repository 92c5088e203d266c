/*
 * process/user_memory.c: checked access to an engine's memory. One CPU runs an engine and it is
 * stopped meanwhile, so a page that was checked stays what it is.
 */
#include "process/user_memory.h"

#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"
#include "process/process_internal.h"
#include "rv/errno.h"

#define USER_STACK_LOWEST (RV_ENGINE_STACK_TOP - RV_ENGINE_STACK_BYTES)

int user_map_new_page(struct process *process, uint64_t address, uint64_t rights)
{
	void *page = process->live && !process_live_has_pages(1) ? NULL : memory_allocate_spare_page();
	int error;

	if (page == NULL)
		return -RV_ENOMEM;
	error = paging_map(process->root, address, memory_physical(page),
			   rights | PAGING_USER | PAGING_PRESENT);
	if (error != 0)
		memory_free_page(page);
	return error;
}

int user_map_new_pages(struct process *process, uint64_t address, uint64_t length_bytes, uint64_t rights)
{
	int error = 0;

	for (uint64_t at = align_down(address, PAGE_BYTES); at < address + length_bytes && error == 0; at += PAGE_BYTES)
		error = user_map_new_page(process, at, rights);
	return error;
}

int user_map_shared(struct process *process, uint64_t address, hpa_t pages, uint64_t length_bytes, uint64_t rights)
{
	int error = 0;

	for (uint64_t at = 0; at < length_bytes && error == 0; at += PAGE_BYTES)
		error = paging_map(process->root, address + at, pages + at, rights | PAGING_USER | PAGING_PRESENT);
	return error;
}

void user_unmap(struct process *process, uint64_t address, uint64_t length_bytes)
{
	for (uint64_t at = address; at < address + length_bytes; at += PAGE_BYTES) {
		uint64_t entry = paging_unmap(process->root, at);

		if (entry != 0)
			memory_free_page(memory_direct(entry & PAGING_ADDRESS_MASK));
	}
}

void user_wipe(struct process *process, uint64_t address, uint64_t length_bytes)
{
	for (uint64_t at = align_down(address, PAGE_BYTES); at < address + length_bytes; at += PAGE_BYTES) {
		uint64_t entry = paging_lookup(process->root, at);

		if (entry != 0)
			memory_wipe(memory_direct(entry & PAGING_ADDRESS_MASK), PAGE_BYTES);
	}
}

bool user_grow_stack(struct process *process, uint64_t address)
{
	if (address < USER_STACK_LOWEST || address >= RV_ENGINE_STACK_TOP || process->role == PROCESS_ROLE_RESIDENT)
		return false;
	if (user_map_new_page(process, align_down(address, PAGE_BYTES),
			      PAGING_WRITABLE | PAGING_NO_EXECUTE) != 0)
		return false;
	process->stack_bytes += PAGE_BYTES;
	return true;
}

void *user_pointer(struct process *process, uint64_t address, bool write)
{
	uint64_t wanted = PAGING_PRESENT | PAGING_USER | (write ? PAGING_WRITABLE : 0);
	uint64_t entry;

	if (address < RV_ENGINE_IMAGE_ADDRESS || address >= RV_ENGINE_STACK_TOP)
		return NULL;
	entry = paging_lookup(process->root, address);
	if (entry == 0 && user_grow_stack(process, address))
		entry = paging_lookup(process->root, address);
	if ((entry & wanted) != wanted)
		return NULL;
	return (uint8_t *)memory_direct(entry & PAGING_ADDRESS_MASK) + (address & PAGE_MASK);
}

bool user_check(struct process *process, uint64_t address, uint64_t length_bytes, bool write)
{
	if (length_bytes == 0)
		return true;
	if (address >= RV_ENGINE_STACK_TOP || length_bytes > RV_ENGINE_STACK_TOP - address)
		return false;
	for (uint64_t page = align_down(address, PAGE_BYTES); page < address + length_bytes;
	     page += PAGE_BYTES) {
		if (user_pointer(process, page, write) == NULL)
			return false;
	}
	return true;
}

int user_copy_in(struct process *process, void *to, uint64_t from, size_t length_bytes)
{
	uint8_t *at = to;

	if (!user_check(process, from, length_bytes, false))
		return -RV_EFAULT;
	while (length_bytes != 0) {
		size_t chunk = user_chunk(from, length_bytes);

		memcpy(at, user_pointer(process, from, false), chunk);
		at += chunk;
		from += chunk;
		length_bytes -= chunk;
	}
	return 0;
}

void user_fill(struct process *process, uint64_t to, const void *from, uint64_t length_bytes)
{
	const uint8_t *at = from;

	while (length_bytes != 0) {
		size_t chunk = user_chunk(to, length_bytes);

		memcpy(user_pointer(process, to, false), at, chunk);
		at += chunk;
		to += chunk;
		length_bytes -= chunk;
	}
}

int user_copy_out(struct process *process, uint64_t to, const void *from, size_t length_bytes)
{
	if (!user_check(process, to, length_bytes, true))
		return -RV_EFAULT;
	user_fill(process, to, from, length_bytes);
	return 0;
}
