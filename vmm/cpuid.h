/*
 * vmm/cpuid.h: CPUID, which exits always: the virtualization extension is hidden in it.
 */
#ifndef VMM_CPUID_H
#define VMM_CPUID_H

#include "vmm/access.h"
#include "vmm/vcpu.h"

/* EXIT_CPUID. */
void cpuid_handle_exit(struct vcpu *vcpu);

#endif
