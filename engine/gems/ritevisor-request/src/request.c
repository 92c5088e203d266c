/*
 * request.c: what requests can be told that other events cannot: to wait, and why they are refused.
 */
#include "request.h"

#include "rv/disk.h"

#include <mruby/class.h>
#include <mruby/presym.h>
#include <mruby/string.h>
#include <string.h>

void mrb_ritevisor_request_gem_init(mrb_state *mrb);
void mrb_ritevisor_request_gem_final(mrb_state *mrb);

/* Event::Request#__hold(us, delays): it waits, with what was changed in it so far and is changed yet. Less than 0
 * microseconds: for ever. */
static mrb_value request_hold(mrb_state *mrb, mrb_value self)
{
	struct rv_event *event = engine_event_open(mrb, self);
	uint32_t verdict = event->verdict & ~(uint32_t)RV_VERDICT_MODIFIERS;
	mrb_int us;
	mrb_bool delays;

	mrb_get_args(mrb, "ib", &us, &delays);
	if (verdict != RV_VERDICT_PASS && verdict != RV_VERDICT_CHANGE)
		mrb_raise(mrb, E_ARGUMENT_ERROR, "what is denied or dropped cannot wait");
	event->verdict |= RV_VERDICT_HOLD;
	event->hold_us = us < 0 ? RV_HOLD_US_EVER : (uint64_t)us;
	event->flags = delays ? event->flags | RV_EVENT_DELAYED : event->flags & ~RV_EVENT_DELAYED;
	return self;
}

static _Noreturn void refusal_raise_reason(mrb_state *mrb, mrb_value reason)
{
	mrb_value known = mrb_str_new_lit(mrb, "");

	for (uint32_t i = 1; i < RV_DISK_REASON_COUNT; i++) {
		mrb_str_cat_cstr(mrb, known, i == 1 ? ":" : ", :");
		mrb_str_cat_cstr(mrb, known, rv_disk_reason_name(i));
	}
	mrb_raisef(mrb, E_ARGUMENT_ERROR, "deny: no reason is called %v; there are %v, and any text for the log",
		   mrb_inspect(mrb, reason), known);
}

static uint32_t refusal_reason(mrb_state *mrb, mrb_value reason)
{
	for (uint32_t i = 1; i < RV_DISK_REASON_COUNT; i++) {
		if (strcmp(rv_disk_reason_name(i), mrb_sym_name(mrb, mrb_symbol(reason))) == 0)
			return i;
	}
	refusal_raise_reason(mrb, reason);
}

/* RV_REFUSAL_* of what `deny` was given; nil where it was not. */
static uint32_t refusal_of(mrb_state *mrb, mrb_value reason, mrb_value status, mrb_value retry)
{
	uint32_t refusal = mrb_symbol_p(reason) ? refusal_reason(mrb, reason) : 0;

	if (!mrb_nil_p(status)) {
		if (!mrb_integer_p(status) || mrb_integer(status) < 1 || mrb_integer(status) > (mrb_int)RV_REFUSAL_LOW)
			mrb_raisef(mrb, E_ARGUMENT_ERROR, "status: is a code of the controller's, 1 to 0xffff, not %v",
				   mrb_inspect(mrb, status));
		refusal = RV_REFUSAL_STATUS | (uint32_t)mrb_integer(status);
	}
	return refusal | (mrb_test(retry) ? RV_REFUSAL_RETRY : 0);
}

/* Takes deny's arguments: the first, or nil, goes to *reason. */
static uint32_t refusal_arguments(mrb_state *mrb, mrb_value *reason)
{
	const mrb_sym names[2] = { MRB_SYM(status), MRB_SYM(retry) };
	mrb_value values[2];
	mrb_kwargs keywords = { .num = 2, .table = names, .values = values };

	*reason = mrb_nil_value();
	mrb_get_args(mrb, "|o:", reason, &keywords);
	for (unsigned int i = 0; i < 2; i++) {
		if (mrb_undef_p(values[i]))
			values[i] = mrb_nil_value();
	}
	return refusal_of(mrb, *reason, values[0], values[1]);
}

