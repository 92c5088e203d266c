/*
 * boot/tpm_log.h: adds to the event log that a BIOS keeps in memory (TCG PC Client Platform Firmware Profile 1.05, 10.2), of
 * which nothing is trusted. Pure code.
 */
#ifndef BOOT_TPM_LOG_H
#define BOOT_TPM_LOG_H

#include "boot/tpm_digest.h"

/* Which banks its events have digests of. False: it is no log of a TPM 2.0, or has too many. */
bool tpm_log_banks(const uint8_t *log, size_t room_bytes, struct tpm_digests *digests);

/* An event of the type EV_IPL. Linux takes a log only as far as each event has a digest of each bank, so that is what
 * `digests` must have. False: they are others, the log is damaged, or there is no room. */
bool tpm_log_append(uint8_t *log, size_t room_bytes, uint32_t pcr, const struct tpm_digests *digests, const char *text);

#endif
