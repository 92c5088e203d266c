/*
 * engine/vm/collector.c: mruby's gc.c with bounded steps. build_config.rb has it compiled in the
 * place of gc.c, which it includes whole and unchanged.
 *
 * gc.c's own step marks a container from end to end, does not count objects without children, and
 * does everything after the marking (roots once more, all that the write barrier made gray, a page
 * of sweeping) in one go. Here a step is some units of work, whatever the heap holds:
 *   - arrays and hashes of more than COLLECTOR_SLICE elements are marked in slices;
 *   - what the write barrier made gray is marked in steps as well: the final phase, which has to
 *     see everything at once, comes when a step finds nothing gray, not even after the roots;
 *   - a page is swept in parts.
 * The colours, the final phase, the write barriers and full collections are gc.c's.
 *
 * Slices. One container at a time (collector_slice) is marked from its end to its beginning. It is
 * black meanwhile. The invariant between steps: an element of it that is white stands below
 * slice.end. It holds because of what can change a container:
 *   - a store of a value into a black container marks that value (mrb_field_write_barrier): []=,
 *     push, unshift, Hash#[]=, Hash#merge!;
 *   - elements that move without a store's barrier move to lower places: shift, delete_at, the
 *     compaction and the rehash of hashes;
 *   - those that move elements up without a barrier, reverse! and unshift, say so beforehand
 *     (engine/vm/array.c calls collector_will_move), and the slices begin anew;
 *   - all else (concat, replace, splice, rotate!, shuffle!, compact!, and Hash#replace by
 *     engine/vm/hash.c) uses mrb_write_barrier: the container is gray, and marked anew later.
 * gc.c itself may finish a collection at any time (GC.start, no memory): the container is gray again
 * then, before gc.c's final phase.
 */
#include "vm/collector.h"

#include <mruby.h>
#include <mruby/gc.h>
#include <mruby/internal.h>

/* gc.c's own; the first, of which every object has need, becomes a part of mrb_obj_alloc(). */
static __attribute__((always_inline)) void gc_protect(mrb_state *mrb, mrb_gc *gc, struct RBasic *object);
MRB_API void collector_mruby_step(mrb_state *mrb);
static void collector_drop_slice(mrb_state *mrb);

/* The first thing that gc.c does in its final phase, and in the scan of the roots. */
static void collector_mark_globals(mrb_state *mrb)
{
	collector_drop_slice(mrb);
	mrb_gc_mark_gv(mrb);
}

/* gc.c's step gets another name where it is defined, and where an object is allocated ours is taken: a step of
 * gc.c's sweeps whole pages, so that ours would go on amid a page that it has never begun, and what lives in the
 * page's beginning would keep its colour, be taken for marked in the next collection, and lose its children. */
#define mrb_gc_mark_gv collector_mark_globals
#define mrb_incremental_gc(argument) collector_at_##argument)
#define collector_at_mrb_state collector_mruby_step(mrb_state
#define collector_at_mrb engine_collect(mrb
#include "src/gc.c"
#undef mrb_gc_mark_gv
#undef mrb_incremental_gc
#undef collector_at_mrb_state
#undef collector_at_mrb

/* Units of a step, for each unit of GC.step_ratio: 20 in an engine, so 600 and 1,000. A unit of
 * marking is an object or a reference, about 30 instructions. */
enum { COLLECTOR_MARK_RATIO = 30, COLLECTOR_SWEEP_RATIO = 50, COLLECTOR_RATIO_MINIMUM = 5 };
/* Elements of a slice, and of a container that is marked whole. */
enum { COLLECTOR_SLICE = 256 };
/* The slices of an array that is turned over again and again end by marking it whole; and the steps
 * of a heap whose containers are replaced faster than they are marked end by gc.c's final phase. */
enum { COLLECTOR_RESTARTS = 8, COLLECTOR_CLOSING_STEPS = 512 };
/* Units of sweeping: a free slot or a live object is 1. */
enum { COLLECTOR_FREE = 4, COLLECTOR_FREE_LARGE = 16, COLLECTOR_FREE_CLASS = 128,
       COLLECTOR_PAGE_END = 32 };

static struct {
	struct RBasic *container;
	size_t end;
	int restarts;
} collector_slice;

static int collector_closing_steps;

/* The next object of the page behind gc->sweeps. */
static int collector_swept;

static void collector_drop_slice(mrb_state *mrb)
{
	struct RBasic *container = collector_slice.container;

	collector_slice.container = NULL;
	if (container && is_black(container))
		add_gray_list(mrb, &mrb->gc, container);
}

void collector_will_move(struct RBasic *container)
{
	if (collector_slice.container != container)
		return;
	collector_slice.end = SIZE_MAX;
	collector_slice.restarts++;
}

