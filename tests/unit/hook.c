/*
 * tests/unit/hook.c: the hook table: verdicts, removal, failing owners, timers, power-off.
 */
#include "hook_machine.h"

#include "core/instructions.h"

struct verdict_case {
	uint32_t kind;
	enum access_kind access;
	enum rv_verdict verdict;
	/* what comes out */
	enum access_result result;
	bool resolved, fault;
	uint64_t value;
};

/* Events at address 0x70, width 1 (MSR: 8), written value 0x11, verdict's value 0x1234. */
static const struct verdict_case verdict_cases[] = {
	{ RV_EVENT_PORT_READ, ACCESS_PORT, RV_VERDICT_PASS, ACCESS_PASS, false, false, 0 },
	{ RV_EVENT_PORT_READ, ACCESS_PORT, RV_VERDICT_CHANGE, ACCESS_PASS, true, false, 0x34 },
	{ RV_EVENT_PORT_READ, ACCESS_PORT, RV_VERDICT_DENY, ACCESS_DONE, true, false, 0xff },
	{ RV_EVENT_PORT_READ, ACCESS_PORT, RV_VERDICT_DROP, ACCESS_DONE, true, false, 0xff },
	{ RV_EVENT_PORT_READ, ACCESS_PORT, RV_VERDICT_ACCEPT, ACCESS_ACCEPT, false, false, 0 },
	{ RV_EVENT_PORT_READ, ACCESS_PORT, RV_VERDICT_ACCEPT + RV_VERDICT_CHANGE, ACCESS_ACCEPT, true, false, 0x34 },
	{ RV_EVENT_PORT_WRITE, ACCESS_PORT, RV_VERDICT_ACCEPT, ACCESS_ACCEPT, false, false, 0x11 },
	{ RV_EVENT_PORT_WRITE, ACCESS_PORT, RV_VERDICT_PASS, ACCESS_PASS, false, false, 0x11 },
	{ RV_EVENT_PORT_WRITE, ACCESS_PORT, RV_VERDICT_CHANGE, ACCESS_PASS, false, false, 0x34 },
	{ RV_EVENT_PORT_WRITE, ACCESS_PORT, RV_VERDICT_DENY, ACCESS_DONE, true, false, 0x11 },
	{ RV_EVENT_PORT_WRITE, ACCESS_PORT, RV_VERDICT_DROP, ACCESS_DONE, true, false, 0x11 },
	{ RV_EVENT_MSR_READ, ACCESS_MSR, RV_VERDICT_CHANGE, ACCESS_PASS, true, false, 0x1234 },
	{ RV_EVENT_MSR_READ, ACCESS_MSR, RV_VERDICT_DENY, ACCESS_DONE, true, true, ~UINT64_C(0) },
	{ RV_EVENT_MSR_READ, ACCESS_MSR, RV_VERDICT_DROP, ACCESS_DONE, true, false, 0 },
	{ RV_EVENT_MSR_WRITE, ACCESS_MSR, RV_VERDICT_DENY, ACCESS_DONE, true, true, 0x11 },
	{ RV_EVENT_MSR_WRITE, ACCESS_MSR, RV_VERDICT_DROP, ACCESS_DONE, true, false, 0x11 },
	{ RV_EVENT_MMIO_READ, ACCESS_MMIO, RV_VERDICT_DENY, ACCESS_DONE, true, false, 0xff },
};

static struct access verdict_access(const struct verdict_case *c)
{
	bool write = c->kind == RV_EVENT_PORT_WRITE || c->kind == RV_EVENT_MSR_WRITE;

	return access_of(c->access, write, 0x70, c->access == ACCESS_MSR ? 8 : 1, write ? 0x11 : 0);
}

static void test_verdicts(void)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(verdict_cases); i++) {
		const struct verdict_case *c = &verdict_cases[i];
		struct rv_hook_spec r = spec_of(c->kind, 0x70, 0x70);
		struct hook *hook = hook_of(&r);
		struct access a = verdict_access(c);

		next_verdict = c->verdict;
		next_value = 0x1234;
		UNIT_EQUAL(hook_handle_access(&a, hook), c->result);
		UNIT_EQUAL(a.resolved, c->resolved);
		UNIT_EQUAL(a.fault, c->fault);
		UNIT_EQUAL(a.value, c->value);
		finish();
		/* An observer changes nothing, whatever it says. */
		r.observe = 1;
		hook = hook_of(&r);
		a = verdict_access(c);
		next_verdict = c->verdict;
		next_value = 0x1234;
		UNIT_EQUAL(hook_handle_access(&a, hook), ACCESS_PASS);
		UNIT_CHECK(!a.resolved && !a.fault);
		finish();
	}
}

