/*
 * vmm/vmx/vmx_ops.h: what boot/ chooses when the CPU has Intel's virtualization.
 */
#ifndef VMM_VMX_VMX_OPS_H
#define VMM_VMX_VMX_OPS_H

#include "vmm/vcpu.h"

extern const struct vcpu_operations vmx_operations;

#endif
