/*
 * hook/hook_deliver.c: one access on its way through one hook: filter, delivery, verdict.
 */
#include "hook/hook_internal.h"

#include "core/cpu.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/panic.h"
#include "core/time.h"
#include "hook/pci_identity.h"
#include "hook/hook_timer.h"
#include "rv/event_kind.h"
#include "vmm/vcpu.h"

/* What the hook's on_error makes of an event whose handler failed. */
static enum rv_verdict hook_verdict_on_error(struct hook *hook)
{
	hook->counters.errors++;
	hook->owner->nr_errors++;
	if (hook->request.on_error == RV_ON_ERROR_DENY)
		return RV_VERDICT_DENY;
	if (hook->request.on_error == RV_ON_ERROR_DISABLE &&
	    hook_remove(hook->owner, hook->id) == 0)
		log_warning("%s: the %s hook is disabled after an error", hook->owner->name,
			    rv_event_kind_name(hook->request.kind));
	return RV_VERDICT_PASS;
}

static enum access_result hook_deny(struct hook *hook, struct access *access)
{
	hook->counters.denied++;
	access_deny(access);
	return ACCESS_DONE;
}

/* A write vanishes. A read is as for an absent device, but an MSR reads as 0. */
static enum access_result hook_drop(struct hook *hook, struct access *access)
{
	if (access->kind != ACCESS_MSR && !access->write)
		return hook_deny(hook, access);
	hook->counters.denied++;
	access->fault = false;
	access->resolved = true;
	if (!access->write)
		access->value = 0;
	return ACCESS_DONE;
}

/* The answer, or the value to write instead. Hooks behind this one still see the access. */
static enum access_result hook_change(struct hook *hook, struct access *access,
				      const struct rv_event *event)
{
	hook->counters.changed++;
	if (access->kind == ACCESS_CPUID) {
		for (unsigned i = 0; i < 4; i++)
			access->cpuid[i] = event->cpuid[i];
	} else {
		access->value = event->value & access_mask(access);
	}
	if (!access->write) {
		access->resolved = true;
		access->fault = false;
	}
	return ACCESS_PASS;
}

static void hook_fill_kind(struct rv_event *event, const struct access *access)
{
	if (access->kind == ACCESS_CPUID) {
		uint32_t subleaf = (uint32_t)(access->address >> 32);

		event->address = (uint32_t)access->address;
		event->cpuid_subleaf = subleaf;
		for (unsigned i = 0; i < 4; i++)
			event->cpuid[i] = access->resolved ? access->cpuid[i] : 0;
		if (!access->resolved)
			event->cpuid[2] = subleaf;
	} else {
		struct pci_identity identity = pci_identity_of(access->address);

		event->address = access->address & 0xfff;
		event->pci_bus = (uint16_t)(access->address >> 20);
		event->pci_device = access->address >> 15 & 0x1f;
		event->pci_function = access->address >> 12 & 7;
		event->pci_vendor_id = identity.vendor_id;
		event->pci_device_id = identity.device_id;
		event->pci_class = identity.class;
	}
}

static inline void hook_fill_event(struct hook *hook, struct rv_event *event,
				   const struct access *access)
{
	event->kind = hook->request.kind;
	event->cookie = hook->request.cookie;
	event->verdict = RV_VERDICT_PASS;
	event->hook = hook->id;
	event->sequence = ++hook->counters.delivered;
	if (access == NULL) {
		event->flags = 0;
		return;
	}
	/* An earlier hook may have fetched or answered already. */
	event->flags = access->resolved ? RV_EVENT_FETCHED : 0;
	event->address = access->address;
	event->value = access->value;
	event->width_bytes = access->width_bytes;
	if (access->kind >= ACCESS_CPUID)
		hook_fill_kind(event, access);
}

