/*
 * pause.c: how long the garbage collector held a script, and the longest time it did.
 *
 * A step of the collector (engine/vm/collector.c) is due when more objects live than mruby's threshold
 * allows. In a hook that is seen by the allocation of an object, which comes here; between events it is
 * for the gem ritevisor-hook (idle.c).
 */
#include "engine/engine.h"

#include "engine/vm/collector.h"

/* Objects from one step to the next while objects are marked: n live ones take about n / 300 steps. And
 * while garbage is freed, half as many as the last step has freed, and an eighth of what it has passed: so
 * a sweep ends before half of what it frees was made anew, whatever kind of object that is, and an eighth
 * of what lives. That is no less than in marking, but where all that a step met took long to free. */
enum { PAUSE_INTERVAL = 128, PAUSE_INTERVAL_MINIMUM = 24, PAUSE_FREED_DIVISOR = 2, PAUSE_PASSED_DIVISOR = 8 };
/* From the first step in an event to the second: few events make so many objects. */
enum { PAUSE_EVENT_INTERVAL = 384 };
/* A collection has fallen behind when twice as many objects live as at its beginning, which a step in each
 * event that makes 150 prevents; then an event has as many steps as what it makes demands. */
enum { PAUSE_BEHIND_MINIMUM = 8192 };
/* What is allocated counts too, whatever the number of objects: a collection begins when a quarter of the
 * heap quota was allocated since the last, and when an eighth was since it began it has a step for each
 * 1/512. */
enum { PAUSE_BEGIN_DIVISOR = 4, PAUSE_ALLOWANCE_DIVISOR = 8, PAUSE_STEP_DIVISOR = 512 };

size_t collector_passed;

static struct engine_pauses pauses;

/* Steps in this event, and from how many objects on the next event has one. */
static unsigned int pause_event_steps;
static size_t pause_due;
static bool pause_completed;
/* More objects than this live: it has fallen behind. */
static size_t pause_behind;
/* Bytes allocated since the last collection was complete, and how many of them the steps are for. */
static size_t pause_allocated, pause_allocated_paid;

/* Objects from the opening to the first step: few scripts make more while they are loaded. */
enum { PAUSE_OPEN_INTERVAL = 4096 };

static bool pause_opening;

static void pause_count(uint64_t cycles, bool in_hook)
{
	uint64_t *longest = in_hook ? &pauses.longest_cycles : &pauses.longest_idle_cycles;

	pauses.steps += in_hook;
	pauses.idle_steps += !in_hook;
	if (cycles > *longest)
		*longest = cycles;
}

static size_t pause_interval(mrb_state *mrb, size_t freed)
{
	size_t interval = freed / PAUSE_FREED_DIVISOR + collector_passed / PAUSE_PASSED_DIVISOR;

	if (mrb->gc.state != MRB_GC_STATE_SWEEP || interval >= PAUSE_INTERVAL)
		return PAUSE_INTERVAL;
	return interval > PAUSE_INTERVAL_MINIMUM ? interval : PAUSE_INTERVAL_MINIMUM;
}

static void pause_begin(mrb_state *mrb)
{
	size_t more = mrb->gc.live;

	pause_behind = mrb->gc.live + (more > PAUSE_BEHIND_MINIMUM ? more : PAUSE_BEHIND_MINIMUM);
	pause_allocated_paid = pause_allocated + engine_info()->heap_quota_bytes / PAUSE_ALLOWANCE_DIVISOR;
}

static void pause_complete(void)
{
	pause_completed = true;
	pause_allocated = pause_allocated_paid = 0;
}

/* The next step in a hook is due after `interval` objects, or fewer if it has fallen behind. */
static void pause_step(mrb_state *mrb, bool in_hook, size_t interval)
{
	uint64_t start = engine_tsc();
	size_t before = mrb->gc.live, pace;

	if (mrb->gc.state == MRB_GC_STATE_ROOT)
		pause_begin(mrb);
	mrb_incremental_gc(mrb);
	pause_count(engine_tsc() - start, in_hook);
	pace = pause_interval(mrb, before - mrb->gc.live);
	pause_due = mrb->gc.live + pace;
	pause_allocated_paid += engine_info()->heap_quota_bytes / PAUSE_STEP_DIVISOR;
	if (mrb->gc.state == MRB_GC_STATE_ROOT)
		pause_complete();
	else
		mrb->gc.threshold = mrb->gc.live > pause_behind && interval > pace ? pause_due
										   : mrb->gc.live + interval;
}

/* A step is due for what was allocated: the next object has it. Without a collection under way, the
 * quarter of the quota begins one. */
void engine_collect_allocated(mrb_state *mrb, size_t bytes)
{
	size_t quota = engine_info()->heap_quota_bytes, due;

	pause_allocated += bytes;
	due = mrb->gc.state == MRB_GC_STATE_ROOT ? quota / PAUSE_BEGIN_DIVISOR : quota / PAUSE_STEP_DIVISOR;
	if (quota > 0 && !pause_opening && pause_allocated >= pause_allocated_paid + due)
		mrb->gc.threshold = 0;
}

void engine_collect_begin_opening(void)
{
	pause_opening = true;
}

void engine_collect_end_opening(mrb_state *mrb)
{
	pause_opening = false;
	mrb->gc.threshold = mrb->gc.live + PAUSE_OPEN_INTERVAL;
}

void engine_collect(mrb_state *mrb)
{
	if (pause_opening) {
		mrb->gc.threshold = SIZE_MAX;
		return;
	}
	pause_step(mrb, true, pause_event_steps == 0 ? PAUSE_EVENT_INTERVAL : PAUSE_INTERVAL);
	pause_event_steps++;
}

void engine_collect_idle(mrb_state *mrb)
{
	pause_step(mrb, false, PAUSE_EVENT_INTERVAL);
}

void engine_collect_event_ended(mrb_state *mrb)
{
	if (pause_event_steps > 0 && mrb->gc.state != MRB_GC_STATE_ROOT)
		mrb->gc.threshold = pause_due;
	pause_event_steps = 0;
}

bool engine_collection_completed(void)
{
	bool completed = pause_completed;

	pause_completed = false;
	return completed;
}

void engine_pauses(struct engine_pauses *copy)
{
	*copy = pauses;
}

void engine_pauses_reset(void)
{
	pauses = (struct engine_pauses){ 0 };
	pause_event_steps = 0;	/* the loading was no event */
}
