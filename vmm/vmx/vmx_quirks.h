/*
 * vmm/vmx/vmx_quirks.h: what Bochs does otherwise than the manual says: what it looks like without a line of
 * ours, and the test that showed it. Real CPUs bear the same.
 */
#ifndef VMM_VMX_VMX_QUIRKS_H
#define VMM_VMX_VMX_QUIRKS_H

#include "vmm/vmx/vmx.h"

/* In wait-for-SIPI an INIT is blocked (SDM v3 27.7.2), and in Bochs comes behind the startup IPI and undoes it.
 * So before its first INIT a CPU is halted, as firmware leaves it too. Without: a CPU that the guest starts by
 * INIT and startup IPI waits again at once. Seen with the guest `startup`. */
static inline bool vmx_quirk_waits_halted(const struct vmx_vcpu *vmx)
{
	return !vmx->had_init;
}

#endif