/* Runs the owner and measures it; RV_VERDICT_ERROR if it failed. */
static inline uint32_t hook_run(struct hook *hook, struct vcpu *vcpu, struct access *access)
{
	struct hook_owner *owner = hook->owner;
	struct rv_event *event = owner->event;
	uint32_t verdict = RV_VERDICT_ERROR;
	uint64_t start = tsc_read(), cycles;

	hook_fill_event(hook, event, access);
	event->cpu = vcpu->cpu->index;
	hook->access = access;
	owner->nr_events++;
	owner->waited_cycles = 0;
	/* The owner may change the event at any time: the verdict is read once. */
	if (owner->deliver(owner, hook, vcpu))
		verdict = *(volatile uint32_t *)&owner->event->verdict;
	hook->access = NULL;
	cycles = tsc_read() - start - owner->waited_cycles;
	hook->counters.cycles_waited += owner->waited_cycles;
	hook->counters.cycles_total += cycles;
	if (cycles > hook->counters.cycles_maximum)
		hook->counters.cycles_maximum = cycles;
	return verdict;
}

static enum access_result hook_resolve(struct hook *hook, struct access *access, uint32_t verdict,
				       const struct rv_event *event)
{
	if (verdict >= RV_VERDICT_ERROR)
		verdict = hook_verdict_on_error(hook);
	if (hook->request.observe)
		return ACCESS_PASS;
	switch (verdict) {
	case RV_VERDICT_CHANGE:
		return hook_change(hook, access, event);
	case RV_VERDICT_DENY:
		return hook_deny(hook, access);
	case RV_VERDICT_DROP:
		return hook_drop(hook, access);
	default:
		return ACCESS_PASS;
	}
}

/* Was it added during this very access? Hooks that add their like would else hold the guest until
 * the table is full. */
static inline bool hook_is_newborn(const struct hook *hook, const struct vcpu *vcpu)
{
	return hook->born_exit == vcpu->history_next && hook->born_vcpu == vcpu;
}

static enum access_result hook_reject(struct hook *hook)
{
	__atomic_fetch_add(&hook->counters.filtered, 1, __ATOMIC_RELAXED);
	return ACCESS_PASS;
}

/* Longer than whatever takes the owner may run: twice the longest budget. */
static uint64_t hook_wait_tsc(void)
{
	return time_tsc_hz / 1000000 * 2 * RV_BUDGET_US_MAXIMUM;
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

static __attribute__((noinline)) enum access_result hook_handle_accepted(struct hook *hook,
									 struct access *access)
{
	struct hook_owner *owner = hook->owner;
	enum access_result result = ACCESS_PASS;
	uint32_t verdict;

	if (hook->identity_wanted && !hook_filter_identity(hook, access))
		return hook_reject(hook);
	if (!hook_owner_lock(owner))
		return hook->request.on_error == RV_ON_ERROR_DENY ? hook_deny(hook, access)
								  : ACCESS_PASS;
	/* It may have lost its owner, or its service, while we waited. */
	if (hook->state == HOOK_ACTIVE && !hook_is_newborn(hook, access->vcpu)) {
		/* It may remove itself in there: then this event is its last, and still counts. */
		verdict = hook_run(hook, access->vcpu, access);
		if (verdict != RV_VERDICT_PASS)
			result = hook_resolve(hook, access, verdict, owner->event);
	} else if (hook->state == HOOK_DENYING) {
		result = hook_deny(hook, access);
	}
	hook_owner_unlock(owner);
	if (hook_timer_due())
		hook_timer_check(access->vcpu);
	if (grace_wanted)
		grace_collect();
	return result;
}

enum access_result hook_handle_access(struct access *access, void *context)
{
	struct hook *hook = context;

	if (access->kind == ACCESS_PCI && pci_identity_is_moved_by(access))
		pci_identity_forget();
	if (!hook_filter_accepts(hook, access))
		return hook_reject(hook);
	return hook_handle_accepted(hook, access);
}

void hook_deliver_plain(struct hook *hook, struct vcpu *vcpu)
{
	struct hook_owner *owner = hook->owner;

	if (!hook_owner_lock(owner))
		return;
	if (hook->state == HOOK_ACTIVE && hook_run(hook, vcpu, NULL) >= RV_VERDICT_ERROR)
		hook_verdict_on_error(hook);
	hook_owner_unlock(owner);
}
