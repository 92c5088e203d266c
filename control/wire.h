/*
 * control/wire.h: control by a serial line. The UART is ours, and reads as ones to the guest. It is polled: by
 * deadlines, on whatever CPU looks after these; and by a CPU that an NMI has stopped amid a guest that hangs.
 */
#ifndef CONTROL_WIRE_H
#define CONTROL_WIRE_H

#include "rv/types.h"

struct vcpu;

/* Takes the UART at that port, and answers there from now on. 0; -RV_ENOENT: there is none;
 * -RV_ENOMEM. Context: boot, once, behind control_init(). */
int wire_init(uint16_t port);

#endif
