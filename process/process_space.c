/*
 * process/process_space.c: what an engine's address space is made of (rv/abi.h has the map).
 * Code, constants and script sources are shared by all engines, read-only; the rest is each one's
 * own and is freed with it. What is each one's own begins as the program has it, or as a copy of an engine
 * that is open (template.c).
 */
#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"
#include "core/time.h"
#include "process/elf.h"
#include "process/process_internal.h"
#include "process/user_memory.h"
#include "rv/errno.h"
#include "rv/policy.h"

#define SPACE_SCRIPT_BYTES_MAXIMUM MIB(16)
#define SPACE_STACK_BYTES_FIRST KIB(16)

/* The engine program; its read-only segments are copied once, to whole pages. */
static const uint8_t *space_image;
static struct elf_program space_program;
static const void *space_shared[ELF_SEGMENTS_MAXIMUM];

static struct space_script space_scripts[RV_SCRIPTS_MAXIMUM];
static unsigned space_nr_scripts;
static uint64_t space_script_bytes;

/* The part of a segment that the file holds, at the right place in its first page. */
static void space_copy_segment(const struct elf_segment *segment, void *pages)
{
	memcpy((uint8_t *)pages + (segment->address & PAGE_MASK), space_image + segment->file_offset,
	       segment->file_bytes);
}

static size_t space_segment_pages(const struct elf_segment *segment)
{
	uint64_t start = align_down(segment->address, PAGE_BYTES);

	return (size_t)((align_up(segment->address + segment->memory_bytes, PAGE_BYTES) - start) /
			PAGE_BYTES);
}

int process_space_init(const void *engine_elf, size_t engine_bytes)
{
	const char *why;
	int error = elf_parse(engine_elf, engine_bytes, RV_ENGINE_IMAGE_ADDRESS,
			      RV_ENGINE_INFO_ADDRESS, &space_program, &why);

	if (error != 0) {
		log_error("the engine program cannot be used: %s", why);
		return error;
	}
	space_image = engine_elf;
	for (unsigned i = 0; i < space_program.nr_segments; i++) {
		const struct elf_segment *segment = &space_program.segments[i];
		void *pages;

		if (segment->writable)
			continue;
		pages = memory_allocate_pages(space_segment_pages(segment));
		if (pages == NULL)
			return -RV_ENOMEM;
		space_copy_segment(segment, pages);
		space_shared[i] = pages;
	}
	return 0;
}

int process_space_add_script(const char *name, const void *source, size_t length_bytes, bool policy)
{
	struct space_script *script = &space_scripts[space_nr_scripts];
	uint64_t room = SPACE_SCRIPT_BYTES_MAXIMUM - space_script_bytes;
	uint64_t bytes;
	void *pages;

	if (space_nr_scripts == RV_SCRIPTS_MAXIMUM)
		return -RV_ENOSPC;
	if (length_bytes >= room)
		return -RV_E2BIG;
	bytes = align_up((uint64_t)length_bytes + 1, PAGE_BYTES);
	pages = memory_allocate_pages((size_t)(bytes / PAGE_BYTES));
	if (pages == NULL)
		return -RV_ENOMEM;
	memcpy(pages, source, length_bytes);
	string_copy(script->name, name, sizeof(script->name));
	script->pages = pages;
	script->address = RV_ENGINE_SCRIPT_ADDRESS + space_script_bytes;
	script->length_bytes = length_bytes;
	script->policy = policy;
	space_script_bytes += bytes;
	space_nr_scripts++;
	return 0;
}

unsigned process_space_count_scripts(void)
{
	return space_nr_scripts;
}

const struct space_script *process_space_script(unsigned index)
{
	return &space_scripts[index];
}

/* Behind those of the boot, of which there are no more by then. */
int process_space_make_live(struct space_script *script, const char *name, const void *pages, size_t length_bytes)
{
	if (space_nr_scripts == RV_SCRIPTS_MAXIMUM)
		return -RV_ENOSPC;
	if (length_bytes >= SPACE_SCRIPT_BYTES_MAXIMUM - space_script_bytes)
		return -RV_E2BIG;
	*script = (struct space_script){
		.pages = pages,
		.address = RV_ENGINE_SCRIPT_ADDRESS + space_script_bytes,
		.length_bytes = length_bytes,
		.policy = rv_is_policy(pages, length_bytes),
		.live = true,
	};
	string_copy(script->name, name, sizeof(script->name));
	return 0;
}

static int space_map_shared_segment(struct process *process, unsigned index)
{
	const struct elf_segment *segment = &space_program.segments[index];

	return user_map_shared(process, align_down(segment->address, PAGE_BYTES), memory_physical(space_shared[index]),
			       space_segment_pages(segment) * PAGE_BYTES, segment->executable ? 0 : PAGING_NO_EXECUTE);
}

static int space_map_own_segment(struct process *process, unsigned index)
{
	const struct elf_segment *segment = &space_program.segments[index];
	int error = user_map_new_pages(process, segment->address, segment->memory_bytes,
					   PAGING_WRITABLE | PAGING_NO_EXECUTE);

	if (error == 0)
		user_fill(process, segment->address, space_image + segment->file_offset,
			  segment->file_bytes);
	return error;
}

static void space_fill_script(struct rv_script *entry, const struct space_script *script)
{
	string_copy(entry->name, script->name, RV_SCRIPT_NAME_BYTES);
	entry->source = script->address;
	entry->length_bytes = script->length_bytes;
}

