/*
 * tests/escape/actions.c: the table of actions, and which of them a sequence has: leaving some out lets the
 * others come together in ways that they would not have if all were there always.
 */
#include "escape.h"

const struct action actions[] = {
	{"start", 30, false, act_start},
	{"init", 5, false, act_init},
	{"sipi", 10, false, act_sipi},
	{"nmi", 8, false, act_nmi},
	{"storm", 5, false, act_storm},
	{"smi", 4, false, act_smi},
	{"icr", 8, false, act_icr},
	{"form", 8, false, act_form},
	{"meet", 5, true, act_meet},
	{"msi", 8, false, act_msi},
	{"ioapic", 6, false, act_ioapic},
	{"lvt", 6, false, act_lvt},
	{"error", 3, false, act_error},
	{"timer", 4, false, act_timer},
	{"id", 3, false, act_id},
	{"deaf", 2, true, act_deaf},
	{"svr", 3, false, act_svr},
	{"logical", 4, false, act_logical},
	{"priority", 4, false, act_priority},
	{"base_off", 2, true, act_base_off},
	{"base_on", 3, false, act_base_on},
	{"base_x2apic", 2, true, act_base_x2apic},
	{"base_move", 2, true, act_base_move},
	{"base_wild", 1, true, act_base_wild},
	{"base_ours", 2, false, act_base_ours},
	{"sleep", 2, true, act_sleep},
	{"reset", 1, true, act_reset},
	{"apm", 2, false, act_apm},
	{"hook", 8, false, act_hook},
	{"toggle", 5, false, act_toggle},
	{"rewrite", 4, false, act_rewrite},
	{"window", 8, false, act_window},
	{"halt", 1, false, act_halt},
	{"busy", 6, false, act_busy},
	{"low_page", 4, false, act_low_page},
};
const uint32_t actions_count = sizeof(actions) / sizeof(actions[0]);
_Static_assert(sizeof(actions) / sizeof(actions[0]) <= ESCAPE_ACTIONS_MAXIMUM, "room in the record");

static uint64_t actions_bit(void (*run)(struct cpu *, struct random *))
{
	for (uint32_t i = 0; i < actions_count; i++) {
		if (actions[i].run == run)
			return UINT64_C(1) << i;
	}
	return 0;
}

void actions_init(void)
{
	struct random random;

	random_start(&random, RECORD->seed, RECORD->sequence, ~UINT64_C(0), 0);
	RECORD->enabled = 1; /* starts are always among them */
	for (uint32_t i = 0; i < actions_count; i++) {
		if (actions[i].run == act_low_page)
			continue;
		if (random_below(&random, 12) < (actions[i].lethal ? 4u : 9u))
			RECORD->enabled |= UINT64_C(1) << i;
	}
	if (platform.ram_type < 8) /* suspend to RAM is allowed: it is what the sequence is for */
		RECORD->enabled |= actions_bit(act_sleep) | actions_bit(act_low_page);
	RECORD->end_way = random_below(&random, RESET_WAYS);
}

uint32_t actions_weight(uint32_t action)
{
	if (!(RECORD->enabled >> action & 1))
		return 0;
	return actions[action].weight * (platform.ram_type < 8 && actions[action].run == act_sleep ? 8 : 1);
}
