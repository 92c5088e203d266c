/*
 * vmm/guest_walk.h: what the files that follow the guest's own page tables share.
 */
#ifndef VMM_GUEST_WALK_H
#define VMM_GUEST_WALK_H

#include "core/instructions.h"
#include "core/memory.h"
#include "rv/types.h"
#include "vmm/vcpu.h"

#define SEGMENT_ATTRIBUTE_LONG 0x200
#define SEGMENT_ATTRIBUTE_BIG 0x400
#define SEGMENT_ATTRIBUTE_UNUSABLE 0x1000

/* Is 5-level paging on? Then linear addresses have 57 bits instead of 48. */
static inline bool guest_has_five_levels(struct vcpu *vcpu)
{
	return (vcpu_ops->get_control(vcpu, 4) & CR4_LA57) != 0;
}

/* Width of physical addresses, CPUID 80000008h EAX[7:0]; 0 until first asked for. */
extern unsigned guest_physical_bits;

/* Frames of 2 MiB found to be guest RAM as a whole, by number + 1, so that a walk seldom asks
 * memory_is_ram(). The memory map does not change after boot, so entries never go stale; CPUs may
 * overwrite each other's. */
#define GUEST_RAM_FRAMES 64
extern uint64_t guest_ram_frames[GUEST_RAM_FRAMES];

/* The full question, where the frame is not known: not all of it may be RAM. */
bool guest_ram_check(hpa_t hpa);

/* Is this naturally aligned 4 or 8 byte entry in RAM of the guest? */
static inline bool guest_ram_entry(hpa_t hpa)
{
	uint64_t frame = (hpa >> 21) + 1;
	uint64_t *known = &guest_ram_frames[frame % GUEST_RAM_FRAMES];

	return __atomic_load_n(known, __ATOMIC_RELAXED) == frame || guest_ram_check(hpa);
}

#endif