static void test_verdict_cpuid(void)
{
	struct rv_hook_spec r = spec_of(RV_EVENT_CPUID, 1, 1);
	struct hook *hook = hook_of(&r);
	struct access a = access_of(ACCESS_CPUID, false, 1, 4, 0);

	next_verdict = RV_VERDICT_CHANGE;
	next_value = 7;
	UNIT_EQUAL(hook_handle_access(&a, hook), ACCESS_PASS);
	UNIT_CHECK(a.resolved && a.cpuid[0] == 7 && a.cpuid[3] == 10);
	next_verdict = RV_VERDICT_DENY;
	UNIT_EQUAL(hook_handle_access(&a, hook), ACCESS_DONE);
	UNIT_CHECK(a.cpuid[0] == 0 && a.cpuid[3] == 0);
	finish();
}

static void test_on_error(void)
{
	static const enum rv_verdict failures[] = {
		RV_VERDICT_ERROR, 77, (enum rv_verdict)-1,
		(enum rv_verdict)(RV_VERDICT_ACCEPT + RV_VERDICT_DENY),
		(enum rv_verdict)(RV_VERDICT_ACCEPT + RV_VERDICT_ERROR),
	};

	for (unsigned i = 0; i < ARRAY_LENGTH(failures); i++) {
		for (uint32_t policy = 0; policy <= RV_ON_ERROR_DISABLE; policy++) {
			struct rv_hook_spec r = spec_of(RV_EVENT_PORT_READ, 0x70, 0x70);
			struct access a = access_of(ACCESS_PORT, false, 0x70, 1, 0);
			struct hook *hook;
			uint32_t id;

			r.on_error = policy;
			hook = hook_of(&r);
			id = hook->id;
			next_verdict = failures[i];
			UNIT_EQUAL(hook_handle_access(&a, hook),
				   policy == RV_ON_ERROR_DENY ? ACCESS_DONE : ACCESS_PASS);
			UNIT_EQUAL(hook->counters.errors, 1);
			UNIT_EQUAL(hook_find(id) != NULL, policy != RV_ON_ERROR_DISABLE);
			finish();
		}
	}
}

/* The CPU that runs the owner was stopped for good: others do as on_error says, and wait but once. */
static void test_owner_stuck(void)
{
	uint64_t hz = time_tsc_hz;

	time_tsc_hz = 1000000; /* so that the longest wait is short */
	for (uint32_t policy = 0; policy <= RV_ON_ERROR_DENY + 1; policy++) { /* the last is an observer's */
		struct rv_hook_spec r = spec_of(RV_EVENT_PORT_READ, 0x70, 0x70);
		struct access a = access_of(ACCESS_PORT, false, 0x70, 1, 0);
		struct hook *hook;
		uint64_t start;

		r.observe = policy > RV_ON_ERROR_DENY;
		r.on_error = r.observe ? RV_ON_ERROR_DENY : policy;
		hook = hook_of(&r);
		hook->owner->lock.holder = 2;
		next_verdict = RV_VERDICT_PASS;
		start = tsc_read();
		UNIT_EQUAL(hook_handle_access(&a, hook),
			   policy == RV_ON_ERROR_DENY ? ACCESS_DONE : ACCESS_PASS);
		UNIT_CHECK(tsc_read() - start > 2 * RV_BUDGET_US_MAXIMUM);
		UNIT_CHECK(hook->owner->stuck);
		start = tsc_read();
		a = access_of(ACCESS_PORT, false, 0x70, 1, 0);
		hook_handle_access(&a, hook);
		hook_deliver_plain(hook, a.vcpu);
		UNIT_CHECK(tsc_read() - start < RV_BUDGET_US_MAXIMUM);
		UNIT_EQUAL(hook->counters.delivered, 0);
		UNIT_EQUAL(hook->owner->lock.holder, 2);
		/* It is started again, and gives the lock back. */
		hook->owner->lock.holder = 0;
		a = access_of(ACCESS_PORT, false, 0x70, 1, 0);
		UNIT_EQUAL(hook_handle_access(&a, hook), ACCESS_PASS);
		UNIT_EQUAL(hook->counters.delivered, 1);
		UNIT_EQUAL(hook->owner->lock.holder, 0);
		hook->owner->stuck = false;
		finish();
	}
	time_tsc_hz = hz;
}

