/*
 * boot/passphrase.h: the passphrase of encrypted disks, asked for before the hypervisor runs: what both prompts, that of
 * UEFI (boot/uefi/prompt.c) and that of the BIOS (boot/bios_prompt.c), have in common. Pure.
 */
#ifndef BOOT_PASSPHRASE_H
#define BOOT_PASSPHRASE_H

#include "rv/types.h"

#define PASSPHRASE_KEYS_MAXIMUM 128
#define PASSPHRASE_BYTES (3 * PASSPHRASE_KEYS_MAXIMUM) /* in UTF-8 */

/* What a loader hands over. Whoever is done with it wipes it. */
struct passphrase {
	bool is_given;
	uint32_t length_bytes;
	uint8_t bytes[PASSPHRASE_BYTES];
};

/* Does a boot line name a disk that only a person can unlock: encrypt= without key= and plain=? */
bool passphrase_is_wanted(const char *options);

/* The next such disk of *options, which goes behind it: the name of the file that may have its key sealed by a TPM (sealed=, or
 * else header=). False: there is none. */
bool passphrase_next_header(const char **options, char *header, size_t header_bytes);

/* Is a file not to be measured? One that key= or plain= of some encrypt= names is a secret, and the guest, which reads the event
 * log, could try what gives the hash; in those of sealed= and header= stands what is sealed to the measurements. */
bool passphrase_is_left_out(const char *options, const char *name);

/* Keys beside those that have a character (UCS-2). */
#define PASSPHRASE_ENTER 0x0d
#define PASSPHRASE_BACKSPACE 0x08
#define PASSPHRASE_ESCAPE 0x1b /* begins again */
#define PASSPHRASE_SHOW 0xff02 /* F2: shows what is typed, and hides it */

/* Of terminals: a character up to U+00FF, on whichever keyboard. */
#define PASSPHRASE_CHARACTER(c) ((uint16_t)(0xe000 | (c)))

struct passphrase_line {
	const char *what;	/* is asked for: passphrase_begin() says a passphrase */
	const char *keymap;	/* NULL: keys are what they are */
	bool shows;
	uint32_t nr_keys, nr_drawn;
	uint16_t keys[PASSPHRASE_KEYS_MAXIMUM];
};

/* Begins to ask. keymap= of the boot line is us, uk, de, fr or jp: firmware reads all keyboards as us. False: it is
 * none of these, and us is taken. */
bool passphrase_begin(struct passphrase_line *line, const char *options);

/* True: it was the last key. */
bool passphrase_take(struct passphrase_line *line, uint16_t key);

/* The line as it is to be drawn over the last one, in UTF-8. */
#define PASSPHRASE_DRAWN_BYTES (PASSPHRASE_BYTES + 2 * PASSPHRASE_KEYS_MAXIMUM + 32)
void passphrase_draw(struct passphrase_line *line, char *text);

/* Behind the last key; wipes the line. */
void passphrase_end(struct passphrase_line *line, struct passphrase *passphrase);

#endif
