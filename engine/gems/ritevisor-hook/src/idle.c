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

/* A step that meets a huge array may take milliseconds. */
enum { IDLE_BUDGET_US = 100000 };
enum { IDLE_PERIOD_US = 1000, IDLE_OBJECTS_MINIMUM = 1024, IDLE_ALLOWANCE = 4096 };
/* Objects of a script that has made many: collecting at once is little beside that. */
enum { IDLE_COLLECT_AT_ONCE = 16384 };

size_t idle_mark = SIZE_MAX;

static bool idle_armed;
static uint32_t idle_hook;

static void idle_set_mark(mrb_state *mrb)
{
	idle_mark = mrb->gc.live + mrb->gc.live / 4 + IDLE_OBJECTS_MINIMUM;
	mrb->gc.threshold = idle_mark + IDLE_ALLOWANCE;
}

void idle_prepare(mrb_state *mrb)
{
	if (mrb->gc.live > IDLE_COLLECT_AT_ONCE)
		mrb_full_gc(mrb);
	idle_set_mark(mrb);
}

void idle_arm(mrb_state *mrb)
{
	struct rv_hook_request request = {
		.kind = RV_EVENT_TIMER,
		.cookie = IDLE_COOKIE,
		.first = IDLE_PERIOD_US,
		.budget_us = IDLE_BUDGET_US,
		.pci_bus = -1, .pci_device = -1, .pci_function = -1,
		.pci_vendor_id = -1, .pci_device_id = -1, .pci_class = -1,
	};
	int64_t number = idle_armed ? -1 : sys_hook_add(&request);

	/* Without a timer the collector works inside of hooks, as it would by itself. */
	idle_mark = SIZE_MAX;
	if (number < 0)
		return;
	idle_armed = true;
	idle_hook = (uint32_t)number;
}

void idle_tick(mrb_state *mrb)
{
	size_t threshold = mrb->gc.threshold;

	engine_collect_idle(mrb);
	if (mrb->gc.state == MRB_GC_STATE_ROOT) {
		sys_hook_remove(idle_hook);
		idle_armed = false;
		idle_set_mark(mrb);
	} else if (threshold > mrb->gc.threshold) {
		mrb->gc.threshold = threshold;	/* the step has set it */
	}
}
