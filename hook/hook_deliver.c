/*
 * hook/hook_deliver.c: one event on its way through one hook: filter, delivery, verdict.
 */
#include "hook/hook_internal.h"

#include "core/cpu.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/panic.h"
#include "core/time.h"
#include "hook/metric.h"
#include "hook/trace.h"
#include "vmm/deadline.h"
#include "vmm/vcpu.h"

/* Runs the owner and measures it; RV_VERDICT_ERROR if it failed. */
static inline uint32_t hook_run(struct hook *hook, struct event_origin *origin)
{
	struct hook_owner *owner = hook->owner;
	struct rv_event *event = owner->event;
	uint32_t verdict = RV_VERDICT_ERROR;
	uint64_t start = tsc_read(), cycles;

	hook_fill_event(hook, event, origin);
	event->cpu = origin->vcpu->cpu->index;
	hook->origin = origin;
	owner->nr_events++;
	owner->waited_cycles = 0;
	/* The owner may change the event at any time: the verdict is read once. */
	if (owner->deliver(owner, hook, origin->vcpu))
		verdict = *(volatile uint32_t *)&owner->event->verdict;
	if (hook->source->note != NULL && (verdict & ~(uint32_t)RV_VERDICT_MODIFIERS) < RV_VERDICT_ERROR)
		hook->source->note(origin, owner->event);
	hook->origin = NULL;
	cycles = tsc_read() - start - owner->waited_cycles;
	hook->counters.cycles_waited += owner->waited_cycles;
	hook->counters.cycles_total += cycles;
	owner->cycles += cycles;
	if (cycles > hook->counters.cycles_maximum)
		hook->counters.cycles_maximum = cycles;
	return verdict;
}

/* Was it added during this very access? Hooks that add their like would else hold the guest until
 * the table is full. (Of requests hook_offer() sees to that: one that is done within the exit in which a block
 * asked for its end is not over without that.) */
static inline bool hook_is_newborn(const struct hook *hook, const struct vcpu *vcpu)
{
	return hook->born_exit == vcpu->history_next && hook->born_vcpu == vcpu;
}

/* Longer than whatever takes the owner may run: twice the longest budget. */
static uint64_t hook_wait_tsc(void)
{
	return time_tsc_of_us(2 * RV_BUDGET_US_MAXIMUM);
}

bool hook_owner_wait(struct hook_owner *owner)
{
	uint64_t events = __atomic_load_n(&owner->nr_events, __ATOMIC_RELAXED), start = tsc_read();

	while (!spinlock_try(&owner->lock)) {
		uint64_t now = __atomic_load_n(&owner->nr_events, __ATOMIC_RELAXED);

		if (owner->lock.holder == cpu_current()->index + 1)
			panic("%s: taken twice by CPU %u", owner->name, cpu_current()->index);
		if (panic_is_elsewhere()) /* whoever has it may have stopped */
			cpu_stop();
		if (__atomic_load_n(&owner->stuck, __ATOMIC_RELAXED))
			return false;
		if (now != events) {
			events = now;
			start = tsc_read();
		} else if (tsc_read() - start > hook_wait_tsc()) {
			owner->stuck = true;
			log_warning("%s: CPU %u stopped while it ran: until that CPU is started again, "
				    "on_error decides", owner->name, owner->lock.holder - 1);
			return false;
		}
		cpu_pause();
	}
	owner->stuck = false;
	return true;
}

/* Made twice, for what happens most: an origin that is the caller's own costs some thirty instructions less. */
static inline __attribute__((always_inline)) enum access_result hook_ask_owner(struct hook *hook,
									       struct event_origin *origin)
{
	struct hook_owner *owner = hook->owner;
	enum access_result result = ACCESS_PASS;
	uint32_t verdict;

