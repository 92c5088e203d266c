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

#define CPUID_BASIC_CHANGED (1u << 1 | 1u << 6 | 1u << 7 | 1u << 0x14 | 1u << 0x1b)
#define CPUID_EXTENDED_CHANGED (1u << 1 | 1u << 8 | 1u << 0xa | 1u << 0x1f) /* from 80000000h */

/* Is the CPU's own answer the guest's? Not where CR4 shows or something is hidden. */
static inline bool cpuid_is_plain(uint32_t leaf)
{
	uint32_t changed = leaf >> 31 ? CPUID_EXTENDED_CHANGED : CPUID_BASIC_CHANGED;

	return (leaf & 0x7fffffff) >= 32 || !(changed >> (leaf & 31) & 1);
}

/* EXIT_CPUID. */
void cpuid_handle_exit(struct vcpu *vcpu);

#endif
