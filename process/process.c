/*
 * process/process.c: the life of script engines: made at boot, run for each event, buried.
 */
#include "process/process.h"

#include "core/cpu.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"
#include "process/budget.h"
#include "process/controllers.h"
#include "process/process_internal.h"
#include "process/process_live.h"
#include "process/run.h"
#include "rv/errno.h"
#include "rv/powers.h"
#include "vmm/deadline.h"
#include "vmm/grace.h"
#include "vmm/interrupt_watch.h"
#include "vmm/vcpu.h"

struct process_options process_options;
bool process_is_ready, process_can_run;
static struct process *process_all;

/* Stands in for the event page of an engine that ended during its own event: passes. */
static struct rv_event process_event_none;

static bool process_deliver(struct hook_owner *owner, struct hook *hook, struct vcpu *vcpu);

/* At each EXIT_INTERRUPT. */
static void process_handle_interrupt_due(void *vcpu)
{
	deadline_look(vcpu);
	if (grace_wanted)
		grace_collect();
}

void process_prepare(void)
{
	static struct watcher watcher = { .notify = process_handle_interrupt_due };

	if (process_can_run)
		return;
	exception_user_handler = process_handle_exception;
	exception_interrupt_handler = process_handle_interrupt;
	exception_set_gate(RV_SYSCALL_VECTOR, process_syscall_entry, 3);
	controllers_init();
	budget_init();
	/* Behind what the guest's timer needs. */
	watch_add(&interrupt_watchers, &watcher);
	process_can_run = true;
}

int process_init(const void *engine_elf, size_t engine_bytes, const struct process_options *options)
{
	int error;

	process_options = *options;
	if (process_options.heap_bytes == 0)
		process_options.heap_bytes = PROCESS_HEAP_BYTES_DEFAULT;
	if (process_options.live_heap_bytes == 0)
		process_options.live_heap_bytes = PROCESS_LIVE_HEAP_BYTES_DEFAULT;
	process_options.live_heap_bytes = align_down(process_options.live_heap_bytes, PAGE_BYTES);
	if (process_options.budget_us == 0)
		process_options.budget_us = PROCESS_BUDGET_US_DEFAULT;
	if (process_options.load_budget_ms == 0)
		process_options.load_budget_ms = PROCESS_LOAD_BUDGET_MS_DEFAULT;
	process_options.heap_bytes = align_down(process_options.heap_bytes, PAGE_BYTES);
	process_prepare();
	error = process_space_init(engine_elf, engine_bytes);
	process_is_ready = error == 0;
	return error;
}

int process_add_script(const char *name, const void *source, size_t length_bytes, bool policy)
{
	return process_space_add_script(name, source, length_bytes, policy);
}

unsigned process_count_scripts(void)
{
	return process_space_count_scripts();
}

void process_bury(struct process *process, enum process_stop stop)
{
	bool failed = stop == PROCESS_STOP_KILLED || process->exit_status != 0;
	bool waited = process->state == PROCESS_WAITING;

	process->state = PROCESS_ENDED;
	process->owner.event = &process_event_none;
	process_event_none.verdict = RV_VERDICT_PASS;
	hook_remove_all(&process->owner, failed);
	if (process_options.overlays != NULL)
		process_options.overlays->forget(&process->owner);
	process_space_destroy(process);
	process_metrics_end(process);
	if (stop == PROCESS_STOP_EXIT && failed)
		process_tell(process, "%s: ended with status %lu; its hooks are removed", process->name,
			     process->exit_status);
	else if (stop == PROCESS_STOP_KILLED && process->exit_status == 0)
		process->exit_status = PROCESS_STATUS_KILLED;
	if (process->live)
		process_live_bury(process);
	if (process->policy && waited)
		log_error("%s: the policy is gone: C denies from now on what its hooks with on_error: :deny "
			  "were about", process->name);
}

