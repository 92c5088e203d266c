/*
 * hook/hook_summary.c: the summary that a run ends with.
 */
#include "hook/hook_summary.h"

#include "core/cpu.h"
#include "core/log.h"
#include "core/time.h"
#include "hook/hook.h"
#include "rv/kinds.h"
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

void hook_describe(const struct hook *hook, char *text, size_t text_bytes)
{
	uint32_t follows = hook->spec.follows;

	if (hook->source->describe != NULL)
		hook->source->describe(hook, text, text_bytes);
	else if (follows != 0)
		print_format(text, text_bytes, "%s 0x%lx-0x%lx of %02x:%02x.%u", rv_kind_name(hook->spec.kind),
			     hook->first, hook->last, follows >> 8 & 0xff, follows >> 3 & 0x1f, follows & 7);
	else
		print_format(text, text_bytes, "%s 0x%lx-0x%lx", rv_kind_name(hook->spec.kind), hook->first,
			     hook->last);
}

static void hook_print_counters(const char *name, const char *what, const char *note,
				const struct hook_counters *counters)
{
	uint64_t mean = counters->delivered != 0 ? counters->cycles_total / counters->delivered : 0;
	uint64_t maximum = hook_cycles_to_tenths(counters->cycles_maximum);
	uint64_t waited = hook_cycles_to_tenths(counters->cycles_waited);
	char waiting[64] = "";

	mean = hook_cycles_to_tenths(mean);
	if (waited != 0)
		print_format(waiting, sizeof(waiting), ", and %lu.%lu us of waiting in all", waited / 10,
			     waited % 10);
	log_notice("summary: %s %s: %lu events (%lu filtered out, %lu changed, "
		   "%lu denied, %lu errors), %lu.%lu us each, %lu.%lu us at most%s%s",
		   name, what, counters->delivered, counters->filtered, counters->changed,
		   counters->denied, counters->errors, mean / 10, mean % 10, maximum / 10,
		   maximum % 10, waiting, note);
}

/* Over all hooks, those that are gone too. */
struct hook_totals {
	uint64_t hooks, events, errors, cycles;
};

static void hook_add_totals(struct hook_totals *totals, uint64_t hooks,
			    const struct hook_counters *counters)
{
	totals->hooks += hooks;
	totals->events += counters->delivered;
	totals->errors += counters->errors;
	totals->cycles += counters->cycles_total;
}

static void hook_print_one(struct hook *hook, void *context)
{
	struct hook_totals *totals = context;
	char what[64];

	hook_add_totals(totals, 1, &hook->counters);
	hook_describe(hook, what, sizeof(what));
	hook_print_counters(hook->owner->name, what,
			    hook->state == HOOK_DENYING ? "; its script ended, all is denied" : "",
			    &hook->counters);
}

/* What was taken back by `off`, or went with its script. */
static void hook_print_gone(struct hook_owner *owner, struct hook_totals *totals)
{
	for (uint32_t kind = 1; kind < RV_EVENT_KIND_COUNT; kind++) {
		struct hook_counters sum;
		uint64_t count = hook_count_gone(owner, kind, &sum);
		char what[64];

		if (count == 0)
			continue;
		hook_add_totals(totals, count, &sum);
		print_format(what, sizeof(what), "%lu %s hooks that are gone", count,
			     rv_kind_name(kind));
		hook_print_counters(owner->name, what, "", &sum);
	}
}

void hook_print_summary(void)
{
	struct hook_totals totals = { .hooks = 0 };
	uint64_t tenths;

	hook_print_exits();
	hook_visit(hook_print_one, &totals);
	for (struct hook_owner *owner = hook_first_owner(); owner != NULL; owner = owner->next)
		hook_print_gone(owner, &totals);
	tenths = hook_cycles_to_tenths(totals.cycles);
	log_notice("summary: hooks %lu, events %lu, errors %lu, time in hooks %lu.%lu us",
		   totals.hooks, totals.events, totals.errors, tenths / 10, tenths % 10);
}
