/*
 * await.c: blocks by the numbers of the requests whose end they wait for.
 *
 * The ends of all that have this engine's mark come to one hook a class (Hook.__take_ends), which has no use for a block of its
 * own: the dispatcher executes the one that waits as if it were the hook's.
 */
#include "await.h"

#include "dispatch.h"
#include "event.h"

#include <mruby/class.h>
#include <mruby/hash.h>
#include <mruby/presym.h>
#include <mruby/proc.h>
#include <mruby/variable.h>

static mrb_value await_blocks; /* a Hash, which a global variable keeps */
static bool await_has_hook[2]; /* of disks' ends, of USB's */

static uint64_t await_mark(void)
{
	return UINT64_C(1) << engine_info()->engine_id % 64;
}

/* Hook.__mark -> which requests the hook of ends is about */
static mrb_value await_class_mark(mrb_state *mrb, mrb_value self)
{
	return engine_from_u64(mrb, await_mark());
}

/* Hook.__is_of_ends(slot) */
static mrb_value await_is_of_ends(mrb_state *mrb, mrb_value self)
{
	struct hook_entry *entry = hook_table_entry((uint32_t)mrb_as_int(mrb, mrb_get_arg1(mrb)));

	entry->is_of_ends = true;
	entry->start = NULL;
	return self;
}

/* Event::Request#done { |done| } */
static mrb_value await_done(mrb_state *mrb, mrb_value self)
{
	struct rv_event *event = engine_event_open(mrb, self);
	bool is_usb = event->kind == RV_EVENT_USB_CONTROL || event->kind == RV_EVENT_USB_TRANSFER || event->kind == RV_EVENT_USB_DONE;
	mrb_value block;

	mrb_get_args(mrb, "&", &block);
	if (mrb_nil_p(block))
		mrb_raise(mrb, E_ARGUMENT_ERROR, "done needs a block: r.done { |r| ... }");
	if (!await_has_hook[is_usb]) {
		mrb_funcall_id(mrb, mrb_obj_value(mrb_class_get(mrb, "Hook")), MRB_SYM(__take_ends), 1, mrb_bool_value(is_usb));
		await_has_hook[is_usb] = true;
	}
	mrb_hash_set(mrb, await_blocks, engine_from_u64(mrb, event->request), block);
	event->marks = await_mark();
	event->flags |= RV_EVENT_DONE_WANTED;
	return self;
}

struct hook_entry *await_take(mrb_state *mrb, const struct hook_entry *hook)
{
	static struct hook_entry entry;
	mrb_value block = mrb_hash_delete_key(mrb, await_blocks, engine_from_u64(mrb, engine_event()->request));

	if (mrb_nil_p(block))
		return NULL;
	mrb_gc_protect(mrb, block);
	entry = *hook;
	entry.proc = mrb_proc_ptr(block);
	dispatch_prepare(&entry);
	return &entry;
}

void await_init(mrb_state *mrb, struct RClass *hook)
{
	struct RClass *request = mrb_class_get_under(mrb, mrb_class_get(mrb, "Event"), "Request");

	await_has_hook[false] = await_has_hook[true] = false;
	await_blocks = mrb_hash_new(mrb);
	mrb_gv_set(mrb, mrb_intern_lit(mrb, "__awaited"), await_blocks);
	mrb_define_method_id(mrb, request, MRB_SYM(done), await_done, MRB_ARGS_BLOCK());
	mrb_define_class_method_id(mrb, hook, MRB_SYM(__mark), await_class_mark, MRB_ARGS_NONE());
	mrb_define_class_method_id(mrb, hook, MRB_SYM(__is_of_ends), await_is_of_ends, MRB_ARGS_REQ(1));
}
