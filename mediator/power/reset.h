/*
 * mediator/power/reset.h: the guest's resets, which scripts hear of (at_exit) before they happen.
 */
#ifndef MEDIATOR_POWER_RESET_H
#define MEDIATOR_POWER_RESET_H

/* From now on the registers that reset a PC are claimed while a hook wants to hear of the guest's end,
 * and only then: the reset control register CF9h, the keyboard controller, port 92h and ACPI's reset
 * register. What resets goes through, after hook_shutdown(). A triple fault is heard of too; it exits
 * anyway. Context: boot, before scripts run. */
void reset_watch(void);

#endif
