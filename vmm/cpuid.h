/*
 * vmm/cpuid.h: CPUID, which exits always: the virtualization extension is hidden in it.
 */
#ifndef VMM_CPUID_H
#define VMM_CPUID_H

#include "vmm/access.h"
#include "vmm/registry.h"
#include "vmm/vcpu.h"

extern struct registry cpuid_registry; /* cpuid.c's; here for the inline function */

/* Does anyone claim leaves? While nobody does, a back end may answer CPUID by itself, all leaves but
 * those that cpuid_is_plain() excludes. */
static inline bool cpuid_is_claimed(void)
{
	return cpuid_registry.first != NULL;
}

/* Is the CPU's own answer the guest's? Not where CR4 shows or something is hidden. */
static inline bool cpuid_is_plain(uint32_t leaf)
{
	return leaf != 1 && leaf != 6 && leaf != 7 && leaf != 0x14 && leaf != 0x80000001 &&
	       leaf != 0x8000000a;
}

/* EXIT_CPUID. */
void cpuid_handle_exit(struct vcpu *vcpu);

#endif
