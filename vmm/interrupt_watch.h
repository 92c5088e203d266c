/*
 * vmm/interrupt_watch.h: who hears of each interrupt that the guest is due (EXIT_INTERRUPT), so that these
 * exit only while, and on the CPUs where, at least one does.
 */
#ifndef VMM_INTERRUPT_WATCH_H
#define VMM_INTERRUPT_WATCH_H

#include "core/cpu.h"
#include "core/watch.h"

struct vcpu;

/* Told when interrupts of the guest's were taken from its controller, on EXIT_INTERRUPT or while an engine ran,
 * before any of them is injected, with the vCPU: what a device has written to memory before its message is there.
 * Context: exit, before the guest is entered. */
extern struct watchers interrupt_taken_watchers;

/* Told at each EXIT_INTERRUPT, before the interrupt goes on to the guest, with the vCPU; on any CPU where one
 * of them wants it, so each looks whether there is something for it. Context: exit. */
extern struct watchers interrupt_watchers;

/* What one who hears of interrupts wants on each CPU; one a watcher. */
struct interrupt_wish {
	bool wanted[CPUS_MAXIMUM];
};

/* From now on interrupts exit on this CPU, or as far as that one is concerned need not. Context: boot, exit, on
 * the vCPU's own CPU. */
void interrupt_want(struct vcpu *vcpu, struct interrupt_wish *wish, bool want);

/* One more who wants them on every CPU, or one less. On return no CPU is in its guest without. Context: boot, exit;
 * any lock may be held. */
void interrupt_want_everywhere(bool want);
/* Does what the last call of that said, on the vCPU's own CPU: on the way into the guest. */
void interrupt_settle(struct vcpu *vcpu);

#endif