static void space_fill_info(const struct process *process, struct rv_engine_info *info)
{
	const struct space_script *own = process->script;

	info->abi_version = RV_ABI_VERSION;
	info->engine_id = process->id;
	info->tsc_hz = time_tsc_hz;
	info->boot_tsc = time_boot_tsc;
	info->boot_unix_seconds = time_boot_seconds;
	info->heap_quota_bytes = process->heap_quota_bytes;
	info->hook_budget_us = process_options.budget_us;
	info->memory_end = memory_end;
	if (own != NULL) { /* the template knows of none */
		info->script_index = own->live ? space_nr_scripts : (uint32_t)(own - space_scripts);
		info->nr_scripts = space_nr_scripts + own->live;
	}
	info->policy = process->policy;
	if (process_options.settings != NULL)
		string_copy(info->settings, process_options.settings, sizeof(info->settings));
	for (unsigned i = 0; i < space_nr_scripts && own != NULL; i++)
		space_fill_script(&info->scripts[i], &space_scripts[i]);
	if (own != NULL && own->live)
		space_fill_script(&info->scripts[space_nr_scripts], own);
}

static int space_map_info(struct process *process)
{
	struct rv_engine_info *info = memory_allocate(sizeof(*info)); /* too large for the stack */
	int error = info == NULL ? -RV_ENOMEM
				 : user_map_new_pages(process, RV_ENGINE_INFO_ADDRESS, sizeof(*info), PAGING_NO_EXECUTE);

	if (error == 0) {
		space_fill_info(process, info);
		user_fill(process, RV_ENGINE_INFO_ADDRESS, info, sizeof(*info));
	}
	memory_free(info);
	return error;
}

static int space_map_event(struct process *process)
{
	int error = user_map_new_pages(process, RV_ENGINE_EVENT_ADDRESS, sizeof(struct rv_event),
				       PAGING_WRITABLE | PAGING_NO_EXECUTE);

	if (error == 0)
		process->event = user_pointer(process, RV_ENGINE_EVENT_ADDRESS, true);
	return error;
}

static int space_map_stack(struct process *process)
{
	for (uint64_t at = RV_ENGINE_STACK_TOP - SPACE_STACK_BYTES_FIRST; at < RV_ENGINE_STACK_TOP;
	     at += PAGE_BYTES) {
		if (!user_grow_stack(process, at))
			return -RV_ENOMEM;
	}
	return 0;
}

void process_space_tell_policy(struct process *process)
{
	const uint32_t yes = 1;

	user_fill(process, RV_ENGINE_INFO_ADDRESS + offsetof(struct rv_engine_info, policy), &yes,
		  sizeof(yes));
}

static int space_map_script(struct process *process, const struct space_script *script)
{
	return user_map_shared(process, script->address, memory_physical(script->pages),
			       align_down(script->length_bytes, PAGE_BYTES) + PAGE_BYTES, PAGING_NO_EXECUTE);
}

static int space_map_scripts(struct process *process)
{
	int error = 0;

	if (process->script == NULL)
		return 0;
	for (unsigned i = 0; i < space_nr_scripts && error == 0; i++)
		error = space_map_script(process, &space_scripts[i]);
	if (error == 0 && process->script->live)
		error = space_map_script(process, process->script);
	return error;
}

/* What an engine finds in the memory that is its own when it starts from the program's entry. */
static int space_map_beginning(struct process *process)
{
	int error = 0;

	for (unsigned i = 0; i < space_program.nr_segments && error == 0; i++) {
		if (space_program.segments[i].writable)
			error = space_map_own_segment(process, i);
	}
	if (error == 0)
		error = space_map_stack(process);
	process->registers = (struct process_registers){
		.rip = space_program.entry,
		.rsp = RV_ENGINE_STACK_TOP,
		.rdi = RV_ENGINE_INFO_ADDRESS,
	};
	return error;
}

static int space_map_all(struct process *process)
{
	int error = 0;

	for (unsigned i = 0; i < space_program.nr_segments && error == 0; i++) {
		if (!space_program.segments[i].writable)
			error = space_map_shared_segment(process, i);
	}
	if (error == 0)
		error = space_map_scripts(process);
	if (error == 0)
		error = space_map_info(process);
	if (error == 0)
		error = space_map_event(process);
	if (error != 0)
		return error;
	return template_fits(process->heap_quota_bytes) ? template_copy(process) : space_map_beginning(process);
}

int process_space_create(struct process *process)
{
	int error;

	process->root = paging_create();
	if (process->root == 0)
		return -RV_ENOMEM;
	error = space_map_all(process);
	if (error != 0)
		process_space_destroy(process);
	return error;
}

void process_space_visit_own(struct process *process, process_space_visitor visit, void *context)
{
	for (unsigned i = 0; i < space_program.nr_segments; i++) {
		const struct elf_segment *segment = &space_program.segments[i];

		if (segment->writable)
			visit(process, align_down(segment->address, PAGE_BYTES), space_segment_pages(segment) * PAGE_BYTES,
			      context);
	}
	visit(process, RV_ENGINE_HEAP_ADDRESS, process->heap_bytes, context);
	visit(process, RV_ENGINE_STACK_TOP - RV_ENGINE_STACK_BYTES, RV_ENGINE_STACK_BYTES, context);
}

static void space_unmap(struct process *process, uint64_t address, uint64_t length_bytes, void *context)
{
	(void)context;
	user_unmap(process, address, length_bytes);
}

void process_space_destroy(struct process *process)
{
	process_space_visit_own(process, space_unmap, NULL);
	user_unmap(process, RV_ENGINE_INFO_ADDRESS, align_up(sizeof(struct rv_engine_info), PAGE_BYTES));
	user_unmap(process, RV_ENGINE_EVENT_ADDRESS, align_up(sizeof(struct rv_event), PAGE_BYTES));
	paging_destroy(process->root);
	process->root = 0;
	process->event = NULL;
	process->heap_bytes = 0;
	process->stack_bytes = 0;
}