/* An owner that fails leaves its denying hooks behind, and nothing else. */
static void test_owner_failure(void)
{
	struct rv_hook_spec pass = spec_of(RV_EVENT_PORT_READ, 1, 1);
	struct rv_hook_spec deny = spec_of(RV_EVENT_PORT_READ, 2, 2);
	struct rv_hook_spec watch = spec_of(RV_EVENT_PORT_READ, 3, 3);
	struct access a = access_of(ACCESS_PORT, false, 1, 1, 0);
	struct hook *first = hook_of(&pass), *second, *third;
	uint32_t ids[3];

	deny.on_error = watch.on_error = RV_ON_ERROR_DENY;
	watch.observe = 1;
	second = hook_of(&deny);
	third = hook_of(&watch);
	ids[0] = first->id;
	ids[1] = second->id;
	ids[2] = third->id;
	next_failure = true;
	UNIT_EQUAL(hook_handle_access(&a, first), ACCESS_PASS);
	UNIT_EQUAL(owner.nr_hooks, 0);
	UNIT_CHECK(hook_find(ids[0]) == NULL && hook_find(ids[2]) == NULL);
	UNIT_CHECK(hook_find(ids[1]) == second);
	/* The walk that was on its way still has the pointer. */
	UNIT_EQUAL(hook_handle_access(&a, third), ACCESS_PASS);
	UNIT_EQUAL(deliveries, 1);
	a = access_of(ACCESS_PORT, false, 2, 1, 0);
	UNIT_EQUAL(hook_handle_access(&a, second), ACCESS_DONE);
	UNIT_EQUAL(a.value, 0xff);
	UNIT_EQUAL(deliveries, 1);
	UNIT_EQUAL(hook_remove(&owner, ids[1]), -RV_ENOENT);
	second->state = HOOK_ACTIVE; /* finish() takes it away */
	owner.nr_hooks++;
	finish();
}

/* An owner that keeps its hooks leaves them behind however it ends. */
static void test_owner_keeps_hooks(void)
{
	struct rv_hook_spec pass = spec_of(RV_EVENT_PORT_READ, 1, 1);
	struct rv_hook_spec deny = spec_of(RV_EVENT_PORT_READ, 2, 2);
	struct access a = access_of(ACCESS_PORT, false, 2, 1, 0);
	struct hook *first = hook_of(&pass), *second;
	uint32_t ids[2];

	deny.on_error = RV_ON_ERROR_DENY;
	second = hook_of(&deny);
	ids[0] = first->id;
	ids[1] = second->id;
	owner.keeps_hooks = true;
	hook_remove_all(&owner, false);
	UNIT_CHECK(hook_find(ids[0]) == NULL && hook_find(ids[1]) == second);
	UNIT_EQUAL(hook_handle_access(&a, second), ACCESS_DONE);
	owner.keeps_hooks = false;
	second->state = HOOK_ACTIVE; /* finish() takes it away */
	owner.nr_hooks++;
	finish();
}

/* One that is loaded amid the guest's life: its hooks are quiet until all are there; before it goes its end is
 * told, and nothing of it is left, what denies neither. Then it may become another's. */
/* What C says: the owner is not asked, and may be gone. */
static void test_fixed(void)
{
	struct rv_hook_spec deny = spec_of(RV_EVENT_PORT_READ, 1, 1), isolate = spec_of(RV_EVENT_PCI_CONFIG_WRITE, 4, 4);
	struct access read = access_of(ACCESS_PORT, false, 1, 1, 0), other = access_of(ACCESS_PORT, true, 1, 1, 0);
	struct access write = access_of(ACCESS_PCI, true, 0x19004, 2, 0x107);
	uint64_t events = owner.nr_events;
	struct hook *first, *second;

	deny.fixed = RV_FIXED_DENY;
	isolate.fixed = RV_FIXED_ISOLATE;
	deny.on_error = isolate.on_error = RV_ON_ERROR_DENY;
	first = hook_of(&deny);
	second = hook_of(&isolate);
	UNIT_CHECK(first->region.band == BAND_HOOK && second->region.band == BAND_GUARD);
	for (unsigned gone = 0; gone < 2; gone++) {
		UNIT_EQUAL(first->region.handler(&read, first), ACCESS_DONE);
		UNIT_EQUAL(first->region.handler(&other, first), ACCESS_PASS);
		write.value = 0x107;
		UNIT_EQUAL(second->region.handler(&write, second), ACCESS_PASS);
		UNIT_EQUAL(write.value, 0x100);
		UNIT_EQUAL(second->region.handler(&write, second), ACCESS_PASS);
		UNIT_CHECK(second->counters.changed == gone + 1 && first->counters.denied == gone + 1);
		hook_remove_all(&owner, true);
		UNIT_CHECK(first->state == HOOK_DENYING && second->state == HOOK_DENYING);
	}
	UNIT_EQUAL(owner.nr_events, events);
	first->state = second->state = HOOK_STAGED; /* not in force yet */
	write.value = 0x107;
	UNIT_EQUAL(second->region.handler(&write, second), ACCESS_PASS);
	UNIT_EQUAL(write.value, 0x107);
	UNIT_EQUAL(first->region.handler(&read, first), ACCESS_PASS);
	owner.nr_hooks += 2;
	finish();
}

