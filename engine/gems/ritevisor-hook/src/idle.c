/*
 * idle.c: garbage collection between events.
 *
 * mruby's own collector works in the midst of a hook, as soon as there are more objects than its
 * threshold. Here the threshold is kept out of reach: when a script has half as many objects again
 * as after the last collection, a timer of the engine's own runs the steps, in events that are no
 * hook's; once the collection is complete the timer goes. Only a script that makes IDLE_ALLOWANCE
 * objects and more between two timer events, which takes longer than a hook may, meets the
 * collector inside of a hook. A script that makes no objects never has the timer.
 */
#include "idle.h"

/* A step that meets a huge array may take milliseconds; no further one is begun after a fifth. */
enum { IDLE_BUDGET_US = 100000, IDLE_SLICES_A_SECOND = 5000 };
enum { IDLE_PERIOD_US = 1000, IDLE_OBJECTS_MINIMUM = 1024, IDLE_ALLOWANCE = 16384 };

size_t idle_mark = SIZE_MAX;

static bool idle_armed;
static uint32_t idle_hook;

/* mruby sets its threshold anew in each step. */
static void idle_move_threshold(mrb_state *mrb)
{
	mrb->gc.threshold = mrb->gc.live + IDLE_ALLOWANCE;
}

static void idle_set_mark(mrb_state *mrb)
{
	idle_mark = mrb->gc.live + mrb->gc.live / 2 + IDLE_OBJECTS_MINIMUM;
	mrb->gc.threshold = idle_mark + IDLE_ALLOWANCE;
}

void idle_prepare(mrb_state *mrb)
{
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
	idle_move_threshold(mrb);
	idle_hook = (uint32_t)number;
}

void idle_tick(mrb_state *mrb)
{
	uint64_t end = engine_tsc() + engine_info()->tsc_hz / IDLE_SLICES_A_SECOND;

	while (engine_tsc() < end) {
		engine_collect_idle(mrb);
		if (mrb->gc.state == MRB_GC_STATE_ROOT) {
			sys_hook_remove(idle_hook);
			idle_armed = false;
			idle_set_mark(mrb);
			return;
		}
	}
	idle_move_threshold(mrb);
}
