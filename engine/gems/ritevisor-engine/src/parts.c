/*
 * parts.c: gems that are opened when a script first uses them, by a constant of theirs or an event's name: most scripts
 * need but a few, and opening an engine is what a guest waits for.
 */
#include "internal.h"

#include <mruby/class.h>
#include <mruby/error.h>
#include <mruby/internal.h>
#include <mruby/presym.h>
#include <mruby/proc.h>
#include <mruby/variable.h>
#include <string.h>

enum { PARTS_MAXIMUM = 16 };

/* Those that are not open. */
static const struct engine_part *parts[PARTS_MAXIMUM];

void engine_defer(mrb_state *mrb, const struct engine_part *part)
{
	for (unsigned int i = 0; i < PARTS_MAXIMUM; i++) {
		if (!parts[i]) {
			parts[i] = part;
			return;
		}
	}
	mrb_raise(mrb, E_RUNTIME_ERROR, "too many gems are opened at their first use");
}

static mrb_value part_open(mrb_state *mrb, mrb_value part)
{
	const struct engine_part *opened = mrb_cptr(part);

	opened->open(mrb);
	(void)mrb_top_run(mrb, opened->ruby, mrb_top_self(mrb), 0);
	return mrb_nil_value();
}

/* One that fails, for want of memory, is opened anew at its next use: all that a gem defines may be defined twice. */
static void parts_open(mrb_state *mrb, unsigned int place)
{
	const struct engine_part *part = parts[place];
	int arena = mrb_gc_arena_save(mrb);
	mrb_bool failed;
	mrb_value result;

	parts[place] = NULL;
	result = mrb_protect(mrb, part_open, mrb_cptr_value(mrb, (void *)(uintptr_t)part), &failed);
	if (failed) {
		parts[place] = part;
		mrb_exc_raise(mrb, result);
	}
	mrb_gc_arena_restore(mrb, arena);
}

static bool part_has(mrb_state *mrb, const struct engine_part *part, mrb_sym constant)
{
	const char *name = mrb_sym_name(mrb, constant);

	for (const char *const *known = part->constants; *known; known++) {
		if (strcmp(*known, name) == 0)
			return true;
	}
	return false;
}

/* The place of what has it and is not open, or PARTS_MAXIMUM. */
static unsigned int parts_find(mrb_state *mrb, mrb_sym constant)
{
	unsigned int place = 0;

	while (place < PARTS_MAXIMUM && !(parts[place] && part_has(mrb, parts[place], constant)))
		place++;
	return place;
}

bool engine_open_constant(mrb_state *mrb, mrb_sym constant)
{
	unsigned int place = parts_find(mrb, constant);

	if (place < PARTS_MAXIMUM)
		parts_open(mrb, place);
	return place < PARTS_MAXIMUM;
}

static bool part_has_event(const struct engine_part *part, const char *name)
{
	for (const char *const *begin = part->events; *begin; begin++) {
		if (strncmp(name, *begin, strlen(*begin)) == 0)
			return true;
	}
	return false;
}

void engine_open_event(mrb_state *mrb, mrb_sym event)
{
	for (unsigned int i = 0; i < PARTS_MAXIMUM; i++) {
		if (parts[i] && part_has_event(parts[i], mrb_sym_name(mrb, event)))
			parts_open(mrb, i);
	}
}

/* What vm.c calls in the place of mrb_vm_define_class() and mrb_vm_define_module() (build_config.rb): `class Disk` is a use
 * of Disk too. */
struct RClass *engine_define_class(mrb_state *mrb, mrb_value outer, mrb_value super, mrb_sym name);
struct RClass *engine_define_module(mrb_state *mrb, mrb_value outer, mrb_sym name);

/* By a call: what is opened runs in a frame of its own, above the registers of who says `class`. */
static void parts_call(mrb_state *mrb, mrb_sym name)
{
	if (parts_find(mrb, name) < PARTS_MAXIMUM)
		(void)mrb_funcall_id(mrb, mrb_obj_value(mrb->object_class), MRB_SYM(const_get), 1, mrb_symbol_value(name));
}

struct RClass *engine_define_class(mrb_state *mrb, mrb_value outer, mrb_value super, mrb_sym name)
{
	parts_call(mrb, name);
	return mrb_vm_define_class(mrb, outer, super, name);
}

struct RClass *engine_define_module(mrb_state *mrb, mrb_value outer, mrb_sym name)
{
	parts_call(mrb, name);
	return mrb_vm_define_module(mrb, outer, name);
}

/* Module#const_missing */
static mrb_value parts_const_missing(mrb_state *mrb, mrb_value self)
{
	mrb_value object = mrb_obj_value(mrb->object_class);
	mrb_sym name;

	mrb_get_args(mrb, "n", &name);
	if (engine_open_constant(mrb, name))
		return mrb_const_get(mrb, object, name);
	return mrb_funcall_id(mrb, self, MRB_SYM(__const_missing), 1, mrb_symbol_value(name));
}

/* Module#const_defined?: of a constant that is there once it is used, yes. */
static mrb_value parts_const_defined(mrb_state *mrb, mrb_value self)
{
	const mrb_value *arguments;
	mrb_int count;

	mrb_get_args(mrb, "*", &arguments, &count);
	if (count > 0 && (mrb_symbol_p(arguments[0]) || mrb_string_p(arguments[0])))
		(void)engine_open_constant(mrb, mrb_obj_to_sym(mrb, arguments[0]));
	return mrb_funcall_argv(mrb, self, MRB_SYM_Q(__const_defined), count, arguments);
}

void parts_init(mrb_state *mrb)
{
	struct RClass *module = mrb->module_class;

	memset(parts, 0, sizeof(parts));
	mrb_define_alias_id(mrb, module, MRB_SYM(__const_missing), MRB_SYM(const_missing));
	mrb_define_method_id(mrb, module, MRB_SYM(const_missing), parts_const_missing, MRB_ARGS_REQ(1));
	mrb_define_alias_id(mrb, module, MRB_SYM_Q(__const_defined), MRB_SYM_Q(const_defined));
	mrb_define_method_id(mrb, module, MRB_SYM_Q(const_defined), parts_const_defined, MRB_ARGS_ARG(1, 1));
}
