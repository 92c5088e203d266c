/*
 * boot/tpm_link.h: brings commands to a TPM 2.0 and answers back by its registers, where no firmware does: a FIFO ("TIS")
 * or a CRB, in locality 0 (TCG PC Client Platform TPM Profile 1.05, 6). What the bytes mean is not known here but for
 * an answer's length. Each wait has an end, and behind one that was in vain the TPM is asked nothing any more. Pure code.
 */
#ifndef BOOT_TPM_LINK_H
#define BOOT_TPM_LINK_H

#include "rv/types.h"

#define TPM_LINK_ADDRESS 0xfed40000u /* of locality 0, a page */

/* How the registers are reached, by their offset, and time passes. */
struct tpm_bus {
	uint32_t (*read)(unsigned offset, unsigned nr_bytes);
	void (*write)(unsigned offset, unsigned nr_bytes, uint32_t value);
	void (*wait_us)(uint64_t us);
};

enum tpm_link_kind { TPM_LINK_NONE, TPM_LINK_FIFO, TPM_LINK_CRB };

struct tpm_device {
	const struct tpm_bus *bus;
	enum tpm_link_kind kind;
	const char *why; /* it failed; NULL: it has not */
};

/* Takes locality 0. False: there is no TPM (`why` is NULL), or none that can be had. */
bool tpm_link_open(struct tpm_device *device, const struct tpm_bus *bus);

/* *answer_bytes is the room, and what came, 10 at least. False: `why` says so, and all behind it fails. */
bool tpm_link_submit(struct tpm_device *device, const uint8_t *command, size_t command_bytes, uint8_t *answer,
		     size_t *answer_bytes);

/* Gives the locality back, so that an OS finds the TPM as firmware left it. */
void tpm_link_close(struct tpm_device *device);

#endif
