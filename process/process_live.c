/*
 * process/process_live.c: engines that are made while the guest lives: their records, their memory, and their
 * top levels, in slices.
 */
#include "process/process_live.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"
#include "core/time.h"
#include "process/process_internal.h"
#include "process/process_output.h"
#include "process/run.h"
#include "rv/errno.h"
#include "vmm/deadline.h"
#include "vmm/grace.h"

/* An engine without its heap: data, stack, page tables. */
#define LIVE_ENGINE_PAGES 160
/* What stays for the scripts of the boot: this part of what is free when the first live one comes. */
#define LIVE_KEPT_SHARE 4

/* Beside a struct process that is live. */
struct process_live {
	struct process process; /* the first: process.c knows no other */
	struct space_script script;
	void *pages;
	size_t nr_pages;
	uint64_t used_tsc; /* by its top level so far */
	struct process *old; /* whose place it takes, held; NULL: nobody's */
	enum { SWAP_NONE, SWAP_LOADS, SWAP_READY, SWAP_DONE } swap;
	struct grace grace;
	bool grace_is_over; /* all CPUs have been in their guests since the last step */
	bool lent;
	bool taken;	   /* by a caller; or, once it has released it, until it has ended */
	bool released;
	unsigned nr_pins;  /* process_find() */
};

static struct spinlock process_live_lock; /* guards the next, and each one's taken and released */
static struct process_live *live_records[PROCESS_LIVE_MAXIMUM];
static unsigned live_next_id;
static uint64_t live_kept_pages; /* 0: not known yet */

static struct process_live *live_of(const struct process *process)
{
	return process->live_state;
}

bool process_live_is_lent(const struct process *process)
{
	return process->live && live_of(process)->lent;
}

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

static void live_end_grace(struct grace *grace)
{
	struct process_live *live = CONTAINER_OF(grace, struct process_live, grace);

	__atomic_store_n(&live->grace_is_over, true, __ATOMIC_RELEASE);
}

static void live_begin_grace(struct process_live *live)
{
	live->grace_is_over = false;
	grace_begin(&live->grace, live_end_grace);
}

/* Under process_live_lock. */
static bool live_is_free(struct process_live *live)
{
	if (live->taken && live->released && live->nr_pins == 0 && live->grace_is_over && live->process.state == PROCESS_ENDED &&
	    !hook_owner_is_used(&live->process.owner))
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
				 (live->process.heap_quota_bytes - live->process.heap_bytes) / PAGE_BYTES;
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

static int live_take_record(const struct process_live_request *request, const struct process *old,
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
	}
	spinlock_release(&process_live_lock);
	*taken = live;
	return error;
}

static void live_give_record_back(struct process_live *live)
{
	live->process.state = PROCESS_ENDED;
	process_live_release(&live->process);
}

static int live_fill(struct process_live *live, const struct process_live_request *request)
{
	struct process *process = &live->process;
	int error = process_space_make_live(&live->script, request->name, request->pages, request->length_bytes);

	if (error == 0 && request->lent && live->script.policy)
		error = -RV_EPERM;
	if (error != 0)
		return error;
	process->heap_quota_bytes = process_options.live_heap_bytes;
	process->output = request->output;
	process->owner.stages = true;
	process->sliced = true;
	live->lent = request->lent;
	error = process_fill(process, &live->script, process->id);
	if (error != 0)
		return error;
	live->pages = request->pages;
	live->nr_pages = request->nr_pages;
	return 0;
}

/* It takes nobody's place any more, or has it. */
static void live_forget_old(struct process_live *live)
{
	if (live->old == NULL)
		return;
	hook_swap_end(&live->old->owner, &live->process.owner);
	process_put(live->old);
	live->old = NULL;
	live->swap = SWAP_NONE;
}

/* The script to be replaced, held. */
static int live_find_old(const struct process_live_request *request, struct process **old)
{
	int error = 0;

	*old = NULL;
	if (request->replaces == NULL)
		return 0;
	*old = process_find(request->replaces);
	if (*old == NULL)
		return -RV_ENOENT;
	if (process_live_is_lent(*old) || (*old)->owner.swaps)
		error = -RV_EBUSY;
	else if ((*old)->policy && !request->policies)
		error = -RV_EPERM;
	if (error != 0)
		process_put(*old);
	return error;
}

/* Another one may be about to replace it too. */
static bool live_claim_old(struct process_live *live, struct process *old)
{
	bool first;

	spinlock_acquire(&process_live_lock);
	first = !old->owner.swaps;
	if (first)
		hook_swap_prepare(&old->owner, &live->process.owner);
	spinlock_release(&process_live_lock);
	return first;
}

static int live_create(const struct process_live_request *request, struct process *old, struct process **process)
{
	struct process_live *live;
	int error = live_take_record(request, old, &live);

	if (error != 0)
		return error;
	error = live_fill(live, request);
	if (error == 0 && old != NULL && !live_claim_old(live, old)) {
		live->pages = NULL; /* they stay the caller's */
		process_bury(&live->process, PROCESS_STOP_EXIT);
		error = -RV_EBUSY;
	}
	if (error != 0) {
		live_give_record_back(live);
		return error;
	}
	if (old != NULL) {
		live->old = old;
		live->swap = SWAP_LOADS;
		live_begin_grace(live);
	}
	*process = &live->process;
	return 0;
}