static void test_owner_comes_and_goes(void)
{
	struct rv_hook_spec port = spec_of(RV_EVENT_PORT_READ, 1, 1), deny = spec_of(RV_EVENT_PORT_READ, 2, 2);
	struct rv_hook_spec end = spec_of(RV_EVENT_SHUTDOWN, 0, 0);
	struct access a = access_of(ACCESS_PORT, false, 1, 1, 0), b = access_of(ACCESS_PORT, false, 2, 1, 0);
	struct hook *first, *second;

	owner.stages = true;
	deny.on_error = RV_ON_ERROR_DENY;
	first = hook_of(&port);
	second = hook_of(&deny);
	hook_of(&end);
	deliveries = 0;
	fake_vcpu.history_next++;
	UNIT_EQUAL(hook_handle_access(&a, first), ACCESS_PASS);
	UNIT_EQUAL(deliveries, 0);
	hook_put_into_force(&owner);
	(void)hook_handle_access(&a, first);
	UNIT_EQUAL(deliveries, 1);
	next_failure = true;
	(void)hook_handle_access(&b, second); /* it fails, and denies from now on */
	UNIT_CHECK(hook_owner_denies(&owner) && owner.nr_hooks == 0);
	UNIT_EQUAL(hook_handle_access(&b, second), ACCESS_DONE);
	hook_remove_rest(&owner);
	UNIT_CHECK(!hook_owner_denies(&owner) && hook_owner_is_used(&owner));
	UNIT_EQUAL(hook_handle_access(&b, second), ACCESS_PASS);
	finish();
	UNIT_CHECK(!hook_owner_is_used(&owner));
}

/* Its other hooks are gone when the end is told; what is staged is not told. */
static void test_owner_says_end(void)
{
	struct rv_hook_spec port = spec_of(RV_EVENT_PORT_READ, 1, 1), end = spec_of(RV_EVENT_SHUTDOWN, 0, 0);
	const struct hook *first = hook_of(&port);
	uint32_t id = first->id;

	hook_of(&end);
	deliveries = 0;
	hook_say_end(&owner, &fake_vcpu);
	UNIT_EQUAL(deliveries, 1);
	UNIT_CHECK(hook_find(id) == NULL && owner.nr_hooks == 1);
	finish();
	owner.stages = true;
	hook_of(&end);
	deliveries = 0;
	hook_say_end(&owner, &fake_vcpu);
	UNIT_EQUAL(deliveries, 0);
	owner.stages = false;
	finish();
}

/* In one exit either the old owner's hooks count or the new one's, whenever the swap happens. */
static void test_owner_swap(void)
{
	static struct hook_owner new = { .name = "new.rb", .event = &event, .deliver = owner_deliver };
	struct rv_hook_spec port = spec_of(RV_EVENT_PORT_READ, 1, 1);
	struct access a = access_of(ACCESS_PORT, false, 1, 1, 0);
	struct hook *old_hook, *new_hook;

	old_hook = hook_of(&port);
	new.stages = true;
	hook_swap_prepare(&owner, &new);
	new_hook = hook_find((uint32_t)hook_add(&new, &port));
	hook_put_into_force(&new);
	fake_vcpu.history_next++;
	deliveries = 0;
	(void)hook_handle_access(&a, old_hook);
	UNIT_EQUAL(deliveries, 1);
	hook_swap(&owner, &new); /* amid the walk of an exit */
	(void)hook_handle_access(&a, new_hook);
	UNIT_EQUAL(deliveries, 1);
	(void)hook_handle_access(&a, old_hook);
	UNIT_EQUAL(deliveries, 2);
	fake_vcpu.history_next++;
	(void)hook_handle_access(&a, new_hook);
	UNIT_EQUAL(deliveries, 3);
	(void)hook_handle_access(&a, old_hook);
	UNIT_EQUAL(deliveries, 3);
	hook_remove_rest(&owner);
	hook_swap_end(&owner, &new);
	(void)hook_handle_access(&a, new_hook);
	UNIT_EQUAL(deliveries, 4);
	hook_remove_rest(&new);
	finish();
	hook_owner_renew(&owner);
	owner.name = "test.rb";
	owner.event = &event;
	owner.deliver = owner_deliver;
}

static void work_remove(struct hook *hook)
{
	UNIT_EQUAL(hook_remove(&owner, hook->id), 0);
	UNIT_EQUAL(hook_remove(&owner, hook->id), -RV_ENOENT);
	UNIT_EQUAL(fake_registered, 0); /* on return nothing is intercepted for it */
	UNIT_EQUAL(owner.lock.holder, 1);
}

