/*
 * mediator/disk/disk_plug.h: controllers that come and go while the guest runs, and who is told of their disks.
 */
#ifndef MEDIATOR_DISK_DISK_PLUG_H
#define MEDIATOR_DISK_DISK_PLUG_H

#include "rv/types.h"

/* Counts how often disks became known, or were found to be gone: what was known of one by its name may be of another then. */
extern uint32_t disk_era; /* source_disk.c's */

/* From now on, until disk_plug_unwatch(), the guest's writes to PCI configuration space are looked at. Context: boot, exit;
 * under hook_table_lock. */
void disk_plug_watch(void);
void disk_plug_unwatch(void);

/* Ends what is not there any more. Context: boot, exit; under no lock but an owner's. */
void disk_plug_look(void);

/* disk_controller.news: disks became known, or are known no longer. */
void disk_plug_news(void);

#endif
