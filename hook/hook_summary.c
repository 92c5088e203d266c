/*
 * hook/hook_summary.c: the summary that a run ends with.
 */
#include "hook/hook_summary.h"

#include "core/log.h"
#include "core/time.h"
#include "hook/hook.h"
#include "vmm/vcpu.h"

#define HOOK_TENTHS_PER_SECOND 10000000 /* of a microsecond */

static const char *const hook_exit_names[EXIT_KIND_COUNT] = {
	[EXIT_NONE] = "internal",
	[EXIT_CPUID] = "cpuid",
	[EXIT_MSR_READ] = "msr_read",
	[EXIT_MSR_WRITE] = "msr_write",
	[EXIT_PORT] = "port",
	[EXIT_NESTED_FAULT] = "nested_fault",
	[EXIT_INTERRUPT] = "interrupt",
	[EXIT_INTERRUPT_WINDOW] = "interrupt_window",
	[EXIT_NMI] = "nmi",
	[EXIT_DEBUG_EXCEPTION] = "debug_exception",
	[EXIT_UNDEFINED] = "undefined",
	[EXIT_HYPERCALL] = "hypercall",
	[EXIT_SHUTDOWN] = "shutdown",
	[EXIT_INIT] = "init",
	[EXIT_SIPI] = "sipi",
	[EXIT_XSETBV] = "xsetbv",
	[EXIT_CONTROL_REGISTER] = "control_register",
	[EXIT_OTHER] = "other",
};

static void hook_print_exits(const struct vcpu *vcpu)
{
	char text[512] = "";
	size_t used = 0;
	uint64_t total = 0;

	for (unsigned kind = 0; kind < EXIT_KIND_COUNT; kind++) {
		total += vcpu->exits_by_kind[kind];
		if (vcpu->exits_by_kind[kind] == 0 || used >= sizeof(text))
			continue;
		used += (size_t)print_format(text + used, sizeof(text) - used, "%s%s %lu",
					     used == 0 ? ": " : ", ", hook_exit_names[kind],
					     vcpu->exits_by_kind[kind]);
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
	uint64_t mean = counters->delivered != 0 ? counters->cycles_total / counters->delivered : 0;
	uint64_t maximum = counters->cycles_maximum;

	(void)context;
	mean = hook_cycles_to_tenths(mean);
	maximum = hook_cycles_to_tenths(maximum);
	log_notice("summary: %s %s 0x%lx-0x%lx: %lu events (%lu filtered out, %lu changed, "
		   "%lu denied, %lu errors), %lu.%lu us each, %lu.%lu us at most%s",
		   hook->owner_name, hook_kind_name(hook->request.kind), hook->request.first,
		   hook->request.last, counters->delivered, counters->filtered, counters->changed,
		   counters->denied, counters->errors, mean / 10, mean % 10, maximum / 10,
		   maximum % 10, hook->state == HOOK_DENYING ? "; its script ended, all is denied" : "");
}

void hook_print_summary(struct vcpu *vcpu)
{
	uint64_t tenths = hook_cycles_to_tenths(hook_totals.cycles);

	hook_print_exits(vcpu);
	hook_visit(hook_print_one, NULL);
	log_notice("summary: hooks %lu, events %lu, errors %lu, time in hooks %lu.%lu us",
		   hook_totals.hooks, hook_totals.events, hook_totals.errors, tenths / 10,
		   tenths % 10);
}
