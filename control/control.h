/*
 * control/control.h: scripts are loaded, watched and unloaded from within the guest. This is what boot/ calls.
 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include "control/control_abi.h"
#include "service/verify.h"

/* Whose answers auth=key takes: public keys of minisign's. Too many: none is good. */
struct control_keys {
	unsigned nr_keys;
	char keys[VERIFY_KEYS_MAXIMUM][VERIFY_KEY_BYTES];
};

/* From now on the guest's hypercalls with our magic are answered, if the level is not CONTROL_OFF. 0, -RV_ENOMEM.
 * Context: boot, once. */
int control_init(enum control_level level, enum control_auth auth, const struct control_keys *keys);

#endif
