/*
 * process/resident_memory.c: the address space of a service. It has all of its memory from the start and gives none
 * back, so that it can always be started again.
 */
#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"
#include "core/time.h"
#include "process/resident_internal.h"
#include "process/user_memory.h"
#include "rv/errno.h"

#define RESIDENT_PLAIN (PAGING_WRITABLE | PAGING_NO_EXECUTE)

_Static_assert(sizeof(struct resident_info) <= PAGE_BYTES, "a page");
_Static_assert(RESIDENT_RINGS_MAXIMUM * sizeof(struct rv_ring_indices) <= PAGE_BYTES, "a page");
_Static_assert(RESIDENT_INDICES_ADDRESS + PAGE_BYTES <= RESIDENT_RINGS_ADDRESS &&
	       RESIDENT_RINGS_ADDRESS + RESIDENT_RINGS_BYTES_MAXIMUM <= RESIDENT_TEXT_ADDRESS, "one behind the other");

static uint64_t resident_stack_start(const struct resident *resident)
{
	return RV_ENGINE_STACK_TOP - resident->program->stack_bytes;
}

static int resident_map_rings(struct resident *resident)
{
	uint64_t bytes = resident_rings_bytes(resident->program);
	int error;

	resident->indices = memory_allocate_spare_page();
	if (resident->indices == NULL)
		return -RV_ENOMEM;
	error = user_map_shared(&resident->process, RESIDENT_INDICES_ADDRESS, memory_physical(resident->indices),
				PAGE_BYTES, RESIDENT_PLAIN);
	if (error != 0 || bytes == 0)
		return error;
	resident->rings_bytes = memory_has_spare_pages(bytes / PAGE_BYTES)
					? memory_allocate_pages((size_t)(bytes / PAGE_BYTES))
					: NULL;
	return resident->rings_bytes == NULL
		       ? -RV_ENOMEM
		       : user_map_shared(&resident->process, RESIDENT_RINGS_ADDRESS, memory_physical(resident->rings_bytes),
					 bytes, RESIDENT_PLAIN);
}

int resident_map(struct resident *resident, hpa_t text)
{
	struct process *process = &resident->process;
	const struct resident_program *program = resident->program;
	int error;

	process->root = paging_create();
	error = process->root == 0 ? -RV_ENOMEM : program_map(process, &resident->file);
	if (error == 0)
		error = user_map_new_pages(process, RESIDENT_INFO_ADDRESS, sizeof(struct resident_info), PAGING_NO_EXECUTE);
	if (error == 0)
		error = resident_map_rings(resident);
	if (error == 0)
		error = user_map_shared(process, RESIDENT_TEXT_ADDRESS, text, resident->text_bytes, PAGING_NO_EXECUTE);
	if (error == 0)
		error = user_map_new_pages(process, RESIDENT_HEAP_ADDRESS, program->heap_bytes, RESIDENT_PLAIN);
	if (error == 0)
		error = user_map_new_pages(process, resident_stack_start(resident), program->stack_bytes, RESIDENT_PLAIN);
	resident->memory_bytes = program_own_bytes(&resident->file) + 2 * PAGE_BYTES +
				 resident_rings_bytes(program) + program->heap_bytes + program->stack_bytes;
	return error;
}

void resident_unmap(struct resident *resident)
{
	struct process *process = &resident->process;
	const struct resident_program *program = resident->program;

	if (process->root != 0) {
		program_unmap(process, &resident->file);
		user_unmap(process, RESIDENT_INFO_ADDRESS, PAGE_BYTES);
		user_unmap(process, RESIDENT_HEAP_ADDRESS, program->heap_bytes);
		user_unmap(process, resident_stack_start(resident), program->stack_bytes);
		paging_destroy(process->root);
	}
	if (resident->rings_bytes != NULL)
		memory_free_pages(resident->rings_bytes, (size_t)(resident_rings_bytes(program) / PAGE_BYTES));
	if (resident->indices != NULL)
		memory_free_page(resident->indices);
}

void resident_wipe(struct resident *resident)
{
	struct process *process = &resident->process;
	const struct resident_program *program = resident->program;

	program_wipe(process, &resident->file);
	user_wipe(process, RESIDENT_HEAP_ADDRESS, program->heap_bytes);
	user_wipe(process, resident_stack_start(resident), program->stack_bytes);
	memory_wipe(&process->registers, sizeof(process->registers));
	if (resident->rings_bytes != NULL)
		memory_wipe(resident->rings_bytes, resident_rings_bytes(program));
}

static void resident_fill_info(const struct resident *resident, struct resident_info *info)
{
	const struct resident_program *program = resident->program;
	uint64_t at = RESIDENT_RINGS_ADDRESS;

	info->tsc_hz = time_tsc_hz;
	info->boot_tsc = time_boot_tsc;
	info->boot_unix_seconds = time_boot_seconds;
	info->heap_bytes = program->heap_bytes;
	info->text_bytes = resident->text_bytes;
	info->turn_us = program->turn_us;
	info->start = resident->nr_starts;
	info->nr_rings = program->nr_rings;
	for (unsigned i = 0; i < program->nr_rings; i++) {
		info->rings[i].bytes = at;
		info->rings[i].size_bytes = program->rings[i].size_bytes;
		info->rings[i].to_service = program->rings[i].to_service;
		at += program->rings[i].size_bytes;
	}
}

void resident_fill(struct resident *resident)
{
	struct resident_info info = { 0 };

	program_fill(&resident->process, &resident->file);
	resident_fill_info(resident, &info);
	user_fill(&resident->process, RESIDENT_INFO_ADDRESS, &info, sizeof(info));
	resident->process.registers = (struct process_registers){
		.rip = resident->file.elf.entry,
		.rsp = RV_ENGINE_STACK_TOP,
		.rdi = RESIDENT_INFO_ADDRESS,
	};
}