void process_report_log(struct process *process)
{
	if (process->log_dropped == 0)
		return;
	log_warning("%s: %lu bytes of its output were dropped: too much in one event", process->name,
		    process->log_dropped);
	process->log_dropped = 0;
}

static bool process_deliver(struct hook_owner *owner, struct hook *hook, struct vcpu *vcpu)
{
	struct process *process = CONTAINER_OF(owner, struct process, owner);
	enum process_stop stop;

	process->hook = hook;
	stop = process_run(process, vcpu, hook->spec.budget_us, hook->owner_private);
	process->hook = NULL;
	if (process->log_dropped != 0)
		process_report_log(process);
	if (stop == PROCESS_STOP_EVENT)
		return true;
	process_bury(process, stop);
	return stop == PROCESS_STOP_EXIT && process->exit_status == 0 && !process->policy;
}

int process_fill(struct process *process, const struct space_script *script, unsigned id)
{
	process->id = id;
	process->script = script;
	string_copy(process->name, script->name, sizeof(process->name));
	process->host_root = paging_host_root;
	process->policy = process->owner.keeps_hooks = script->policy;
	if (process_space_create(process) != 0)
		return -RV_ENOMEM;
	process->state = PROCESS_LOADING;
	process->powers = process->powers_kept = RV_POWERS_ALL;
	process_metrics_begin(process);
	process->owner.name = process->name;
	process->owner.event = process->event;
	process->owner.deliver = process_deliver;
	return 0;
}

static struct process *process_create(unsigned index)
{
	struct process *process = memory_allocate(sizeof(*process));

	if (process == NULL)
		return NULL;
	process->heap_quota_bytes = process_options.heap_bytes;
	if (process_fill(process, process_space_script(index), index) != 0) {
		memory_free(process);
		return NULL;
	}
	process->next = process_all;
	process_all = process;
	return process;
}

struct process *process_next_of_boot(const struct process *process)
{
	return process == NULL ? process_all : process->next;
}

/* Did its top level run to the end? One that ends while it has hooks did not mean to. */
static bool process_has_loaded(const struct process *process, enum process_stop stop)
{
	return stop == PROCESS_STOP_EVENT || (stop == PROCESS_STOP_EXIT && process->exit_status == 0 &&
					      process->owner.nr_hooks == 0);
}

/* False: it failed. */
static bool process_run_script(struct process *process, struct vcpu *vcpu)
{
	uint64_t budget_us = process_options.load_budget_ms * 1000;
	enum process_stop stop = process_run(process, vcpu, budget_us, budget_ticks(budget_us));
	bool loaded = process_has_loaded(process, stop);

	process_report_log(process);
	process->powers = process->powers_kept;
	if (stop == PROCESS_STOP_EVENT && process->owner.nr_hooks != 0) {
		process->state = PROCESS_WAITING;
		log_debug("%s: %u hooks", process->name, process->owner.nr_hooks);
		return true;
	}
	/* Without a hook, no event can ever come. */
	process_bury(process, stop == PROCESS_STOP_EVENT ? PROCESS_STOP_EXIT : stop);
	return loaded;
}

const char *process_run_all_scripts(struct vcpu *vcpu)
{
	const char *failed = NULL;

	if (process_options.live || process_space_count_scripts() > 1)
		template_make(vcpu);
	for (unsigned i = 0; i < process_space_count_scripts() && failed == NULL; i++) {
		struct process *process = process_create(i);

		if (process == NULL) {
			const struct space_script *script = process_space_script(i);

			failed = script->policy ? script->name : NULL;
			log_error("%s: not run: the hypervisor's memory does not suffice (%lu pages "
				  "free; boot option memory=)", script->name, memory_pages_free());
			continue;
		}
		(void)hook_owner_lock(&process->owner); /* nobody else knows it yet */
		if (!process_run_script(process, vcpu) && process->policy)
			failed = process->name;
		hook_owner_unlock(&process->owner);
	}
	if (failed == NULL)
		deadline_look(vcpu);
	return failed;
}