/* ASan sees to it that nothing is used after it was freed. */
static void test_remove_in_event(void)
{
	struct rv_hook_spec r = spec_of(RV_EVENT_PORT_READ, 1, 1);
	struct access a = access_of(ACCESS_PORT, false, 1, 1, 0);
	struct hook *hook = hook_of(&r);
	uint32_t id = hook->id;

	next_work = work_remove;
	next_verdict = RV_VERDICT_CHANGE;
	next_value = 9;
	/* The event counts, though it is the hook's last. */
	UNIT_EQUAL(hook_handle_access(&a, hook), ACCESS_PASS);
	UNIT_EQUAL(a.value, 9);
	UNIT_EQUAL(fake_registered, 0);
	UNIT_CHECK(hook_find(id) == NULL);
	/* The walk reads region.next now, and may come by again. */
	UNIT_CHECK(hook->region.next == NULL);
	UNIT_EQUAL(hook_handle_access(&a, hook), ACCESS_PASS);
	UNIT_EQUAL(deliveries, 1);
	finish();
}

static struct hook *added;

static void work_add(struct hook *hook)
{
	added = hook_find((uint32_t)hook_add(&owner, &hook->spec));
}

/* What an event adds sees the next access, not the one that goes on. */
static void test_add_in_event(void)
{
	struct rv_hook_spec r = spec_of(RV_EVENT_PORT_READ, 1, 1);
	struct access a = access_of(ACCESS_PORT, false, 1, 1, 0);
	struct hook *hook = hook_of(&r);

	next_work = work_add;
	UNIT_EQUAL(hook_handle_access(&a, hook), ACCESS_PASS);
	UNIT_EQUAL(hook_handle_access(&a, added), ACCESS_PASS);
	UNIT_EQUAL(deliveries, 1);
	next_work = NULL;
	fake_vcpu.history_next++;
	UNIT_EQUAL(hook_handle_access(&a, added), ACCESS_PASS);
	UNIT_EQUAL(deliveries, 2);
	finish();
}

static void test_freed_after_walks(void)
{
	struct rv_hook_spec r = spec_of(RV_EVENT_PORT_READ, 1, 1);
	uint64_t freed = owner.nr_gone[RV_EVENT_PORT_READ];
	struct hook_counters gone;
	struct hook *hook;

	fake_vcpu.history_next = 100;
	hook = hook_of(&r);
	UNIT_EQUAL(hook_remove(&owner, hook->id), 0);
	grace_collect();
	grace_collect();
	UNIT_EQUAL(owner.nr_gone[RV_EVENT_PORT_READ], freed); /* the CPU may be in a walk */
	UNIT_EQUAL(hook_count_gone(&owner, RV_EVENT_PORT_READ, &gone), freed + 1); /* counted already */
	fake_vcpu.in_guest = true;
	grace_collect();
	UNIT_EQUAL(owner.nr_gone[RV_EVENT_PORT_READ], freed + 1);
	UNIT_CHECK(!grace_wanted);
	fake_vcpu.in_guest = false;
	hook = hook_of(&r);
	UNIT_EQUAL(hook_remove(&owner, hook->id), 0);
	UNIT_CHECK(grace_wanted);
	fake_vcpu.history_next++;
	grace_collect(); /* the wait begins */
	UNIT_EQUAL(owner.nr_gone[RV_EVENT_PORT_READ], freed + 1);
	fake_vcpu.history_next++;
	grace_collect();
	UNIT_EQUAL(owner.nr_gone[RV_EVENT_PORT_READ], freed + 2);
}

static void test_table_full(void)
{
	struct rv_hook_spec r = spec_of(RV_EVENT_PORT_READ, 1, 1);
	int id = 0;

	for (unsigned i = 0; i < HOOKS_PER_OWNER_MAXIMUM; i++)
		UNIT_CHECK((id = hook_add(&owner, &r)) >= 0);
	UNIT_EQUAL(hook_add(&owner, &r), -RV_ENOSPC);
	UNIT_EQUAL(hook_remove(&owner, (uint32_t)id), 0);
	UNIT_CHECK(hook_add(&owner, &r) != id);
	finish();
	/* A registry that refuses. */
	fake_register_result = -RV_EPERM;
	UNIT_EQUAL(hook_add(&owner, &r), -RV_EPERM);
	UNIT_EQUAL(owner.nr_hooks, 0);
	fake_register_result = 0;
	UNIT_EQUAL(fake_registered, 0);
}

static void test_random_life(void)
{
	struct hook *hooks[64] = { NULL };

	for (int round = 0; round < 200000; round++) {
		unsigned i = (unsigned)(unit_random() >> 20) % 64;
		struct rv_hook_spec r = spec_of(RV_EVENT_PORT_READ, 1, 1);
		struct access a = access_of(ACCESS_PORT, false, 1, 1, 0);

		switch (unit_random() >> 30 & 3) {
		case 0:
			if (hooks[i] == NULL)
				hooks[i] = hook_of(&r);
			break;
		case 1:
			if (hooks[i] != NULL)
				UNIT_EQUAL(hook_remove(&owner, hooks[i]->id), 0);
			hooks[i] = NULL;
			break;
		case 2:
			if (hooks[i] != NULL)
				hook_handle_access(&a, hooks[i]);
			break;
		default:
			fake_vcpu.history_next++;
		}
	}
	finish();
	UNIT_EQUAL(fake_registered, 0);
}

