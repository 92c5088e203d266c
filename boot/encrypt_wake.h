/*
 * boot/encrypt_wake.h: the option wipe_on_sleep: keys of encrypted disks are erased before the machine suspends to RAM,
 * and the passphrase is asked for again before its guest goes on (boot/wake_prompt.h). Headers are kept for that, as
 * they were at boot, and memory of ours to unlock with, since all other is the guest's by then.
 */
#ifndef BOOT_ENCRYPT_WAKE_H
#define BOOT_ENCRYPT_WAKE_H

#include "rv/types.h"

struct encrypt_wish;
struct keeper_question;

/* A disk was unlocked, its header being where the question says, in memory of ours or in memory that is only lent: it
 * is kept, if wipe_on_sleep was said. Context: boot. */
void encrypt_wake_keep(const struct encrypt_wish *wish, const struct keeper_question *question);

/* Is that what is kept of a header? It is not to be wiped. */
bool encrypt_wake_has(hpa_t header);

/* From now on keys are erased and asked for. NULL; or why that cannot be, in words. Context: boot, behind
 * encrypt_start(). */
const char *encrypt_wake_prepare(void);

#endif
