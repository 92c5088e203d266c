/*
 * event.h: the event objects that blocks receive, one preallocated for each kind.
 */
#ifndef RITEVISOR_HOOK_EVENT_H
#define RITEVISOR_HOOK_EVENT_H

#include "rv/kinds.h"
#include "table.h"

/* Which hook's event is open; NULL between events. Set by dispatch.c alone. */
extern struct hook_entry *event_entry;

/* Were its writable fields set? */
static inline bool event_is_changed(const struct rv_event *event)
{
	return (event->verdict & ~(uint32_t)RV_VERDICT_MODIFIERS) == RV_VERDICT_CHANGE;
}

/* They were: what was accepted, or is held, stays so. */
static inline void event_set_changed(struct rv_event *event)
{
	event->verdict = RV_VERDICT_CHANGE | (event->verdict & RV_VERDICT_MODIFIERS);
}

/* The preallocated object of a kind (enum rv_event_kind). */
struct RObject *event_object(uint32_t kind);

/* The open event, whichever it is; engine_event_open() is for one of an object. */
struct rv_event *event_open_any(mrb_state *mrb);

/*
 * For evaluate.c: does what a method of class Event::Access does, if it is one of the simple ones
 * and succeeds; else it does nothing and returns false. registers[0] is the open event's object and
 * becomes the result; the arguments, as many as OP_SEND's third operand says, are behind it.
 */
bool event_access_evaluate(mrb_state *mrb, mrb_func_t method, mrb_value *registers,
			   unsigned int arguments);

/* After this, the lazy fields hold what the guest would get. Raises AccessError. */
void event_access_fetch(mrb_state *mrb, struct rv_event *event);

/* The field of a kind that a method reads or writes, if it is one of event_fields.c's; else NULL. */
const struct rv_field *event_field_read_by(uint32_t kind, mrb_func_t method);
const struct rv_field *event_field_written_by(uint32_t kind, mrb_func_t method);

void event_init(mrb_state *mrb);
void event_access_init(mrb_state *mrb, struct RClass *event);
/* Defines the class of each kind, with the methods that its fields have. */
void event_fields_init(mrb_state *mrb, struct RClass *event);
void event_registers_init(mrb_state *mrb, struct RClass *event);

#endif
