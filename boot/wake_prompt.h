/*
 * boot/wake_prompt.h: asks for the passphrase of encrypted disks when the machine has woken from suspend to RAM. No
 * firmware helps any more, and no screen is on: it is typed at a keyboard whose controller is a PC's (8042), all lights
 * of which are on meanwhile, or at the UART that has the log, or else the first, which shows the prompt.
 */
#ifndef BOOT_WAKE_PROMPT_H
#define BOOT_WAKE_PROMPT_H

#include "boot/passphrase.h"

/* Is there anything to ask by? Context: boot. */
bool wake_prompt_is_possible(void);

/* Waits as long as it takes. `keymap=` stands in *options. False: there is nothing to ask by any more. Context: exit, no
 * guest runs on any CPU. */
bool wake_prompt_ask(const char *options, struct passphrase *passphrase);

#endif
