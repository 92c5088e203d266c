/*
 * pause.c: how long the garbage collector held a script, and the longest time it did.
 *
 * mruby collects in steps, from mrb_obj_alloc() when more objects live than its threshold allows.
 * The linker sends all other files' calls of that function here (--wrap=mrb_obj_alloc), so that
 * such a step can be timed; an allocation without one costs six instructions more.
 */
#include "engine/engine.h"

/* Objects between two steps. A step marks 200 objects or sweeps 256, so a collection ends before
 * as many objects were made as were alive; mruby's 1024 would let five times as many be made. */
enum { PAUSE_INTERVAL = 128 };

static struct engine_pauses pauses;

struct RBasic *__real_mrb_obj_alloc(mrb_state *mrb, enum mrb_vtype type, struct RClass *class);
struct RBasic *__wrap_mrb_obj_alloc(mrb_state *mrb, enum mrb_vtype type, struct RClass *class);

static void pause_count(uint64_t cycles, bool in_hook)
{
	uint64_t *longest = in_hook ? &pauses.longest_cycles : &pauses.longest_idle_cycles;

	pauses.steps += in_hook;
	pauses.idle_steps += !in_hook;
	if (cycles > *longest)
		*longest = cycles;
}

void engine_collect_idle(mrb_state *mrb)
{
	uint64_t start = engine_tsc();

	mrb_incremental_gc(mrb);
	pause_count(engine_tsc() - start, false);
}

void engine_pauses(struct engine_pauses *copy)
{
	*copy = pauses;
}

void engine_pauses_reset(void)
{
	pauses = (struct engine_pauses){ 0 };
}

#ifndef RV_HOST
struct RBasic *__wrap_mrb_obj_alloc(mrb_state *mrb, enum mrb_vtype type, struct RClass *class)
{
	struct RBasic *object;
	uint64_t start;

	if (__builtin_expect(mrb->gc.threshold >= mrb->gc.live, 1))
		return __real_mrb_obj_alloc(mrb, type, class);
	start = engine_tsc();
	object = __real_mrb_obj_alloc(mrb, type, class);
	pause_count(engine_tsc() - start, true);
	if (mrb->gc.state != MRB_GC_STATE_ROOT)
		mrb->gc.threshold = mrb->gc.live + PAUSE_INTERVAL;
	return object;
}
#endif
