/*
 * boot/policy.h: which scripts must be in force, or the machine does not go on: policies (rv/policy.h), and what
 * the option require= names. A start without scripts that a person asked for (rescue) wants none.
 */
#ifndef BOOT_POLICY_H
#define BOOT_POLICY_H

#include "rv/types.h"

/* Looks at all modules and options, and marks those that are policies. Context: boot, before anything can
 * fail; modules are where the loader put them. */
void policy_find(void);

/* May nothing go on without scripts? */
bool policy_is_wanted(void);

/* Why a policy cannot be in force, as far as can be said before scripts run; NULL: no reason is known. */
const char *policy_hindrance(void);

#endif
