/*
 * vmm/msr.h: intercepted RDMSR and WRMSR.
 */
#ifndef VMM_MSR_H
#define VMM_MSR_H

#include "vmm/access.h"
#include "vmm/vcpu.h"

/* EXIT_MSR_READ and EXIT_MSR_WRITE. */
void msr_handle_exit(struct vcpu *vcpu, bool write);

/* Guards the MSRs whose change would harm us; a guest that tries gets #GP. Context: boot, after the
 * boot CPU's vCPU was made. */
int msr_guard_init(void);

#endif
