/*
 * control/control.h: scripts are loaded, watched and unloaded from within the guest. This is what boot/ calls.
 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include "control/control_abi.h"

/* From now on the guest's hypercalls with our magic are answered, if the level is not CONTROL_OFF. 0, -RV_ENOMEM.
 * Context: boot, once. */
int control_init(enum control_level level, enum control_auth auth);

#endif
