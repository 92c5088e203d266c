/*
 * hook/hook_summary.h: what happened, in a few lines of the log.
 */
#ifndef HOOK_HOOK_SUMMARY_H
#define HOOK_HOOK_SUMMARY_H

struct vcpu;

/* Prints the exits of the vCPU by kind, and events and times of all hooks. Context: exit. */
void hook_print_summary(struct vcpu *vcpu);

#endif