#define LONG_CYCLES UINT64_C(10000000)

static void work_long(struct hook *hook)
{
	uint64_t start = __builtin_ia32_rdtsc();

	(void)hook;
	while (__builtin_ia32_rdtsc() - start < LONG_CYCLES)
		;
}

static void wait_until(uint64_t tsc)
{
	while (__builtin_ia32_rdtsc() <= tsc)
		;
}

static void test_timer(void)
{
	struct rv_hook_spec r = spec_of(RV_EVENT_TIMER, 1000, 1000);
	struct hook *hook = hook_of(&r);
	uint64_t period = 1000000, before; /* cycles at 1 GHz */

	UNIT_EQUAL(hook->period_tsc, period);
	UNIT_CHECK(deadline_due()); /* so that somebody looks */
	deadline_look(&fake_vcpu);
	UNIT_CHECK(deadline_next_tsc == hook->due_tsc);
	UNIT_EQUAL(fake_interrupts_wanted, 1);
	UNIT_CHECK(fake_vcpu.interrupts_wanted);
	wait_until(hook->due_tsc + 3 * period);
	deliveries = 0;
	before = __builtin_ia32_rdtsc();
	deadline_look(&fake_vcpu);
	UNIT_EQUAL(deliveries, 1);
	UNIT_EQUAL(event_seen.kind, RV_EVENT_TIMER);
	UNIT_CHECK(hook->due_tsc > before); /* what was missed is missed */
	/* Ten periods long: it rests as long. */
	wait_until(hook->due_tsc);
	next_work = work_long;
	before = __builtin_ia32_rdtsc();
	deadline_look(&fake_vcpu);
	next_work = NULL;
	UNIT_EQUAL(deliveries, 2);
	UNIT_CHECK(deadline_next_tsc > before + LONG_CYCLES * 3 / 2);
	finish();
	deadline_look(&fake_vcpu);
	UNIT_EQUAL(fake_interrupts_wanted, 0);
	UNIT_CHECK(deadline_next_tsc == DEADLINE_NEVER);
}

static unsigned decided;
static enum rv_verdict decided_verdict;

static void note_decided(struct hook_hold *hold, enum rv_verdict verdict, struct vcpu *vcpu)
{
	UNIT_CHECK(hold->owner == NULL && vcpu == &fake_vcpu);
	decided++;
	decided_verdict = verdict;
}

static uint8_t answered[8];

static int note_answer(struct hook_hold *hold, uint64_t offset, void *bytes, size_t length_bytes)
{
	UNIT_CHECK(hold->is_taken);
	memcpy(answered + offset, bytes, length_bytes);
	return 0;
}

static const struct hook_hold_operations noting = { .decided = note_decided, .answer = note_answer };

static void hold_expects(unsigned count, enum rv_verdict verdict)
{
	wait_until(__builtin_ia32_rdtsc() + 3000); /* a microsecond is 1,000 */
	deadline_look(&fake_vcpu);
	UNIT_EQUAL(decided, count);
	UNIT_EQUAL(decided_verdict, verdict);
}

