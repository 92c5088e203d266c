/*
 * hook/hook_summary.h: what happened, in a few lines of the log.
 */
#ifndef HOOK_HOOK_SUMMARY_H
#define HOOK_HOOK_SUMMARY_H

#include "rv/types.h"

struct hook;

/* What the hook is on, in the words of its script: "port_read 0x60-0x64", "every 10 s", "at_exit". */
void hook_describe(const struct hook *hook, char *text, size_t text_bytes);

/* Prints the exits of all CPUs by kind, and events and times of all hooks. Context: exit. */
void hook_print_summary(void);

#endif
