/*
 * boot/encrypt_wish.h: what encrypt= was understood as.
 */
#ifndef BOOT_ENCRYPT_WISH_H
#define BOOT_ENCRYPT_WISH_H

#include "mediator/disk/cipher.h"
#include "rv/abi.h"

#define ENCRYPT_WRONG_BYTES 160
#define ENCRYPT_IN_FRONT "disk" /* as header=: no file, but where stock cryptsetup puts it */

struct encrypt_wish {
	struct cipher_volume volume;
	bool is_in_front;		   /* the disk begins with its header; else */
	char header[RV_SCRIPT_NAME_BYTES]; /* LUKS2's; empty: there is none, and */
	char plain[RV_SCRIPT_NAME_BYTES];  /* this is the key */
	char key[RV_SCRIPT_NAME_BYTES];
	char sealed[RV_SCRIPT_NAME_BYTES]; /* has a key that a TPM may unseal; empty: the header may */
};

/* Written by encrypt_option() only. */
extern struct encrypt_wish encrypt_wishes[CIPHER_VOLUMES_MAXIMUM];
extern unsigned encrypt_nr_wishes;
extern char encrypt_wrong[ENCRYPT_WRONG_BYTES]; /* an option that is not understood; empty: there is none */

#endif
