/*
 * process/live_record.c: the records of live engines, which are renewed and never freed, the memory that there is
 * for them, and how scripts are found.
 */
#include "core/memory.h"
#include "core/string.h"
#include "process/live_internal.h"
#include "rv/errno.h"

/* An engine without its heap: data, stack, page tables. */
#define LIVE_ENGINE_PAGES 160
/* What stays for the scripts of the boot: this part of what is free when the first live one comes. */
#define LIVE_KEPT_SHARE 4

struct spinlock process_live_lock; /* guards the next two, and each record's taken, released and nr_pins */
static struct process_live *live_records[PROCESS_LIVE_MAXIMUM];
static unsigned live_next_id;
static uint64_t live_kept_pages; /* 0: not known yet */

static uint64_t live_kept(void)
{
	uint64_t none = 0;

	(void)__atomic_compare_exchange_n(&live_kept_pages, &none, memory_pages_free() / LIVE_KEPT_SHARE + 1,
					  false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	return __atomic_load_n(&live_kept_pages, __ATOMIC_RELAXED);
}

bool process_live_has_pages(uint64_t nr_pages)
{
	return memory_has_spare_pages(nr_pages + live_kept());
}

void *process_live_allocate_pages(size_t nr_pages)
{
	return process_live_has_pages(nr_pages) ? memory_allocate_pages(nr_pages) : NULL;
}

/* Under process_live_lock. */
static bool live_is_free(struct process_live *live)
{
	if (live->taken && live->released && live->nr_pins == 0 && live->grace_is_over &&
	    live->process.state == PROCESS_ENDED && !hook_owner_is_used(&live->process.owner))
		live->taken = false;
	return !live->taken;
}

/* What those that there are may still ask for. */
static uint64_t live_promised_pages(void)
{
	uint64_t pages = 0;

	for (unsigned i = 0; i < PROCESS_LIVE_MAXIMUM; i++) {
		const struct process_live *live = live_records[i];

		if (live != NULL && live->taken && live->process.state != PROCESS_ENDED)
			pages += LIVE_ENGINE_PAGES +
				 (live->process.heap_quota_bytes - live->process.heap_bytes - live->process.metric_bytes) / PAGE_BYTES;
	}
	return pages;
}

static bool live_has_memory(void)
{
	return memory_has_spare_pages(live_kept() + live_promised_pages() + LIVE_ENGINE_PAGES +
				      process_options.live_heap_bytes / PAGE_BYTES);
}

static bool live_name_is_taken(const char *name, const struct process *but)
{
	for (struct process *process = process_next_of_boot(NULL); process != NULL;
	     process = process_next_of_boot(process)) {
		if (process != but && process->state != PROCESS_ENDED && strcmp(process->name, name) == 0)
			return true;
	}
	for (unsigned i = 0; i < PROCESS_LIVE_MAXIMUM; i++) {
		struct process_live *live = live_records[i];

		/* One that has ended may still wait for CPUs to forget its hooks. */
		if (live != NULL && &live->process != but && !live_is_free(live) &&
		    (!live->released || process_phase(&live->process) != PROCESS_PHASE_ENDED) &&
		    strcmp(live->script.name, name) == 0)
			return true;
	}
	return false;
}

/* Engines are told apart by a bit in what disks are asked for, which may come back after its engine went: so
 * the next one gets another number. */
static unsigned live_choose_id(void)
{
	unsigned first = process_space_count_scripts(), id;
	bool taken;

	do {
		id = first + live_next_id++ % (RV_SCRIPTS_MAXIMUM - first);
		taken = false;
		for (unsigned i = 0; i < PROCESS_LIVE_MAXIMUM; i++)
			taken |= live_records[i] != NULL && live_records[i]->taken &&
				 live_records[i]->process.id == id;
	} while (taken);
	return id;
}

/* Under process_live_lock. */
static struct process_live *live_find_record(void)
{
	unsigned ids = RV_SCRIPTS_MAXIMUM - process_space_count_scripts();

	for (unsigned i = 0; i < PROCESS_LIVE_MAXIMUM && i < ids; i++) {
		if (live_records[i] == NULL)
			live_records[i] = memory_allocate(sizeof(struct process_live));
		if (live_records[i] == NULL)
			return NULL;
		if (live_is_free(live_records[i]))
			return live_records[i];
	}
	return NULL;
}

/* All but what others may still be looking at. */
static void live_renew(struct process_live *live)
{
	size_t begin = offsetof(struct process_live, process.owner), end = begin + sizeof(struct hook_owner);

	hook_owner_renew(&live->process.owner);
	memset(live, 0, begin);
	memset((uint8_t *)live + end, 0, sizeof(*live) - end);
	live->process.live = true;
	live->process.live_state = live;
	live->grace_is_over = true;
}

int live_take_record(const struct process_live_request *request, const struct process *old,
			    struct process_live **taken)
{
	struct process_live *live;
	int error = 0;

	spinlock_acquire(&process_live_lock);
	live = live_find_record();
	if (live_name_is_taken(request->name, old))
		error = -RV_EEXIST;
	else if (live == NULL)
		error = -RV_ENOSPC;
	else if (!live_has_memory())
		error = -RV_ENOMEM;
	if (error == 0) {
		unsigned id = live_choose_id();

		live_renew(live);
		live->process.id = id;
		live->taken = true;
		string_copy(live->script.name, request->name, sizeof(live->script.name));
	}
	spinlock_release(&process_live_lock);
	*taken = live;
	return error;
}

void process_live_release(struct process *process)
{
	spinlock_acquire(&process_live_lock);
	live_of(process)->released = true;
	spinlock_release(&process_live_lock);
}

/* Under process_live_lock. */
static struct process *live_pin(struct process_live *live)
{
	live->nr_pins++;
	return &live->process;
}

void process_put(struct process *process)
{
	if (!process->live)
		return;
	spinlock_acquire(&process_live_lock);
	live_of(process)->nr_pins--;
	spinlock_release(&process_live_lock);
}

static struct process *process_at_boot(unsigned position)
{
	struct process *process = process_next_of_boot(NULL);

	while (process != NULL && position-- != 0)
		process = process_next_of_boot(process);
	return process;
}

/* The live one at a position from 0, or behind it, that is taken. */
static struct process *process_at_live(unsigned *position)
{
	struct process *process = NULL;

	spinlock_acquire(&process_live_lock);
	for (; process == NULL && *position < PROCESS_LIVE_MAXIMUM; (*position)++) {
		if (live_records[*position] != NULL && !live_is_free(live_records[*position]))
			process = live_pin(live_records[*position]);
	}
	spinlock_release(&process_live_lock);
	return process;
}

struct process *process_at(unsigned *position)
{
	struct process *process;
	unsigned of_live;

	if (*position < RV_SCRIPTS_MAXIMUM) {
		process = process_at_boot(*position);
		*position = process != NULL ? *position + 1 : RV_SCRIPTS_MAXIMUM;
		if (process != NULL)
			return process;
	}
	of_live = *position - RV_SCRIPTS_MAXIMUM;
	process = process_at_live(&of_live);
	*position = RV_SCRIPTS_MAXIMUM + of_live;
	return process;
}

struct process *process_find(const char *name)
{
	struct process *process;
	unsigned position = 0;

	while ((process = process_at(&position)) != NULL) {
		if (process_phase(process) != PROCESS_PHASE_ENDED && strcmp(process->name, name) == 0)
			return process;
		process_put(process);
	}
	return NULL;
}