static int collector_ratio(const mrb_gc *gc)
{
	return gc->step_ratio > COLLECTOR_RATIO_MINIMUM ? gc->step_ratio : COLLECTOR_RATIO_MINIMUM;
}

static size_t collector_mark_array(mrb_state *mrb, struct RArray *array, size_t end, size_t count)
{
	size_t length = (size_t)ARY_LEN(array), first;

	if (end > length)
		end = length;
	first = end > count ? end - count : 0;
	for (size_t i = first; i < end; i++)
		mrb_gc_mark_value(mrb, ARY_PTR(array)[i]);
	return first;
}

/* Marks a slice of the container. */
static void collector_mark_slice(mrb_state *mrb, size_t count)
{
	struct RBasic *container = collector_slice.container;

	/* A write barrier has made it gray: it is on gc.c's list. */
	if (!is_black(container)) {
		collector_slice.container = NULL;
		return;
	}
	if (collector_slice.restarts > COLLECTOR_RESTARTS)
		count = SIZE_MAX;
	if (container->tt == MRB_TT_HASH)
		collector_slice.end = collector_mark_hash(mrb, (struct RHash *)container,
							  collector_slice.end, count / 2);
	else
		collector_slice.end = collector_mark_array(mrb, (struct RArray *)container,
							   collector_slice.end, count);
	if (collector_slice.end == 0)
		collector_slice.container = NULL;
}

static bool collector_is_large(const struct RBasic *object)
{
	if (object->tt == MRB_TT_ARRAY)
		return ARY_LEN((struct RArray *)object) > COLLECTOR_SLICE;
	return object->tt == MRB_TT_HASH && ((struct RHash *)object)->ea_n_used > COLLECTOR_SLICE / 2;
}

/* Paints an object off the gray list black; returns the units that it took. */
static long collector_mark_object(mrb_state *mrb, mrb_gc *gc, struct RBasic *object)
{
	if (!collector_is_large(object)) {
		gc_mark_children(mrb, gc, object);
		return 2 + (long)gc_gray_counts(mrb, gc, object);
	}
	paint_black(object);
	mrb_gc_mark(mrb, (struct RBasic *)object->c);
	if (object->tt == MRB_TT_HASH)
		mrb_gc_mark_iv(mrb, (struct RObject *)object);
	collector_slice.container = object;
	collector_slice.end = SIZE_MAX;
	collector_slice.restarts = 0;
	return 2;
}

/* Returns the units that are left, none or less if there is more to mark. */
static long collector_mark_gray(mrb_state *mrb, mrb_gc *gc, long units)
{
	while (units > 0) {
		struct RBasic *object = gc->gray_list;

		if (collector_slice.container) {
			collector_mark_slice(mrb, COLLECTOR_SLICE);
			units -= COLLECTOR_SLICE;
		} else if (object) {
			gc->gray_list = object->gcnext;
			object->gcnext = NULL;
			units -= collector_mark_object(mrb, gc, object);
		} else {
			break;
		}
	}
	return units;
}

/* The roots that change between steps without a barrier. */
static void collector_mark_roots(mrb_state *mrb, mrb_gc *gc)
{
	for (int i = 0; i < gc->arena_idx; i++)
		mrb_gc_mark(mrb, gc->arena[i]);
	mrb_gc_mark_gv(mrb);
	mark_context(mrb, mrb->c);
	if (mrb->c != mrb->root_c)
		mark_context(mrb, mrb->root_c);
	mrb_gc_mark(mrb, (struct RBasic *)mrb->exc);
}

/* Takes what the write barrier made gray, but fibers: their stacks change without one. */
static void collector_take_barred(mrb_gc *gc)
{
	struct RBasic *object = gc->atomic_gray_list;

	gc->atomic_gray_list = NULL;
	while (object) {
		struct RBasic *next = object->gcnext;
		struct RBasic **list = object->tt == MRB_TT_FIBER ? &gc->atomic_gray_list
								  : &gc->gray_list;

		object->gcnext = *list;
		*list = object;
		object = next;
	}
}

/* Answers whether all is marked but what gc.c's final phase finds at once. */
static bool collector_mark(mrb_state *mrb, mrb_gc *gc)
{
	long units = (long)COLLECTOR_MARK_RATIO * collector_ratio(gc);
	bool roots_marked = false;

	for (;;) {
		units = collector_mark_gray(mrb, gc, units);
		if (units <= 0)
			return collector_closing_steps > 0 &&
			       ++collector_closing_steps > COLLECTOR_CLOSING_STEPS;
		if (collector_closing_steps == 0)
			collector_closing_steps = 1;
		if (roots_marked && !gc->gray_list)
			return true;
		collector_take_barred(gc);
		collector_mark_roots(mrb, gc);
		roots_marked = true;
	}
}

