/*
 * hook/hook_summary.c: the summary that a run ends with.
 */
#include "hook/hook_summary.h"

#include "core/cpu.h"
#include "core/log.h"
#include "core/time.h"
#include "hook/hook.h"
#include "rv/event_kind.h"
#include "vmm/vcpu.h"

#define HOOK_TENTHS_PER_SECOND 10000000 /* of a microsecond */

/* Of all CPUs. */
static uint64_t hook_count_exits(enum exit_kind kind)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < cpus_count; i++) {
		if (cpu_get(i)->vcpu != NULL)
			count += cpu_get(i)->vcpu->exits_by_kind[kind];
	}
	return count;
}

static void hook_print_exits(void)
{
	char text[400] = "";
	size_t used = 0;
	uint64_t total = 0;

	for (unsigned kind = 0; kind < EXIT_KIND_COUNT; kind++) {
		uint64_t count = hook_count_exits((enum exit_kind)kind);

		total += count;
		if (count == 0 || used >= sizeof(text))
			continue;
		used += (size_t)print_format(text + used, sizeof(text) - used, "%s%s %lu",
					     used == 0 ? ": " : ", ",
					     vcpu_exit_name((enum exit_kind)kind), count);
	}
	log_notice("summary: exits %lu%s", total, text);
}

/* TSC cycles as tenths of a microsecond. */
static uint64_t hook_cycles_to_tenths(uint64_t cycles)
{
	uint64_t hz = time_tsc_hz != 0 ? time_tsc_hz : 1;

	return cycles / hz * HOOK_TENTHS_PER_SECOND + cycles % hz * HOOK_TENTHS_PER_SECOND / hz;
}

static void hook_print_one(struct hook *hook, void *context)
{
	const struct hook_counters *counters = &hook->counters;
	struct hook_totals *totals = context;
	uint64_t mean = counters->delivered != 0 ? counters->cycles_total / counters->delivered : 0;
	uint64_t maximum = counters->cycles_maximum;

	totals->hooks++;
	totals->events += counters->delivered;
	totals->errors += counters->errors;
	totals->cycles += counters->cycles_total;
	mean = hook_cycles_to_tenths(mean);
	maximum = hook_cycles_to_tenths(maximum);
	log_notice("summary: %s %s 0x%lx-0x%lx: %lu events (%lu filtered out, %lu changed, "
		   "%lu denied, %lu errors), %lu.%lu us each, %lu.%lu us at most%s",
		   hook->owner->name, rv_event_kind_name(hook->request.kind), hook->request.first,
		   hook->request.last, counters->delivered, counters->filtered, counters->changed,
		   counters->denied, counters->errors, mean / 10, mean % 10, maximum / 10,
		   maximum % 10, hook->state == HOOK_DENYING ? "; its script ended, all is denied" : "");
}

void hook_print_summary(void)
{
	struct hook_totals totals = hook_totals;
	uint64_t tenths;

	hook_print_exits();
	hook_visit(hook_print_one, &totals);
	tenths = hook_cycles_to_tenths(totals.cycles);
	log_notice("summary: hooks %lu, events %lu, errors %lu, time in hooks %lu.%lu us",
		   totals.hooks, totals.events, totals.errors, tenths / 10, tenths % 10);
}
