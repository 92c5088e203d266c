/*
 * pause.c: how long the garbage collector held a script, and the longest time it did.
 *
 * A step of the collector (engine/vm/collector.c) is due when more objects live than mruby's threshold
 * allows. In a hook that is seen by the allocation of an object, which comes here; between events it is
 * for the gem ritevisor-hook (idle.c).
 */
#include "engine/engine.h"

#include "engine/vm/collector.h"

/* Objects from one step to the next. Marking n live objects takes about n / 100 steps, and a step of
 * sweeping frees about 250: so a collection ends before three times as many objects were made. */
enum { PAUSE_INTERVAL = 128 };
/* From the first step in an event to the second: few events make so many objects. */
enum { PAUSE_EVENT_INTERVAL = 384 };

static struct engine_pauses pauses;

/* Steps in this event, and from how many objects on the next event has one. */
static unsigned int pause_event_steps;
static size_t pause_due;
static bool pause_completed;

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

/* The next step in a hook is due after so many objects. */
static void pause_step(mrb_state *mrb, bool in_hook, size_t interval)
{
	uint64_t start = engine_tsc();

	mrb_incremental_gc(mrb);
	pause_count(engine_tsc() - start, in_hook);
	pause_due = mrb->gc.live + PAUSE_INTERVAL;
	if (mrb->gc.state == MRB_GC_STATE_ROOT)
		pause_completed = true;
	else
		mrb->gc.threshold = mrb->gc.live + interval;
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
