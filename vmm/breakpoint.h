/*
 * vmm/breakpoint.h: the guest's breakpoints on data and ports, for accesses that are performed in its
 * place. The CPU sees only what it executes itself.
 */
#ifndef VMM_BREAKPOINT_H
#define VMM_BREAKPOINT_H

#include "vmm/vcpu.h"

enum breakpoint_access {
	BREAKPOINT_READ,
	BREAKPOINT_WRITE, /* also for what reads and writes */
	BREAKPOINT_PORT,
};

/* L0 to G3 of DR7: any breakpoint is enabled. */
#define BREAKPOINT_DR7_ENABLED 0xffu

static inline bool breakpoint_any(struct vcpu *vcpu)
{
	return (vcpu_ops->get_debug(vcpu, 7) & BREAKPOINT_DR7_ENABLED) != 0;
}

/* The breakpoints that an access meets, as bits 0 to 3 of DR6, at a linear address or port. Their trap
 * comes behind the instruction (AMD APM v2 13.1.1.3, Intel SDM v3 18.2): inject_breakpoints().
 * Context: exit. */
unsigned breakpoint_match(struct vcpu *vcpu, enum breakpoint_access access, uint64_t address,
			  unsigned width_bytes);

#endif
