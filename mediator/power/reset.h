/*
 * mediator/power/reset.h: the guest's resets, which scripts hear of (at_exit) before they happen, and before which keys
 * are erased.
 */
#ifndef MEDIATOR_POWER_RESET_H
#define MEDIATOR_POWER_RESET_H

/* Claims the registers that reset a PC: the reset control register CF9h, the keyboard controller, port 92h and
 * ACPI's reset register. What resets goes through, after shutdown_by_access(). Those that cannot be claimed are
 * not, with a warning. Each call wants one of reset_release(). 0 or -RV_ENOMEM. Context: boot, exit. */
int reset_claim(void);
void reset_release(void);

#endif
