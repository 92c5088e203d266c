/*
 * boot/services.h: the boot option services=: programs that stay (process/resident.h).
 */
#ifndef BOOT_SERVICES_H
#define BOOT_SERVICES_H

struct vcpu;

/* Starts those that are named, with commas between; what cannot be is logged. Context: boot, before the scripts, which
 * look for them. */
void services_start(const char *names, struct vcpu *vcpu);

#endif
