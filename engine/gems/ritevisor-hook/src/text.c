/*
 * text.c: Hook.__text and Hook.__give: texts that the script gets in an event, or gives away (at_reload, reloaded).
 */
#include "text.h"

#include <mruby/presym.h>
#include <mruby/string.h>

/* Hook.__text -> the open event's */
static mrb_value text_get(mrb_state *mrb, mrb_value self)
{
	uint64_t bytes = engine_event()->data_bytes;
	mrb_value text;

	if (bytes > RV_HAND_OVER_BYTES)
		bytes = RV_HAND_OVER_BYTES;
	text = mrb_str_new(mrb, NULL, (mrb_int)bytes);
	engine_check(mrb, "text", 0, sys_data_read(0, RSTRING_PTR(text), bytes));
	return text;
}

/* Hook.__give(text) */
static mrb_value text_give(mrb_state *mrb, mrb_value self)
{
	const char *text;
	mrb_int bytes;

	mrb_get_args(mrb, "s", &text, &bytes);
	if (bytes > RV_HAND_OVER_BYTES)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "at_reload hands over %d bytes at most, and this is %i",
			   RV_HAND_OVER_BYTES, bytes);
	engine_check(mrb, "at_reload", 0, sys_data_write(0, text, (uint64_t)bytes));
	return mrb_nil_value();
}

void text_init(mrb_state *mrb, struct RClass *hook)
{
	mrb_define_class_method_id(mrb, hook, MRB_SYM(__text), text_get, MRB_ARGS_NONE());
	mrb_define_class_method_id(mrb, hook, MRB_SYM(__give), text_give, MRB_ARGS_REQ(1));
}