static void test_hold(void)
{
	struct rv_hook_spec r = spec_of(RV_EVENT_PORT_READ, 0x80, 0x80);
	struct hook_hold hold = { 0 }, second = { 0 };
	struct hook_owner stranger = { .name = "stranger" };
	struct hook *hook;

	r.on_error = RV_ON_ERROR_DENY;
	hook = hook_of(&r);
	/* The owner decides, once. */
	hook_hold_begin(&hold, hook, 7, 1000000, false, &noting, 0);
	UNIT_EQUAL(hook_hold_resolve(&stranger, 7, RV_VERDICT_PASS, 0), -RV_ENOENT);
	UNIT_EQUAL(hook_hold_resolve(&owner, 8, RV_VERDICT_PASS, 0), -RV_ENOENT);
	UNIT_EQUAL(hook_hold_resolve(&owner, 7, RV_VERDICT_DROP, 0), 0);
	UNIT_EQUAL(hook_hold_resolve(&owner, 7, RV_VERDICT_PASS, 0), -RV_ENOENT);
	UNIT_EQUAL(decided, 0);
	hold_expects(1, RV_VERDICT_DROP);
	UNIT_EQUAL(hook_hold_resolve(&owner, 7, RV_VERDICT_PASS, 0), -RV_ENOENT);
	UNIT_CHECK(!hook_hold_cancel(&hold));
	/* The limit is over: on_error does, and it is an error. */
	hook_hold_begin(&hold, hook, 9, 1, false, &noting, 0);
	hold_expects(2, RV_VERDICT_DENY);
	UNIT_EQUAL(hook->counters.errors, 1);
	/* A delay is nobody's to decide. */
	hook_hold_begin(&hold, hook, 10, 1, true, &noting, 0);
	UNIT_EQUAL(hook_hold_resolve(&owner, 10, RV_VERDICT_DENY, 0), -RV_ENOENT);
	hold_expects(3, RV_VERDICT_PASS);
	UNIT_EQUAL(hook->counters.errors, 1);
	/* A reset; and the owner's end. */
	hook_hold_begin(&hold, hook, 11, 1, true, &noting, 0);
	hook_hold_begin(&second, hook, 12, 1000000, false, &noting, 0);
	UNIT_CHECK(hook_hold_cancel(&hold) && !hook_hold_cancel(&hold));
	hold_expects(3, RV_VERDICT_PASS);
	hook_hold_abandon(&owner);
	hold_expects(4, RV_VERDICT_DENY);
	UNIT_CHECK(deadline_next_tsc == DEADLINE_NEVER);
	/* What is lost stays so, until a reset. Only a delay can be for ever. */
	hook_hold_begin(&hold, hook, 13, RV_HOLD_US_EVER, true, &noting, 0);
	UNIT_EQUAL(hook_hold_resolve(&owner, 13, RV_VERDICT_PASS, 0), -RV_ENOENT);
	hook_hold_abandon(&owner);
	hold_expects(4, RV_VERDICT_DENY);
	UNIT_CHECK(deadline_next_tsc == DEADLINE_NEVER);
	UNIT_CHECK(hook_hold_cancel(&hold));
	hook_hold_begin(&hold, hook, 14, RV_HOLD_US_EVER, false, &noting, 0);
	UNIT_CHECK(hold.deadline.tsc != DEADLINE_NEVER && hook_hold_cancel(&hold));
	/* Why it is denied comes along. */
	hook_hold_begin(&hold, hook, 15, 1000000, false, &noting, 0);
	UNIT_EQUAL(hook_hold_resolve(&owner, 15, RV_VERDICT_DENY, RV_DISK_REASON_NO_ACCESS), 0);
	hold_expects(5, RV_VERDICT_DENY);
	UNIT_EQUAL(hold.refusal, RV_DISK_REASON_NO_ACCESS);
	finish();
}

/* While its owner answers it, neither time nor a reset ends it; its owner's death does. */
static void test_hold_answer(void)
{
	struct rv_hook_spec r = spec_of(RV_EVENT_PORT_READ, 0x80, 0x80);
	struct hook_owner stranger = { .name = "stranger" };
	struct hook_hold hold = { 0 }, *taken;
	struct hook *hook;

	r.on_error = RV_ON_ERROR_DENY;
	hook = hook_of(&r);
	decided = 0;
	hook_hold_begin(&hold, hook, 21, 1000000, false, &noting, 8);
	UNIT_EQUAL(hook_hold_take(&stranger, 21, 8, &taken), -RV_ENOENT);
	UNIT_EQUAL(hook_hold_take(&owner, 21, 7, &taken), -RV_ERANGE);
	UNIT_EQUAL(hook_hold_take(&owner, 21, 8, &taken), 0);
	UNIT_CHECK(taken == &hold && !hook_hold_cancel(&hold));
	UNIT_EQUAL(hook_hold_take(&owner, 21, 8, &taken) == 0, 0);
	UNIT_EQUAL(hold.operations->answer(&hold, 0, "answered", 8), 0);
	wait_until(__builtin_ia32_rdtsc() + 3000);
	deadline_look(&fake_vcpu);
	UNIT_EQUAL(decided, 0);
	hook_hold_settle(&hold, RV_VERDICT_DROP);
	UNIT_EQUAL(hook_hold_resolve(&owner, 21, RV_VERDICT_PASS, 0), -RV_ENOENT);
	hold_expects(1, RV_VERDICT_DROP);
	UNIT_CHECK(memcmp(answered, "answered", 8) == 0);
	/* What takes none, and what does not wait any more. */
	hook_hold_begin(&hold, hook, 22, 1000000, false, &noting, 0);
	UNIT_EQUAL(hook_hold_take(&owner, 22, 0, &taken), -RV_EAGAIN);
	UNIT_EQUAL(hook_hold_resolve(&owner, 22, RV_VERDICT_PASS, 0), 0);
	UNIT_EQUAL(hook_hold_take(&owner, 22, 8, &taken), -RV_ENOENT);
	hold_expects(2, RV_VERDICT_PASS);
	/* Its owner dies amid it. */
	hook_hold_begin(&hold, hook, 23, 1000000, false, &noting, 8);
	UNIT_EQUAL(hook_hold_take(&owner, 23, 8, &taken), 0);
	hook_hold_abandon(&owner);
	hold_expects(3, RV_VERDICT_DENY);
	UNIT_CHECK(deadline_next_tsc == DEADLINE_NEVER);
	finish();
}

