/*
 * tools/hwcheck/facts.h: the facts of boot/hardware_check.h as a running Linux tells them, or as a
 * folder does that has the same files.
 */
#ifndef TOOLS_HWCHECK_FACTS_H
#define TOOLS_HWCHECK_FACTS_H

#include "boot/hardware_check.h"

/* Reads what is below `root` ("" for this machine). Files `cpuid` ("LEAF SUBLEAF EAX EBX ECX EDX" a
 * line, hexadecimal) and `msr` ("MSR VALUE", or "MSR absent") in a root that is not "" stand for its
 * CPU. The result is valid to the end of the program. */
const struct hardware_source *facts_read(const char *root);

#endif
