/*
 * boot/passphrase_keys.h: the keys of boot/passphrase.h, from what a terminal sends and from what a PC's keyboard does.
 * Both begin as zeros. Pure.
 */
#ifndef BOOT_PASSPHRASE_KEYS_H
#define BOOT_PASSPHRASE_KEYS_H

#include "rv/types.h"

struct terminal_input {
	bool is_sequence; /* of a key without a character */
	uint8_t lead;	  /* UTF-8's first byte of two */
};

/* What a terminal sends is a character, not a key. 0: none, or not yet. */
uint16_t terminal_key(struct terminal_input *input, uint8_t byte);

struct scan_input {
	bool is_extended; /* E0h came */
	bool left_shift, right_shift, caps_lock;
};

/* A byte of scan code set 1, which keyboard controllers make of set 2. A key is what it has on a US keyboard, as
 * firmware says it. 0: none. */
uint16_t scan_key(struct scan_input *input, uint8_t code);

#endif
