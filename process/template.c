/*
 * process/template.c: an engine that has opened mruby and its gems, and knows no script. Engines begin as
 * copies of it: opening one takes a million and a half of instructions, and the guest waits for a script that is loaded
 * while it lives.
 *
 * It is made once, before any script has run, of a process that never runs one: nothing that a script does gets into
 * it. From then on it is only read.
 */
#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"
#include "process/budget.h"
#include "process/process_internal.h"
#include "process/run.h"
#include "process/user_memory.h"
#include "rv/errno.h"

struct template_page {
	uint64_t address;
	const uint64_t *words; /* NULL: all zero */
};

static struct template_page *template_pages; /* NULL: there is no template */
static unsigned template_nr_pages;
static struct process_registers template_registers;
static uint64_t template_heap_bytes, template_stack_bytes, template_alarm_function;

static void template_count(struct process *process, uint64_t address, uint64_t length_bytes, void *count)
{
	for (uint64_t at = address; at < address + length_bytes; at += PAGE_BYTES)
		*(size_t *)count += paging_lookup(process->root, at) != 0;
}

static bool template_is_zero(const uint64_t *words)
{
	size_t i = 0;

	while (i < PAGE_BYTES / sizeof(*words) && words[i] == 0)
		i++;
	return i == PAGE_BYTES / sizeof(*words);
}

/* Its pages become the template's. */
static void template_take(struct process *process, uint64_t address, uint64_t length_bytes, void *pages)
{
	for (uint64_t at = address; at < address + length_bytes; at += PAGE_BYTES) {
		uint64_t entry = paging_unmap(process->root, at);
		uint64_t *words = memory_direct(entry & PAGING_ADDRESS_MASK);
		struct template_page *page = (struct template_page *)pages + template_nr_pages;

		if (entry == 0)
			continue;
		*page = (struct template_page){ .address = at, .words = words };
		if (template_is_zero(words)) {
			page->words = NULL;
			memory_free_page(words);
		}
		template_nr_pages++;
	}
}

static void template_keep(struct process *process)
{
	size_t count = 0;
	struct template_page *pages;

	process_space_visit_own(process, template_count, &count);
	pages = memory_allocate_pages(align_up(count * sizeof(*pages), PAGE_BYTES) / PAGE_BYTES);
	if (pages == NULL)
		return;
	process_space_visit_own(process, template_take, pages);
	template_registers = process->registers;
	template_heap_bytes = process->heap_bytes;
	template_stack_bytes = process->stack_bytes;
	template_alarm_function = process->alarm_function;
	template_pages = pages;
}

static void template_open(struct process *process, struct vcpu *vcpu)
{
	uint64_t budget_us = process_options.load_budget_ms * 1000;

	process->role = PROCESS_ROLE_TEMPLATE;
	process->host_root = paging_host_root;
	process->heap_quota_bytes = process_options.heap_bytes;
	string_copy(process->name, "engine", sizeof(process->name));
	if (process_space_create(process) != 0)
		return;
	if (process_run(process, vcpu, budget_us, budget_ticks(budget_us)) == PROCESS_STOP_SUSPENDED)
		template_keep(process);
	process_space_destroy(process);
}

void template_make(struct vcpu *vcpu)
{
	struct process *process = memory_allocate(sizeof(*process));

	if (process == NULL)
		return;
	template_open(process, vcpu);
	memory_free(process);
	if (template_pages != NULL)
		log_debug("engines are copies of one that is open: %u pages", template_nr_pages);
	else
		log_debug("each engine opens by itself");
}

bool template_fits(uint64_t heap_quota_bytes)
{
	return template_pages != NULL && template_heap_bytes <= heap_quota_bytes;
}

int template_copy(struct process *process)
{
	process->registers = template_registers;
	process->heap_bytes = template_heap_bytes;
	process->stack_bytes = template_stack_bytes;
	process->alarm_function = template_alarm_function;
	for (unsigned i = 0; i < template_nr_pages; i++) {
		const struct template_page *page = &template_pages[i];

		if (user_map_new_page(process, page->address, PAGING_WRITABLE | PAGING_NO_EXECUTE) != 0)
			return -RV_ENOMEM;
		if (page->words != NULL)
			user_fill(process, page->address, page->words, PAGE_BYTES);
	}
	return 0;
}
