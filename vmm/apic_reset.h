/*
 * vmm/apic_reset.h: what an INIT does to the local APIC (AMD APM v2 16.3.2 and 16.4, Intel SDM 3
 * 11.4.7.3), for an INIT that hardware does not deliver.
 */
#ifndef VMM_APIC_RESET_H
#define VMM_APIC_RESET_H

/* This CPU's. What it was asked for and has in service is gone; APIC ID and mode stay. Context: exit,
 * the host's own state loaded (host_begin()). */
void apic_reset(void);

#endif
