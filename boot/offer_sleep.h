/*
 * boot/offer_sleep.h: what the guest is told of suspend to RAM, as sleep= and wipe_on_sleep say.
 */
#ifndef BOOT_OFFER_SLEEP_H
#define BOOT_OFFER_SLEEP_H

#include "rv/types.h"

/* low_page: below 1 MiB, by which CPUs start, or 0. Context: boot, disks being unlocked, before scripts run. */
void offer_sleep(hpa_t low_page);

#endif
