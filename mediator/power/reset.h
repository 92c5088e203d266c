/*
 * mediator/power/reset.h: the guest's resets, which scripts hear of (at_exit) before they happen.
 */
#ifndef MEDIATOR_POWER_RESET_H
#define MEDIATOR_POWER_RESET_H

/* Claims the registers that reset a PC: the reset control register CF9h, the keyboard controller, port 92h and
 * ACPI's reset register. What resets goes through, after shutdown_tell(). Those that cannot be claimed are not,
 * with a warning. 0 or -RV_ENOMEM. Under hook_table_lock, as the next. */
int reset_claim(void);
void reset_release(void);

#endif