static unsigned told[2];

static void note_first(void *vcpu)
{
	UNIT_CHECK(vcpu == &fake_vcpu && deliveries == 1 && told[1] == 0);
	told[0]++;
}

static void note_second(void *vcpu)
{
	UNIT_CHECK(vcpu == &fake_vcpu && told[0] == 1);
	told[1]++;
}

/* Hooks hear of it first, then the watchers in their order, all once, and then keys are erased: without telling anybody
 * where a script ends the machine's run by itself. */
static void test_shutdown(void)
{
	struct access by_script = { .vcpu = &fake_vcpu, .direct = true }, by_guest = { .vcpu = &fake_vcpu };
	static struct watcher first = { .notify = note_first }, second = { .notify = note_second };
	struct rv_hook_spec r = spec_of(RV_EVENT_SHUTDOWN, 0, 0);

	hook_of(&r);
	UNIT_EQUAL(fake_reset_claims, 1);
	shutdown_tell(&fake_vcpu); /* nobody wants to hear of it */
	UNIT_EQUAL(deliveries, 0);
	watch_add(&shutdown_watchers, &first);
	watch_add(&shutdown_watchers, &second);
	watch_add(&shutdown_watchers, &first); /* it is there */
	shutdown_by_access(&by_script);
	UNIT_CHECK(deliveries == 0 && fake_wipes == 1);
	shutdown_by_access(&by_guest);
	UNIT_EQUAL(fake_wipes, 2);
	shutdown_tell(&fake_vcpu);
	UNIT_EQUAL(fake_wipes, 2);
	UNIT_CHECK(deliveries == 1 && told[0] == 1 && told[1] == 1);
	finish();
	UNIT_EQUAL(fake_reset_claims, 0);
}

/* Interrupts exit on a CPU as long as one wants it there. */
static void test_interrupt_watch(void)
{
	struct interrupt_wish one = { .wanted = { false } }, other = one;

	interrupt_want(&fake_vcpu, &one, false);
	UNIT_EQUAL(fake_interrupts_wanted, 0);
	interrupt_want(&fake_vcpu, &one, true);
	interrupt_want(&fake_vcpu, &one, true);
	interrupt_want(&fake_vcpu, &other, true);
	interrupt_want(&fake_vcpu, &one, false);
	UNIT_CHECK(fake_interrupts_wanted == 1 && fake_vcpu.interrupts_wanted);
	interrupt_want(&fake_vcpu, &other, false);
	UNIT_CHECK(fake_interrupts_wanted == 0 && !fake_vcpu.interrupts_wanted);
	interrupt_want_everywhere(true);
	interrupt_settle(&fake_vcpu);
	interrupt_want(&fake_vcpu, &one, true);
	interrupt_want(&fake_vcpu, &one, false);
	UNIT_CHECK(fake_interrupts_wanted == 1 && fake_vcpu.interrupts_wanted);
	interrupt_want_everywhere(false);
	interrupt_settle(&fake_vcpu);
	UNIT_CHECK(fake_interrupts_wanted == 0 && !fake_vcpu.interrupts_wanted);
}

int main(void)
{
	fake_cpu.vcpu = &fake_vcpu;
	unit_run("hook_verdicts", test_verdicts);
	unit_run("hook_verdict_cpuid", test_verdict_cpuid);
	unit_run("hook_on_error", test_on_error);
	unit_run("hook_owner_failure", test_owner_failure);
	unit_run("hook_owner_keeps_hooks", test_owner_keeps_hooks);
	unit_run("hook_fixed", test_fixed);
	unit_run("hook_owner_comes_and_goes", test_owner_comes_and_goes);
	unit_run("hook_owner_says_end", test_owner_says_end);
	unit_run("hook_owner_swap", test_owner_swap);
	unit_run("hook_remove_in_event", test_remove_in_event);
	unit_run("hook_add_in_event", test_add_in_event);
	unit_run("hook_freed_after_walks", test_freed_after_walks);
	unit_run("hook_table_full", test_table_full);
	unit_run("hook_random_life", test_random_life);
	unit_run("hook_owner_stuck", test_owner_stuck);
	unit_run("hook_timer", test_timer);
	unit_run("hook_hold", test_hold);
	unit_run("hook_hold_answer", test_hold_answer);
	unit_run("hook_shutdown", test_shutdown);
	unit_run("hook_interrupt_watch", test_interrupt_watch);
	return unit_failed;
}
