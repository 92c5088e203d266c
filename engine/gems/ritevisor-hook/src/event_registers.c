/*
 * event_registers.c: Event#registers: the registers of the vCPU whose event is open.
 */
#include "event.h"

#include <mruby/array.h>
#include <mruby/presym.h>
#include <mruby/variable.h>

static const struct rv_registers *registers_open(mrb_state *mrb)
{
	struct rv_event *event = event_open_any(mrb);

	if (!(event->flags & RV_EVENT_REGISTERS))
		engine_check(mrb, "Event#registers", event->address, sys_event_registers());
	return &event->registers;
}

#define REGISTERS(X) \
	X(rax) X(rcx) X(rdx) X(rbx) X(rsp) X(rbp) X(rsi) X(rdi) X(r8) X(r9) X(r10) X(r11) X(r12) \
	X(r13) X(r14) X(r15) X(rip) X(rflags) X(cr0) X(cr2) X(cr3) X(cr4) X(efer) X(cs_base) \
	X(cs_selector) X(cpl)

#define REGISTER_READER(name) \
	static mrb_value registers_##name(mrb_state *mrb, mrb_value self) \
	{ \
		return engine_from_u64(mrb, registers_open(mrb)->name); \
	}
REGISTERS(REGISTER_READER)

static const struct {
	mrb_sym name;
	mrb_func_t body;
} registers_methods[] = {
#define REGISTER_METHOD(name) { MRB_SYM(name), registers_##name },
	REGISTERS(REGISTER_METHOD)
};

static mrb_value event_registers(mrb_state *mrb, mrb_value self)
{
	registers_open(mrb);
	return mrb_gv_get(mrb, mrb_intern_lit(mrb, "__registers"));
}

static mrb_value registers_names(mrb_state *mrb, mrb_value self)
{
	mrb_value names = mrb_ary_new(mrb);

	for (size_t i = 0; i < ARRAY_LENGTH(registers_methods); i++)
		mrb_ary_push(mrb, names, mrb_symbol_value(registers_methods[i].name));
	return names;
}

void event_registers_init(mrb_state *mrb, struct RClass *event)
{
	struct RClass *class = mrb_define_class_under(mrb, event, "Registers", mrb->object_class);

	for (size_t i = 0; i < ARRAY_LENGTH(registers_methods); i++)
		mrb_define_method_id(mrb, class, registers_methods[i].name,
				     registers_methods[i].body, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, class, MRB_SYM(names), registers_names, MRB_ARGS_NONE());
	mrb_undef_class_method(mrb, class, "new");
	mrb_define_method_id(mrb, event, MRB_SYM(registers), event_registers, MRB_ARGS_NONE());
	mrb_gv_set(mrb, mrb_intern_lit(mrb, "__registers"),
		   mrb_obj_value(mrb_obj_alloc(mrb, MRB_TT_OBJECT, class)));
}