/* Event::Request#deny(reason = nil, status: nil, retry: false): the reason a Symbol that the guest's driver gets to
 * know, or a text for the log. */
static mrb_value request_deny(mrb_state *mrb, mrb_value self)
{
	mrb_value reason;
	uint32_t refusal = refusal_arguments(mrb, &reason);

	(void)mrb_funcall_id(mrb, self, MRB_SYM(__deny), mrb_nil_p(reason) || mrb_symbol_p(reason) ? 0 : 1, reason);
	engine_event()->refusal = refusal;
	return self;
}

/* Event::Held.__refusal(reason = nil, status: nil, retry: false) -> what __resolve takes */
static mrb_value held_refusal(mrb_state *mrb, mrb_value self)
{
	mrb_value reason;

	(void)self;
	return mrb_fixnum_value((mrb_int)refusal_arguments(mrb, &reason));
}

/* Event::Held.__resolve(request, verdict, refusal) -> did it wait? The verdict: 0 pass, 1 deny, 2 drop */
static mrb_value held_resolve(mrb_state *mrb, mrb_value self)
{
	static const uint32_t verdicts[] = { RV_VERDICT_PASS, RV_VERDICT_DENY, RV_VERDICT_DROP };
	mrb_value request;
	mrb_int verdict, refusal;
	int64_t result;

	(void)self;
	mrb_get_args(mrb, "oii", &request, &verdict, &refusal);
	result = sys_resolve(engine_to_u64(mrb, request), verdicts[verdict % 3], (uint64_t)refusal);
	return mrb_bool_value(result == 0);
}

/* Event::Held.__answer(held, request, string) -> did it wait? */
static mrb_value held_answer(mrb_state *mrb, mrb_value self)
{
	mrb_value held, request, text;
	int64_t result;

	(void)self;
	mrb_get_args(mrb, "ooS", &held, &request, &text);
	result = sys_answer(engine_to_u64(mrb, request), RSTRING_PTR(text), (uint64_t)RSTRING_LEN(text));
	if (result == -RV_EAGAIN)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "answer: %v gives no data that could be given in its place",
			   mrb_obj_as_string(mrb, held));
	if (result == -RV_ERANGE)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "answer: %v takes another number of bytes, not %i",
			   mrb_obj_as_string(mrb, held), (mrb_int)RSTRING_LEN(text));
	if (result != -RV_ENOENT)
		engine_check(mrb, "Event::Held#answer", (uint64_t)RSTRING_LEN(text), result);
	return mrb_bool_value(result == 0);
}

void mrb_ritevisor_request_gem_init(mrb_state *mrb)
{
	struct RClass *event = mrb_class_get(mrb, "Event"), *request = mrb_class_get_under(mrb, event, "Request");
	struct RClass *held = mrb_define_class_under(mrb, event, "Held", mrb->object_class);

	engine_request_fields(mrb);
	mrb_define_class_method_id(mrb, held, MRB_SYM(__resolve), held_resolve, MRB_ARGS_REQ(3));
	mrb_define_class_method_id(mrb, held, MRB_SYM(__answer), held_answer, MRB_ARGS_REQ(3));
	mrb_define_class_method_id(mrb, held, MRB_SYM(__refusal), held_refusal, MRB_ARGS_OPT(1) | MRB_ARGS_KEY(2, 0));
	mrb_define_method_id(mrb, request, MRB_SYM(deny), request_deny, MRB_ARGS_OPT(1) | MRB_ARGS_KEY(2, 0));
	mrb_define_method_id(mrb, request, MRB_SYM(__hold), request_hold, MRB_ARGS_REQ(2));
	data_init(mrb, request);
	bytes_init(mrb, request);
}

void mrb_ritevisor_request_gem_final(mrb_state *mrb)
{
	(void)mrb;
}