int process_live_create(const struct process_live_request *request, struct process **process)
{
	struct process *old;
	int error;

	if (!process_is_ready)
		return -RV_ENOTSUP;
	error = live_find_old(request, &old);
	if (error != 0)
		return error;
	error = live_create(request, old, process);
	if (error != 0 && old != NULL)
		process_put(old);
	return error;
}

void process_live_bury(struct process *process)
{
	struct process_live *live = live_of(process);

	process->sliced = false;
	if (live->swap != SWAP_DONE) /* else the old one still has to go */
		live_forget_old(live);
	if (live->pages != NULL)
		memory_free_pages(live->pages, live->nr_pages);
	live->pages = NULL;
}

_Noreturn void process_suspend(struct process *process, const struct exception_frame *frame)
{
	process->registers = (struct process_registers){
		.rip = frame->rip, .rsp = frame->rsp, .rflags = frame->rflags,
		.rax = frame->rax, .rcx = frame->rcx, .rdx = frame->rdx, .rbx = frame->rbx,
		.rbp = frame->rbp, .rsi = frame->rsi, .rdi = frame->rdi,
		.r8 = frame->r8, .r9 = frame->r9, .r10 = frame->r10, .r11 = frame->r11,
		.r12 = frame->r12, .r13 = frame->r13, .r14 = frame->r14, .r15 = frame->r15,
	};
	process_leave(process, PROCESS_STOP_SUSPENDED);
}

/* Its slice is over. The time of all of them is bounded. */
static void live_go_on_later(struct process *process)
{
	uint64_t budget_us = process_options.load_budget_ms * 1000;

	if (live_of(process)->used_tsc < time_tsc_of_us(budget_us))
		return;
	process_tell(process, "%s: killed in the script's top level: its time of %lu us is up (the option "
		     "load_budget_ms= gives more); the script is not in force", process->name, budget_us);
	process_bury(process, PROCESS_STOP_KILLED);
}

/* Its top level is over. */
static void live_settle(struct process *process, enum process_stop stop)
{
	process->sliced = false;
	process->powers = process->powers_kept;
	if (stop != PROCESS_STOP_EVENT || process->owner.nr_hooks == 0) {
		process_bury(process, stop == PROCESS_STOP_EVENT ? PROCESS_STOP_EXIT : stop);
		return;
	}
	process->registers.rax = 0; /* what RV_SYS_NEXT_EVENT returns */
	process->state = PROCESS_WAITING;
	hook_put_into_force(&process->owner);
	if (live_of(process)->swap == SWAP_LOADS)
		live_of(process)->swap = SWAP_READY;
}

/* Have all CPUs been in their guests since the last step of a swap? */
static bool live_may_step(const struct process_live *live)
{
	return __atomic_load_n(&live->grace_is_over, __ATOMIC_ACQUIRE);
}

/* Takes the old one's place. Under its owner's lock: it may be taken away meanwhile. */
static void live_swap(struct process_live *live)
{
	if (live->swap != SWAP_READY || !live_may_step(live))
		return;
	hook_swap(&live->old->owner, &live->process.owner);
	live->swap = SWAP_DONE;
	live_begin_grace(live);
}

/* The old one goes; without locks. */
static void live_end_swap(struct process_live *live, struct vcpu *vcpu)
{
	if (live->swap == SWAP_DONE && live_may_step(live) && process_unload(live->old, vcpu, true) == 0)
		live_forget_old(live);
}

enum process_phase process_live_run(struct process *process, struct vcpu *vcpu)
{
	const uint64_t budget_us = PROCESS_SLICE_US * BUDGET_SLICES; /* the first of its slices ends it */
	uint64_t start = tsc_read();
	enum process_stop stop;

	grace_collect();
	if (!hook_owner_lock(&process->owner))
		return process_phase(process);
	if (process->state == PROCESS_LOADING) {
		stop = process_run(process, vcpu, budget_us, budget_ticks(budget_us));
		process_report_log(process);
		live_of(process)->used_tsc += tsc_read() - start;
		if (stop == PROCESS_STOP_SUSPENDED)
			live_go_on_later(process);
		else
			live_settle(process, stop);
	}
	live_swap(live_of(process));
	hook_owner_unlock(&process->owner);
	live_end_swap(live_of(process), vcpu);
	deadline_look(vcpu);
	return process_phase(process);
}

bool process_live_has_swapped(const struct process *process)
{
	return process->live && live_of(process)->swap == SWAP_DONE;
}

bool process_live_is_swapping(const struct process *process)
{
	return process->live && live_of(process)->swap != SWAP_NONE;
}

bool process_live_detach(struct process *process)
{
	if (!hook_owner_lock(&process->owner))
		return false;
	process->output = NULL;
	hook_owner_unlock(&process->owner);
	return true;
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
