/*
 * idle.c: garbage collection between events.
 *
 * mruby's own collector works in the midst of a hook, as soon as there are more objects than its
 * threshold. Here that is put off: when a script has a quarter more objects than after the last
 * collection, a timer of the engine's own runs one step a millisecond, in events that are no hook's;
 * once the collection is complete the timer goes. Only when IDLE_ALLOWANCE objects more were made
 * meanwhile do hooks run steps too (gem ritevisor-engine, pause.c, sets their pace). A script that
 * makes no objects never has the timer.
 */
#include "idle.h"

#include "rv/kinds.h"

/* A step takes microseconds; an emulator on a busy machine may need more, and one that runs the engine
 * in single steps, because the guest has its local APIC off, a hundred times that. */
enum { IDLE_BUDGET_US = 2000000 };
enum { IDLE_PERIOD_US = 1000, IDLE_OBJECTS_MINIMUM = 1024, IDLE_ALLOWANCE = 4096 };
/* Objects of a script that has made many: collecting at once is little beside that. */
enum { IDLE_COLLECT_AT_ONCE = 16384 };

size_t idle_mark = SIZE_MAX;

/* From idle_arm() until the collection is complete, with a timer if there was room for one. */
static bool idle_collecting;
static int64_t idle_hook;

static void idle_set_mark(mrb_state *mrb, size_t live)
{
	idle_collecting = false;
	idle_mark = live + live / 4 + IDLE_OBJECTS_MINIMUM;
	mrb->gc.threshold = idle_mark + IDLE_ALLOWANCE;
}

void idle_prepare(mrb_state *mrb)
{
	if (mrb->gc.live > IDLE_COLLECT_AT_ONCE)
		mrb_full_gc(mrb);
	engine_collection_completed();	/* what was before does not count */
	idle_set_mark(mrb, mrb->gc.live);
}

static void idle_finish(mrb_state *mrb)
{
	if (idle_hook >= 0)
		sys_hook_remove((uint32_t)idle_hook);
	/* Without what was made since: that is garbage of the next collection. */
	idle_set_mark(mrb, mrb->gc.live_after_mark);
}

static void idle_start(void)
{
	struct rv_hook_spec spec = {
		.kind = RV_EVENT_TIMER,
		.cookie = IDLE_COOKIE,
		.budget_us = IDLE_BUDGET_US,
		.nr_clauses = 1,
		.clauses = { { .field = rv_kind_field_with(RV_EVENT_TIMER, RV_FIELD_PERIOD),
			       .mask = UINT64_MAX, .first = IDLE_PERIOD_US, .last = IDLE_PERIOD_US } },
	};

	/* Without a timer the collector works inside of hooks, as it would by itself. */
	idle_hook = sys_hook_add(&spec);
	idle_collecting = true;
	idle_mark = 0;
}

void idle_arm(mrb_state *mrb)
{
	if (!idle_collecting)
		idle_start();
	engine_collect_event_ended(mrb);
	if (engine_collection_completed())
		idle_finish(mrb);
}

/* As long as hooks run steps, the guest is busy with them, and this would come on top. */
static bool idle_hooks_collect(void)
{
	static uint64_t steps_seen;
	struct engine_pauses pauses;
	bool more;

	engine_pauses(&pauses);
	more = pauses.steps != steps_seen;
	steps_seen = pauses.steps;
	return more;
}

void idle_tick(mrb_state *mrb)
{
	size_t threshold = mrb->gc.threshold;

	if (!idle_collecting || idle_hooks_collect())
		return;
	engine_collect_idle(mrb);
	if (engine_collection_completed())
		idle_finish(mrb);
	else if (threshold > mrb->gc.threshold)
		mrb->gc.threshold = threshold;	/* the step has set it */
}
