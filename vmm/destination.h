/*
 * vmm/destination.h: whom an interprocessor interrupt of the guest's is meant for.
 */
#ifndef VMM_DESTINATION_H
#define VMM_DESTINATION_H

#include "vmm/vcpu.h"

/* LDR and DFR as an INIT leaves them. Context: any CPU that runs nothing of this vCPU's, or its own. */
void destination_reset(struct vcpu *vcpu);

/* As this CPU's local APIC has them now. Context: boot or exit, on the vCPU's own CPU. */
void destination_read(struct vcpu *vcpu);

/* Is this vCPU among those that an IPI is meant for, sent by the CPU that this runs on? command: all 64
 * bits of the ICR, x2apic: in that mode. Context: exit. */
bool destination_includes(uint64_t command, const struct vcpu *vcpu, bool x2apic);

#endif