static long collector_free_units(const struct RBasic *object)
{
	switch (object->tt) {
	case MRB_TT_CLASS:
	case MRB_TT_MODULE:
	case MRB_TT_SCLASS:
	case MRB_TT_ICLASS:
		return COLLECTOR_FREE_CLASS;	/* the method cache is searched */
	case MRB_TT_HASH:
	case MRB_TT_OBJECT:
	case MRB_TT_EXCEPTION:
	case MRB_TT_FIBER:
	case MRB_TT_PROC:
	case MRB_TT_CDATA:
		return COLLECTOR_FREE_LARGE;
	default:
		return COLLECTOR_FREE;
	}
}

/* Frees an object that nobody needs and paints one that lives; returns the units that it took. */
static long collector_sweep_object(mrb_state *mrb, mrb_gc *gc, mrb_heap_page *page, RVALUE *slot)
{
	struct RBasic *object = &slot->as.basic;
	long units;

	if (!is_dead(gc, object) || object->tt == MRB_TT_FREE) {
		if (object->tt != MRB_TT_FREE)
			paint_partial_white(gc, object);
		collector_passed++;
		return 1;
	}
	units = collector_free_units(object);
	obj_free(mrb, object, FALSE);
	if (object->tt == MRB_TT_FREE) {
		/* gc.c's list has the pages that have a free slot. */
		if (!page->freelist) {
			page->free_next = gc->free_heaps;
			gc->free_heaps = page;
		}
		slot->as.free.next = page->freelist;
		page->freelist = object;
		gc->live--;
		gc->live_after_mark--;
	}
	return units;
}

/* Not known from the sweep: objects were made in the page meanwhile. */
static bool collector_page_is_free(mrb_heap_page *page)
{
	for (int i = 0; i < MRB_HEAP_PAGE_SIZE; i++) {
		if (objects(page)[i].as.basic.tt != MRB_TT_FREE)
			return false;
	}
	return true;
}

static void collector_free_page(mrb_state *mrb, mrb_gc *gc, mrb_heap_page *page)
{
	mrb_heap_page **link = &gc->free_heaps;

	while (*link != page)
		link = &(*link)->free_next;
	*link = page->free_next;
	*(gc->sweeps ? &gc->sweeps->next : &gc->heaps) = page->next;
	mrb_free(mrb, page);
}

/* Answers whether there are no more pages. */
static bool collector_sweep(mrb_state *mrb, mrb_gc *gc)
{
	long units = (long)COLLECTOR_SWEEP_RATIO * collector_ratio(gc);

	collector_passed = 0;
	while (units > 0) {
		mrb_heap_page *page = gc->sweeps ? gc->sweeps->next : gc->heaps;

		if (!page)
			return true;
		while (collector_swept < MRB_HEAP_PAGE_SIZE && units > 0)
			units -= collector_sweep_object(mrb, gc, page,
							objects(page) + collector_swept++);
		if (collector_swept < MRB_HEAP_PAGE_SIZE)
			return false;
		collector_swept = 0;
		units -= COLLECTOR_PAGE_END;
		if (collector_page_is_free(page))
			collector_free_page(mrb, gc, page);
		else
			gc->sweeps = page;
	}
	return false;
}

static void collector_step(mrb_state *mrb, mrb_gc *gc)
{
	switch (gc->state) {
	case MRB_GC_STATE_ROOT:
		collector_slice.container = NULL;
		collector_closing_steps = 0;
		root_scan_phase(mrb, gc);
		gc->state = MRB_GC_STATE_MARK;
		flip_white_part(gc);
		break;
	case MRB_GC_STATE_MARK:
		if (!collector_mark(mrb, gc))
			break;
		final_marking_phase(mrb, gc);
		prepare_incremental_sweep(mrb, gc);
		collector_swept = 0;
		break;
	case MRB_GC_STATE_SWEEP:
		if (collector_sweep(mrb, gc))
			gc->state = MRB_GC_STATE_ROOT;
		break;
	}
}

MRB_API void mrb_incremental_gc(mrb_state *mrb)
{
	mrb_gc *gc = &mrb->gc;

	if (gc->disabled || gc->iterating)
		return;
	if (is_generational(gc)) {	/* the script has asked for it */
		collector_mruby_step(mrb);
		return;
	}
	collector_step(mrb, gc);
	gc->threshold = gc->live + GC_STEP_SIZE;
	if (gc->state == MRB_GC_STATE_ROOT)
		gc->threshold = gc->live_after_mark / 100 * (size_t)gc->interval_ratio;
	if (gc->threshold < GC_STEP_SIZE)
		gc->threshold = GC_STEP_SIZE;
}
