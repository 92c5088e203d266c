/*
 * hook/hook_summary.h: what happened, in a few lines of the log.
 */
#ifndef HOOK_HOOK_SUMMARY_H
#define HOOK_HOOK_SUMMARY_H

/* Prints the exits of all CPUs by kind, and events and times of all hooks. Context: exit. */
void hook_print_summary(void);

#endif
