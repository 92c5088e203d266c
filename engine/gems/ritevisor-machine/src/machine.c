/*
 * machine.c: module Machine: facts that the hypervisor gave this engine, and its counters.
 */
#include "engine/engine.h"

#include <mruby/array.h>
#include <mruby/hash.h>
#include <mruby/presym.h>
#include <mruby/string.h>
#include <string.h>

void mrb_ritevisor_machine_gem_init(mrb_state *mrb);
void mrb_ritevisor_machine_gem_final(mrb_state *mrb);

static mrb_value machine_settings_text(mrb_state *mrb, mrb_value self)
{
	const struct rv_engine_info *info = engine_info();

	return mrb_str_new(mrb, info->settings,
			   (mrb_int)strnlen(info->settings, sizeof(info->settings)));
}

static mrb_value machine_script(mrb_state *mrb, mrb_value self)
{
	const struct rv_engine_info *info = engine_info();
	const struct rv_script *script = &info->scripts[info->script_index % RV_SCRIPTS_MAXIMUM];

	return mrb_str_new(mrb, script->name, (mrb_int)strnlen(script->name, RV_SCRIPT_NAME_BYTES));
}

static mrb_value machine_scripts(mrb_state *mrb, mrb_value self)
{
	const struct rv_engine_info *info = engine_info();
	mrb_value names = mrb_ary_new(mrb);

	for (uint32_t i = 0; i < info->nr_scripts && i < RV_SCRIPTS_MAXIMUM; i++)
		mrb_ary_push(mrb, names,
			     mrb_str_new(mrb, info->scripts[i].name,
					 (mrb_int)strnlen(info->scripts[i].name,
							  RV_SCRIPT_NAME_BYTES)));
	return names;
}

#define MACHINE_FACT(name, field) \
	static mrb_value machine_##name(mrb_state *mrb, mrb_value self) \
	{ \
		return engine_from_u64(mrb, engine_info()->field); \
	}

MACHINE_FACT(engine_id, engine_id)
MACHINE_FACT(tsc_hz, tsc_hz)
MACHINE_FACT(heap_quota, heap_quota_bytes)
MACHINE_FACT(hook_budget, hook_budget_us)
MACHINE_FACT(memory_end, memory_end)

static mrb_value machine_tsc(mrb_state *mrb, mrb_value self)
{
	return engine_from_u64(mrb, engine_tsc());
}

static mrb_value machine_seed(mrb_state *mrb, mrb_value self)
{
	return engine_from_u64(mrb, engine_random_seed() >> 1);
}

static void machine_set(mrb_state *mrb, mrb_value hash, const char *name, uint64_t value)
{
	mrb_hash_set(mrb, hash, mrb_symbol_value(mrb_intern_cstr(mrb, name)),
		     engine_from_u64(mrb, value));
}

/* Of the collector, since the script's top level has ended. */
static void machine_add_pauses(mrb_state *mrb, mrb_value hash)
{
	struct engine_pauses pauses;

	engine_pauses(&pauses);
	machine_set(mrb, hash, "gc_steps", pauses.steps);
	machine_set(mrb, hash, "gc_longest_pause", pauses.longest_cycles);
	machine_set(mrb, hash, "gc_idle_steps", pauses.idle_steps);
	machine_set(mrb, hash, "gc_longest_idle_pause", pauses.longest_idle_cycles);
}

/* Machine.statistics -> { exits:, events:, errors:, heap:, stack:, gc_longest_pause:, ...,
 * exits_by_kind: [...] } */
static mrb_value machine_statistics(mrb_state *mrb, mrb_value self)
{
	struct rv_statistics statistics;
	mrb_value hash = mrb_hash_new(mrb), kinds = mrb_ary_new(mrb);

	engine_check(mrb, "Machine.statistics", 0, sys_statistics(&statistics));
	machine_set(mrb, hash, "exits", statistics.exits);
	machine_set(mrb, hash, "events", statistics.events);
	machine_set(mrb, hash, "errors", statistics.errors);
	machine_set(mrb, hash, "heap", statistics.heap_bytes);
	machine_set(mrb, hash, "stack", statistics.stack_bytes);
	machine_set(mrb, hash, "tsc", statistics.tsc);
	machine_set(mrb, hash, "service_cycles", statistics.service_cycles);
	machine_add_pauses(mrb, hash);
	for (size_t i = 0; i < ARRAY_LENGTH(statistics.exits_by_kind); i++)
		mrb_ary_push(mrb, kinds, engine_from_u64(mrb, statistics.exits_by_kind[i]));
	mrb_hash_set(mrb, hash, mrb_symbol_value(mrb_intern_lit(mrb, "exits_by_kind")), kinds);
	return hash;
}

static const struct {
	mrb_sym name;
	mrb_func_t body;
} machine_functions[] = {
	{ MRB_SYM(settings_text), machine_settings_text },
	{ MRB_SYM(script), machine_script },
	{ MRB_SYM(scripts), machine_scripts },
	{ MRB_SYM(engine_id), machine_engine_id },
	{ MRB_SYM(tsc_hz), machine_tsc_hz },
	{ MRB_SYM(tsc), machine_tsc },
	{ MRB_SYM(heap_quota), machine_heap_quota },
	{ MRB_SYM(hook_budget), machine_hook_budget },
	{ MRB_SYM(memory_end), machine_memory_end },
	{ MRB_SYM(random_seed), machine_seed },
	{ MRB_SYM(statistics), machine_statistics },
};

void mrb_ritevisor_machine_gem_init(mrb_state *mrb)
{
	struct RClass *machine = mrb_define_module(mrb, "Machine");

	for (size_t i = 0; i < ARRAY_LENGTH(machine_functions); i++)
		mrb_define_module_function_id(mrb, machine, machine_functions[i].name,
					      machine_functions[i].body, MRB_ARGS_NONE());
}

void mrb_ritevisor_machine_gem_final(mrb_state *mrb)
{
}
