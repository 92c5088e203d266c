/*
 * vmm/shutdown_status.h: after a reset the firmware starts anew, and does not go on where the guest says.
 */
#ifndef VMM_SHUTDOWN_STATUS_H
#define VMM_SHUTDOWN_STATUS_H

/* From now on, the byte of CMOS memory that could tell it so cannot be written, by scripts neither. 0 or
 * -errno. Context: boot. */
int shutdown_status_guard(void);

/* Makes it 0 again: chipsets note a sleep there. Context: exit, nobody else runs. */
void shutdown_status_clear(void);

#endif
