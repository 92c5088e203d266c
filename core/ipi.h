/*
 * core/ipi.h: interprocessor interrupts: those that the host sends by this CPU's local APIC.
 */
#ifndef CORE_IPI_H
#define CORE_IPI_H

#include "core/cpu.h"
#include "rv/types.h"

/* mode: APIC_ICR_INIT, or APIC_ICR_STARTUP with a vector, and so on. Context: any; NMIs of the host's own
 * do not send. */
void ipi_send(uint32_t apic_id, uint32_t mode);
void ipi_send_nmi(uint32_t apic_id);
/* By the shorthand, which no APIC ID keeps from arriving. A CPU that none was meant for hands it on to
 * its guest. */
void ipi_send_nmi_to_others(void);

#endif