	if (!hook_owner_lock(owner))
		return hook_keeps_denying(hook) ? hook_deny(hook, origin) : ACCESS_PASS;
	/* It may have lost its owner, or its service, while we waited. */
	if (hook_is_active(hook, origin->vcpu) && (!hook_is_newborn(hook, origin->vcpu) || origin->request != NULL)) {
		/* It may remove itself in there: then this event is its last, and still counts. */
		verdict = hook_run(hook, origin);
		if (verdict != RV_VERDICT_PASS)
			result = hook_resolve(hook, origin, verdict, owner->event);
	} else if (hook->state == HOOK_DENYING) {
		result = hook_deny(hook, origin);
	}
	hook_owner_unlock(owner);
	if (deadline_due())
		deadline_check(origin->vcpu);
	if (grace_wanted)
		grace_collect();
	return result;
}

static __attribute__((noinline)) enum access_result hook_handle_accepted(struct hook *hook,
									 struct access *access)
{
	struct event_origin origin = { .vcpu = access->vcpu, .access = access };

	return hook_ask_owner(hook, &origin);
}

static __attribute__((noinline)) enum access_result hook_count(struct hook *hook, const struct event_origin *origin)
{
	struct rv_event event;

	hook->source->fill(&event, origin); /* which a kind with fields has */
	metric_sink(hook, &event);
	return ACCESS_PASS;
}

/* In its owner's service, or in nobody's. */
static enum access_result hook_say_fixed(struct hook *hook, struct event_origin *origin)
{
	if (hook->state != HOOK_ACTIVE && hook->state != HOOK_DENYING && !hook_is_active(hook, origin->vcpu))
		return ACCESS_PASS;
	if (hook->spec.fixed == RV_FIXED_METRIC)
		return hook_count(hook, origin);
	if (hook->spec.fixed == RV_FIXED_TRACE)
		trace_sink(hook, origin);
	return hook_resolve_fixed(hook, origin);
}

enum access_result hook_handle_fixed(struct access *access, void *context)
{
	struct event_origin origin = { .vcpu = access->vcpu, .access = access };
	struct hook *hook = context;

	return hook_wants(hook, access) ? hook_say_fixed(hook, &origin) : hook_reject(hook);
}

/* What is counted most often: all of it lies in the access. */
enum access_result hook_handle_counted(struct access *access, void *context)
{
	struct hook *hook = context;

	if (!hook->in_place || hook->state != HOOK_ACTIVE)
		return hook_handle_fixed(access, context);
	if (access->write != hook->write || !hook_accepts_in_place(hook, access))
		return hook_reject(hook);
	metric_sink(hook, hook_event_in_access(access));
	return ACCESS_PASS;
}

enum access_result hook_ask(struct hook *hook, struct event_origin *origin)
{
	if (hook->spec.fixed != RV_FIXED_NONE)
		return hook_say_fixed(hook, origin);
	return hook_ask_owner(hook, origin);
}

static __attribute__((noinline)) enum access_result hook_handle_elsewhere(struct hook *hook,
									  struct access *access)
{
	return hook_wants(hook, access) ? hook_handle_accepted(hook, access) : hook_reject(hook);
}

enum access_result hook_handle_access(struct access *access, void *context)
{
	struct hook *hook = context;

	/* Most accesses that come here are rejected: that way needs no registers saved. */
	if (!hook->in_place)
		return hook_handle_elsewhere(hook, access);
	if (access->write != hook->write || !hook_accepts_in_place(hook, access))
		return hook_reject(hook);
	return hook_handle_accepted(hook, access);
}

bool hook_run_text(struct hook *hook, struct hook_text *text, struct vcpu *vcpu)
{
	struct event_origin origin = { .vcpu = vcpu, .text = text };

	if (hook_run(hook, &origin) < RV_VERDICT_ERROR)
		return true;
	(void)hook_verdict_on_error(hook);
	return false;
}

void hook_run_plain(struct hook *hook, struct vcpu *vcpu)
{
	if (hook_is_in_force(hook))
		(void)hook_run_text(hook, NULL, vcpu);
}

void hook_deliver_plain(struct hook *hook, struct vcpu *vcpu)
{
	struct hook_owner *owner = hook->owner;

	if (!hook_owner_lock(owner))
		return;
	if (hook_is_active(hook, vcpu))
		hook_run_plain(hook, vcpu);
	hook_owner_unlock(owner);
}
