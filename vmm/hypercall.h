/*
 * vmm/hypercall.h: who answers the guest's VMMCALL or VMCALL.
 */
#ifndef VMM_HYPERCALL_H
#define VMM_HYPERCALL_H

#include "vmm/vcpu.h"

/* NULL, or: true: it is answered, and RIP behind it. False: #UD, as on a CPU without virtualization. Written at
 * boot only. Context: exit; without locks. */
extern bool (*hypercall_handler)(struct vcpu *vcpu);

#endif
